//! Stores of records, each with one break.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a break is one arm; with all others it is sound"
)]

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;

use super::*;
use crate::careless::{Disk, WayBack, failing, judge, quiet};

mod breaks;

use breaks::Break as B;

struct Careless {
    sound: InMemoryRecords,
    how: B,
    /// What was deleted, and whatever else a careless store remembers.
    gone: Mutex<Vec<Record>>,
    is_locked: AtomicBool,
}

impl Careless {
    fn new(how: B) -> Self {
        Self {
            sound: InMemoryRecords::default(),
            how,
            gone: Mutex::default(),
            is_locked: AtomicBool::new(false),
        }
    }

    fn is(&self, how: B) -> bool {
        self.how == how
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.sound.shelves()
    }

    fn known(&self, at: &RecordKey) -> Option<Record> {
        self.shelves().get(at).cloned()
    }

    fn named(&self, at: &RecordKey) -> RecordKey {
        let id = match self.how {
            B::NamesOfCases => at.id.as_str().to_lowercase(),
            _ => at.id.to_string(),
        };
        RecordKey {
            id: domain::RecordId::stored(&id).unwrap(),
            ..at.clone()
        }
    }

    fn all_of(&self, owner: &UserScope) -> Vec<Record> {
        let mut all = self.sound.dump();
        all.retain(|record| record.at.owner == *owner);
        all
    }

    fn kept_body(&self, body: &[u8]) -> Vec<u8> {
        match self.how {
            B::BodyEndsAtNul => body
                .split(|byte| *byte == 0)
                .next()
                .unwrap_or_default()
                .to_vec(),
            B::BodyIsText => String::from_utf8_lossy(body).into_owned().into_bytes(),
            B::BodyIsCut => body[..body.len().min(65_536)].to_vec(),
            _ => body.to_vec(),
        }
    }

    /// What a careless store gives back of a record.
    fn told(&self, mut record: Record, is_listed: bool) -> Option<Record> {
        match self.how {
            B::EndIsLost => record.until = None,
            B::EndIsLostInLists if is_listed => record.until = None,
            B::VersionIsOfLength => record.version = record.body.len() as u64,
            B::VersionStays => record.version = 1,
            B::VersionComesAgain => record.version %= 3,
            B::EmptyIsAbsent if record.body.is_empty() => return None,
            _ => {}
        }
        Some(record)
    }

    /// The records of a kind of others whose names begin alike.
    fn alike(&self, owner: &UserScope, kind: Kind) -> Vec<Record> {
        let mut all = self.sound.dump();
        let begins = |other: &UserScope| {
            let name = other.user().as_str();
            other != owner && name.starts_with(owner.user().as_str())
        };
        all.retain(|record| record.at.kind == kind && begins(&record.at.owner));
        all
    }

    /// Tells another page than the sound one.
    fn alter(
        &self,
        page: &mut Page<Record>,
        (owner, kind): (&UserScope, Kind),
        within: Option<&GroupId>,
        last: Option<Cursor>,
        limit: usize,
    ) {
        let mut all = self.all_of(owner);
        match self.how {
            B::ListsAreCut => {
                page.items.truncate(50);
                page.next = page
                    .next
                    .take()
                    .filter(|_| page.items.len() < 50 && last.is_none());
            }
            B::AlikeAreListed if last.is_none() => page.items.extend(self.alike(owner, kind)),
            B::OldestFirst => page.items.reverse(),
            B::LastWrittenFirst => page.items.sort_by(|one, other| one.body.cmp(&other.body)),
            B::NextBeforeNothing if page.items.len() == limit => {
                page.next = page.items.last().map(|last| last.at.id.to_string());
            }
            B::CursorIsIncluded => {
                let is_last = |record: &Record| Some(record.at.id.to_string()) == last;
                let last = all
                    .into_iter()
                    .find(|record| record.at.kind == kind && is_last(record));
                page.items.splice(0..0, last);
                page.items.truncate(limit);
            }
            B::PagesHaveNoEnd if within.is_none() && last.is_none() => {
                all.retain(|record| record.at.kind == kind);
                all.reverse();
                all.truncate(limit);
                page.items = all;
            }
            B::KindsAreMixed if within.is_none() => {
                all.truncate(limit);
                page.items = all;
            }
            B::GroupsBeginAlike => {
                if let Some(group) = within {
                    let begins =
                        |record: &Record| record.at.id.as_str().starts_with(group.as_str());
                    all.retain(|record| record.at.kind == kind && begins(record));
                    all.reverse();
                    all.truncate(limit);
                    page.items = all;
                }
            }
            B::GroupsAreInNoList if within.is_none() => {
                page.items
                    .retain(|record| !record.at.id.as_str().contains('.'));
            }
            B::DeletionStaysListed => {
                let gone = self.gone.lock().unwrap();
                let is_of = |gone: &&Record| gone.at.owner == *owner && gone.at.kind == kind;
                page.items.extend(gone.iter().filter(is_of).cloned());
            }
            _ => {}
        }
    }

