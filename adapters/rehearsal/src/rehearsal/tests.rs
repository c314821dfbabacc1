use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::prompt::Block;
use domain::router::UserIntent;
use domain::{ChatMessage, Extraction, Prompt, Speaker, Tier, Timestamp, Tries, workout};
use futures::{FutureExt, StreamExt};
use in_memory::ManualClock;
use serde_json::Value;

use super::*;

/// A clock on which waiting takes no time, except that it has passed afterwards.
#[derive(Default)]
struct Hurried(Mutex<u64>);

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        Timestamp(*self.0.lock().unwrap())
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let mut now = self.0.lock().unwrap();
        *now = deadline.0.max(*now);
    }
}

/// What people write first when they try it out.
const EVERYDAY: [(&str, UserIntent); 16] = [
    ("Hi", UserIntent::General),
    ("Hello coach!", UserIntent::General),
    ("What should I train today?", UserIntent::Question),
    ("How do I improve my squat?", UserIntent::Question),
    ("How can I run a faster 5k?", UserIntent::Question),
    ("Give me a plan for my first 10k", UserIntent::Question),
    (
        "I did 5x5 back squats at 100 kg today",
        UserIntent::WorkoutLogging,
    ),
    (
        "I did 5x5 back squats at 100 kg today.",
        UserIntent::WorkoutLogging,
    ),
    (
        "I did 5x5 squats at 100 kg today",
        UserIntent::WorkoutLogging,
    ),
    ("ran 5k in 24:30 this morning", UserIntent::WorkoutLogging),
    (
        "3 sets of 10 push-ups, then 400m row x 4",
        UserIntent::WorkoutLogging,
    ),
    ("bench 3x8 @ 60kg RPE 8", UserIntent::WorkoutLogging),
    ("45 min yoga", UserIntent::WorkoutLogging),
    ("Fran in 4:12", UserIntent::WorkoutLogging),
    ("Remember that I train at 6 am", UserIntent::MemoryRequest),
    ("My left knee hurts when I lunge", UserIntent::MemoryRequest),
];

fn at_once<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("it has nothing to wait for")
}

fn rehearsal(seed: u64) -> Rehearsal {
    Rehearsal::new(Arc::new(Hurried::default()), Pace::default(), seed)
}

fn route(text: &str) -> ModelCall {
    ModelCall::question(router::question(text, &[], true, &[]))
}

fn form(prompt: Prompt, tool: &'static str) -> ModelCall {
    ModelCall::question(Extraction {
        prompt,
        tool,
        schema: Value::Null,
        max_tokens: 1_000,
    })
}

fn reply(text: &str, delivery: Delivery) -> ModelCall {
    let blocks = ["<context>\nNow: Friday\n</context>", text].map(|text| Block::Text(text.into()));
    let prompt = Prompt {
        system: vec![Block::Text("You are Ada, a strength coach.".into())],
        messages: vec![ChatMessage {
            speaker: Speaker::User,
            blocks: blocks.into(),
        }],
    };
    let (tier, answer) = (Tier::Reply, Answer::Prose);
    ModelCall {
        tier,
        model: None,
        prompt,
        answer,
        delivery,
        max_tokens: 2_000,
        temperature: 0.7,
    }
}

/// Everything that is there without waiting for ever, and whether the stream ended.
fn pieces(model: &Rehearsal, call: ModelCall) -> (Vec<Result<Piece, Fault>>, bool) {
    let mut stream = model.open(call);
    let mut pieces = Vec::new();
    loop {
        match stream.next().now_or_never() {
            Some(Some(piece)) => pieces.push(piece.map_err(|error| error.fault)),
            Some(None) => return (pieces, true),
            None => return (pieces, false),
        }
    }
}

fn texts(pieces: &[Result<Piece, Fault>]) -> Vec<String> {
    let text = |piece: &Result<Piece, Fault>| match piece {
        Ok(Piece::Text(text)) => Some(text.clone()),
        Ok(Piece::Thinking | Piece::Spent(_) | Piece::End { .. }) | Err(_) => None,
    };
    pieces.iter().filter_map(text).collect()
}

/// Whether nothing of the router's answer is refused.
fn is_taken_whole(read: &Result<router::RouterDecision, router::Malformed>) -> bool {
    read.as_ref()
        .is_ok_and(|decision| decision.router_metadata.dropped.is_empty())
}

