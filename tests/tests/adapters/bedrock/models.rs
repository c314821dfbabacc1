//! Models that do not take what others take: what they are sent, how often, and what the client
//! sees.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bedrock::{Bedrock, Settings};
use coach_tests::scenes::{QUESTION, routing};
use coach_tests::{Event, Site, saying};
use domain::{Limits, router};
use peers::bedrock::{
    Answers, Bedrock as Peer, Form, PromptCache, Refuses, Request, Script, Step, refused,
};
use serde_json::{Value, json};

use super::rows::WORDS;
use super::{at, config};

const UNKNOWN: &str = "somebody.new-model-v1:0";
const PROFILE: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine";

/// A site whose turns and forms are all answered by this model.
fn site(peer: &Peer, model: &str, change: impl FnOnce(&mut Settings)) -> Site {
    let mut settings = Settings {
        reply: model.to_owned(),
        fast: model.to_owned(),
        ..at(peer)
    };
    change(&mut settings);
    Site::new(|model| model).asking(Arc::new(Bedrock::new(&config(), settings)))
}

fn answers() -> Answers {
    let forms = BTreeMap::from([(router::TOOL, routing(&[], false))]);
    Answers {
        forms,
        prose: WORDS.to_owned(),
        ..Answers::default()
    }
}

/// A Bedrock whose models refuse these.
async fn refusing(refuses: &'static [Refuses]) -> Peer {
    let answers = answers();
    Peer::start(move |request| refused(request, refuses).unwrap_or_else(|| answers.script(request)))
        .await
        .unwrap()
}

/// A turn of a conversation: what the client sees at its end, and how each request was made for it.
async fn turn(site: &Site, peer: &Peer, path: &str) -> (Event, Vec<String>) {
    let before = peer.requests().len();
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    let manners = peer.requests().iter().skip(before).map(manner).collect();
    (events.last().unwrap().clone(), manners)
}

