//! The clauses of [`MemoryIndex`]. What was written may take a while to be found: each clause waits
//! for it by asking again.

use domain::memory::RecalledKind;
use domain::{Recalled, Timestamp, UserScope};
use macro_rules_attribute::apply;

use super::{TRIES, odd_texts, somebody};
use crate::{Bill, IndexEntry, MemoryIndex, Search};

fn entry(id: &str, coach: Option<&str>, text: &str) -> IndexEntry {
    let coach = coach.map(|coach| coach.parse().unwrap());
    let (kind, created) = (RecalledKind::Memory, Timestamp(1));
    IndexEntry {
        kind,
        id: id.to_owned(),
        coach,
        text: text.to_owned(),
        created,
        tags: Vec::new(),
    }
}

async fn found(
    index: &dyn MemoryIndex,
    owner: &UserScope,
    coach: &str,
    text: &str,
    limit: usize,
) -> Vec<String> {
    let search = Search {
        owner: owner.clone(),
        coach: coach.parse().unwrap(),
        text: text.to_owned(),
        kinds: vec![],
        limit,
    };
    index
        .search(&search, &Bill::default())
        .await
        .unwrap()
        .into_iter()
        .map(|hit| hit.id)
        .collect()
}

async fn until(index: &dyn MemoryIndex, owner: &UserScope, text: &str, expected: &[&str]) {
    let mut last = Vec::new();
    for _ in 0..TRIES {
        last = found(index, owner, "c", text, 10).await;
        if last == expected {
            return;
        }
    }
    assert_eq!(last, expected);
}

#[apply(clause)]
/// matches that reach the adapter's own threshold, the best first
pub async fn what_was_added_is_found_best_first(index: &dyn MemoryIndex) {
    let owner = somebody();
    index
        .upsert(
            &owner,
            &entry("far", None, "back pain after long rides"),
            &Bill::default(),
        )
        .await
        .unwrap();
    index
        .upsert(
            &owner,
            &entry("near", None, "heavy back squats with pauses"),
            &Bill::default(),
        )
        .await
        .unwrap();
    until(index, &owner, "heavy back squats", &["near", "far"]).await;
}

#[apply(clause)]
/// An entry is its key: writing it again replaces it
pub async fn an_entry_written_again_is_one_entry(index: &dyn MemoryIndex) {
    let owner = somebody();
    index
        .upsert(
            &owner,
            &entry("m", None, "prefers morning training"),
            &Bill::default(),
        )
        .await
        .unwrap();
    index
        .upsert(
            &owner,
            &entry("m", None, "prefers evening training"),
            &Bill::default(),
        )
        .await
        .unwrap();
    until(index, &owner, "prefers evening training", &["m"]).await;
}

#[apply(clause)]
/// removing it again is no error
pub async fn a_removed_entry_is_not_found(index: &dyn MemoryIndex) {
    let owner = somebody();
    index
        .upsert(
            &owner,
            &entry("m", None, "allergic to peanuts"),
            &Bill::default(),
        )
        .await
        .unwrap();
    until(index, &owner, "allergic to peanuts", &["m"]).await;
    index
        .delete(&owner, RecalledKind::Memory, "m")
        .await
        .unwrap();
    index
        .delete(&owner, RecalledKind::Memory, "m")
        .await
        .unwrap();
    until(index, &owner, "allergic to peanuts", &[]).await;
}

#[apply(clause)]
/// entries of another coach are not found
pub async fn another_coach_finds_only_what_is_for_all(index: &dyn MemoryIndex) {
    let owner = somebody();
    index
        .upsert(
            &owner,
            &entry("mine", Some("c"), "squats twice weekly"),
            &Bill::default(),
        )
        .await
        .unwrap();
    index
        .upsert(
            &owner,
            &entry("all", None, "squats hurt the knee"),
            &Bill::default(),
        )
        .await
        .unwrap();
    until(index, &owner, "squats twice weekly", &["mine", "all"]).await;
    assert_eq!(
        found(index, &owner, "d", "squats twice weekly", 10).await,
        ["all"]
    );
}

#[apply(clause)]
/// A search sees the caller's own entries and what is shared by all, and nothing else.
pub async fn nothing_of_another_user_is_found(index: &dyn MemoryIndex) {
    let (one, other) = (somebody(), somebody());
    index
        .upsert(
            &one,
            &entry("m", None, "training for a marathon"),
            &Bill::default(),
        )
        .await
        .unwrap();
    until(index, &one, "training for a marathon", &["m"]).await;
    assert!(
        found(index, &other, "c", "training for a marathon", 10)
            .await
            .is_empty()
    );
    index
        .delete(&other, RecalledKind::Memory, "m")
        .await
        .unwrap();
    until(index, &one, "training for a marathon", &["m"]).await;
}

