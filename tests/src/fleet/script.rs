//! What happens in one run, decided before it happens.

use std::collections::BTreeMap;
use std::fmt;

use domain::{Delivery, Fault, Limits};
use ports::{AfterTurn, Allowance, Hold};

use super::engine::{Blow, SkewedClock};
use crate::world::{Chance, mix};

/// A fleet, its clients, and what befalls them.
#[derive(Debug, Clone)]
pub struct Script {
    pub seed: u64,
    /// How far the clock of each worker is off.
    pub skews: Vec<i64>,
    pub conversations: usize,
    /// How many turns a user may have running.
    pub holds: u64,
    pub limits: Limits,
    /// How long a turn may take.
    pub deadline: u64,
    /// What workers do with the jobs of their turns.
    pub after: AfterTurn,
    /// Whether nobody looks at conversations of others, and all workers sweep instead.
    pub sweeps: bool,
    /// Whether the store knows which workers have died.
    pub knows_the_dead: bool,
    /// Whether turns reserve tokens.
    pub reserves: bool,
    /// Whether the stores mix something of another user into what they answer.
    pub mixes_users: bool,
    /// From then on nothing fails any more.
    pub calm: u64,
    pub faults: Faults,
    /// Whether what a worker has sent is lost with it when it dies.
    pub packets_die: bool,
    pub deeds: Vec<Deed>,
}

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deed {
    pub at: u64,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    Say(Say),
    /// Somebody else looks at what runs in the conversation, or ran last.
    Watch {
        conversation: usize,
        slot: usize,
    },
    Stop {
        conversation: usize,
        slot: usize,
    },
    /// The worker dies, or freezes, after so many more polls.
    Strike {
        slot: usize,
        steps: u64,
        blow: Blow,
    },
    /// The worker is to end, and its turns within so long.
    Retire {
        slot: usize,
        ms: u64,
    },
}

/// A message, and the manners of who sends it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Say {
    /// What its key, its bytes and its turns are named after.
    pub id: u64,
    /// Which of the client's own requests it is: its turns are named after this too.
    pub sender: u64,
    pub conversation: usize,
    pub slot: usize,
    pub text: usize,
    /// The key of another message.
    pub is_forged: bool,
    pub interrupts: bool,
    /// Hangs up after so many replies, and comes back after so many milliseconds, if it does.
    pub leaves: Option<(usize, Option<u64>)>,
}

/// What befalls the calls of ports.
#[derive(Debug, Clone)]
pub enum Faults {
    /// So many in a thousand.
    Often(u64),
    /// These.
    Just(BTreeMap<CallId, Mishap>),
}

/// The n-th call of a method by the worker in a slot.
pub(super) type CallId = (usize, &'static str, u64);

/// What can befall a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing is done, and that is said.
    Fails(Fault),
    /// It is done, and the answer says that it was not.
    Lies(Fault),
    /// It is done after so long: perhaps when nobody waits for it any more.
    ArrivesLate(u64),
    /// It is done at once, and answered after so long.
    AnswersLate(u64),
    /// It is never done, and never answered.
    IsLost,
    /// It is done, and never answered.
    LosesAnswer,
}

impl Mishap {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fails(_) => "fails",
            Self::Lies(_) => "done, fails",
            Self::ArrivesLate(ms) if ms >= 2_000 => "lands late",
            Self::ArrivesLate(_) => "slow",
            Self::AnswersLate(_) => "answers late",
            Self::IsLost => "hangs",
            Self::LosesAnswer => "done, hangs",
        }
    }
}

/// One deed or fault a line.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (after, packets_die) = (self.after, self.packets_die);
        writeln!(
            f,
            "clocks {:?} ms, {} conversations, {} holds",
            self.skews, self.conversations, self.holds
        )?;
        writeln!(
            f,
            "deadline {} ms, calm from {} ms {:?}",
            self.deadline, self.calm, self.limits
        )?;
        writeln!(
            f,
            "jobs are {after:?}, packets die: {packets_die}, somebody sweeps: {}",
            self.sweeps
        )?;
        let (knows, reserves) = (self.knows_the_dead, self.reserves);
        writeln!(
            f,
            "store knows the dead: {knows}, turns reserve tokens: {reserves}, stores mix users: {}",
            self.mixes_users
        )?;
        for Deed { at, what } in &self.deeds {
            writeln!(f, "  {at:>6} {what:?}")?;
        }
        match &self.faults {
            Faults::Often(share) => writeln!(f, "  {share} calls in a thousand go wrong"),
            Faults::Just(these) => these
                .iter()
                .try_for_each(|((slot, method, count), mishap)| {
                    writeln!(f, "  worker {slot}'s {method} number {count}: {mishap:?}")
                }),
        }
    }
}