    /// The version as the sound store knows it.
    fn expected(&self, at: &RecordKey, expect: Expect) -> Expect {
        let Expect::Version(seen) = expect else {
            return expect;
        };
        let Some(known) = self.known(at) else {
            let is_made = match self.how {
                B::MadeAtAVersion => true,
                B::MadeAtVersionZero => seen == 0,
                B::DeletedComesBack => {
                    let gone = self.gone.lock().unwrap();
                    gone.iter()
                        .any(|gone| gone.at == *at && gone.version == seen)
                }
                _ => false,
            };
            return if is_made { Expect::Absent } else { expect };
        };
        let told = self.told(known.clone(), false).map(|told| told.version);
        let is_taken = match self.how {
            B::VersionIsIgnored => true,
            B::EarlierIsTaken => seen < known.version,
            B::LaterIsTaken => seen > known.version,
            B::VersionIsOfLength | B::VersionStays | B::VersionComesAgain => told == Some(seen),
            _ => false,
        };
        if is_taken { Expect::Anything } else { expect }
    }

    /// What is answered in the place of what is sound.
    fn instead_of_putting(
        &self,
        at: &RecordKey,
        body: &[u8],
        until: Option<Timestamp>,
        expect: Expect,
    ) -> Option<bool> {
        let known = self.known(at)?;
        let is_equal = known.body == body;
        let is_same = is_equal && known.until == until;
        let is_expected = match expect {
            Expect::Anything => true,
            Expect::Absent => false,
            Expect::Version(version) => version == known.version,
        };
        match self.how {
            B::EndIsNoChange | B::EqualIsAlwaysTaken if is_equal => Some(true),
            B::EqualIsRefused if is_same && expect == Expect::Absent => Some(false),
            B::EqualAtAnyVersionIsRefused if is_same && !is_expected => Some(false),
            _ => None,
        }
    }

    fn after_putting(&self, at: &RecordKey, before: Option<&Record>, put: &Record, taken: bool) {
        let mut shelves = self.shelves();
        let Some(now) = shelves.get(at).cloned() else {
            return;
        };
        let before_version = before.map_or(0, |before| before.version);
        match self.how {
            B::RefusedIsKept if !taken => shelves.keep(Record {
                version: now.version,
                ..put.clone()
            }),
            B::RefusedTouches if !taken => shelves.keep(Record {
                version: now.version + 1,
                ..now
            }),
            B::EqualIsAWrite if taken && now.version == before_version => shelves.keep(Record {
                version: now.version + 1,
                ..now
            }),
            B::EndHasNoVersion if before.is_some_and(|before| before.body == now.body) => {
                shelves.keep(Record {
                    version: before_version,
                    ..now
                });
            }
            B::EndStays if put.until.is_none() && taken => shelves.keep(Record {
                until: before.and_then(|before| before.until),
                ..now
            }),
            B::ForgottenEarly if put.until.is_some() && shelves.ending.len() > 3 => {
                _ = shelves.remove(at);
            }
            B::ForgottenInPart | B::RestoredIsForgotten => {}
            _ => {}
        }
    }

    /// Forgets otherwise than the sound store would.
    fn forget(&self, from: Timestamp) {
        let mut shelves = self.shelves();
        let rows = shelves.rows.values().flat_map(BTreeMap::values).cloned();
        let rows: Vec<Record> = rows.collect();
        for record in rows {
            let has_ended = record.until.is_some_and(|until| until <= from);
            match self.how {
                B::ForgottenInPart if has_ended => {
                    shelves.keep(Record {
                        body: Vec::new(),
                        until: None,
                        ..record
                    });
                }
                B::RestoredIsForgotten if record.version > 1 && record.until.is_none() => {
                    _ = shelves.remove(&record.at);
                }
                _ => {}
            }
        }
    }

    async fn put_at_once(&self, at: &RecordKey, expect: Expect) -> Expect {
        let known = self.known(at);
        tokio::task::yield_now().await;
        match (self.how, expect, known) {
            (B::TwoMakeAtOnce, Expect::Absent, None) => Expect::Anything,
            (B::TwoChangeAtOnce, Expect::Version(seen), Some(known)) if known.version == seen => {
                Expect::Anything
            }
            (_, expect, _) => expect,
        }
    }