#[apply(clause)]
/// Returns at most `search.limit` matches
pub async fn no_more_than_asked_for_is_found(index: &dyn MemoryIndex) {
    let owner = somebody();
    for id in ["m1", "m2", "m3"] {
        index
            .upsert(
                &owner,
                &entry(id, None, "rowing intervals on friday"),
                &Bill::default(),
            )
            .await
            .unwrap();
    }
    for _ in 0..TRIES {
        let hits = found(index, &owner, "c", "rowing intervals on friday", 2).await;
        assert!(hits.len() <= 2);
        if hits.len() == 2 {
            return;
        }
    }
    panic!("two of three entries were not found");
}

#[apply(clause)]
/// What kinds of record; none for all kinds.
pub async fn a_search_for_some_kinds_finds_no_others(index: &dyn MemoryIndex) {
    let owner = somebody();
    index
        .upsert(
            &owner,
            &entry("m", None, "heavy back squats"),
            &Bill::default(),
        )
        .await
        .unwrap();
    let workout = IndexEntry {
        kind: RecalledKind::Workout,
        ..entry("w", None, "heavy back squats today")
    };
    index
        .upsert(&owner, &workout, &Bill::default())
        .await
        .unwrap();
    until(index, &owner, "heavy back squats", &["m", "w"]).await;
    for kinds in [
        [RecalledKind::Workout, RecalledKind::Summary],
        [RecalledKind::Summary, RecalledKind::Workout],
    ] {
        let search = Search {
            kinds: kinds.to_vec(),
            ..search(&owner, "heavy back squats", 10)
        };
        let found = index.search(&search, &Bill::default()).await.unwrap();
        let ids: Vec<_> = found.iter().map(|hit| hit.id.as_str()).collect();
        assert_eq!(ids, ["w"], "{kinds:?}");
    }
}

#[apply(clause)]
/// Removes all entries of this user, and nothing of what is shared.
pub async fn of_an_erased_user_nothing_is_found_and_of_another_everything(index: &dyn MemoryIndex) {
    let (owner, other) = (somebody(), somebody());
    // Of somebody of whom there is nothing, too.
    index.erase(&owner).await.unwrap();
    for of in [&owner, &other] {
        for id in ["m1", "m2"] {
            let entry = entry(id, None, "allergic to peanuts");
            index.upsert(of, &entry, &Bill::default()).await.unwrap();
        }
        until(index, of, "allergic to peanuts", &["m1", "m2"]).await;
    }
    for _ in 0..2 {
        index.erase(&owner).await.unwrap();
        until(index, &owner, "allergic to peanuts", &[]).await;
    }
    until(index, &other, "allergic to peanuts", &["m1", "m2"]).await;
}

/// What is found, until it is as many.
async fn hits(index: &dyn MemoryIndex, search: &Search, count: usize) -> Vec<Recalled> {
    let mut last = Vec::new();
    for _ in 0..TRIES {
        last = index.search(search, &Bill::default()).await.unwrap();
        if last.len() == count {
            return last;
        }
    }
    panic!("{count} were to be found, not {last:?}")
}

fn search(owner: &UserScope, text: &str, limit: usize) -> Search {
    Search {
        owner: owner.clone(),
        coach: "c".parse().unwrap(),
        text: text.to_owned(),
        kinds: vec![],
        limit,
    }
}

#[apply(clause)]
/// What is found is told as it was written: its kind, its id, whose it is, and its text up to the
/// length that the adapter can keep.
pub async fn what_is_found_is_told_as_it_was_written(index: &dyn MemoryIndex) {
    let owner = somebody();
    let kinds = [
        RecalledKind::Memory,
        RecalledKind::Workout,
        RecalledKind::Summary,
    ];
    let mut written = Vec::new();
    for (number, odd) in odd_texts().into_iter().enumerate() {
        for kind in kinds {
            let entry = IndexEntry {
                kind,
                ..entry(&format!("v{number}.c-1"), None, &format!("deadlift {odd}"))
            };
            index
                .upsert(&owner, &entry, &Bill::default())
                .await
                .unwrap();
            written.push((entry.kind, entry.id, entry.text));
        }
    }
    let search = search(&owner, "deadlift", 100);
    let found = hits(index, &search, written.len()).await;
    let is_sorted = found.is_sorted_by(|one, next| one.score >= next.score);
    assert!(is_sorted, "{found:?}");
    assert!(found.iter().all(|hit| hit.owner.as_ref() == Some(&owner)));
    let found = found.into_iter().map(|hit| (hit.kind, hit.id, hit.text));
    let mut found: Vec<_> = found.collect();
    let by_key = |(kind, id, _): &(RecalledKind, String, String)| (*kind, id.clone());
    found.sort_by_key(by_key);
    written.sort_by_key(by_key);
    assert_eq!(found, written);
}