fn routed(model: &Rehearsal, text: &str) -> Result<router::RouterDecision, router::Malformed> {
    let (answer, _) = at_once(ports::answer(model, route(text), &mut Tries::default())).unwrap();
    router::parse(&answer, "What now?", true, &[])
}

#[test]
fn everyday_messages_are_routed_rightly_by_the_demonstrations_seed() {
    let model = rehearsal(Rehearsal::SEED).with_mistakes();
    let began = model.clock.now();
    for (text, intent) in EVERYDAY {
        let decision = routed(&model, text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(decision.user_intent, intent, "{text:?}");
        assert_eq!(
            decision.logs_workout(),
            intent == UserIntent::WorkoutLogging,
            "{text:?}"
        );
        assert!(decision.conversation_title.is_some());
    }
    let took = model.clock.now().since(began);
    assert_eq!(
        took,
        Pace::default().form() * u32::try_from(EVERYDAY.len()).unwrap(),
        "none was late"
    );
}

#[test]
fn the_router_is_always_understood_and_one_with_mistakes_not_always() {
    let (mut refused, mut late) = (0, 0);
    for seed in 0..200 {
        for (text, _) in EVERYDAY {
            let right = rehearsal(seed);
            assert!(
                is_taken_whole(&routed(&right, text)) && right.clock.now() < Timestamp(5_000),
                "{text:?}"
            );
            let model = rehearsal(seed).with_mistakes();
            refused += u32::from(!is_taken_whole(&routed(&model, text)));
            late += u32::from(model.clock.now() >= Timestamp(5_000));
        }
    }
    let all = 200 * EVERYDAY.len() as u32;
    assert!(
        (all / 30..all / 12).contains(&refused),
        "{refused} of {all}"
    );
    assert!((all / 200..all / 50).contains(&late), "{late} of {all}");
}

#[test]
fn every_slip_but_lateness_costs_some_of_the_answer_or_all() {
    let right = route::answer(&Heard::new("Why are my squats stuck?"), true);
    for slip in route::SLIPS {
        let answer = route::slipped(right.clone(), slip);
        assert_eq!(
            is_taken_whole(&router::parse(&answer, "What now?", true, &[])),
            slip == "late",
            "{slip}"
        );
    }
}

#[test]
fn the_router_keeps_the_athletes_own_lines() {
    let decision = routed(&rehearsal(0), "Why are my squats stuck?").unwrap();
    let lines: Vec<&str> = decision
        .updates()
        .iter()
        .map(|update| update.text.as_str())
        .collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.contains("squat")), "{lines:?}");
}

#[test]
fn a_reply_comes_word_by_word_or_at_once_and_is_the_same() {
    let model = rehearsal(1);
    let (streamed, ended) = pieces(&model, reply("My squats feel heavy", Delivery::Streamed));
    let words = texts(&streamed);
    assert!(ended && words.len() >= 60);
    assert!(
        words
            .iter()
            .all(|word| word.split_whitespace().count() == 1),
        "{words:?}"
    );
    assert_eq!(model.clock.now(), Timestamp(30 * words.len() as u64));
    let (whole, _) = pieces(&model, reply("My squats feel heavy", Delivery::Whole));
    assert_eq!(texts(&whole), [words.concat()]);
    assert_eq!(streamed.last(), whole.last());
    assert_eq!(model.clock.now(), Timestamp(33 * words.len() as u64));
}

#[test]
fn a_reply_is_no_longer_than_it_may_be() {
    let call = ModelCall {
        max_tokens: 20,
        ..reply("My squats feel heavy", Delivery::Streamed)
    };
    let (pieces, _) = pieces(&rehearsal(1), call);
    let said = texts(&pieces).concat();
    assert!((70..=80).contains(&said.len()), "{said:?}");
    assert!(matches!(
        pieces.last(),
        Some(Ok(Piece::End {
            reason: StopReason::Length,
            ..
        }))
    ));
}

