//! Indexes, each with one break.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a break is one arm; with all others it is sound"
)]

use std::panic::AssertUnwindSafe;

use domain::Fault;
use futures::FutureExt;
use ports::PortError;

use super::*;
use crate::careless::{failing, judge, quiet};

mod breaks {
    crate::careless::breaks! {
        None = "nothing is wrong",

        CoachIsIgnored = "what is for another coach is found",
        OnlyForTheCoach = "what is for every coach is not found",
        KindsAreIgnored = "a search for some kinds finds others",
        FirstKindOnly = "a search for some kinds finds the first",
        OwnerIsIgnored = "what another user has is found",
        OwnerIsNotTold = "whose a match is is not told",
        KindIsNotTold = "every match is said to be a memory",
        TooManyAreFound = "one more is found than asked for",
        NoneIsOne = "a search for none finds one",
        WorstFirst = "the worst match comes first",
        SortedById = "matches are in the order of their ids",
        CutBeforeRanked = "some are found, and then ranked",
        TextEndsAtNul = "a text ends at a NUL",
        TextIsComposed = "letters and their marks are composed",
        TextIsOfTwoBytes = "characters beyond two bytes are lost",
        TextIsTrimmed = "a text loses the space about it",
        IdIsCut = "an id ends at its dot",
        AgainIsAnother = "an entry that is written again is two",
        AgainIsIgnored = "an entry that is written again stays as it was",
        AgainKeepsCoach = "an entry that is written again stays with its coach",
        KindIsNoKey = "entries of two kinds with the same id are one",
        DeletionOfAllKinds = "a removal removes entries of all kinds",
        DeletionOfCases = "a removal does not tell capital letters from small ones",
        DeletionOfOthers = "a removal removes the entries of others",
        DeletionDoesNothing = "a removal removes nothing",
        DeletionOfNothingFails = "a removal of nothing is an error",
        ErasingOfOneKind = "an erasing leaves all but memories",
        ErasingOfEverybody = "an erasing erases everybody",
        ErasingLeavesAMark = "nothing is written after an erasing",
        ErasingOfNothingFails = "an erasing of nobody is an error",
        ErasingOfThoseForAll = "an erasing leaves what is for one coach",
    }
}

use breaks::Break as B;

struct Careless {
    sound: LexicalIndex,
    how: B,
    known: Mutex<Vec<(UserScope, IndexEntry)>>,
    erased: Mutex<Vec<UserScope>>,
}

impl Careless {
    fn new(how: B) -> Self {
        Self {
            sound: LexicalIndex::default(),
            how,
            known: Mutex::default(),
            erased: Mutex::default(),
        }
    }

    fn is(&self, how: B) -> bool {
        self.how == how
    }

    fn of(&self, owner: &UserScope) -> Vec<IndexEntry> {
        let known = self.known.lock().unwrap();
        let own = known.iter().filter(|(of, _)| of == owner);
        own.map(|(_, entry)| entry.clone()).collect()
    }

    fn owners(&self) -> Vec<UserScope> {
        let known = self.known.lock().unwrap();
        known.iter().map(|(owner, _)| owner.clone()).collect()
    }

    fn text(&self, text: &str) -> String {
        match self.how {
            B::TextEndsAtNul => text.split('\0').next().unwrap_or_default().to_owned(),
            B::TextIsComposed => text.replace("e\u{301}", "\u{e9}"),
            B::TextIsTrimmed => text.trim().to_owned(),
            B::TextIsOfTwoBytes => text
                .chars()
                .filter(|letter| *letter < '\u{10000}')
                .collect(),
            _ => text.to_owned(),
        }
    }

    /// Tells something else of what was found.
    fn alter(&self, found: &mut [Recalled]) {
        for hit in found {
            match self.how {
                B::OwnerIsNotTold => hit.owner = None,
                B::KindIsNotTold => hit.kind = RecalledKind::Memory,
                B::IdIsCut => hit.id = hit.id.split('.').next().unwrap_or_default().to_owned(),
                _ => {}
            }
        }
    }
}