/// How the machines of a run are limited.
fn limits(chance: &mut Chance) -> Limits {
    Limits {
        second_model: chance.percent(50),
        delivery: chance.pick(
            Delivery::Streamed,
            &[Delivery::Streamed, Delivery::Streamed, Delivery::Whole],
        ),
        reply_bytes: chance.pick(128 * 1024, &[128 * 1024, 9_000]),
        ..Limits::default()
    }
}

fn after_turn(chance: &mut Chance) -> AfterTurn {
    let choices = [
        (3, AfterTurn::SeenThrough),
        (5, AfterTurn::TriedOnce),
        (2, AfterTurn::Left),
    ];
    chance.weighted(&choices, AfterTurn::SeenThrough)
}

impl Script {
    pub fn new(seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let workers = 2 + chance.below(3);
        let is_skewed = chance.percent(40);
        let skew = |chance: &mut Chance| i64::try_from(chance.below(6_001)).unwrap_or(0) - 3_000;
        let skews = (0..workers)
            .map(|_| if is_skewed { skew(chance) } else { 0 })
            .collect();
        let conversations = 3 + usize::try_from(chance.below(5)).unwrap_or(0);
        let limits = limits(chance);
        let calm = 40_000 + chance.below(40_000);
        let mut deeds: Vec<Deed> = (0..12 + chance.below(16))
            .map(|id| Deed::say(chance, id, calm))
            .collect();
        for deed in deeds.clone() {
            deeds.extend(Deed::again(chance, deed, calm));
        }
        let trouble = chance.weighted(&[(2, 0), (4, 8), (3, 18)], 0);
        for id in 0..trouble {
            let deed = Deed::trouble(chance, calm);
            // What is about to begin in a worker that is told to end must end in time too.
            if let What::Retire { slot, .. } = deed.what
                && let Deed {
                    what: What::Say(say),
                    ..
                } = Deed::say(chance, 100 + id, calm)
            {
                deeds.push(Deed {
                    at: deed.at.saturating_sub(chance.below(6)),
                    what: What::Say(Say { slot, ..say }),
                });
            }
            deeds.push(deed);
        }
        let mut script = Self {
            seed,
            skews,
            conversations,
            holds: 1 + chance.below(3),
            limits,
            deadline: chance.pick(60_000, &[60_000, 25_000, 9_000]),
            after: after_turn(chance),
            calm,
            faults: Faults::Often(chance.weighted(&[(2, 0), (4, 20), (3, 80), (1, 300)], 0)),
            packets_die: chance.percent(30),
            knows_the_dead: chance.percent(30),
            reserves: chance.percent(50),
            mixes_users: chance.percent(30),
            sweeps: chance.percent(40),
            deeds,
        };
        script.deeds.sort_by_key(|deed| deed.at);
        for deed in &mut script.deeds {
            deed.what.confine(&script.skews, script.conversations);
        }
        script
    }

    /// Two workers, one message to the first of them, and nothing that goes wrong.
    pub fn quiet(seed: u64, text: usize) -> Self {
        let say = Say {
            id: 0,
            sender: 0,
            conversation: 0,
            slot: 0,
            text,
            is_forged: false,
            interrupts: false,
            leaves: None,
        };
        Self {
            seed,
            skews: vec![0, 0],
            conversations: 1,
            holds: 1,
            limits: Limits::default(),
            deadline: 60_000,
            after: AfterTurn::SeenThrough,
            calm: 60_000,
            faults: Faults::Just(BTreeMap::new()),
            packets_die: false,
            knows_the_dead: false,
            reserves: true,
            mixes_users: false,
            sweeps: false,
            deeds: vec![Deed {
                at: 0,
                what: What::Say(say),
            }],
        }
    }

    /// What each turn reserves beside itself: tokens, of which there are always enough.
    pub(super) fn reserve(&self) -> Vec<Hold> {
        let tokens = Hold {
            of: Allowance::Tokens,
            amount: 50_000,
            limit: u64::MAX / 2,
            until: SkewedClock::shows(0, 24 * 3_600_000),
        };
        self.reserves.then_some(tokens).into_iter().collect()
    }

    /// What befalls this call, and how long its way is there and back.
    pub fn fate(&self, (slot, method, count): CallId, now: u64) -> (Option<Mishap>, u64) {
        let mut chance = Chance::new(sub_seed(self.seed, &[slot as u64, name(method), count]));
        let way = chance.weighted(&[(6, 1), (3, 4), (1, 40)], 0);
        let drawn = chance.below(1_000);
        let mishap = match &self.faults {
            _ if now >= self.calm => None,
            Faults::Just(these) => these.get(&(slot, method, count)).copied(),
            Faults::Often(share) => (drawn < *share).then(|| mishap(&mut chance)),
        };
        (mishap, way)
    }
}

