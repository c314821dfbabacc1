//! The matcher on requests and facts that somebody wrote who has not seen it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::fact::Fact;
use super::forget::tests::memory;
use super::{Memory, asks_to_keep, is_instruction, meant};

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
    ask: BTreeSet<String>,
    nothing: bool,
    remember: bool,
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn nothing_is_erased_that_was_not_meant_and_what_is_plain_is_obeyed() {
    let stores: Vec<Store> = lines(include_str!("../../../tests/corpus/forget-stores.jsonl"));
    let stores: BTreeMap<String, Vec<Memory>> = stores
        .into_iter()
        .map(|store| {
            let memories = store.memories.iter();
            (
                store.name,
                memories
                    .map(|entry| memory(&entry.id, &entry.text))
                    .collect(),
            )
        })
        .collect();
    let asked: Vec<Asked> = lines(include_str!("../../../tests/corpus/forget-requests.jsonl"));
    let (mut wrong, mut obeyed, mut back, mut lost, mut plain) = (0, 0, 0, 0, 0);
    let mut told = Vec::new();
    for Asked {
        store,
        say,
        expect,
        plain: is_plain,
    } in &asked
    {
        let memories = &stores[store];
        let keeps = asks_to_keep(say);
        let found = if keeps {
            Default::default()
        } else {
            meant(say, memories, None)
        };
        let ids: BTreeSet<String> = found.forget.iter().map(|id| id.to_string()).collect();
        let mut verdict = "";
        if !ids.is_subset(&expect.forget) {
            wrong += 1;
            verdict = "WRONG";
        }
        if *is_plain {
            plain += 1;
            let is_obeyed = ids == expect.forget && keeps == expect.remember;
            obeyed += usize::from(is_obeyed);
            if !is_obeyed && verdict.is_empty() {
                let is_back = !found.choices.is_empty();
                back += usize::from(is_back);
                lost += usize::from(!is_back);
                verdict = if is_back { "asked back" } else { "not obeyed" };
            }
        } else if !expect.ask.is_empty() && verdict.is_empty() {
            let offered: BTreeSet<String> = found
                .choices
                .iter()
                .chain(&found.nearest)
                .map(|id| id.to_string())
                .collect();
            if !expect.ask.is_subset(&offered) {
                verdict = "names others";
            }
        }
        if !verdict.is_empty() {
            let text = |ids: &BTreeSet<String>| -> Vec<String> {
                let of = |id: &String| memories.iter().find(|m| m.id.as_str() == id).unwrap();
                ids.iter()
                    .map(|id| format!("{id} {}", of(id).content))
                    .collect()
            };
            let choices = found.choices.iter().map(|id| id.to_string()).collect();
            let expected = if expect.forget.is_empty() {
                text(&expect.ask)
            } else {
                text(&expect.forget)
            };
            told.push(format!(
                "{verdict}: {say}\n     want {expected:?} (nothing {})\n     got {:?} ask {:?}",
                expect.nothing,
                text(&ids),
                text(&choices)
            ));
        }
    }
    println!("{}", told.join("\n"));
    println!("{plain} plain: {obeyed} obeyed, {back} asked back, {lost} not");
    assert_eq!(wrong, 0, "{told:#?}");
    assert!(obeyed * 100 >= plain * 95, "{obeyed} of {plain}");
    assert!(back * 100 <= plain * 5, "{back} of {plain}");
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
    println!("{linked} of {} groups may be linked", groups.len());
    assert!(swallowed.is_empty(), "{swallowed:#?}");
    assert!(
        linked * 100 >= groups.len() * 80,
        "{linked} of {}",
        groups.len()
    );
}

#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    instruction: bool,
}

/// The list is a closed one: of orders in other words it knows few, and what is harmless passes.
#[test]
fn what_is_harmless_is_no_instruction() {
    let lines: Vec<Line> = lines(include_str!(
        "../../../tests/corpus/instruction-lines.jsonl"
    ));
    let (mut known, mut orders, mut accused) = (0, 0, Vec::new());
    for Line { text, instruction } in &lines {
        orders += usize::from(*instruction);
        known += usize::from(*instruction && is_instruction(text));
        if !instruction && is_instruction(text) {
            accused.push(text);
        }
    }
    println!(
        "{known} of {orders} orders known, {} harmless lines accused",
        accused.len()
    );
    assert!(known >= 13, "{known} of {orders}");
    assert!(accused.len() <= 1, "{accused:#?}");
}
