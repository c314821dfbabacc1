//! How many model calls a turn makes, kind by kind, beside those of the system that this one
//! replaces.
//!
//! `cargo test -p coach-tests --test http calls -- --nocapture` prints the table.

use coach_tests::{Calls, Event, Site, saying};
use serde_json::Value;

/// A kind of turn: what was said before in the conversation, and what is said.
struct Kind {
    name: &'static str,
    before: &'static [&'static str],
    text: &'static str,
    by: &'static str,
    /// Calls of the router, for the reply, for a workout, for a summary.
    expected: [usize; 4],
    jobs: &'static [&'static str],
    /// Which column of [`OLD`] is a turn like it.
    old: Option<usize>,
}

const HELLO: &[&str] = &["Hello there"];
const DAWN: &[&str] = &["Remember that I train at dawn"];
const TWICE: &[&str] = &["Hello there", "The gym was full"];

const fn kind(
    name: &'static str,
    before: &'static [&'static str],
    text: &'static str,
    by: &'static str,
    expected: [usize; 4],
    jobs: &'static [&'static str],
    old: Option<usize>,
) -> Kind {
    Kind {
        name,
        before,
        text,
        by,
        expected,
        jobs,
        old,
    }
}

#[rustfmt::skip]
const KINDS: [Kind; 17] = [
    kind("thanks", HELLO, "thanks!", "rule", [0, 1, 0, 0], &[], Some(0)),
    kind("goodbye", HELLO, "see you", "rule", [0, 1, 0, 0], &[], None),
    kind("/help", HELLO, "/help", "rule", [0, 0, 0, 0], &[], None),
    kind("/log-workout", HELLO, "/log-workout back squat 5x5 at 100 kg", "rule", [0, 1, 1, 0],
        &["workout"], None),
    kind("/save-memory", HELLO, "/save-memory I train at dawn", "rule", [0, 1, 0, 0], &["memory"],
        None),
    kind("/save-memory, near", DAWN, "/save-memory I train at dusk", "rule", [0, 1, 1, 0],
        &["memory"], None),
    kind("/forget", DAWN, "/forget that I train at dawn", "rule", [0, 1, 0, 0], &["forget"], None),
    kind("/forget, nothing", HELLO, "/forget my dog", "rule", [0, 1, 0, 0], &[], None),
    kind("remark, no updates", HELLO, "My legs are dead", "model", [1, 1, 0, 0], &[], None),
    kind("question with updates", HELLO, "Why are my squats stuck?", "model", [1, 1, 0, 0], &[],
        Some(1)),
    kind("first message, titled", &[], "Why are my squats stuck?", "model", [1, 1, 0, 0], &[],
        None),
    kind("workout", HELLO, "I did 5x5 back squats at 100 kg today", "model", [1, 1, 1, 0],
        &["workout"], None),
    kind("memory request", HELLO, "Remember that I train at dawn", "model", [1, 1, 0, 0],
        &["memory"], None),
    kind("forget request", DAWN, "Forget that", "model",
        [1, 1, 0, 0], &["forget"], None),
    kind("workout + memory", HELLO, BUSY, "model", [1, 1, 1, 0], &["workout", "memory"], Some(2)),
    kind("due summary", TWICE, "My legs are dead", "model", [1, 1, 0, 1], &["summary"], None),
    kind("all of it", TWICE, BUSY, "model", [1, 1, 1, 1], &["workout", "memory", "summary"], None),
];

const BUSY: &str =
    "I did 5x5 back squats at 100 kg today. Remember that my left knee hurts in deep lunges.";

/// What was counted of one turn, at the ports.
struct Counted {
    by: String,
    title: Value,
    jobs: Vec<String>,
    /// Until the first word of the reply was told.
    before_reply: Calls,
    searches_before_reply: usize,
    /// Until the last job was over.
    calls: Calls,
    searches: usize,
    upserts: usize,
    /// What the turn itself reports: calls, and attempts.
    reported: (usize, u64),
}

async fn counted(kind: &Kind) -> Counted {
    let (site, model) = Site::rehearsing();
    let path = site.conversation().await;
    let stream = format!("{path}/stream");
    for text in kind.before {
        site.client()
            .stream(&stream, &[], &saying(text))
            .await
            .rest()
            .await;
        site.settled().await;
    }
    let earlier = (
        model.calls().all(),
        site.memories.calls("search"),
        site.memories.calls("upsert"),
    );
    let calls = || Calls::of(&model.asked_after(earlier.0));
    let mut sse = site.client().stream(&stream, &[], &saying(kind.text)).await;
    let mut events: Vec<Event> = Vec::new();
    while events.last().is_none_or(|event| event.kind() != "chunk") {
        events.push(sse.next().await.unwrap());
    }
    let (before_reply, searches_before_reply) =
        (calls(), site.memories.calls("search") - earlier.1);
    events.extend(sse.rest().await);
    site.settled().await;

    let turn = format!("{path}/turns/{}?wait=jobs", events[0].text("turnId"));
    let turn = site.client().get(&turn).await.json();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let reported = list(&turn["usage"]["calls"]);
    let attempts = reported
        .iter()
        .map(|call| call["attempts"].as_u64().unwrap())
        .sum();
    Counted {
        by: turn["route"]["routerMetadata"]["source"]
            .as_str()
            .unwrap()
            .to_owned(),
        title: turn["route"]["conversationTitle"].clone(),
        jobs: list(&turn["jobs"])
            .iter()
            .map(|job| job["kind"].as_str().unwrap().to_owned())
            .collect(),
        before_reply,
        searches_before_reply,
        calls: calls(),
        searches: site.memories.calls("search") - earlier.1,
        upserts: site.memories.calls("upsert") - earlier.2,
        reported: (reported.len(), attempts),
    }
}

