mod cache;
mod forgotten;
mod hostile;
mod random;

use std::fmt::Write;

use serde_json::json;

use super::history::MOST_HISTORY_TOKENS;
use super::*;
use crate::memory::SafetyFacts;
use crate::memory::{Importance, MemoryKind, Recalled, RecalledKind};
use crate::prompt::{LONGEST_HISTORY, estimated_tokens};
use crate::router::{self, ContextNeeds, Discipline, SearchType};
use crate::{
    Body, ConversationKey, Ending, Memory, Message, PartKind, Said, Summary, Timestamp, TurnError,
    TurnKey, UserScope, Workout,
};

/// Friday, 20 November 2026, 18:40 in UTC.
const NOW: Timestamp = Timestamp(1_795_200_000_123);
const DAY: u64 = 24 * 60 * 60 * 1_000;

fn scope(user: &str) -> UserScope {
    UserScope::verified(user.parse().unwrap())
}

fn coach() -> Coach {
    serde_json::from_value(json!({ "coachId": "x", "name": "Ada", "goals": ["a stronger squat"] }))
        .unwrap()
}

fn athlete(number: u64, text: &str) -> Message {
    message(
        number,
        Body::User {
            text: text.into(),
            sent: None,
            zone: None,
        },
    )
}

fn reply(number: u64, text: &str) -> Message {
    let said = [
        (PartKind::Acknowledgment, "I hear you.\n"),
        (PartKind::Contextual, "Digging…\n\n"),
        (PartKind::Reply, text),
    ];
    let said = said.map(|(kind, text)| Said {
        kind,
        stage: None,
        text: text.into(),
    });
    message(
        number,
        Body::Assistant {
            ending: Ending::Finished,
            said: said.into(),
        },
    )
}

fn message(number: u64, body: Body) -> Message {
    let turn = TurnKey {
        conversation: key(),
        turn: format!("t{number}").parse().unwrap(),
    };
    Message {
        id: format!("m{number}").parse().unwrap(),
        number,
        turn,
        created: NOW,
        body,
    }
}

fn key() -> ConversationKey {
    ConversationKey {
        user: scope("ann"),
        coach: "x".parse().unwrap(),
        conversation: "v".parse().unwrap(),
    }
}

fn opening(number: u64, text: &str, zone: Option<&str>, now: Timestamp) -> Opening {
    let zone = zone.map(|zone| zone.parse().unwrap());
    let body = Body::User {
        text: text.into(),
        sent: Some(now),
        zone,
    };
    Opening {
        turn: TurnKey {
            conversation: key(),
            turn: "t".parse().unwrap(),
        },
        user_message: Message {
            created: now,
            ..message(number, body)
        },
        assistant_message: "a".parse().unwrap(),
    }
}

fn loaded(history: Vec<Message>, summary: Option<Summary>) -> Loaded {
    Loaded {
        history,
        summary: summary.map(Box::new),
        forgotten: Vec::new(),
        safety: SafetyFacts::default(),
        memories: Ok(Vec::new()),
        before: Vec::new(),
    }
}

fn gathered(memories: Vec<Memory>, workouts: Vec<Workout>, recalled: Vec<Recalled>) -> Gathered {
    Gathered {
        memories,
        workouts,
        recalled,
        calls: Vec::new(),
    }
}

fn memory(id: &str, content: &str) -> Memory {
    Memory {
        kind: MemoryKind::Preference,
        importance: Importance::High,
        created_at: NOW,
        ..Memory::given(id, content)
    }
}

fn workout(id: &str, name: &str, performed_at: Timestamp) -> Workout {
    Workout {
        id: id.parse().unwrap(),
        coach_id: "x".parse().unwrap(),
        conversation_id: "v".parse().unwrap(),
        turn_id: id.parse().unwrap(),
        discipline: Discipline::Cardio,
        name: name.to_owned(),
        performed_at,
        duration_seconds: Some(1_450),
        exercises: Vec::new(),
        score: None,
        perceived_exertion: None,
        notes: None,
        confidence: 1.0,
        records: Vec::new(),
    }
}

fn hit(kind: RecalledKind, id: &str, owner: Option<&str>, text: &str) -> Recalled {
    Recalled {
        kind,
        id: id.to_owned(),
        owner: owner.map(scope),
        text: text.to_owned(),
        score: 0.5,
    }
}

/// A decision that lets everything in.
fn all() -> RouterDecision {
    let mut decision = router::fallback("how is my squat?");
    decision.memory_processing.needs_retrieval = true;
    decision.context_needs = ContextNeeds {
        needs_pinecone_search: true,
        search_types: vec![SearchType::Methodology, SearchType::Workouts],
        reasoning: String::new(),
    };
    decision
}

fn summary(narrative: &str, through: u64) -> Summary {
    Summary {
        narrative: narrative.to_owned(),
        from: 1,
        through,
        ..Summary::default()
    }
}

