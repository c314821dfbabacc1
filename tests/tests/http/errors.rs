//! Every code that there is, from one table.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coach_tests::scenes::{QUESTION, pause, say};
use coach_tests::{
    Closed, DocumentedCode, Mishap, Site, VirtualClock, WallTime, codes_to_come, conversation_key,
    documented_codes, saying,
};
use domain::{
    Delivery, Ending, Fault, Limits, StopReason, Task, Timestamp, TurnError, TurnEvent, TurnKey,
};
use http_adapter::Code;
use ports::{
    Admission, Admitted, Clock, Feed, LEASE, MessageStore, PortError, TokenRefusal, drive,
};
use rehearsal::{Line, Scene};
use sha2::{Digest, Sha256};

use crate::refusals::{Row, refused_for_the_state_of_things, rows};
use crate::{asked, replying, route};

#[tokio::test(start_paused = true)]
async fn every_code_is_told_as_documented_but_for_those_of_things_to_come() {
    let _wall = WallTime::of("every code");
    let mut told: BTreeSet<&str> = BTreeSet::new();

    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    for row in rows(&path) {
        row.check(&site.client()).await;
        told.insert(row.code);
    }
    assert_eq!(site.model.calls(), Default::default());
    told.extend(refused_for_the_state_of_things().await);
    let keys = || TokenRefusal::KeysUnavailable(PortError::new("issuer", Fault::Unavailable));
    for (why, status, code) in [
        (Closed(keys), 503, "KEYS_UNAVAILABLE"),
        (
            Closed(|| TokenRefusal::MissingUserId),
            401,
            "MISSING_CUSTOM_USER_ID",
        ),
    ] {
        let mut site = replying(Scene::saying("Sit."));
        site.app.tokens = Arc::new(why);
        let row = Row::post(
            status,
            code,
            "/users/ada/coaches/strength/conversations/c/stream",
        );
        row.check(&site.client()).await;
        told.insert(row.code);
    }
    for (code, status, site) in failing() {
        fails(code, status, site).await;
        told.insert(code);
    }
    lost().await;
    told.insert("PRODUCER_LOST");

    let never: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !told.contains(code))
        .collect();
    assert_eq!(never, codes_to_come());
    let unknown: Vec<_> = told
        .iter()
        .filter(|told| !Code::ALL.iter().any(|code| code.as_str() == **told))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_table_of_codes_and_that_of_the_protocol_say_the_same() {
    let to_come = codes_to_come();
    let codes = Code::ALL.iter().map(|code| DocumentedCode {
        code: code.as_str().to_owned(),
        status: code.status().as_u16(),
        retryable: code.retryable(),
        is_to_come: to_come.iter().any(|name| name == code.as_str()),
    });
    let (codes, documented) = (BTreeSet::from_iter(codes), documented_codes());
    let once = BTreeSet::from_iter(documented.iter().cloned());
    assert_eq!(once.len(), documented.len(), "something is said twice");
    let undocumented: Vec<_> = codes.difference(&once).collect();
    let made_up: Vec<_> = once.difference(&codes).collect();
    assert!(
        undocumented.is_empty(),
        "the protocol lacks {undocumented:?}"
    );
    assert!(made_up.is_empty(), "the protocol has made up {made_up:?}");
    // The protocol says it of the statuses.
    for code in Code::ALL {
        let waits = [429, 503].contains(&code.status().as_u16());
        assert_eq!(code.retry_after().is_some(), waits, "{code:?}");
    }
}