/// What a request has in it that not every model takes.
fn manner(request: &Request) -> String {
    let body = request.json();
    let has = |pointer, word: &str| body.pointer(pointer).map(|_| word.to_owned());
    let form = match request.form() {
        None => "reply",
        Some((_, Form::Text)) => "schema",
        Some((_, Form::Tool)) if body.pointer("/toolConfig/toolChoice/tool").is_some() => {
            "forced tool"
        }
        Some((_, Form::Tool)) => "chosen tool",
    };
    let effort = body
        .pointer("/outputConfig/effort")
        .and_then(Value::as_str)
        .map(|effort| format!("effort {effort}"));
    let caches: Vec<&str> = cache_points(&body);
    let parts = [
        Some(form.to_owned()),
        has("/inferenceConfig/temperature", "temperature"),
        effort,
        (!caches.is_empty()).then(|| format!("cached {}", caches.join(" "))),
        body.pointer("/serviceTier/type")
            .and_then(Value::as_str)
            .map(|tier| format!("served {tier}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// For how long each cache point keeps, in the order of the prompt.
fn cache_points(body: &Value) -> Vec<&str> {
    let blocks = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let messages = blocks(&body["messages"])
        .into_iter()
        .flat_map(|message| blocks(&message["content"]));
    let points = blocks(&body["system"])
        .into_iter()
        .chain(messages)
        .filter(|block| !block["cachePoint"].is_null());
    points
        .map(|block| {
            if block["cachePoint"]["ttl"] == "1h" {
                "1h"
            } else {
                "5m"
            }
        })
        .collect()
}

struct Row {
    model: &'static str,
    refuses: &'static [Refuses],
    /// How the first turn of a process asks.
    first: &'static [&'static str],
    /// How the second one does.
    second: [&'static str; 2],
}

const ROWS: [Row; 9] = [
    Row {
        model: UNKNOWN,
        refuses: &[Refuses::Temperature],
        first: &["forced tool, temperature", "forced tool", "reply"],
        second: ["forced tool", "reply"],
    },
    Row {
        model: UNKNOWN,
        refuses: &[Refuses::ForcedTool],
        first: &[
            "forced tool, temperature",
            "schema, temperature",
            "reply, temperature",
        ],
        second: ["schema, temperature", "reply, temperature"],
    },
    Row {
        model: UNKNOWN,
        refuses: &[Refuses::Temperature, Refuses::ForcedTool],
        first: &["forced tool, temperature", "forced tool", "schema", "reply"],
        second: ["schema", "reply"],
    },
    Row {
        model: UNKNOWN,
        refuses: &[Refuses::Temperature, Refuses::ForcedTool, Refuses::Schema],
        first: &[
            "forced tool, temperature",
            "forced tool",
            "schema",
            "chosen tool",
            "reply",
        ],
        second: ["chosen tool", "reply"],
    },
    Row {
        model: "us.anthropic.claude-sonnet-5-5",
        refuses: &[Refuses::Temperature, Refuses::ForcedTool],
        first: &[
            "schema, effort low, cached 1h",
            "reply, effort low, cached 1h",
        ],
        second: [
            "schema, effort low, cached 1h",
            "reply, effort low, cached 1h 5m",
        ],
    },
    Row {
        model: "us.anthropic.claude-sonnet-5-5",
        refuses: &[Refuses::Effort, Refuses::CacheTtl],
        first: &[
            "schema, effort low, cached 1h",
            "schema, cached 1h",
            "schema, cached 5m",
            "reply, cached 5m",
        ],
        second: ["schema, cached 5m", "reply, cached 5m 5m"],
    },
    Row {
        model: "us.anthropic.claude-sonnet-5-5",
        refuses: &[Refuses::MoreTokensThan(3_000), Refuses::CachePoint],
        first: &[
            "schema, effort low, cached 1h",
            "schema, effort low, cached 1h",
            "schema, effort low",
            "reply, effort low",
        ],
        second: ["schema, effort low", "reply, effort low"],
    },
    Row {
        model: "global.anthropic.claude-sonnet-4-6",
        refuses: &[],
        first: &[
            "forced tool, temperature, cached 1h",
            "reply, temperature, cached 1h",
        ],
        second: [
            "forced tool, temperature, cached 1h",
            "reply, temperature, cached 1h 5m",
        ],
    },
    Row {
        model: PROFILE,
        refuses: &[Refuses::CachePoint],
        first: &["forced tool, temperature", "reply, temperature"],
        second: ["forced tool, temperature", "reply, temperature"],
    },
];

#[tokio::test]
async fn a_model_that_refuses_how_it_is_asked_is_asked_otherwise_at_once_and_right_from_then_on() {
    for Row {
        model,
        refuses,
        first,
        second,
    } in ROWS
    {
        let peer = refusing(refuses).await;
        let site = site(&peer, model, |_| {});
        let path = site.conversation().await;
        let (complete, manners) = turn(&site, &peer, &path).await;
        assert_eq!(
            complete.text("status"),
            "finished",
            "{model} {refuses:?}: {manners:?}"
        );
        assert_eq!(
            complete.json["route"]["routerMetadata"]["source"], "model",
            "{model} {refuses:?}"
        );
        assert_eq!(manners, first, "{model} {refuses:?}");
        let attempts: Vec<_> = complete.json["usage"]["calls"]
            .as_array()
            .unwrap()
            .iter()
            .collect();
        let attempts: Vec<_> = attempts
            .iter()
            .map(|call| call["attempts"].as_u64().unwrap())
            .collect();
        assert_eq!(
            attempts,
            [first.len() as u64 - 1, 1],
            "each try is counted: {model} {refuses:?}"
        );
        assert_eq!(
            complete.json["usage"]["estimated"], false,
            "what was refused has cost nothing"
        );
        let (complete, manners) = turn(&site, &peer, &path).await;
        assert_eq!(
            (complete.text("status"), manners),
            ("finished", second.map(str::to_owned).to_vec()),
            "{refuses:?}"
        );
    }
}

#[tokio::test]
async fn a_reply_is_asked_for_again_at_once_in_each_of_its_attempts() {
    let refuses = &[Refuses::Temperature, Refuses::Effort, Refuses::CacheTtl];
    let answers = answers();
    let answer = move |request: &Request| match request.form() {
        Some(_) => answers.script(request),
        None => refused(request, refuses).unwrap_or_else(|| answers.script(request)),
    };
    let peer = Peer::start(answer).await.unwrap();
    let takes = "temperature:yes,effort:yes,cache:yes,cache-hour:yes"
        .parse()
        .unwrap();
    let site = site(&peer, UNKNOWN, |settings| {
        settings.models = [(UNKNOWN.to_owned(), takes)].into()
    });
    let path = site.conversation().await;
    let (complete, manners) = turn(&site, &peer, &path).await;
    let replies = [
        "reply, temperature, effort low, cached 1h",
        "reply, effort low, cached 1h",
        "reply, cached 1h",
        "reply, cached 5m",
    ];
    assert_eq!(
        (complete.text("status"), &manners[1..]),
        ("finished", &replies.map(str::to_owned)[..])
    );
    assert_eq!(complete.json["usage"]["calls"][1]["attempts"], 4);
}

#[tokio::test]
async fn a_refusal_within_a_stream_is_one_before_a_word_and_ends_the_turn_after_one() {
    const REFUSAL: &str = "temperature is deprecated for this model";
    for (before, status, asked) in [
        (None, "finished", 3),
        (Some(Step::text(WORDS)), "MODEL_REFUSED", 2),
    ] {
        let answers = answers();
        let answer = move |request: &Request| {
            let is_refused = request.form().is_none()
                && !request.json()["inferenceConfig"]["temperature"].is_null();
            let refusal = Step::Exception("ValidationException", REFUSAL.to_owned());
            if is_refused {
                Script::Play(before.clone().into_iter().chain([refusal]).collect())
            } else {
                answers.script(request)
            }
        };
        let peer = Peer::start(answer).await.unwrap();
        let site = site(&peer, UNKNOWN, |_| {});
        let path = site.conversation().await;
        let (last, manners) = turn(&site, &peer, &path).await;
        assert_eq!(
            (
                format!("{}{}", last.text("status"), last.text("code")),
                manners.len()
            ),
            (status.to_owned(), asked)
        );
        let (last, manners) = turn(&site, &peer, &path).await;
        assert_eq!(
            (last.text("status"), manners.len()),
            ("finished", 2),
            "it is asked right from then on"
        );
    }
}

#[tokio::test]
async fn a_model_that_cannot_be_asked_ends_the_turn_at_once() {
    for (kind, message) in [
        (
            "ValidationException",
            "The provided model identifier is invalid.",
        ),
        (
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
        ),
        (
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy.",
        ),
        (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
    ] {
        let answers = answers();
        let answer = move |request: &Request| match request.form() {
            Some(_) => answers.script(request),
            None => Script::refuse_saying(kind, message),
        };
        let peer = Peer::start(answer).await.unwrap();
        let site = site(&peer, UNKNOWN, |_| {});
        let path = site.conversation().await;
        let (last, manners) = turn(&site, &peer, &path).await;
        assert_eq!(
            (last.text("code"), manners.len()),
            ("MODEL_REFUSED", 2),
            "{message}"
        );
        assert_eq!(last.json["partial"], false);
    }
}

#[tokio::test]
async fn a_model_that_thinks_long_is_waited_for_and_its_thoughts_are_nobodys() {
    let answers = answers();
    let answer = move |request: &Request| match request.form() {
        Some(_) => answers.script(request),
        None => Script::thinking(8, Duration::from_millis(150), WORDS),
    };
    let peer = Peer::start(answer).await.unwrap();
    let limits = Limits {
        first_word: Duration::from_millis(600),
        silence: Duration::from_millis(600),
        ..Limits::default()
    };
    let site = site(&peer, UNKNOWN, |_| {}).set(|settings| settings.limits = limits);
    let path = site.conversation().await;
    let (complete, manners) = turn(&site, &peer, &path).await;
    assert_eq!((complete.text("status"), manners.len()), ("finished", 2));
    assert!(
        complete.json["aiMessage"]["content"]
            .as_str()
            .unwrap()
            .ends_with(WORDS)
    );
    // Bedrock says how many tokens were said; the words account for all of them but those that were
    // thought.
    let reply = &complete.json["usage"]["calls"][1];
    assert_eq!(
        (&reply["outputTokens"], &reply["reasoningTokens"]),
        (&json!(3), &json!(0))
    );
    let (_, _) = turn(&site, &peer, &path).await;
    let requests = peer.requests();
    let replies: Vec<_> = requests
        .iter()
        .filter(|request| request.form().is_none())
        .collect();
    assert!(
        replies
            .iter()
            .all(|request| !String::from_utf8_lossy(&request.body).contains("Hm. "))
    );
    let room = |request: &Request| {
        request.json()["inferenceConfig"]["maxTokens"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        [room(replies[0]), room(replies[1])],
        [2_000, 10_000],
        "there is room for thoughts from then on"
    );
}

#[tokio::test]
async fn a_model_that_has_thought_until_there_was_no_room_is_asked_again_with_room() {
    let answers = answers();
    let answer = move |request: &Request| {
        let most = request.json()["inferenceConfig"]["maxTokens"]
            .as_u64()
            .unwrap();
        if request.form().is_some() || most > 2_000 {
            return answers.script(request);
        }
        Script::Play(vec![
            Step::thought("Hm."),
            Step::Stop("max_tokens"),
            Step::Usage([10, 2_000, 0, 0]),
        ])
    };
    let peer = Peer::start(answer).await.unwrap();
    let site = site(&peer, UNKNOWN, |_| {});
    let path = site.conversation().await;
    let (complete, manners) = turn(&site, &peer, &path).await;
    assert_eq!((complete.text("status"), manners.len()), ("finished", 3));
    let reply = &complete.json["usage"]["calls"][1];
    assert_eq!(
        (&reply["attempts"], &reply["outputTokens"]),
        (&json!(2), &json!(2_003))
    );
    assert_eq!(reply["reasoningTokens"], 2_000);
}

#[tokio::test]
async fn jobs_and_replies_are_served_as_the_settings_say() {
    let mut answers = answers();
    answers.forms.insert(
        "log_workout",
        json!({ "refusal": "nothing measurable", "confidence": 0.5 }),
    );
    let peer = Peer::start(move |request| answers.script(request))
        .await
        .unwrap();
    let site = site(&peer, UNKNOWN, |settings| {
        settings.reply_service = "priority".parse().ok();
        settings.job_service = "flex".parse().ok();
    });
    let path = site.conversation().await;
    let text = saying("/log-workout squats, 5 times 5 at 100 kg");
    site.client()
        .stream(&format!("{path}/stream"), &[], &text)
        .await
        .rest()
        .await;
    site.settled().await;
    turn(&site, &peer, &path).await;
    let served: Vec<_> = peer.requests().iter().map(manner).collect();
    let expected = [
        "reply, temperature, served priority",
        "forced tool, temperature, served flex",
        "forced tool, temperature, served priority",
        "reply, temperature, served priority",
    ];
    assert_eq!(served, expected);
}

#[tokio::test]
async fn what_is_longer_than_a_models_smallest_prefix_is_read_again_and_no_shorter_is_kept() {
    let cases = [
        ("global.anthropic.claude-sonnet-4-6", true),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", true),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", true),
        ("us.amazon.nova-micro-v1:0", true),
        (PROFILE, false),
    ];
    for (model, takes_points) in cases {
        let (answers, cache) = (answers(), PromptCache::default());
        let answer = move |request: &Request| {
            if request.form().is_some() {
                return answers.script(request);
            }
            let [input, read, written] = cache.read(request);
            Script::Play(vec![
                Step::text(&WORDS.repeat(200)),
                Step::Stop("end_turn"),
                Step::Usage([input, 450, read, written]),
            ])
        };
        let peer = Peer::start(answer).await.unwrap();
        let site = site(&peer, model, |_| {});
        let path = site.conversation().await;
        let mut last = (0, 0, 0);
        let mut first = None;
        for _ in 0..20 {
            let (complete, _) = turn(&site, &peer, &path).await;
            let reply = &complete.json["usage"]["calls"][1];
            let tokens = |name: &str| reply[name].as_u64().unwrap();
            last = (
                tokens("inputTokens"),
                tokens("cacheReadTokens"),
                tokens("cacheWriteTokens"),
            );
            first.get_or_insert(last);
        }
        let (input, read, written) = last;
        let share = read * 100 / (input + read + written);
        eprintln!(
            "{model}: {share} % of the last of 20 prompts were read from the cache, {first:?} of \
            the first"
        );
        assert_eq!(share > 70, takes_points, "{model}: {last:?}");
        let is_short = first.is_some_and(|(_, read, written)| (read, written) == (0, 0));
        assert!(
            is_short,
            "the instructions alone are shorter than what {model} keeps"
        );
    }
}