#[async_trait]
impl MemoryIndex for Careless {
    async fn search(&self, search: &Search, bill: &Bill) -> Result<Vec<Recalled>> {
        let mut asked = search.clone();
        match self.how {
            B::KindsAreIgnored => asked.kinds.clear(),
            B::FirstKindOnly => asked.kinds.truncate(1),
            B::TooManyAreFound => asked.limit += 1,
            B::NoneIsOne => asked.limit = asked.limit.max(1),
            B::CoachIsIgnored => {
                let other = self
                    .of(&search.owner)
                    .into_iter()
                    .find_map(|entry| entry.coach);
                asked.coach = other.unwrap_or(asked.coach);
            }
            _ => {}
        }
        let mut found = self.sound.search(&asked, bill).await?;
        match self.how {
            B::OwnerIsIgnored => {
                for owner in self.owners() {
                    let theirs = Search {
                        owner,
                        ..asked.clone()
                    };
                    found.extend(self.sound.search(&theirs, bill).await?);
                    found.truncate(asked.limit);
                }
            }
            B::OnlyForTheCoach => {
                let own = self.of(&search.owner);
                found.retain(|hit| {
                    own.iter()
                        .any(|entry| entry.id == hit.id && entry.coach.is_some())
                });
            }
            B::WorstFirst => found.reverse(),
            B::SortedById => found.sort_by(|one, other| one.id.cmp(&other.id)),
            B::CutBeforeRanked => {
                let first = self.of(&search.owner).into_iter().take(search.limit);
                let first: Vec<String> = first.map(|entry| entry.id).collect();
                found = self
                    .sound
                    .search(
                        &Search {
                            limit: 100,
                            ..asked
                        },
                        bill,
                    )
                    .await?;
                found.retain(|hit| first.contains(&hit.id));
            }
            _ => {}
        }
        self.alter(&mut found);
        Ok(found)
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, bill: &Bill) -> Result<()> {
        let own = self.of(owner);
        let is_it = |known: &&IndexEntry| (known.kind, &known.id) == (entry.kind, &entry.id);
        let known = own.iter().find(is_it);
        let mut entry = entry.clone();
        entry.text = self.text(&entry.text);
        match (self.how, known) {
            (B::AgainIsAnother, Some(_)) => entry.id = format!("{}-{}", entry.id, own.len()),
            (B::AgainIsIgnored, Some(_)) => return Ok(()),
            (B::AgainKeepsCoach, Some(known)) => entry.coach.clone_from(&known.coach),
            (B::KindIsNoKey, _) => {
                for other in own.iter().filter(|known| known.id == entry.id) {
                    self.sound.delete(owner, other.kind, &other.id).await?;
                }
            }
            (B::ErasingLeavesAMark, _) if self.erased.lock().unwrap().contains(owner) => {
                return Ok(());
            }
            _ => {}
        }
        self.known
            .lock()
            .unwrap()
            .push((owner.clone(), entry.clone()));
        self.sound.upsert(owner, &entry, bill).await
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let own = self.of(owner);
        if self.is(B::DeletionDoesNothing) {
            return Ok(());
        }
        for entry in &own {
            let goes = match self.how {
                B::DeletionOfAllKinds => entry.id == id,
                B::DeletionOfCases => entry.kind == kind && entry.id.eq_ignore_ascii_case(id),
                _ => false,
            };
            if goes {
                self.sound.delete(owner, entry.kind, &entry.id).await?;
            }
        }
        if self.is(B::DeletionOfOthers) {
            for other in self.owners() {
                self.sound.delete(&other, kind, id).await?;
            }
        }
        let is_it = |entry: &IndexEntry| entry.kind == kind && entry.id == id;
        if self.is(B::DeletionOfNothingFails) && !own.iter().any(is_it) {
            return Err(PortError::new("careless", Fault::Rejected));
        }
        let is_kept = |(of, entry): &(UserScope, IndexEntry)| of != owner || !is_it(entry);
        self.known.lock().unwrap().retain(is_kept);
        self.sound.delete(owner, kind, id).await
    }

    async fn erase(&self, owner: &UserScope) -> Result<()> {
        self.erased.lock().unwrap().push(owner.clone());
        let own = self.of(owner);
        if self.is(B::ErasingOfNothingFails) && own.is_empty() {
            return Err(PortError::new("careless", Fault::Rejected));
        }
        if self.is(B::ErasingOfEverybody) {
            for other in self.owners() {
                self.sound.erase(&other).await?;
            }
        }
        self.sound.erase(owner).await?;
        for entry in own {
            let stays = match self.how {
                B::ErasingOfOneKind => entry.kind != RecalledKind::Memory,
                B::ErasingOfThoseForAll => entry.coach.is_some(),
                _ => false,
            };
            if stays {
                self.sound.upsert(owner, &entry, &Bill::default()).await?;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn every_break_of_an_index_is_found_by_a_clause() {
    quiet();
    let mut found = Vec::new();
    for how in B::ALL {
        let clauses = ports::memory_index_conformance! { failing; async { Careless::new(*how) } };
        if *how == B::None {
            assert_eq!(
                clauses, [""; 0],
                "the sound index was found to have a break"
            );
        } else {
            found.push((how.sentence(), clauses));
        }
    }
    judge("MemoryIndex", &found);
}
