//! Records, and whose account is whose.

use std::time::Duration;

use domain::{GroupId, RecordId, UserScope};
use ports::{Account, Expect, Kind, RecordKey, RecordStore, Term};

use super::{BEGINNING, Player, more, some};

impl Player {
    pub(super) fn record_key(&mut self) -> RecordKey {
        let kind = self
            .chance
            .pick(Kind::Memory, &[Kind::Workout, Kind::PersonalRecord]);
        RecordKey {
            owner: self.user(),
            kind,
            id: self.record_id(),
        }
    }

    /// Half of them in groups, whose names begin alike.
    fn record_id(&mut self) -> RecordId {
        let id: RecordId = format!("r{}", self.chance.below(8)).parse().unwrap();
        match self.group() {
            Some(group) => RecordId::within(&group, id),
            None => id,
        }
    }

    fn group(&mut self) -> Option<GroupId> {
        let group = self
            .chance
            .pick(None, &[None, Some("r"), Some("r1"), Some("r1-r")]);
        group.map(|group| group.parse().unwrap())
    }

    pub(super) async fn put(&mut self) {
        let at = self.record_key();
        let body = self.chance.pick(&b"\0one"[..], &[b"two\xff", b""]);
        let version = self
            .memory
            .1
            .get(&at)
            .await
            .unwrap()
            .map_or(1, |record| record.version);
        let right = Expect::Version(version);
        let expect = self.chance.pick(
            Expect::Anything,
            &[Expect::Absent, right, right, Expect::Version(version + 1)],
        );
        // Later than the end of the run: a store may forget what has ended, or not yet.
        let ends = [
            Duration::from_secs(40 * 86_400),
            Duration::from_secs(41 * 86_400),
        ];
        let ends = self
            .chance
            .pick(None, &[None, Some(ends[0]), Some(ends[1])]);
        let term = ends.map(|after| Term {
            from: self.now,
            until: BEGINNING + after,
        });
        let taken = both!(self.1.put(&at, body, term, expect));
        let ending = if term.is_some() { " with an end" } else { "" };
        self.census.count(&format!("record put{ending}: {taken}"));
    }

    pub(super) async fn record(&mut self) {
        let at = self.record_key();
        let found = both!(self.1.get(&at));
        self.census.count(&format!("record get: {}", some(&found)));
    }

    pub(super) async fn records(&mut self) {
        let RecordKey { owner, kind, .. } = self.record_key();
        let limit = self.chance.index() % 4;
        let within = self.group();
        let mut after = self.chance.percent(10).then(|| "~not a cursor".repeat(20));
        loop {
            let list = (within.clone(), after.clone());
            let page = both!(
                self.1
                    .list(&owner, kind, list.0.clone(), list.1.clone(), limit)
            );
            let part = if within.is_some() { " of a group" } else { "" };
            self.census
                .count(&format!("record list{part}: {}", more(&page)));
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// As with conversations; the SDK's second try finds nothing, too.
    pub(super) async fn delete_record(&mut self) {
        let at = self.record_key();
        let expected = self.memory.1.delete(&at).await.unwrap();
        let (found, _) = settled!(self.dynamo.1.delete(&at));
        assert!(
            found == expected || expected,
            "deletion of {at:?}: {found}, not {expected}"
        );
        self.census.count(&format!("record delete: {expected}"));
        both!(self.1.get(&at));
    }

    /// Few of each, so that most are bound already; of each generation some who are not.
    pub(super) async fn bind(&mut self) {
        let generation = self.census.of("operation") / 500;
        let subject = format!("s{}-{}", generation, self.chance.below(3));
        let account = Account {
            issuer: self.chance.pick("one", &["other"]).to_owned(),
            subject,
        };
        let user = format!("u{}-{}", generation, self.chance.below(3));
        let user = UserScope::stored(user.parse().unwrap());
        let bound = both!(self.1.bind(&account, &user));
        self.census.count(&format!("bind: {bound:?}"));
    }
}