fn print_row(kind: &Kind, counted: &Counted) {
    let Calls {
        routes,
        replies,
        extractions,
        summaries,
    } = counted.calls;
    let deciding_before = counted.before_reply.all() - counted.before_reply.replies;
    println!(
        "{:<22} {:<6} {routes:>6} {replies:>6} {extractions:>8} {summaries:>8} \
             {:>4} {:>13} {:>8} {:>8} {:>4}",
        kind.name,
        counted.by,
        counted.calls.all(),
        deciding_before,
        counted.searches,
        counted.upserts,
        kind.old
            .map_or(String::new(), |column| old_calls(column, |_| true)
                .to_string()),
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_makes_at_most_four_model_calls_and_one_of_them_before_it_replies() {
    println!(
        "\n{:<22} {:<6} {:>6} {:>6} {:>8} {:>8} {:>4} {:>13} {:>8} {:>8} {:>4}",
        "turn",
        "by",
        "router",
        "reply",
        "workout",
        "summary",
        "all",
        "before reply",
        "searches",
        "upserts",
        "old"
    );
    for kind in &KINDS {
        let counted = counted(kind).await;
        let Calls {
            routes,
            replies,
            extractions,
            summaries,
        } = counted.calls;
        let deciding_before = counted.before_reply.all() - counted.before_reply.replies;
        print_row(kind, &counted);
        let name = kind.name;
        assert_eq!(
            (
                counted.by.as_str(),
                [routes, replies, extractions, summaries]
            ),
            (kind.by, kind.expected),
            "{name}"
        );
        assert_eq!(counted.jobs, kind.jobs, "{name}");
        assert_eq!(counted.title.is_string(), kind.before.is_empty(), "{name}");
        assert_eq!(
            counted.reported,
            (counted.calls.all(), counted.calls.all() as u64),
            "{name}: reported, no retry"
        );
        assert!(counted.calls.all() <= 4 && deciding_before <= 1, "{name}");
        assert!(
            counted.searches_before_reply <= 1,
            "{name}: an index may make one embedding of each search"
        );
        assert!(
            kind.by != "rule" || routes + replies + summaries <= 1,
            "{name}: a rule decides"
        );
    }
    println!(
        "searches, upserts: calls of the index, of which one that embeds makes one embedding each\n"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_that_only_decide_something_are_at_least_85_percent_fewer_than_they_were() {
    println!(
        "\n{:<40} {:>8} {:>8} {:>18}",
        "a call of the replaced system", "thanks", "question", "workout + memory"
    );
    for OldStep {
        name,
        decides,
        times: [thanks, question, busy],
    } in OLD
    {
        let name = format!("{name}{}", if decides { " *" } else { "" });
        println!("{name:<40} {thanks:>8} {question:>8} {busy:>18}");
    }
    println!("* only decides or announces something\n");
    println!(
        "{:<22} {:>10} {:>6} {:>14} {:>6} {:>8}",
        "turn", "calls then", "now", "deciding then", "now", "fewer"
    );
    let (mut then, mut now) = (0, 0);
    let fewer = |then: usize, now: usize| 100 - now * 100 / then;
    for (column, known) in OLD_CALLS.into_iter().enumerate() {
        assert_eq!(
            old_calls(column, |_| true),
            known,
            "the steps do not add up to what is known"
        );
        let kind = KINDS.iter().find(|kind| kind.old == Some(column)).unwrap();
        let calls = counted(kind).await.calls;
        let (old, new) = (old_calls(column, |step| step.decides), calls.routes);
        println!(
            "{:<22} {known:>10} {:>6} {old:>14} {new:>6} {:>6} %",
            kind.name,
            calls.all(),
            fewer(old, new)
        );
        (then, now) = (then + old, now + new);
    }
    println!(
        "{:<22} {:>32} {now:>6} {:>6} %\n",
        "together",
        then,
        fewer(then, now)
    );
    assert!(fewer(then, now) >= 85, "{now} instead of {then}");
}

/// A model call of the system that this one replaces, and how often a turn made it: for thanks, for
/// a question, for a workout together with something to remember.
struct OldStep {
    name: &'static str,
    /// Whether it only finds out, or announces, what another call then does.
    decides: bool,
    times: [usize; 3],
}

/// Known are the sums ([`OLD_CALLS`]), the three updates of a question, and that five detectors
/// asked again what the router had said. How the rest is spread over the steps is worked out from
/// that: the fewest that a turn must have had, and for a busy turn an update of each of the five
/// stages. What was written down is not counted as a decision, although it is part of one now.
#[rustfmt::skip]
const OLD: [OldStep; 9] = [
    OldStep { name: "route", decides: true, times: [1, 1, 1] },
    OldStep { name: "updates, one call each", decides: true, times: [0, 3, 5] },
    OldStep { name: "is it complex, is a summary due?", decides: true, times: [1, 1, 1] },
    OldStep { name: "is it a workout?", decides: true, times: [0, 0, 1] },
    OldStep { name: "is it to be remembered?", decides: true, times: [0, 0, 1] },
    OldStep { name: "are memories needed?", decides: true, times: [0, 0, 1] },
    OldStep { name: "is a search needed?", decides: true, times: [0, 0, 1] },
    OldStep { name: "reply", decides: false, times: [1, 1, 1] },
    OldStep { name: "write down workout and memory", decides: false, times: [0, 0, 2] },
];

const OLD_CALLS: [usize; 3] = [3, 6, 14];

fn old_calls(column: usize, counts: impl Fn(&OldStep) -> bool) -> usize {
    OLD.iter()
        .filter(|step| counts(step))
        .map(|step| step.times[column])
        .sum()
}