/// A conversation whose turns each have so many tokens, before message `next`.
fn conversation(next: u64, tokens: usize) -> Vec<Message> {
    let text = |number: u64| format!("{number} {}", "word ".repeat(tokens * 2 / 5));
    let told = |number| {
        if number % 2 == 1 {
            athlete(number, &text(number))
        } else {
            reply(number, &text(number))
        }
    };
    (next.saturating_sub(60).max(1)..next).map(told).collect()
}

/// The prompt as a text, with every boundary in it.
fn written(prompt: &Prompt) -> String {
    let mut text = String::new();
    let mut part = |title: &str, blocks: &[Block]| {
        writeln!(text, "=== {title}").unwrap();
        for block in blocks {
            writeln!(text, "{}", block.text().unwrap_or("=== cache point")).unwrap();
        }
    };
    part("system", &prompt.system);
    for message in &prompt.messages {
        let title = if message.speaker == Speaker::User {
            "user"
        } else {
            "coach"
        };
        part(title, &message.blocks);
    }
    text
}

#[test]
fn the_first_prompt_of_a_conversation_is_as_written_down() {
    let opening = opening(1, "Hi, I <3 squats", Some("Europe/Berlin"), NOW);
    let (prompt, report) = Prompt::reply(&coach(), &loaded(vec![], None), None, &all(), &opening);
    assert_eq!(written(&prompt), include_str!("golden/first.txt"));
    assert_eq!((report.history_messages, report.summary), (0, false));
    assert_eq!(report.prompt_tokens, prompt.estimated_tokens());
}

fn renewed_twice() -> Option<Summary> {
    let mut first = summary("Ann wants a stronger squat.", 62);
    first.constraints = vec!["sore left knee".to_owned()];
    let through = |through| Summary {
        through,
        ..first.clone()
    };
    let second = through(84).in_place_of(Some(first.clone()));
    let third = Summary {
        narrative: "It has been renewed since.".to_owned(),
        ..through(98)
    };
    third.in_place_of(second)
}

#[test]
fn a_prompt_with_everything_in_it_is_as_written_down() {
    let mut history = conversation(101, 25);
    history.retain(|message| message.number > 70);
    let cut = renewed_twice();
    let gathered = gathered(
        vec![
            memory("m1", "trains at dawn"),
            memory("m2", "hates burpees"),
        ],
        vec![
            workout("w1", "Late run", Timestamp(NOW.0 - 5 * DAY + 5 * DAY / 24)),
            workout("w2", "Long\nrun", NOW),
            workout("w3", "Tempo run", Timestamp(NOW.0 - DAY)),
        ],
        vec![
            hit(RecalledKind::Methodology, "h1", None, "easy days easy"),
            hit(RecalledKind::Memory, "m1", Some("ann"), "trains at dawn"),
            hit(
                RecalledKind::Workout,
                "w9",
                Some("ann"),
                "squatted 100 kg\nin May",
            ),
            hit(RecalledKind::Workout, "w2", Some("ann"), "Long run"),
        ],
    );
    let opening = opening(101, "How is my squat?", Some("America/New_York"), NOW);
    let (prompt, report) = Prompt::reply(
        &coach(),
        &loaded(history, cut),
        Some(&gathered),
        &all(),
        &opening,
    );
    assert_eq!(written(&prompt), include_str!("golden/everything.txt"));
    assert_eq!((report.history_messages, report.summary), (30, true));
    assert_eq!(
        (report.memories, report.workouts),
        (
            vec!["m1".into(), "m2".into()],
            ["w2", "w3", "w1"].map(String::from).to_vec()
        )
    );
    assert_eq!(
        report
            .recalled
            .iter()
            .map(|hit| hit.id.as_str())
            .collect::<Vec<_>>(),
        ["h1", "w9"]
    );
}

#[test]
fn a_week_is_that_of_the_athletes_calendar() {
    // Sunday evening in Berlin is Sunday noon in Los Angeles and already Monday in Tokyo.
    let sunday = "2027-01-03T20:00:00Z".parse().unwrap();
    let told = |zone| {
        let gathered = gathered(vec![], vec![workout("w", "Run", sunday)], vec![]);
        let opening = opening(1, "Hi", zone, sunday);
        Prompt::reply(
            &coach(),
            &loaded(vec![], None),
            Some(&gathered),
            &all(),
            &opening,
        )
        .0
        .text()
    };
    for zone in [None, Some("Europe/Berlin"), Some("America/Los_Angeles")] {
        assert!(told(zone).contains(
            "<workouts>\nWeek 53 of 2026\n- Sun 3 Jan, Run: duration 24:10\n</workouts>"
        ));
    }
    assert!(told(Some("Asia/Tokyo")).contains("\nWeek 1 of 2027\n- Mon 4 Jan, Run"));
}