    fn account(&self, account: &Account) -> Account {
        let Account { issuer, subject } = account.clone();
        let altered = |text: String| match self.how {
            B::AccountsAreInSmallLetters => text.to_lowercase(),
            B::AccountsAreTrimmed => text.trim().to_owned(),
            B::AccountsAreComposed => text.replace("e\u{301}", "\u{e9}"),
            _ => text,
        };
        let issuer = match self.how {
            B::IssuerIsIgnored => String::new(),
            _ => altered(issuer),
        };
        if self.is(B::AccountsAreJoined) {
            let subject = format!("{issuer}{subject}");
            let issuer = String::new();
            return Account { issuer, subject };
        }
        let subject = altered(subject);
        Account { issuer, subject }
    }

    async fn bind_otherwise(&self, account: &Account, user: &UserScope) -> Option<Binding> {
        let known = |shelves: &Shelves| {
            let bindings = &shelves.bindings;
            let of_account = bindings.users.get(account).cloned();
            (of_account, bindings.accounts.get(user).cloned())
        };
        let (of_account, of_user) = known(&self.shelves());
        let account_is_free = of_account.as_ref().is_none_or(|known| known == user);
        let user_is_free = of_user.as_ref().is_none_or(|known| known == account);
        if self.is(B::TwoBindAtOnce) {
            tokio::task::yield_now().await;
        }
        let mut shelves = self.shelves();
        let bindings = &mut shelves.bindings;
        match self.how {
            B::AccountIsBoundAgain if !account_is_free => _ = bindings.users.remove(account),
            B::UserIsBoundAgain if !user_is_free => _ = bindings.accounts.remove(user),
            B::LastBindingStays => {
                bindings.users.remove(account);
                bindings.accounts.remove(user);
            }
            B::TwoBindAtOnce if account_is_free && user_is_free => {
                bindings.users.remove(account);
                bindings.accounts.remove(user);
            }
            B::RefusalBinds if account_is_free != user_is_free => {
                bindings
                    .users
                    .entry(account.clone())
                    .or_insert(user.clone());
                bindings
                    .accounts
                    .entry(user.clone())
                    .or_insert(account.clone());
            }
            B::BoundAgainIsRefused if of_account.as_ref() == Some(user) => {
                return Some(Binding::AccountIsAnothers);
            }
            B::UserIsJudgedFirst if !user_is_free => return Some(Binding::UserIsAnothers),
            _ => {}
        }
        None
    }
}