#[test]
fn usage_is_estimated() {
    let call = reply("My squats feel heavy", Delivery::Whole);
    let asked = call.prompt.estimated_tokens();
    let (text, usage) = at_once(ports::answer(&rehearsal(1), call, &mut Tries::default())).unwrap();
    let expected = Usage {
        model: Some("rehearsal-reply".into()),
        input_tokens: asked,
        output_tokens: text.len().div_ceil(4) as u64,
        estimated: true,
        ..Usage::default()
    };
    assert_eq!(usage, expected);
    let (_, usage) = at_once(ports::answer(
        &rehearsal(1),
        route("Hi"),
        &mut Tries::default(),
    ))
    .unwrap();
    assert_eq!(usage.model.as_deref(), Some("rehearsal-fast"));
}

#[test]
fn a_workout_is_extracted_and_other_tools_are_unknown() {
    let asked = workout::extraction("bench 3x8 @ 60kg RPE 8", Timestamp(1_795_200_000_123), None);
    let call = form(asked.prompt.clone(), asked.tool);
    let (answer, _) = at_once(ports::answer(&rehearsal(1), call, &mut Tries::default())).unwrap();
    assert!(answer.contains("Bench press"), "{answer}");
    assert_eq!(
        pieces(&rehearsal(1), form(asked.prompt, "dance")).0,
        [Err(Fault::Rejected)]
    );
}

#[test]
fn a_fault_is_rehearsed_when_the_message_orders_it() {
    use StopReason::{Filtered, Length};
    let cases = [
        ("throttled", 0, Some(Err(Fault::Throttled))),
        ("unavailable", 0, Some(Err(Fault::Unavailable))),
        ("rejected", 0, Some(Err(Fault::Rejected))),
        ("truncated", 40, Some(Ok(Length))),
        ("filtered", 10, Some(Ok(Filtered))),
        ("cut", 20, None),
    ];
    for (name, words, ending) in cases {
        let text = format!("Squats feel heavy [rehearse:{name}]");
        let (pieces, ended) = pieces(&rehearsal(1), reply(&text, Delivery::Streamed));
        let last = pieces.last().and_then(|last| match last {
            Ok(Piece::Text(_) | Piece::Thinking | Piece::Spent(_)) => None,
            Ok(Piece::End { reason, .. }) => Some(Ok(*reason)),
            Err(fault) => Some(Err(*fault)),
        });
        assert_eq!(
            (texts(&pieces).len(), last, ended),
            (words, ending, true),
            "{name}"
        );
        assert!(routed(&rehearsal(1), &text).is_ok(), "{name}");
    }
    for (name, words) in [("silent", 0), ("stall", 20)] {
        let text = format!("Squats feel heavy [rehearse:{name}]");
        for delivery in [Delivery::Streamed, Delivery::Whole] {
            let (pieces, ended) = pieces(&rehearsal(1), reply(&text, delivery));
            let said = texts(&pieces).concat().split_whitespace().count();
            assert_eq!((said, ended), (words, false), "{name}");
        }
    }
    let (pieces, ended) = pieces(
        &rehearsal(1),
        reply("Squats [rehearse:nonsense]", Delivery::Streamed),
    );
    assert!(ended && texts(&pieces).len() >= 60);
}

#[test]
fn a_panic_is_rehearsed_after_five_words() {
    let mut stream = rehearsal(1).open(reply("Squats [rehearse:panic]", Delivery::Streamed));
    for _ in 0..5 {
        assert!(at_once(stream.next()).is_some_and(|piece| piece.is_ok()));
    }
    let panics = std::panic::AssertUnwindSafe(|| at_once(stream.next()));
    assert!(std::panic::catch_unwind(panics).is_err());
}

#[test]
fn nothing_is_said_before_its_time() {
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let model = Rehearsal::new(
        clock.clone(),
        Pace {
            per_word: Duration::from_millis(100),
        },
        1,
    );
    let mut stream = model.open(reply("My squats feel heavy", Delivery::Streamed));
    assert!(stream.next().now_or_never().is_none());
    clock.advance(Duration::from_millis(99));
    assert!(stream.next().now_or_never().is_none());
    clock.advance(Duration::from_millis(1));
    assert!(stream.next().now_or_never().is_some());
    assert!(stream.next().now_or_never().is_none());
}

#[test]
fn texts_differ_by_seed() {
    let said = |seed| {
        texts(
            &pieces(
                &rehearsal(seed),
                reply("My squats feel heavy", Delivery::Streamed),
            )
            .0,
        )
        .concat()
    };
    assert_eq!(said(4), said(4));
    assert!((0..10).map(said).collect::<BTreeSet<_>>().len() > 5);
}