/// A seed of its own for each place.
pub(super) fn sub_seed(seed: u64, place: &[u64]) -> u64 {
    place
        .iter()
        .fold(mix(seed), |seed, at| mix(seed.wrapping_add(*at)))
}

/// A name as a place.
pub(super) fn name(name: &str) -> u64 {
    name.bytes()
        .fold(0, |name, byte| mix(name ^ u64::from(byte)).wrapping_add(1))
}

fn mishap(chance: &mut Chance) -> Mishap {
    let fault = chance.pick(
        Fault::Unavailable,
        &[Fault::Throttled, Fault::TimedOut, Fault::Rejected],
    );
    let late = 2_001 + chance.below(38_000);
    let slow = 50 + chance.below(1_800);
    let others = [
        Mishap::Lies(fault),
        Mishap::ArrivesLate(slow),
        Mishap::ArrivesLate(late),
        Mishap::AnswersLate(late.min(15_000)),
        Mishap::IsLost,
        Mishap::LosesAnswer,
    ];
    chance.pick(Mishap::Fails(fault), &others)
}

impl Deed {
    fn say(chance: &mut Chance, id: u64, calm: u64) -> Self {
        let leaves = chance.percent(40).then(|| {
            let comes_back = chance.percent(80).then(|| chance.below(12_000));
            (chance.index() % 12, comes_back)
        });
        let say = Say {
            id,
            sender: 0,
            conversation: chance.index(),
            slot: chance.index(),
            text: chance.index(),
            is_forged: false,
            interrupts: chance.percent(20),
            leaves,
        };
        Self {
            at: chance.below(calm - 5_000),
            what: What::Say(say),
        }
    }

    /// The same message once more, or another one by the same key.
    fn again(chance: &mut Chance, first: Self, calm: u64) -> Option<Self> {
        let What::Say(say) = first.what else {
            return None;
        };
        let say = Say {
            sender: 1,
            slot: chance.index(),
            is_forged: chance.percent(15),
            leaves: None,
            ..say
        };
        let later = chance.pick(0, &[3, 300, 4_000, 15_000]);
        chance.percent(30).then(|| Self {
            at: (first.at + later).min(calm),
            what: What::Say(say),
        })
    }

    fn trouble(chance: &mut Chance, calm: u64) -> Self {
        let (slot, conversation) = (chance.index(), chance.index());
        let what = match chance.below(10) {
            0..3 => What::Strike {
                slot,
                steps: chance.below(80),
                blow: Blow::Death,
            },
            3 | 4 => {
                let ms = chance.pick(3_000, &[20_000, 26_000, 40_000, 60_000]);
                What::Strike {
                    slot,
                    steps: chance.below(40),
                    blow: Blow::Frost(ms),
                }
            }
            5 => What::Retire {
                slot,
                ms: chance.pick(500, &[5_000, 25_000]),
            },
            6..8 => What::Stop { conversation, slot },
            _ => What::Watch { conversation, slot },
        };
        Self {
            at: chance.below(calm),
            what,
        }
    }
}

impl What {
    /// Any number names a worker and a conversation.
    fn confine(&mut self, skews: &[i64], conversations: usize) {
        let (Self::Say(Say { slot, .. })
        | Self::Watch { slot, .. }
        | Self::Stop { slot, .. }
        | Self::Strike { slot, .. }
        | Self::Retire { slot, .. }) = self;
        *slot %= skews.len();
        if let Self::Say(Say { conversation, .. })
        | Self::Watch { conversation, .. }
        | Self::Stop { conversation, .. } = self
        {
            *conversation %= conversations;
        }
    }
}

/// What athletes write, each with a number that no other message has.
pub(super) fn text(say: &Say) -> String {
    let texts = [
        "/log-workout back squat 5x5 at 100 kg",
        "I did 5x5 back squats at 100 kg today",
        "how do I get a stronger bench?",
        "膝が痛い 🦵🏽 was soll ich tun",
        "/help",
        "thanks!",
        "/save-memory I train at dawn",
        "/forget that",
    ];
    let text = texts
        .get(say.text % 9 % texts.len())
        .copied()
        .unwrap_or_default();
    let forged = if say.is_forged { " or not" } else { "" };
    if matches!(text, "thanks!" | "/forget that") {
        format!("{text}{forged}")
    } else {
        format!("{text} ({}){forged}", say.id)
    }
}