#[async_trait]
impl RecordStore for Careless {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let at = &self.named(at);
        let found = self.sound.get(at).await?;
        if self.is(B::StrangersRead) && found.is_none() {
            let all = self.sound.dump();
            let is_named = |record: &Record| record.at.kind == at.kind && record.at.id == at.id;
            return Ok(all.into_iter().find(is_named));
        }
        Ok(found.and_then(|found| self.told(found, false)))
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let is_id = |cursor: &Cursor| cursor.parse::<domain::RecordId>().is_ok();
        if self.is(B::ForeignCursorFails) && after.as_ref().is_some_and(|after| !is_id(after)) {
            return Err(PortError::new("careless", Fault::Rejected));
        }
        let limit = match self.how {
            B::NoneIsOne => limit.max(1),
            B::HugeLimitFails if i64::try_from(limit).is_err() => {
                return Err(PortError::new("careless", Fault::Rejected));
            }
            _ => limit,
        };
        let last = after.clone();
        let after = after.filter(|_| !self.is(B::CursorIsIgnored));
        let wanted = limit.saturating_add(usize::from(self.is(B::PagesAreTooLong)));
        let asked = within.clone().filter(|_| !self.is(B::GroupsAreIgnored));
        let mut page = self.sound.list(owner, kind, asked, after, wanted).await?;
        self.alter(&mut page, (owner, kind), within.as_ref(), last, limit);
        let items = page.items.into_iter();
        page.items = items.filter_map(|record| self.told(record, true)).collect();
        Ok(page)
    }

    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool> {
        let at = &self.named(at);
        if self.is(B::DroppedLocks) {
            if self.is_locked.swap(true, Ordering::SeqCst) {
                return Err(PortError::new("careless", Fault::Unavailable));
            }
            tokio::task::yield_now().await;
            self.is_locked.store(false, Ordering::SeqCst);
        }
        let (body, until) = (self.kept_body(body), term.map(|term| term.until));
        if let Some(answer) = self.instead_of_putting(at, &body, until, expect) {
            return Ok(answer);
        }
        let before = self.known(at);
        let expect = match (self.how, expect) {
            (B::AbsentIsIgnored, Expect::Absent) => Expect::Anything,
            (B::TwoMakeAtOnce | B::TwoChangeAtOnce, expect) => self.put_at_once(at, expect).await,
            (_, expect) => self.expected(at, expect),
        };
        if let Some(term) = term {
            self.forget(term.from);
        }
        let taken = self.sound.put(at, &body, term, expect).await;
        let is_erased = self.shelves().erased.contains_key(&at.owner);
        if self.is(B::LateIsNoError) && is_erased && taken.is_err() {
            return Ok(false);
        }
        let put = Record {
            at: at.clone(),
            body,
            version: 0,
            until,
        };
        let taken = taken?;
        self.after_putting(at, before.as_ref(), &put, taken);
        Ok(taken)
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        let all = self.sound.dump();
        let is_own = |record: &Record| record.at.owner == at.owner;
        let is_named = |record: &Record| record.at.id == at.id;
        for record in &all {
            let is_of_kind = is_own(record) && record.at.kind == at.kind;
            let (id, name) = (record.at.id.as_str(), at.id.as_str());
            let goes = match self.how {
                B::DeletionOfAllKinds => is_own(record) && is_named(record),
                B::DeletionOfGroups => is_of_kind && id.ends_with(&format!(".{name}")),
                B::DeletionOfCases => is_of_kind && id.eq_ignore_ascii_case(name),
                B::StrangersDelete => record.at.kind == at.kind && is_named(record),
                _ => false,
            };
            if goes && record.at != *at {
                self.shelves().remove(&record.at);
            }
        }
        let known = self.known(at);
        self.gone.lock().unwrap().extend(known);
        let done = self.sound.delete(at).await?;
        Ok(match self.how {
            B::DeletionIsAlwaysDone => true,
            B::DeletionIsNotTold => false,
            _ => done,
        })
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding> {
        let account = self.account(account);
        let is_erased = self.shelves().erased.contains_key(user);
        if !is_erased && let Some(answer) = self.bind_otherwise(&account, user).await {
            return Ok(answer);
        }
        self.sound.bind(&account, user).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        if self.is(B::TombstonesGoFirst) && limit > 0 {
            let all = self.all_of(owner);
            let first = all.iter().find(|record| record.at.kind == Kind::Tombstone);
            first.map(|first| self.shelves().remove(&first.at));
        }
        if self.is(B::AlikeAreErased) {
            let name = owner.user().as_str();
            let is_alike = |other: &UserScope| other.user().as_str().starts_with(name);
            let mut shelves = self.shelves();
            shelves
                .rows
                .retain(|(other, _), _| other == owner || !is_alike(other));
        }
        let bindings = |shelves: &Shelves| {
            let bindings = &shelves.bindings;
            (bindings.users.clone(), bindings.accounts.clone())
        };
        let before = bindings(&self.shelves());
        let all = self.all_of(owner);
        let mut erased = self.sound.erase(owner, at, limit).await?;
        let mut shelves = self.shelves();
        match self.how {
            B::NoMarkIsLeft => _ = shelves.erased.remove(owner),
            B::MarkIsRenewed => erased.since = at,
            B::EverybodyIsErased => shelves.rows.clear(),
            B::AccountIsKept => {
                (shelves.bindings.users, shelves.bindings.accounts) = before;
                shelves.bindings.accounts.remove(owner);
            }
            B::GroupsAreNotErased => {
                let of_group = |record: &Record| record.at.id.as_str().contains('.');
                let kept = all.into_iter().filter(of_group);
                kept.for_each(|record| shelves.keep(record));
            }
            B::ErasingEndsEarly => erased.is_complete = limit > 0,
            B::ErasingCountsNothing => erased.removed = 0,
            B::ErasingFreesOthers => {
                let of = |account: &Account| account.subject == owner.to_string();
                shelves.bindings.users.retain(|account, _| !of(account));
                shelves.bindings.accounts.retain(|_, account| !of(account));
            }
            _ => {}
        }
        Ok(erased)
    }
}

impl Disk for InMemoryRecords {
    fn way_back(&self) -> WayBack<Self> {
        let before = self.shelves().clone();
        Box::new(|store| *store.shelves() = before)
    }
}

#[tokio::test]
async fn every_break_of_a_store_of_records_is_found_by_a_clause() {
    quiet();
    let mut found = Vec::new();
    for how in B::ALL {
        let clauses = ports::record_store_conformance! { failing; async { Careless::new(*how) } };
        if *how == B::None {
            assert_eq!(
                clauses, [""; 0],
                "the sound store was found to have a break"
            );
        } else {
            found.push((how.sentence(), clauses));
        }
    }
    judge("RecordStore", &found);
}
