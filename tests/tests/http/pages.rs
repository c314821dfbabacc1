//! However much there is, what is sent at once is bounded.

use std::time::Duration;

use coach_tests::{Client, Site, conversation_key, saying, told};
use domain::{StopReason, Timestamp};
use ports::{Answer, Clock, Expect, Kind, RecordKey, RecordStore};
use rehearsal::{Line, Scene, Scripted};
use serde_json::{Value, json};

use crate::{asked, replying, route};

/// How long a page of messages may be: a mebibyte, and what stands around them.
const LONGEST: usize = 1024 * 1024 + 1_024;

/// Says this in a conversation, so many times.
async fn say(site: &Site, path: &str, text: &str, times: usize) {
    for _ in 0..times {
        site.client()
            .stream(&format!("{path}/stream"), &[], &saying(text))
            .await
            .rest()
            .await;
    }
    site.settled().await;
}

/// All pages from the newest back: how long each is, and its messages.
async fn pages(client: &Client, path: &str) -> Vec<(usize, Vec<Value>)> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client
            .get(&format!("{path}/messages?limit=200{cursor}"))
            .await;
        let (length, page) = (page.body.len(), page.json());
        pages.push((length, page["messages"].as_array().unwrap().clone()));
        let Some(next) = page["nextCursor"].as_str() else {
            return pages;
        };
        cursor = format!("&cursor={next}");
        assert!(pages.len() < 100, "the list does not end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_messages_ends_after_a_mebibyte_and_its_cursor_leads_to_all_the_others() {
    // As it is sent, the longest text is long, longer, and longer than all that a page has.
    for text in [
        "x".repeat(32_000),
        "💪".repeat(32_000),
        format!("{}x", "\u{1}".repeat(31_999)),
    ] {
        let site = replying(Scene::saying("Sit."));
        let path = site.conversation().await;
        say(&site, &path, &text, 12).await;
        for client in site.both() {
            let pages = pages(&client, &path).await;
            let lengths: Vec<usize> = pages.iter().map(|(length, _)| *length).collect();
            assert!(
                lengths.iter().all(|length| *length <= LONGEST),
                "{lengths:?}"
            );
            let numbers: Vec<u64> = pages
                .iter()
                .rev()
                .flat_map(|(_, page)| page)
                .map(|told| told["number"].as_u64().unwrap())
                .collect();
            assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
            let mut said = pages
                .iter()
                .flat_map(|(_, page)| page)
                .filter(|told| told["role"] == "user");
            assert!(
                said.all(|told| told["content"] == text && told["parts"][0]["content"] == text)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn short_messages_are_a_page_of_as_many_as_was_asked_for() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    say(&site, &path, "Hi", 4).await;
    let page = site
        .client()
        .get(&format!("{path}/messages?limit=3"))
        .await
        .json();
    assert_eq!(
        (
            page["messages"].as_array().unwrap().len(),
            &page["nextCursor"]
        ),
        (3, &"6".into())
    );
    let page = site
        .client()
        .get(&format!("{path}/messages?limit=5&cursor=6"))
        .await
        .json();
    assert_eq!(
        (
            page["messages"].as_array().unwrap().len(),
            &page["nextCursor"]
        ),
        (5, &Value::Null)
    );
}

#[tokio::test(start_paused = true)]
async fn a_prompt_has_the_messages_that_lie_behind_a_mebibyte_of_what_it_does_not_say() {
    let failing = Scene(vec![Line::Say("y".repeat(120 * 1024)), Line::Cut]);
    let script = |model: Scripted| {
        let model = (0..3).fold(model.route(route()), |model, _| {
            model.reply(Scene::saying("Sit."))
        });
        (0..10)
            .fold(model, |model, _| model.reply(failing.clone()))
            .reply(Scene::saying("Stand."))
    };
    let site = Site::new(script);
    let path = site.conversation().await;
    say(&site, &path, "the beginning", 3).await;
    say(&site, &path, "and on", 10).await;
    let earlier = site.model.calls().all();
    say(&site, &path, "now", 1).await;
    let asked = site.model.asked_after(earlier);
    let reply = asked
        .iter()
        .find(|call| call.answer == Answer::Prose)
        .unwrap()
        .prompt
        .text();
    assert_eq!(reply.matches("the beginning").count(), 3);
    assert!(!reply.contains("yyy"));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_expired_is_known_by_its_message_however_much_was_said_since() {
    let site = replying(Scene::saying("Sit."));
    let (path, events) = asked(&site, "the first").await;
    let turn = events[0].text("turnId").to_owned();
    site.clock
        .sleep_until(site.clock.now() + Duration::from_secs(26 * 3_600))
        .await;
    say(&site, &path, &"💪".repeat(32_000), 12).await;
    let answer = site.client().get(&format!("{path}/turns/{turn}")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["code"]),
        (410, &"TURN_EXPIRED".into())
    );
    let unknown = site.client().get(&format!("{path}/turns/unknown")).await;
    assert_eq!(unknown.json()["code"], "TURN_NOT_FOUND");
}

#[tokio::test(start_paused = true)]
async fn a_long_turn_is_told_again_in_pieces_of_which_each_is_short() {
    let letters = ('a'..='z')
        .cycle()
        .take(20_000)
        .map(|letter| Line::Say(letter.to_string()));
    // A word at a time, or they would be one.
    let letters = letters.flat_map(|letter| [Line::Pause(Duration::from_millis(1)), letter]);
    let site = replying(Scene(
        letters.chain([Line::End(StopReason::Complete)]).collect(),
    ));
    let (path, events) = asked(&site, "Hi").await;
    let turn = events[0].text("turnId").to_owned();
    assert!(events.len() > 20_000);
    for client in site.both() {
        let mut again = client
            .follow(&format!("{path}/stream?turnId={turn}"), &[])
            .await;
        let all = again.rest().await;
        assert_eq!((all.len(), told(&all)), (events.len(), told(&events)));
        let longest = again.pieces().iter().map(|(_, piece)| piece.len()).max();
        assert!(longest < Some(128 * 1024), "{longest:?} bytes at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_large_records_ends_after_a_mebibyte_or_two_and_its_cursors_lead_to_all() {
    let site = replying(Scene::saying("Sit."));
    let owner = conversation_key("v").user;
    for n in 0..60 {
        let id = format!("w{n:02}");
        let workout = json!({
            "workoutId": id, "coachId": "strength", "conversationId": "v", "turnId": "t",
            "discipline": "strength",
            "name": "Squats", "performedAt": Timestamp(n), "exercises": [],
            "notes": "x".repeat(60_000),
            "confidence": 1.0,
        });
        let at = RecordKey {
            owner: owner.clone(),
            kind: Kind::Workout,
            id: id.parse().unwrap(),
        };
        site.records
            .put(&at, workout.to_string().as_bytes(), None, Expect::Absent)
            .await
            .unwrap();
    }
    for client in site.both() {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client
                .get(&format!("/users/ada/workouts?limit=100{cursor}"))
                .await;
            assert!(page.body.len() <= 2 * LONGEST, "{} bytes", page.body.len());
            let json = page.json();
            let ids = json["workouts"].as_array().unwrap().iter();
            found.extend(ids.map(|workout| workout["workoutId"].as_str().unwrap().to_owned()));
            let Some(next) = json["nextCursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let all: Vec<String> = (0..60).rev().map(|n| format!("w{n:02}")).collect();
        assert_eq!(found, all);
    }
}