#[test]
fn what_failed_what_is_blank_and_what_is_no_reply_is_not_sent_again() {
    let said = |kind, text: &str| Said {
        kind,
        stage: None,
        text: text.into(),
    };
    let failed = Body::Assistant {
        ending: Ending::Failed(TurnError::Deadline),
        said: [said(PartKind::Reply, "half a rep")].into(),
    };
    let confirmed = Body::Assistant {
        ending: Ending::Stopped,
        said: [
            said(PartKind::Reply, "Sure."),
            said(PartKind::Confirmation, "I'll remember that"),
        ]
        .into(),
    };
    let history = vec![
        reply(1, "nobody asked"),
        athlete(2, " \n\u{200b}\u{7}"),
        athlete(3, "one"),
        message(4, failed),
        athlete(5, "two"),
        message(6, confirmed),
    ];
    let (prompt, report) = Prompt::reply(
        &coach(),
        &loaded(history, None),
        None,
        &all(),
        &opening(7, "three", None, NOW),
    );
    let told: Vec<_> = prompt
        .messages
        .iter()
        .map(|message| (message.speaker, message.blocks.len()))
        .collect();
    assert_eq!(
        told,
        [(Speaker::User, 2), (Speaker::Coach, 2), (Speaker::User, 2)]
    );
    assert_eq!(report.history_messages, 3);
    let messages = written(&Prompt {
        system: vec![],
        messages: prompt.messages.clone(),
    });
    for absent in [
        "nobody",
        "half a rep",
        "remember that",
        "I hear you",
        "Digging",
    ] {
        assert!(!messages.contains(absent), "{absent}");
    }
    let last = &prompt.messages[2].blocks;
    let end: Vec<_> = last.iter().filter_map(Block::text).collect();
    assert!(end[0].starts_with("<context>\nNow: ") && end[1] == "three");
}

#[test]
fn each_kind_of_context_has_its_own_budget_of_whole_items_the_best_first() {
    let many = |letter: &str, size: usize| {
        (0..40)
            .map(|n| format!("{letter}{n:02} {}", "x".repeat(size)))
            .collect::<Vec<_>>()
    };
    let gathered = gathered(
        many("m", 380)
            .iter()
            .enumerate()
            .map(|(n, text)| memory(&format!("m{n}"), text))
            .collect(),
        many("w", 380)
            .iter()
            .zip(0..)
            .map(|(text, n)| workout(&format!("w{n}"), text, Timestamp(NOW.0 - n * DAY)))
            .collect(),
        many("r", 1_000)
            .iter()
            .map(|text| hit(RecalledKind::Methodology, text, None, text))
            .collect(),
    );
    let (prompt, report) = Prompt::reply(
        &coach(),
        &loaded(vec![], None),
        Some(&gathered),
        &all(),
        &opening(1, "Hi", None, NOW),
    );
    assert_eq!(report.memories, ["m0", "m1", "m2", "m3", "m4"]);
    assert_eq!(report.workouts.len(), 11);
    assert_eq!(report.workouts[..2], ["w0", "w1"]);
    assert_eq!(report.recalled.len(), 5);
    let text = prompt.text();
    assert!(
        text.contains("m04 ")
            && !text.contains("m05 ")
            && text.contains("r04 ")
            && !text.contains("r05 ")
    );
    assert!(prompt.estimated_tokens() < 600 + 1_500 + 1_200 + 1_000);
    let huge = Gathered {
        memories: vec![memory("m", &"é".repeat(9_000))],
        ..gathered
    };
    let (prompt, _) = Prompt::reply(
        &coach(),
        &loaded(vec![], None),
        Some(&huge),
        &all(),
        &opening(1, "", None, NOW),
    );
    assert_eq!(prompt.text().matches('é').count(), 500);
}

#[test]
fn only_what_the_decision_wants_enters() {
    let everything = gathered(
        vec![memory("m", "MEMORY")],
        vec![workout("w", "WORKOUT", NOW)],
        vec![
            hit(RecalledKind::Methodology, "h", None, "METHOD"),
            hit(RecalledKind::Workout, "o", None, "PAST"),
        ],
    );
    let told = |decision: &RouterDecision| {
        let prompt = Prompt::reply(
            &coach(),
            &loaded(vec![], None),
            Some(&everything),
            decision,
            &opening(1, "Hi", None, NOW),
        )
        .0;
        ["MEMORY", "WORKOUT", "METHOD", "PAST"].map(|word| prompt.text().contains(word))
    };
    let mut decision = all();
    assert_eq!(told(&decision), [true; 4]);
    decision.context_needs.search_types = vec![SearchType::Techniques];
    assert_eq!(told(&decision), [true, false, true, false]);
    decision.context_needs.needs_pinecone_search = false;
    assert_eq!(told(&decision), [true, false, false, false]);
    decision.memory_processing.needs_retrieval = false;
    assert_eq!(told(&decision), [false; 4]);
}

#[test]
fn a_prompt_that_is_too_long_loses_its_older_half_and_still_begins_with_the_athlete() {
    let loaded = loaded(conversation(12, 20), None);
    let prompt = Prompt::reply(
        &coach(),
        &loaded,
        None,
        &all(),
        &opening(13, "Hi", None, NOW),
    )
    .0;
    let shorter = prompt.without_oldest().unwrap();
    assert_eq!(shorter.messages.first().unwrap().speaker, Speaker::User);
    assert_eq!(shorter.messages.last(), prompt.messages.last());
    assert!(shorter.messages.len() <= prompt.messages.len() / 2 + 1);
}
