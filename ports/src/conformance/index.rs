//! The clauses of [`MemoryIndex`]. What was written may take a while to be found: each clause waits
//! for it by asking again.

use domain::memory::RecalledKind;
use domain::{Timestamp, UserScope};

use super::somebody;
use crate::{Bill, IndexEntry, MemoryIndex, Search};

/// How often an index is asked until it has caught up.
const TRIES: usize = 200;

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
    let search = Search {
        owner,
        coach: "c".parse().unwrap(),
        text: "heavy back squats".to_owned(),
        kinds: vec![RecalledKind::Workout, RecalledKind::Summary],
        limit: 10,
    };
    let found = index.search(&search, &Bill::default()).await.unwrap();
    assert_eq!(
        found.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(),
        ["w"]
    );
}

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
