//! A stream that was cut goes on: here, or at another server of the same store.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use coach_tests::scenes::{QUESTION, pause, say};
use coach_tests::{Client, Event, Mishap, Site, WallTime, conversation_key, saying, told};
use domain::{Ending, Fault, StopReason, TurnKey};
use futures::StreamExt;
use futures::future::join_all;
use ports::{Frame, MockMessageStore, TurnRecord, follow, opening};
use rehearsal::{Line, Scene};
use serde_json::{Value, json};

use crate::{asked, kinds, replying, route};

/// Five words and a long pause between them, so that a checkpoint falls among them.
fn site() -> Site {
    let words =
        ["Sit ", "between ", "your ", "hips ", "👩‍👩‍👧.\r\n"].map(|word| [pause(200), say(word)]);
    let mut lines = words.concat();
    lines.insert(4, pause(3_000));
    lines.push(Line::End(StopReason::Complete));
    replying(Scene(lines))
}

/// How many events such a turn has.
const EVENTS: usize = 1 + 3 + 5 + 1;

#[tokio::test(start_paused = true)]
async fn a_cut_stream_is_resumed_where_it_was_cut() {
    let _wall = WallTime::of("every cut, eight ways");
    for cut in 0..=EVENTS {
        for (elsewhere, late, by_header) in
            (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0))
        {
            let name = format!(
                "cut after {cut}, elsewhere: {elsewhere}, late: {late}, by header: {by_header}"
            );
            let site = site();
            let path = format!("{}/stream", site.conversation().await);
            let mut sse = site.client().stream(&path, &[], &saying(QUESTION)).await;
            let turn = sse.header("x-turn-id").to_owned();
            let before = sse.take(cut).await;
            drop(sse);
            if late {
                site.settled().await;
            }
            let client = if elsewhere {
                site.elsewhere()
            } else {
                site.client()
            };
            let rest = match cut {
                0 => resumed(&client, &format!("{path}?turnId={turn}"), None).await,
                _ if by_header => {
                    resumed(&client, &path, Some(&format!("{turn}.{}", cut - 1))).await
                }
                _ => {
                    resumed(
                        &client,
                        &format!("{path}?turnId={turn}&after={}", cut - 1),
                        None,
                    )
                    .await
                }
            };
            if cut == EVENTS {
                assert_eq!(kinds(&rest), ["snapshot", "complete"], "{name}");
                continue;
            }
            // The start of a resumed stream is event 0 only for those who have none.
            let all: Vec<&Event> = before.iter().chain(&rest).collect();
            let seqs: Vec<u64> = all
                .iter()
                .map(|event| event.json["seq"].as_u64().unwrap())
                .collect();
            let first = if cut == 0 { 1 } else { 0 };
            assert_eq!(seqs, (first..EVENTS as u64).collect::<Vec<_>>(), "{name}");
            assert!(
                all.iter()
                    .all(|event| event.id == format!("{turn}.{}", event.json["seq"])),
                "{name}"
            );
            let last = all.last().unwrap();
            let told: String = all.iter().map(|event| event.text("content")).collect();
            assert_eq!(last.json["aiMessage"]["content"], told, "{name}");
        }
    }
}

/// What follows the `start` of a resumed stream.
async fn resumed(client: &Client, path: &str, last_event_id: Option<&str>) -> Vec<Event> {
    let headers: Vec<(&str, &str)> = last_event_id
        .map(|id| ("last-event-id", id))
        .into_iter()
        .collect();
    let mut sse = client.follow(path, &headers).await;
    assert_eq!(sse.status, StatusCode::OK);
    let start = sse.next().await.unwrap();
    assert_eq!(
        (start.kind(), start.json["resumed"].as_bool()),
        ("start", Some(true))
    );
    let whole = last_event_id.is_none() && !path.contains("after=");
    assert_eq!(
        !start.id.is_empty(),
        whole,
        "start has an id when it is event 0, and only then"
    );
    let first = if whole {
        "retry: 1500\nid: "
    } else {
        "retry: 1500\ndata: "
    };
    assert!(sse.raw().starts_with(first));
    sse.rest().await
}