/// The code, the status for those who do not stream, and a site where every turn fails like this.
pub(crate) type Failing = (&'static str, u16, fn() -> Site);

pub(crate) fn failing() -> [Failing; 8] {
    [
        ("MODEL_UNAVAILABLE", 502, || {
            replying(Scene::failing(Fault::Unavailable))
        }),
        ("MODEL_THROTTLED", 503, || {
            replying(Scene::failing(Fault::Throttled))
        }),
        ("MODEL_TIMEOUT", 504, || replying(Scene(vec![Line::Hang]))),
        ("MODEL_STREAM_TRUNCATED", 502, || {
            replying(Scene(vec![say("Sit "), Line::Cut]))
        }),
        ("MODEL_REFUSED", 502, || {
            replying(Scene(vec![Line::End(StopReason::Filtered)]))
        }),
        ("INTERNAL", 500, || {
            replying(Scene(vec![say("Sit "), Line::Panic]))
        }),
        ("DEADLINE", 504, || {
            replying(Scene(vec![Line::Hang]))
                .set(|settings| settings.deadline = Duration::from_secs(10))
        }),
        ("STORE_UNAVAILABLE", 503, || {
            let site = replying(Scene::saying("Sit."));
            site.messages
                .plan("messages", .., Mishap::Fail(Fault::Unavailable));
            site
        }),
    ]
}

/// After `start` it is an event; for those who do not stream it is a status.
async fn fails(code: &str, status: u16, site: fn() -> Site) {
    let streamed = site();
    let path = streamed.conversation().await;
    let mut sse = streamed
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let events = sse.rest().await;
    assert_eq!(
        (sse.status.as_u16(), events[0].kind()),
        (200, "start"),
        "{code}"
    );
    let error = events.last().unwrap();
    assert_eq!((error.kind(), error.text("code")), ("error", code));
    assert!(!error.text("message").is_empty());

    let sent = site();
    let path = sent.conversation().await;
    let answer = sent
        .client()
        .post(&format!("{path}/send-message"), &saying(QUESTION))
        .await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["code"].as_str()),
        (status, Some(code))
    );
    assert!(json["turnId"].is_string(), "{json}");
}

/// A turn whose process is gone: who follows it sees its end once its lease has run out.
async fn lost() {
    let site = replying(Scene::saying("Sit."));
    let client = site.client();
    let path = site.conversation().await;
    let turn = orphan(&site, &path, "t1").await;
    let events = client
        .follow(&format!("{path}/stream?turnId={turn}"), &[])
        .await
        .rest()
        .await;
    let [start, error] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (start.kind(), error.text("code")),
        ("start", "PRODUCER_LOST")
    );
    assert_eq!(
        (
            error.json["partial"].as_bool(),
            error.json["messageId"].is_null()
        ),
        (Some(false), true)
    );
    assert!((20_000..=21_000).contains(&error.at), "{}", error.at);

    let turn = orphan(&site, &path, "t2").await;
    let body = serde_json::json!({ "userResponse": QUESTION, "clientMessageId": turn });
    let answer = client.post(&format!("{path}/send-message"), &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_str()),
        (502, Some("PRODUCER_LOST"))
    );
    assert_eq!(site.model.calls(), Default::default());
}

