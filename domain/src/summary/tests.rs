use serde_json::{Value, json};

use super::*;
use crate::{Body, Ending, Message, PartKind, Said, Timestamp, ZoneName, router};

fn full() -> Value {
    json!({
        "narrative": "Ann trains  for a\nten-kilometre race.",
        "currentGoals": ["10 km under 50 minutes"],
        "recentProgress": ["5 km in 24:10", " ", "5 km in 24:10"],
        "preferences": ["trains at dawn"],
        "constraints": ["sore left knee"],
        "emotionalState": "hopeful",
        "keyInsights": ["skips sessions when they are long"],
        "tags": ["Running", "knee"],
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut answer = full();
    answer[field] = value;
    answer
}

fn through(through: u64) -> Summary {
    check(
        &with("narrative", json!(format!("up to {through}"))).to_string(),
        1..=through,
    )
    .unwrap()
    .0
}

/// The athlete's messages have the odd numbers.
fn message(number: u64, text: &str) -> Message {
    let body = if number % 2 == 1 {
        Body::User {
            text: text.into(),
            sent: None,
            zone: None::<ZoneName>,
        }
    } else {
        let said = [
            (PartKind::Acknowledgment, "I hear you.\n"),
            (PartKind::Reply, text),
        ];
        let said = said.map(|(kind, text)| Said {
            kind,
            stage: None,
            text: text.into(),
        });
        Body::Assistant {
            ending: Ending::Finished,
            said: said.into(),
        }
    };
    let id = format!("m{number}").parse().unwrap();
    let turn = crate::TurnKey::of_ann("t");
    Message {
        id,
        number,
        turn,
        created: Timestamp(number),
        body,
    }
}

#[test]
fn a_complete_answer_is_taken_and_tidied() {
    let (summary, dropped) = check(&full().to_string(), 1..=6).unwrap();
    assert_eq!(dropped, Vec::<String>::new());
    let mut expected = with("narrative", json!("Ann trains for a ten-kilometre race."));
    expected["recentProgress"] = json!(["5 km in 24:10"]);
    expected["tags"] = json!(["running", "knee"]);
    expected["from"] = json!(1);
    expected["through"] = json!(6);
    expected["madeAt"] = json!("1970-01-01T00:00:00.000Z");
    let wire = serde_json::to_value(&summary).unwrap();
    assert_eq!(wire, expected);
    assert_eq!(serde_json::from_value::<Summary>(wire).unwrap(), summary);
}

#[test]
fn an_answer_that_was_not_asked_for_is_refused() {
    let text = full().to_string();
    let word = |times: usize| "verbatim ".repeat(times);
    for (answer, reason) in [
        (String::new(), "breaks off"),
        ("Sure, here it is.".to_owned(), "not JSON"),
        (format!("```json\n{text}\n```"), "not JSON"),
        (text[..text.len() / 2].to_owned(), "breaks off"),
        (json!([full()]).to_string(), "schema"),
        (text.replacen('{', r#"{"tags":["x"],"#, 1), "schema"),
        (with("narrative", Value::Null).to_string(), "narrative"),
        (with("narrative", json!(["Ann"])).to_string(), "narrative"),
        (with("narrative", json!(" \n ")).to_string(), "narrative"),
        (with("narrative", json!(word(401))).to_string(), "narrative"),
        (
            with("narrative", json!("w".repeat(4_001))).to_string(),
            "narrative",
        ),
    ] {
        let refused = check(&answer, 1..=6).unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused:?} for {answer}");
        assert!(
            !refused.contains("verbatim"),
            "nothing of the answer is in {refused:?}"
        );
    }
    assert!(check(&with("narrative", json!(word(400))).to_string(), 1..=6).is_ok());
}

#[test]
fn what_cannot_be_used_is_left_out_and_told_and_the_rest_is_taken() {
    let (long, many) = (
        "w".repeat(301),
        json!((0..9).map(|n| n.to_string()).collect::<Vec<_>>()),
    );
    for (field, told, taken) in [
        ("currentGoals", json!("run"), json!([])),
        ("currentGoals", Value::Null, json!([])),
        (
            "preferences",
            json!([{ "text": "x" }, "dawn", 7, ["y"]]),
            json!(["dawn"]),
        ),
        ("constraints", json!([long, "knee"]), json!(["knee"])),
        (
            "keyInsights",
            many,
            json!(["0", "1", "2", "3", "4", "5", "6", "7"]),
        ),
        ("emotionalState", json!(long), json!("")),
        ("emotionalState", json!({ "mood": "good" }), json!("")),
        (
            "tags",
            json!(["a", "b", "c", "D", "d", "e", "f"]),
            json!(["a", "b", "c", "d", "e"]),
        ),
        ("tags", json!(["w".repeat(41), "knee"]), json!(["knee"])),
        ("tags", Value::Null, json!([])),
    ] {
        let (summary, dropped) = check(&with(field, told.clone()).to_string(), 1..=6).unwrap();
        let mut expected =
            serde_json::to_value(check(&full().to_string(), 1..=6).unwrap().0).unwrap();
        expected[field] = taken;
        assert_eq!(
            serde_json::to_value(summary).unwrap(),
            expected,
            "{field}: {told}"
        );
        assert_eq!(dropped, [field], "{told}");
    }
    for field in full()
        .as_object()
        .unwrap()
        .keys()
        .filter(|field| *field != "narrative")
    {
        let mut answer = full();
        answer.as_object_mut().unwrap().remove(field);
        assert_eq!(
            check(&answer.to_string(), 1..=6).unwrap().1,
            [field.as_str()]
        );
    }
    let few = check(&with("tags", json!(["a", "A ", " "])).to_string(), 1..=6).unwrap();
    assert_eq!(
        (few.0.tags, few.1),
        (vec!["a".to_owned()], Vec::new()),
        "one tag too few is no harm"
    );
}

#[test]
fn a_summary_is_due_after_six_messages_or_when_the_decision_says_so() {
    let quiet = router::fallback("hello there");
    let mut moved = quiet.clone();
    moved.conversation_complexity.needs_summary = true;
    for (last, saved, decision, is_due) in [
        (0, 5, &quiet, false),
        (0, 6, &quiet, true),
        (6, 11, &quiet, false),
        (6, 12, &quiet, true),
        (6, 20, &quiet, true),
        (6, 8, &moved, true),
        (6, 6, &moved, false),
        (8, 6, &moved, false),
    ] {
        assert_eq!(due(last, saved, decision), is_due, "{saved} after {last}");
    }
}

#[test]
fn the_question_holds_the_previous_summary_and_only_what_was_said_since() {
    let messages: Vec<Message> = (1..=10)
        .map(|number| message(number, &format!("words {number} </messages>")))
        .collect();
    let first = summarise(None, &messages[..6]);
    assert_eq!(
        (first.tool, range(None, &messages[..6])),
        ("summarise_conversation", Some(1..=6))
    );
    let previous = through(6);
    let next = summarise(Some(&previous), &messages);
    assert_eq!(
        (&next.prompt.system, &next.schema),
        (&first.prompt.system, &first.schema)
    );
    let text = next.prompt.text();
    assert!(text.ends_with(
        "Emotional state: hopeful\n</summary>\n<messages>\nathlete: words 7 ‹/messages›\n\
         coach: words 8 ‹/messages›\n\
         athlete: words 9 ‹/messages›\ncoach: words 10 ‹/messages›\n</messages>"
    ));
    assert!(text.contains("\n<summary>\nup to 6\nConstraints: sore left knee\n"));
    assert_eq!(range(Some(&previous), &messages), Some(1..=10));
    assert_eq!(
        (range(Some(&previous), &messages[..6]), range(None, &[])),
        (None, None)
    );
    let long = summarise(None, &[message(1, &"é".repeat(LONGEST_MESSAGE + 9))]);
    assert_eq!(long.prompt.text().matches('é').count(), LONGEST_MESSAGE);
}

#[test]
fn only_a_larger_range_replaces_a_summary() {
    let previous = through(6);
    assert!(through(8).replaces(Some(&previous)) && previous.replaces(None));
    assert!(!previous.replaces(Some(&previous)) && !through(4).replaces(Some(&previous)));
    let late = Summary {
        from: 3,
        ..through(8)
    };
    assert!(!late.replaces(Some(&previous)), "it has lost the beginning");
    assert_eq!(late.in_place_of(Some(previous.clone())), None);
    assert_eq!(through(8).in_place_of(None), Some(through(8)));
}

#[test]
fn what_stands_for_cut_messages_stays_while_the_summary_is_renewed() {
    let renewed = |every: u64, up_to: u64| {
        let numbers = (every..=up_to).step_by(usize::try_from(every).unwrap());
        numbers
            .fold(None, |previous, number| {
                through(number).in_place_of(previous)
            })
            .unwrap()
    };
    let standing = |summary: &Summary| summary.standing_for(16).lines().next().unwrap().to_owned();
    assert_eq!(standing(&renewed(6, 12)), "up to 12", "the best there is");
    for up_to in (18..=78).step_by(6) {
        assert_eq!(standing(&renewed(6, up_to)), "up to 18");
    }
    for up_to in [20, 40, 70] {
        assert_eq!(
            standing(&renewed(2, up_to)),
            "up to 20",
            "versions every two messages, kept every six"
        );
    }
    assert!(renewed(2, 400).earlier.len() <= MOST_VERSIONS);
    let last = renewed(6, 402);
    assert_eq!(
        last.standing_for(402 - 60).lines().next(),
        Some("up to 342")
    );
}

#[test]
fn words_hold_the_budget_and_leave_out_whole_lines() {
    let words = through(6).in_words();
    assert_eq!(words.lines().count(), 7);
    let long = |letter: &str| vec![letter.repeat(1_000)];
    let many = Summary {
        constraints: long("c"),
        current_goals: long("g"),
        preferences: long("p"),
        ..through(6)
    };
    let words = Summary {
        narrative: "n".repeat(1_000),
        ..many.clone()
    }
    .in_words();
    assert!(words.contains("\nConstraints: ") && words.contains("\nCurrent goals: "));
    assert!(!words.contains("Preferences") && words.contains("\nEmotional state: hopeful"));
    assert!(crate::prompt::estimated_tokens(words.len()) <= MOST_TOKENS);
    let endless = Summary {
        narrative: "é".repeat(9_000),
        ..many
    }
    .in_words();
    assert!(endless.len() <= LONGEST_IN_WORDS);
    assert_eq!(
        Summary {
            narrative: "a\n</summary>\nb".to_owned(),
            ..Summary::default()
        }
        .in_words(),
        "a ‹/summary› b"
    );
}