#[apply(clause)]
/// An entry is its key: writing it again replaces it, removing it again is no error.
pub async fn entries_of_two_kinds_with_the_same_id_are_two(index: &dyn MemoryIndex) {
    let owner = somebody();
    for kind in [RecalledKind::Memory, RecalledKind::Workout] {
        let entry = IndexEntry {
            kind,
            ..entry("same", None, "overhead press on monday")
        };
        index
            .upsert(&owner, &entry, &Bill::default())
            .await
            .unwrap();
    }
    let search = search(&owner, "overhead press on monday", 10);
    hits(index, &search, 2).await;
    let kind = RecalledKind::Memory;
    index.delete(&owner, kind, "same").await.unwrap();
    let left = hits(index, &search, 1).await;
    let left: Vec<_> = left.iter().map(|hit| hit.kind).collect();
    assert_eq!(left, [RecalledKind::Workout]);
}

#[apply(clause)]
/// Adds an entry of this user, or replaces the one of the same kind and id, and all of it: what it
/// says, and for which coach it is.
pub async fn an_entry_written_again_is_replaced_whole(index: &dyn MemoryIndex) {
    let owner = somebody();
    let text = "swimming twice every week";
    for (coach, text) in [(None, "swimming"), (Some("d"), text), (Some("c"), text)] {
        let entry = entry("m", coach, text);
        index
            .upsert(&owner, &entry, &Bill::default())
            .await
            .unwrap();
    }
    let mut search = search(&owner, text, 10);
    let mut told = Vec::new();
    for _ in 0..TRIES {
        let found = index.search(&search, &Bill::default()).await.unwrap();
        told = found.into_iter().map(|hit| hit.text).collect();
        if told == [text] {
            break;
        }
    }
    assert_eq!(told, [text]);
    search.coach = "d".parse().unwrap();
    hits(index, &search, 0).await;
}

#[apply(clause)]
/// Returns at most `search.limit` matches that reach the adapter's own threshold, the best first.
pub async fn the_best_are_found_if_only_a_few_are_wanted(index: &dyn MemoryIndex) {
    let owner = somebody();
    let bill = Bill::default();
    for (id, text) in [
        ("a", "front squats with a pause and a belt on thursday"),
        ("b", "front squats with a pause"),
        (
            "c",
            "front squats and then a long and easy run with friends",
        ),
    ] {
        index
            .upsert(&owner, &entry(id, None, text), &bill)
            .await
            .unwrap();
    }
    let text = "front squats with a pause";
    hits(index, &search(&owner, text, 10), 3).await;
    for limit in [0, 1, 2] {
        let found = hits(index, &search(&owner, text, limit), limit).await;
        let ids: Vec<_> = found.iter().map(|hit| hit.id.as_str()).collect();
        assert_eq!(ids, ["b", "a"].get(..limit).unwrap());
    }
}

#[apply(clause)]
/// Removes an entry of this user; one that is not there is no error.
pub async fn a_removal_removes_one_entry_and_no_other(index: &dyn MemoryIndex) {
    let (owner, other) = (somebody(), somebody());
    let (bill, text) = (Bill::default(), "allergic to hazelnuts");
    for of in [&owner, &other] {
        for id in ["m", "m-", "M", "mm"] {
            let entry = entry(id, None, text);
            index.upsert(of, &entry, &bill).await.unwrap();
        }
        hits(index, &search(of, text, 10), 4).await;
    }
    index
        .delete(&owner, RecalledKind::Memory, "m")
        .await
        .unwrap();
    let left = hits(index, &search(&owner, text, 10), 3).await;
    let mut left: Vec<_> = left.iter().map(|hit| hit.id.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["M", "m-", "mm"]);
    hits(index, &search(&other, text, 10), 4).await;
}

#[apply(clause)]
/// It leaves no mark: an entry that is written later is there again
pub async fn whatever_an_erased_user_had_is_gone_and_may_come_again(index: &dyn MemoryIndex) {
    let owner = somebody();
    let (bill, text) = (Bill::default(), "hamstring strain in march");
    let kinds = [
        RecalledKind::Memory,
        RecalledKind::Workout,
        RecalledKind::Summary,
    ];
    let all = kinds.into_iter().zip([None, Some("c"), Some("d")]);
    let entries: Vec<_> = all
        .map(|(kind, coach)| IndexEntry {
            kind,
            ..entry("e", coach, text)
        })
        .collect();
    let of = |coach: &str| Search {
        coach: coach.parse().unwrap(),
        ..search(&owner, text, 10)
    };
    for _ in 0..2 {
        for entry in &entries {
            index.upsert(&owner, entry, &bill).await.unwrap();
        }
        for coach in ["c", "d"] {
            hits(index, &of(coach), 2).await;
        }
        index.erase(&owner).await.unwrap();
        for coach in ["c", "d"] {
            hits(index, &of(coach), 0).await;
        }
    }
}