/// Admits a turn that nobody drives, under a key like its name.
pub(crate) async fn orphan(site: &Site, path: &str, turn: &'static str) -> &'static str {
    let admission = admission(site, path, turn);
    site.messages.admit(&admission).await.unwrap();
    turn
}

fn admission(site: &Site, path: &str, turn: &'static str) -> Admission {
    let now = site.clock.now();
    Admission {
        turn: TurnKey {
            conversation: conversation_key(path),
            turn: turn.parse().unwrap(),
        },
        key: turn.parse().unwrap(),
        body: Sha256::digest(QUESTION).into(),
        user_message: format!("{turn}-user").parse().unwrap(),
        assistant_message: format!("{turn}-reply").parse().unwrap(),
        text: QUESTION.into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + LEASE,
        over_by: now + 10 * LEASE,
        kept_until: now + Duration::from_secs(90_000),
        holds: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_after_the_first_word_completes_the_turn_with_what_there_is() {
    let site = replying(Scene(vec![say("Sit "), pause(15_000), say("down.")]));
    let site = site.set(|settings| settings.deadline = Duration::from_secs(10));
    let (_, events) = crate::asked(&site, QUESTION).await;
    let complete = events.last().unwrap();
    assert_eq!((complete.text("status"), complete.at), ("deadline", 10_000));
    assert!(
        complete.json["aiMessage"]["content"]
            .as_str()
            .unwrap()
            .ends_with("Sit ")
    );
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_whole_has_the_time_of_a_whole_reply() {
    // Not streamed at all, and the last attempt of one that is.
    let whole = |text: &str| {
        Scene(vec![
            pause(55_000),
            say(text),
            Line::End(StopReason::Complete),
        ])
    };
    let at_once =
        replying(whole("Sit.")).set(|settings| settings.limits.delivery = Delivery::Whole);
    let rescued = Site::new(|model| {
        let silent = || Scene(vec![Line::Hang]);
        model
            .route(route())
            .reply(silent())
            .reply(silent())
            .reply(whole("Sit."))
    });
    for (site, after) in [(at_once, 55_000), (rescued, 115_000)] {
        let (_, events) = asked(&site, QUESTION).await;
        let complete = events.last().unwrap();
        assert_eq!(
            (complete.kind(), complete.text("status")),
            ("complete", "finished")
        );
        assert!(complete.at >= after, "{} ms", complete.at);
    }
    // A model that says nothing is still given up; the last attempt says that it was silent.
    for (delivery, code) in [
        (Delivery::Streamed, "MODEL_TIMEOUT"),
        (Delivery::Whole, "DEADLINE"),
    ] {
        let silent = replying(Scene(vec![Line::Hang]));
        let (_, events) = asked(
            &silent.set(|settings| settings.limits.delivery = delivery),
            QUESTION,
        )
        .await;
        assert_eq!(events.last().unwrap().text("code"), code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_panics_and_cannot_be_ended_keeps_neither_its_place_nor_its_clients() {
    for method in ["turn", "finish"] {
        let panics = || Scene(vec![say("Sit "), Line::Panic]);
        let site = Site::new(|model| {
            model
                .route(route())
                .reply(panics())
                .reply(Scene::saying("Sit."))
        })
        .set(|settings| settings.turns_at_once = 1);
        // The store panics for whoever would end it, and is well again for who follows.
        site.messages.plan(method, 1..=1, Mishap::Panic);
        let (_, events) = asked(&site, QUESTION).await;
        assert_eq!(
            (
                events.last().unwrap().kind(),
                events.last().unwrap().text("code")
            ),
            ("error", "PRODUCER_LOST")
        );
        assert_eq!(
            site.client().get("/health").await.json()["runningTurns"],
            0,
            "{method}"
        );
        let (_, events) = asked(&site, QUESTION).await;
        assert_eq!(
            events.last().unwrap().text("status"),
            "finished",
            "its place is free: {method}"
        );
    }
}

/// A clock that panics when it is first asked.
struct Striking(VirtualClock, AtomicBool);

#[async_trait]
impl Clock for Striking {
    fn now(&self) -> Timestamp {
        assert!(self.1.swap(true, Ordering::SeqCst), "the clock strikes");
        self.0.now()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        self.0.sleep_until(deadline).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_first_event_ends_the_turn_like_any_other() {
    let site = replying(Scene::saying("Sit."));
    let admission = admission(&site, &site.conversation().await, "struck");
    let Admitted::New(begun) = site.messages.admit(&admission).await.unwrap() else {
        panic!("it was not admitted")
    };
    let mut ports = site.app.ports.clone();
    ports.clock = Arc::new(Striking(site.clock, AtomicBool::new(false)));
    let opening = admission.opening(begun.number);
    let feed = Feed::new(opening.clone());
    let task = Task {
        opening,
        coach: site.app.settings.coaches[0].clone(),
        seed: 1,
        asked: admission.now,
        deadline: admission.now + Duration::from_secs(60),
    };
    drive(task, begun.fence, Limits::default(), &ports, &feed).await;
    let events = feed.events();
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        panic!("it goes on: {events:?}")
    };
    assert_eq!(closing.ending, Ending::Failed(TurnError::Internal));
}

#[tokio::test(start_paused = true)]
async fn no_more_turns_begin_than_there_are_places_however_many_ask_at_once() {
    let site = replying(Scene(vec![Line::Hang])).set(|settings| settings.turns_at_once = 2);
    site.messages
        .plan("admit", .., Mishap::Delay(Duration::from_millis(500)));
    let mut paths = Vec::new();
    for _ in 0..7 {
        paths.push(format!("{}/stream", site.conversation().await));
    }
    let client = site.client();
    let (body, headers) = (saying(QUESTION), []);
    let asked = paths
        .iter()
        .map(|path| client.stream(path, &headers, &body));
    let answers = futures::future::join_all(asked).await;
    let began = answers
        .iter()
        .filter(|answer| answer.status.is_success())
        .count();
    assert_eq!(
        (
            began,
            site.client().get("/health").await.json()["runningTurns"].as_u64()
        ),
        (2, Some(2))
    );
}
