//! Who is connected, and who has to go when there are too many.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};

/// How many may be connected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// At once.
    pub(crate) all: usize,
    /// From one address, as long as they have not sent a whole request; 0 is no limit.
    pub(crate) per_address: usize,
}

/// Everybody who is connected.
///
/// Who has not sent a whole request yet is waiting: after it was let in, while it sends a request,
/// and again once it was answered. When there are too many, the one that waits longest has to go.
pub(crate) struct Crowd<T> {
    limits: Limits,
    connected: HashMap<Id, Guest<T>>,
    /// By the moment from which they wait.
    waiting: BTreeMap<Moment, Id>,
    waiting_of: HashMap<Address, BTreeSet<Moment>>,
    last: u64,
}

/// Names a guest, and nobody else ever after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

struct Guest<T> {
    /// Nothing where addresses are not counted.
    address: Option<Address>,
    /// Since when it waits; nothing if it has asked.
    waits: Option<Moment>,
    was_answered: bool,
    handle: T,
}

impl<T> Crowd<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        let (connected, waiting, waiting_of) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self {
            limits,
            connected,
            waiting,
            waiting_of,
            last: 0,
        }
    }

    /// Lets somebody in, who waits from now on, and says who has to go for it. Nothing if all who
    /// are connected have asked: then there is no place.
    pub(crate) fn enter(&mut self, address: IpAddr, handle: T) -> Option<(Id, Option<T>)> {
        let address = self.counted(address);
        let out = match self.too_many_of(address) {
            Some(of_its_own) => Some(of_its_own),
            None if self.connected.len() >= self.limits.all => {
                Some(*self.waiting.first_key_value()?.1)
            }
            None => None,
        };
        let out = out.and_then(|id| self.leave(id));
        let id = Id(self.tick());
        self.connected.insert(
            id,
            Guest {
                address,
                waits: None,
                was_answered: false,
                handle,
            },
        );
        self.waits(id);
        Some((id, out))
    }

    /// It has sent a whole request. Whether it was still there to do so.
    pub(crate) fn asked(&mut self, id: Id) -> bool {
        let Some(guest) = self.connected.get_mut(&id) else {
            return false;
        };
        let (waits, address) = (guest.waits.take(), guest.address);
        if let Some(moment) = waits {
            self.forget(moment, address);
        }
        true
    }

    /// It was answered, and may ask again; who has to go for it, if there are too many such now.
    pub(crate) fn answered(&mut self, id: Id) -> Option<T> {
        self.asked(id);
        let guest = self.connected.get_mut(&id)?;
        guest.was_answered = true;
        let address = guest.address;
        let out = self
            .too_many_of(address)
            .and_then(|oldest| self.leave(oldest));
        self.waits(id);
        out
    }

    /// It is no longer connected.
    pub(crate) fn leave(&mut self, id: Id) -> Option<T> {
        self.asked(id);
        self.connected.remove(&id).map(|guest| guest.handle)
    }

    /// Has some of those go that have never asked, the ones that wait longest: an eighth, and at
    /// least one if there is one.
    pub(crate) fn thin_out(&mut self) -> Vec<T> {
        let waiting = self.waiting.values().copied();
        let strangers: Vec<Id> = waiting.filter(|id| self.is_stranger(*id)).collect();
        self.leave_all(strangers.iter().take(strangers.len().div_ceil(8)))
    }

    /// Has all of those go that wait.
    pub(crate) fn clear_out(&mut self) -> Vec<T> {
        let waiting: Vec<Id> = self.waiting.values().copied().collect();
        self.leave_all(waiting.iter())
    }

    fn leave_all<'a>(&mut self, ids: impl Iterator<Item = &'a Id>) -> Vec<T> {
        ids.filter_map(|id| self.leave(*id)).collect()
    }

    fn is_stranger(&self, id: Id) -> bool {
        self.connected
            .get(&id)
            .is_some_and(|guest| !guest.was_answered)
    }

    fn waits(&mut self, id: Id) {
        let moment = Moment(self.tick());
        let Some(guest) = self.connected.get_mut(&id) else {
            return;
        };
        guest.waits = Some(moment);
        self.waiting.insert(moment, id);
        if let Some(address) = guest.address {
            self.waiting_of.entry(address).or_default().insert(moment);
        }
    }

    fn forget(&mut self, moment: Moment, address: Option<Address>) {
        self.waiting.remove(&moment);
        let Some(address) = address else { return };
        let Some(moments) = self.waiting_of.get_mut(&address) else {
            return;
        };
        moments.remove(&moment);
        if moments.is_empty() {
            self.waiting_of.remove(&address);
        }
    }

    /// Returns the one that waits longest of an address of which as many wait as may.
    fn too_many_of(&self, address: Option<Address>) -> Option<Id> {
        let moments = self.waiting_of.get(&address?)?;
        let oldest = moments
            .first()
            .filter(|_| moments.len() >= self.limits.per_address)?;
        self.waiting.get(oldest).copied()
    }

    /// Returns the address that counts; none for this machine's own.
    fn counted(&self, address: IpAddr) -> Option<Address> {
        let address = address.to_canonical();
        (self.limits.per_address > 0 && !address.is_loopback()).then(|| Address::of(address))
    }

    fn tick(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// What belongs to one and the same client: of IPv6 the first half, as a client is given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Address(IpAddr);

impl Address {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self(address),
            IpAddr::V6(whole) => Self(Ipv6Addr::from_bits(whole.to_bits() & NETWORK).into()),
        }
    }
}

/// The bits of an IPv6 address that name a network, and no machine in it.
const NETWORK: u128 = !(u64::MAX as u128);

#[cfg(test)]
mod tests;
