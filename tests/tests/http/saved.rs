//! What is streamed is what is saved, byte for byte.

use coach_tests::scenes::{self, AWKWARD, Outcome, QUESTION};
use coach_tests::{Event, Site, WallTime, told};
use domain::Delivery;
use rehearsal::Scene;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{asked, kinds, replying, route};

#[tokio::test(start_paused = true)]
async fn whatever_the_model_does_the_message_is_what_was_streamed() {
    let _wall = WallTime::of("every reply, saved");
    for reply in scenes::replies() {
        let (name, site) = (reply.name, replying(reply.scene));
        let (path, events) = asked(&site, QUESTION).await;
        let last = events.last().unwrap();
        assert_eq!(outcome(last), reply.outcome, "{name}");

        let page = site.client().get(&format!("{path}/messages")).await.json();
        let [asked, answer] = page["messages"].as_array().unwrap().as_slice() else {
            panic!("{name}: {page}")
        };
        assert_eq!(asked["content"], QUESTION, "{name}");
        assert_eq!(answer["content"], told(&events), "{name}");
        assert_eq!(answer["messageId"], last.json["messageId"], "{name}");
        assert_eq!(answer["turnId"], events[0].json["turnId"], "{name}");
        let parts: String = answer["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["content"].as_str().unwrap())
            .collect();
        assert_eq!(parts, told(&events), "{name}");
        let status = match reply.outcome {
            Outcome::Complete("finished") => "complete",
            Outcome::Complete(status) => status,
            Outcome::Error(..) => "failed",
        };
        assert_eq!(answer["status"], status, "{name}");
        if let Outcome::Complete(_) = reply.outcome {
            assert_eq!(&last.json["aiMessage"], answer, "{name}");
            assert_eq!(&last.json["userMessage"], asked, "{name}");
            assert_eq!(last.json["contentSha256"], sha256(&told(&events)), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_parts_tell_apart_what_the_model_said_and_what_it_did_not() {
    let (_, events) = asked(&replying(Scene::saying(AWKWARD)), QUESTION).await;
    let parts = events.last().unwrap().json["aiMessage"]["parts"].clone();
    let parts: Vec<(&str, &str)> = parts
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (text(part, "kind"), text(part, "content")))
        .collect();
    let update = |text| ("contextual", text);
    let expected = [
        ("acknowledgment", "On it.\n"),
        update("Scouting your squats.\n\n"),
        update("Brewing up a plan.\n\n"),
        ("reply", AWKWARD),
    ];
    assert_eq!(parts, expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_blank_before_the_first_word_is_kept_and_no_chunk_is_blank() {
    for reply in scenes::replies() {
        let (_, events) = asked(&replying(reply.scene), QUESTION).await;
        let first = events.iter().find(|event| event.kind() == "chunk");
        assert!(
            first.is_none_or(|chunk| !chunk.text("content").trim().is_empty()),
            "{}",
            reply.name
        );
        if reply.name == "blank first" {
            assert_eq!(first.unwrap().text("content"), " \n\tSit.");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_the_four_original_types_are_told_the_same_text() {
    for reply in scenes::replies() {
        let (_, events) = asked(&replying(reply.scene.clone()), QUESTION).await;
        let plain = replying(reply.scene).set(|settings| settings.contextual_as_chunk = true);
        let (_, plain) = asked(&plain, QUESTION).await;
        let known = ["start", "chunk", "complete", "error"];
        assert!(
            kinds(&plain).iter().all(|kind| known.contains(kind)),
            "{}: {:?}",
            reply.name,
            kinds(&plain)
        );
        assert_eq!(told(&plain), told(&events), "{}", reply.name);
        assert_eq!(
            outcome(plain.last().unwrap()),
            outcome(events.last().unwrap()),
            "{}",
            reply.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn words_that_are_there_together_are_told_together() {
    let reply = scenes::replies()
        .into_iter()
        .find(|reply| reply.name == "300 letters")
        .unwrap();
    let (_, events) = asked(&replying(reply.scene), QUESTION).await;
    let chunks = kinds(&events)
        .iter()
        .filter(|kind| **kind == "chunk")
        .count();
    assert!(chunks < 10, "{chunks} chunks");
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_asked_for_whole_is_one_call_and_one_chunk() {
    let site = Site::new(|model| {
        model
            .route(route())
            .reply(Scene::saying("Sit between your hips. ".repeat(200)))
    });
    let site = site.set(|settings| settings.limits.delivery = Delivery::Whole);
    let (_, events) = asked(&site, QUESTION).await;
    assert_eq!(
        kinds(&events),
        [
            "start",
            "contextual",
            "contextual",
            "contextual",
            "chunk",
            "complete"
        ]
    );
    assert_eq!(site.model.calls().replies, 1);
    assert_eq!(
        site.model.inside().calls().last().unwrap().delivery,
        Delivery::Whole
    );
}

pub(crate) fn outcome(last: &Event) -> Outcome {
    match last.kind() {
        "complete" => Outcome::Complete(known(last.text("status"))),
        "error" => Outcome::Error(
            known(last.text("code")),
            last.json["partial"].as_bool().unwrap(),
        ),
        other => panic!("a stream that ends with {other}"),
    }
}

fn known(word: &str) -> &'static str {
    word.to_owned().leak()
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