#[tokio::test(start_paused = true)]
async fn who_names_no_turn_follows_the_one_that_runs() {
    for elsewhere in [false, true] {
        let site = site();
        let path = format!("{}/stream", site.conversation().await);
        let idle = site.client().get(&path).await;
        assert_eq!(
            (idle.status, idle.body.as_str()),
            (StatusCode::OK, "{\"activeTurnId\":null}")
        );
        assert_eq!(idle.header("content-type"), "application/json");
        let mut running = site.client().stream(&path, &[], &saying(QUESTION)).await;
        let before = running.take(5).await;
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let after = format!("{path}?after=4");
        let (rest, followed) = futures::join!(running.rest(), resumed(&client, &after, None));
        assert_eq!(
            (before.len() + rest.len(), ids(&rest)),
            (EVENTS, ids(&followed))
        );
        assert_eq!(client.get(&path).await.body, "{\"activeTurnId\":null}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_clients_see_the_same_at_the_same_time() {
    let site = site();
    let path = format!("{}/stream", site.conversation().await);
    let mut first = site.client().stream(&path, &[], &saying(QUESTION)).await;
    let start = first.next().await.unwrap();
    let mut second = site.client().follow(&path, &[]).await;
    let mut third = site.elsewhere().follow(&path, &[]).await;
    let (first, second, third) = futures::join!(first.rest(), second.rest(), third.rest());
    assert_eq!(first, second[1..]);
    assert_eq!(ids(&first), ids(&third[1..]));
    assert_eq!(told(&first), told(&third));
    assert_eq!(start.id, second[0].id);
    // Who reads the store sees words once they are kept, and looks at least once a second.
    let lag = first
        .iter()
        .zip(&third[1..])
        .map(|(here, there)| there.at - here.at)
        .max()
        .unwrap();
    assert!((1..=1_600).contains(&lag), "{lag} ms");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_read_is_no_place() {
    let site = site();
    let (path, whole) = asked(&site, QUESTION).await;
    let turn = whole[0].text("turnId");
    let places = [
        ("&after=x", ""),
        ("&after=-1", ""),
        ("&after=+1", ""),
        ("", "rubbish"),
        ("", "a b.1"),
        ("&after=99999999999999999999", ""),
    ];
    for client in site.both() {
        for (query, last) in places {
            let address = format!("{path}/stream?turnId={turn}{query}");
            let mut sse = client.follow(&address, &[("last-event-id", last)]).await;
            assert_eq!(ids(&sse.rest().await), ids(&whole), "{query} {last}");
        }
        let both = format!("{path}/stream?turnId={turn}&after=6");
        let after = client
            .follow(&both, &[("last-event-id", &format!("{turn}.2"))])
            .await
            .rest()
            .await;
        assert_eq!(after[1].json["seq"], 7, "?after= is the stronger one");
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_in_another_turn_is_a_place_in_that_turn_and_none_in_this() {
    let site = site();
    let (path, first) = asked(&site, QUESTION).await;
    let path = format!("{path}/stream");
    let second = site
        .client()
        .stream(&path, &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    let (one, two) = (first[0].text("turnId"), second[0].text("turnId"));
    let place = format!("{one}.6");
    let another = site.conversation().await;
    for client in site.both() {
        let events = client
            .follow(&path, &[("last-event-id", &place)])
            .await
            .rest()
            .await;
        assert_eq!(ids(&events)[1..], ids(&first)[7..]);
        let named = format!("{path}?turnId={two}");
        let events = client
            .follow(&named, &[("last-event-id", &place)])
            .await
            .rest()
            .await;
        assert_eq!(ids(&events), ids(&second));
        let foreign = client.get(&format!("{another}/stream?turnId={one}")).await;
        assert_eq!(
            (foreign.status.as_u16(), foreign.json()["code"].as_str()),
            (404, Some("TURN_NOT_FOUND"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_ahead_of_an_ended_turn_gets_all_of_it_anew() {
    for scene in [
        Scene::saying("Sit."),
        Scene(vec![say("Sit "), Line::Fail(Fault::Unavailable)]),
    ] {
        let site = replying(scene);
        let (path, whole) = asked(&site, QUESTION).await;
        let last = whole.last().unwrap();
        let places = [whole.len() - 1, 99].into_iter();
        for (after, client) in places.flat_map(|after| site.both().map(|client| (after, client))) {
            let address = format!(
                "{path}/stream?turnId={}&after={after}",
                whole[0].text("turnId")
            );
            let events = resumed(&client, &address, None).await;
            let [snapshot, ending] = events.as_slice() else {
                panic!("{events:?}")
            };
            assert_eq!(
                (&ending.json, ending.id.as_str()),
                (&last.json, last.id.as_str())
            );
            assert_eq!(
                (snapshot.kind(), snapshot.text("content")),
                ("snapshot", told(&whole).as_str())
            );
            assert_eq!(
                snapshot.json["throughSeq"],
                last.json["seq"].as_u64().unwrap() - 1
            );
            let parts = snapshot.json["parts"].as_array().unwrap();
            assert_eq!(
                parts
                    .iter()
                    .map(|part| part["content"].as_str().unwrap())
                    .collect::<String>(),
                told(&whole)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_ahead_of_a_running_turn_waits_for_its_end() {
    for elsewhere in [false, true] {
        let site = site();
        let path = format!("{}/stream", site.conversation().await);
        let mut sse = site.client().stream(&path, &[], &saying(QUESTION)).await;
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let ahead = format!("{path}?after=99");
        let (whole, late) = futures::join!(sse.rest(), resumed(&client, &ahead, None));
        assert_eq!(kinds(&late), ["snapshot", "complete"]);
        assert_eq!(late[0].text("content"), told(&whole));
        assert_eq!(late[1].json, whole.last().unwrap().json);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_ahead_of_the_store_waits_while_the_turn_runs() {
    let site = site();
    let path = format!("{}/stream", site.conversation().await);
    let mut sse = site.client().stream(&path, &[], &saying(QUESTION)).await;
    let before = sse.take(6).await;
    assert_eq!(site.messages.calls("checkpoint"), 0, "nothing is kept yet");
    let rest = resumed(&site.elsewhere(), &format!("{path}?after=5"), None).await;
    assert_eq!(
        ids(&[before, rest].concat()),
        ids(&[vec![], asked_again(&site, &path).await].concat())
    );
}

async fn asked_again(site: &Site, path: &str) -> Vec<Event> {
    let turn = site
        .client()
        .get(&path.replace("/stream", "/messages"))
        .await
        .json()["messages"][0]["turnId"]
        .clone();
    site.client()
        .follow(&format!("{path}?turnId={}", turn.as_str().unwrap()), &[])
        .await
        .rest()
        .await
}

/// Returns whether all were told the same, from the first event to the last.
async fn streams_alike(clients: &[Client], address: &str, key: &[(&str, &str)]) -> bool {
    let body = saying(QUESTION);
    let streams = clients
        .iter()
        .map(|client| client.stream(address, key, &body));
    let read = join_all(streams)
        .await
        .into_iter()
        .map(|mut sse| async move { sse.rest().await });
    let told: Vec<Vec<(String, Value)>> = join_all(read)
        .await
        .iter()
        .map(|events| events.iter().map(plain).collect())
        .collect();
    assert_eq!(told[0].len(), EVENTS);
    told.windows(2).all(|two| two[0] == two[1])
}

#[tokio::test(start_paused = true)]
async fn five_equal_requests_at_once_are_one_turn() {
    let _wall = WallTime::of("five equal requests, nine ways");
    let mishaps = [
        None,
        Some(Mishap::Delay(Duration::from_millis(20))),
        Some(Mishap::AnswerLate(Duration::from_millis(20))),
    ];
    for mishap in mishaps {
        for (elsewhere, call) in [(false, "stream"), (true, "stream"), (true, "send-message")] {
            let site = site();
            let path = site.conversation().await;
            mishap
                .into_iter()
                .for_each(|mishap| site.messages.plan("admit", .., mishap));
            let other = if elsewhere {
                site.elsewhere()
            } else {
                site.client()
            };
            let clients = [
                site.client(),
                other.clone(),
                site.client(),
                other.clone(),
                other,
            ];
            let (address, key) = (format!("{path}/{call}"), [("idempotency-key", "same")]);
            let is_same = if call == "stream" {
                streams_alike(&clients, &address, &key).await
            } else {
                let body = json!({ "userResponse": QUESTION, "clientMessageId": "same" });
                let answers =
                    join_all(clients.iter().map(|client| client.post(&address, &body))).await;
                answers.windows(2).all(|two| two[0].json() == two[1].json())
            };
            assert!(is_same, "{mishap:?} {elsewhere} {call}");
            let messages = site.client().get(&format!("{path}/messages")).await.json();
            assert_eq!(
                messages["messages"].as_array().unwrap().len(),
                2,
                "{mishap:?} {elsewhere} {call}"
            );
            assert_eq!(
                (site.model.calls().routes, site.model.calls().replies),
                (1, 1),
                "{mishap:?} {elsewhere} {call}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_replays_its_turn_as_it_was_also_a_failed_one() {
    for scene in [Scene::saying("Sit."), Scene::failing(Fault::Unavailable)] {
        let site = Site::new(|model| model.route(route()).reply(scene));
        let path = format!("{}/stream", site.conversation().await);
        let body = json!({ "userResponse": QUESTION, "messageTimestamp": "2026-11-20T18:39:59Z" });
        let first = site.client().stream(&path, &[], &body).await.rest().await;
        let calls = site.model.calls();
        for client in [site.client(), site.elsewhere()] {
            let again = client.stream(&path, &[], &body).await.rest().await;
            assert_eq!(again[0].json["resumed"], true);
            assert_eq!(
                again.iter().map(plain).collect::<Vec<_>>(),
                first.iter().map(plain).collect::<Vec<_>>()
            );
        }
        assert_eq!(site.model.calls(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_interrupt_gets_the_next_turn_and_the_first_one_is_stopped() {
    for elsewhere in [false, true] {
        let site = Site::new(|model| {
            model
                .route(route())
                .reply(Scene(vec![say("Sit "), Line::Hang]))
                .reply(Scene::saying("Stand."))
        });
        let path = format!("{}/stream", site.conversation().await);
        let mut first = site.client().stream(&path, &[], &saying(QUESTION)).await;
        first.take(5).await;
        let body = json!({ "userResponse": "How do I stand up?", "ifBusy": "interrupt" });
        let other = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let second = other.stream(&path, &[], &body).await.rest().await;
        assert_eq!(first.rest().await.last().unwrap().text("status"), "stopped");
        assert_eq!(second.last().unwrap().text("status"), "finished");
        assert!(second[0].at <= 3_000, "{}", second[0].at);
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_interrupt_within_three_seconds_is_told_that_the_conversation_is_busy() {
    for elsewhere in [false, true] {
        let site = replying(Scene(vec![say("Sit "), Line::Hang]));
        site.messages.plan("finish", .., Mishap::Hang);
        let path = format!("{}/stream", site.conversation().await);
        let mut first = site.client().stream(&path, &[], &saying(QUESTION)).await;
        first.take(5).await;
        let body = json!({ "userResponse": "How do I stand up?", "ifBusy": "interrupt" });
        let (other, began) = (
            if elsewhere {
                site.elsewhere()
            } else {
                site.client()
            },
            site.clock.ms(),
        );
        let refused = other.post(&path, &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["code"].as_str()),
            (409, Some("CONVERSATION_BUSY"))
        );
        assert!(
            (3_000..=3_200).contains(&(site.clock.ms() - began)),
            "{}",
            site.clock.ms() - began
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_equal_key_with_another_text_is_refused_while_the_turn_runs_and_after() {
    let site = site();
    let path = format!("{}/stream", site.conversation().await);
    let key = [("idempotency-key", "same")];
    let mut first = site.client().stream(&path, &key, &saying(QUESTION)).await;
    first.take(5).await;
    for running in [true, false] {
        for client in site.both() {
            let body = json!({ "userResponse": "Something else", "clientMessageId": "same" });
            let refused = client.post(&path, &body).await;
            let code = refused.json()["code"].as_str().map(str::to_owned);
            assert_eq!(
                (refused.status.as_u16(), code.as_deref()),
                (409, Some("IDEMPOTENCY_MISMATCH")),
                "{running}"
            );
        }
        site.settled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_kept_for_25_hours_and_its_messages_for_ever() {
    let site = site();
    let (path, whole) = asked(&site, QUESTION).await;
    let turn = whole[0].text("turnId");
    let addresses = [
        format!("{path}/stream?turnId={turn}"),
        format!("{path}/turns/{turn}"),
    ];
    let seen = async || {
        let mut seen = Vec::new();
        for (client, address) in site
            .both()
            .iter()
            .flat_map(|client| addresses.iter().map(move |to| (client, to)))
        {
            let answer = client.get(address).await;
            seen.push((
                answer.status.as_u16(),
                answer.status.is_success() || expired(&answer.json(), &whole),
            ));
        }
        seen
    };
    tokio::time::advance(Duration::from_secs(25 * 3_600 - 60)).await;
    assert_eq!(seen().await, [(200, true); 4]);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(seen().await, [(410, true); 4], "expired");
    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(seen().await, [(410, true); 4], "forgotten by the store");
    let messages = site.client().get(&format!("{path}/messages")).await.json();
    assert_eq!(messages["messages"][1]["content"], told(&whole));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_has_ended_and_whose_events_are_gone_is_told_its_ending_once() {
    let site = site();
    let (path, whole) = asked(&site, QUESTION).await;
    let key = conversation_key(&path);
    let turn = TurnKey {
        conversation: key,
        turn: whole[0].text("turnId").parse().unwrap(),
    };
    let (opening, record) = opening(&*site.app.ports.messages, &turn)
        .await
        .unwrap()
        .unwrap();
    for (from, kept) in [(0, record.kept), (0, 0), (3, 3), (500, 3)] {
        let record = TurnRecord {
            is_holder_gone: false,
            kept,
            ..record.clone()
        };
        let mut store = MockMessageStore::new();
        let gone = move |_: &TurnKey, _: usize| Ok(Some((record.clone(), Vec::new())));
        store.expect_turn().times(2).returning(gone);
        let clock = Arc::new(site.clock);
        let frames: Vec<Frame> = follow(Arc::new(store), clock, opening.clone(), None, from)
            .collect()
            .await;
        let [Frame::Snapshot(said, _), Frame::Ended(last, closing, None)] = frames.as_slice()
        else {
            panic!("{frames:?}");
        };
        assert_eq!(
            (said.len(), *last > 0, closing.ending),
            (0, true, Ending::Finished)
        );
    }
}

fn expired(problem: &Value, whole: &[Event]) -> bool {
    problem["code"] == "TURN_EXPIRED" && problem["messageId"] == whole[0].json["messageId"]
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

/// An event without what tells a second look from the first.
fn plain(event: &Event) -> (String, Value) {
    let mut json = event.json.clone();
    json.as_object_mut().unwrap().remove("resumed");
    (event.id.clone(), json)
}
