//! The matcher on requests and facts that somebody wrote who has not seen it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::fact::Fact;
use super::{Meant, Memory, asks_to_keep, meant};
use crate::MemoryId;

#[derive(Debug, Deserialize)]
struct Store {
    name: String,
    memories: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Asked {
    store: String,
    say: String,
    expect: Expected,
    plain: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expected {
    forget: BTreeSet<String>,
    remember: bool,
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How many requests came to what.
#[derive(Debug, Default)]
struct Score {
    plain: usize,
    obeyed: usize,
    asked_back: usize,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, asked: &Asked, memories: &[Memory]) {
        let Asked {
            say, expect, plain, ..
        } = asked;
        let keeps = asks_to_keep(say);
        let found = if keeps {
            Meant::default()
        } else {
            meant(say, memories, None)
        };
        let ids: BTreeSet<String> = found.forget.iter().map(MemoryId::to_string).collect();
        if !ids.is_subset(&expect.forget) {
            self.wrong.push(format!("{say}: {ids:?}"));
        }
        if *plain {
            let is_obeyed = ids == expect.forget && keeps == expect.remember;
            self.plain += 1;
            self.obeyed += usize::from(is_obeyed);
            self.asked_back += usize::from(!is_obeyed && !found.choices.is_empty());
        }
    }
}

#[test]
fn nothing_is_erased_that_was_not_meant_and_what_is_plain_is_obeyed() {
    let mut stores: BTreeMap<String, Vec<Memory>> = BTreeMap::new();
    for store in lines::<Store>(include_str!("../../../tests/corpus/forget-stores.jsonl")) {
        let memories = store.memories.iter();
        let memories = memories
            .map(|entry| Memory::given(&entry.id, &entry.text))
            .collect();
        stores.insert(store.name, memories);
    }
    let mut score = Score::default();
    for asked in lines::<Asked>(include_str!("../../../tests/corpus/forget-requests.jsonl")) {
        score.count(&asked, &stores[&asked.store]);
    }
    let Score {
        plain,
        obeyed,
        asked_back,
        wrong,
    } = score;
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(obeyed * 100 >= plain * 95, "{obeyed} of {plain}");
    assert!(asked_back * 100 <= plain * 5, "{asked_back} of {plain}");
}

#[derive(Debug, Deserialize)]
struct Group {
    same: Vec<String>,
    different: Vec<String>,
}

#[test]
fn nothing_else_is_taken_for_what_is_known_and_most_of_what_is_the_same_may_be_linked() {
    let groups: Vec<Group> = lines(include_str!("../../../tests/corpus/paraphrases.jsonl"));
    let (mut linked, mut swallowed) = (0, Vec::new());
    for Group { same, different } in &groups {
        let same: Vec<Fact> = same.iter().map(|text| Fact::of(text)).collect();
        let (first, rest) = same.split_first().unwrap();
        linked += usize::from(rest.iter().any(|other| first.may_be(other)));
        for other in different.iter().map(|text| Fact::of(text)) {
            if same.iter().any(|fact| fact.is_same(&other, false)) {
                swallowed.push(other.whole());
            }
        }
    }
    assert!(swallowed.is_empty(), "{swallowed:#?}");
    assert!(
        linked * 100 >= groups.len() * 80,
        "{linked} of {}",
        groups.len()
    );
}
