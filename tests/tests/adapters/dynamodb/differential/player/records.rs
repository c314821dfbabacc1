//! Records.

use ports::{Expect, Kind, RecordKey, RecordStore};

use super::{Player, more, some};

impl Player {
    pub(super) fn record_key(&mut self) -> RecordKey {
        let kind = self
            .chance
            .pick(Kind::Memory, &[Kind::Workout, Kind::PersonalRecord]);
        RecordKey {
            owner: self.user(),
            kind,
            id: format!("r{}", self.chance.below(8)).parse().unwrap(),
        }
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
        let taken = both!(self.1.put(&at, body, expect));
        self.census.count(&format!("record put: {taken}"));
    }

    pub(super) async fn record(&mut self) {
        let at = self.record_key();
        let found = both!(self.1.get(&at));
        self.census.count(&format!("record get: {}", some(&found)));
    }

    pub(super) async fn records(&mut self) {
        let RecordKey { owner, kind, .. } = self.record_key();
        let limit = self.chance.index() % 4;
        let mut after = self.chance.percent(10).then(|| "~not a cursor".repeat(20));
        loop {
            let page = both!(self.1.list(&owner, kind, after.clone(), limit));
            self.census.count(&format!("record list: {}", more(&page)));
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
}
