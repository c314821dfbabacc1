use proptest::prelude::*;

use super::*;
use crate::memory::{Importance, MemoryKind};
use crate::prompt::estimated_tokens;
use crate::{SafetyKind, Timestamp};

fn fact(id: &str, content: &str, said: u64, safety: Option<SafetyKind>) -> Memory {
    Memory {
        kind: MemoryKind::Constraint,
        importance: Importance::High,
        created_at: Timestamp(said),
        safety,
        ..Memory::given(id, content)
    }
}

fn told(facts: Vec<Memory>, is_missing_some: bool) -> (String, SafetyReport) {
    let facts = SafetyFacts {
        facts,
        is_missing_some,
    };
    let (text, report) = facts.told();
    (text.unwrap_or_default(), report)
}

fn niggles_and_an_allergy(many: u64) -> (String, SafetyReport) {
    let niggle = |n: u64| {
        let long = "it has hurt on and off since the winter, mostly in the morning".repeat(2);
        fact(
            &format!("n{n}"),
            &format!("knee niggle {n}: {long}"),
            100 + n,
            None,
        )
    };
    let mut facts: Vec<Memory> = (1..=many).map(niggle).collect();
    facts.insert(17, fact("nuts", "I'm allergic to peanuts", 1, None));
    told(facts, false)
}

#[test]
fn forty_niggles_do_not_hide_a_peanut_allergy() {
    let (text, report) = niggles_and_an_allergy(40);
    let first = "<safety>\n- Allergy: I'm allergic to peanuts\n- Injury: knee niggle 40";
    assert!(text.starts_with(first), "{text}");
    assert_eq!(report.told[0], "nuts");
    assert_eq!((report.told.len() + report.named, report.counted), (41, 0));
    assert!(text.contains("\n- In short: knee niggle; "));
}

#[test]
fn what_says_the_same_is_told_once_and_what_says_more_beside_it() {
    let linked = |id: &str, content: &str| Memory {
        same_as: Some("nuts".parse().unwrap()),
        ..fact(id, content, 5, None)
    };
    let nuts = fact("nuts", "I'm allergic to peanuts", 1, None);
    let (_, report) = told(vec![nuts.clone(), linked("again", "peanut allergy")], false);
    assert_eq!(report.told, ["nuts"]);
    // A model that is wrong hides nothing.
    let other = linked("other", "I'm allergic to penicillin");
    let (_, report) = told(vec![nuts, other.clone()], false);
    assert_eq!(report.told, ["other", "nuts"]);
    let (_, report) = told(vec![other], false);
    assert_eq!(report.told, ["other"]);
}

#[test]
fn what_has_no_room_even_for_its_name_is_counted() {
    let (text, report) = niggles_and_an_allergy(400);
    assert_eq!(report.told.len() + report.named + report.counted, 401);
    assert!(report.named > 20 && report.counted > 300, "{report:?}");
    assert!(text.contains(&format!("\n- And {} more, for which", report.counted)));
    assert!(estimated_tokens(text.len()) <= 1_200, "{}", text.len());
}

#[test]
fn what_matters_most_comes_first_and_then_the_newest() {
    let facts = vec![
        fact("knee", "my left knee hurts", 5, None),
        fact("back", "my back hurts", 9, None),
        fact("asthma", "I have asthma", 1, None),
        fact("baby", "I'm pregnant", 2, None),
        fact("pill", "I take metformin", 3, None),
        fact("nuts", "allergic to nuts", 4, None),
        fact(
            "word",
            "it flares up in the cold",
            1,
            Some(SafetyKind::Medicine),
        ),
    ];
    let (_, report) = told(facts, false);
    assert_eq!(
        report.told,
        ["nuts", "pill", "word", "baby", "asthma", "back", "knee"]
    );
}

#[test]
fn what_was_superseded_or_tells_no_fact_is_not_told_and_nothing_is_told_twice() {
    let gone = Memory {
        superseded_by: Some("new".parse().unwrap()),
        ..fact("old", "allergic to nuts", 1, None)
    };
    let asthma = fact("asthma", "I have asthma", 1, None);
    let plain = fact("plain", "trains at dawn", 1, None);
    let (text, report) = told(vec![gone, asthma.clone(), plain, asthma], false);
    assert_eq!(report.told, ["asthma"]);
    assert_eq!(text, "<safety>\n- Illness: I have asthma\n</safety>");
    assert_eq!(told(Vec::new(), false), Default::default());
}

#[test]
fn a_prompt_says_that_some_could_not_be_read() {
    let (text, report) = told(Vec::new(), true);
    assert!(text.contains("could be read just now") && report.is_missing_some);
}

proptest! {
    #[test]
    fn every_fact_is_told_named_or_counted_within_its_budget(
        sizes in proptest::collection::vec((0_usize..5, 1_usize..600, 0_u64..9), 0..60),
    ) {
        let contents = [
            "allergic to", "I take metformin", "I'm pregnant", "I have asthma", "knee hurts",
        ];
        let facts: Vec<Memory> = sizes.iter().enumerate().map(|(n, (kind, size, said))| {
            let content = format!("{} {n} {}", contents[*kind], "x".repeat(*size));
            fact(&format!("f{n}"), &content, *said, None)
        }).collect();
        let count = facts.len();
        let (text, report) = told(facts, false);
        prop_assert_eq!(report.told.len() + report.named + report.counted, count);
        prop_assert!(estimated_tokens(text.len()) <= 1_200);
        let told = report.told.iter().all(|id| text.contains(&format!(" {} x", &id[1..])));
        prop_assert!(told);
    }
}
