//! `send-message` is the same turn.

use coach_tests::scenes::{self, Outcome, QUESTION};
use coach_tests::{Site, WallTime, saying};
use http_adapter::Code;
use rehearsal::Scene;

use crate::replying;

#[tokio::test(start_paused = true)]
async fn it_leaves_what_a_stream_leaves_and_asks_the_models_as_often() {
    let _wall = WallTime::of("every reply, twice");
    for reply in scenes::replies() {
        let (streamed, sent) = (replying(reply.scene.clone()), replying(reply.scene));
        both(reply.name, &streamed, &sent, QUESTION).await;
    }
    let workout = || {
        Site::new(|model| {
            model
                .route(scenes::workout_route())
                .reply(Scene::saying("Strong."))
                .extract(scenes::workout())
        })
    };
    for text in [
        "I did 5x5 back squats at 100 kg.",
        "thanks!",
        "/help",
        "/log-workout back squat 2x5 at 100 kg",
    ] {
        both(text, &workout(), &workout(), text).await;
    }
}

async fn both(name: &str, streamed: &Site, sent: &Site, text: &str) {
    let path = streamed.conversation().await;
    streamed
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(text))
        .await
        .rest()
        .await;
    let path = sent.conversation().await;
    sent.client()
        .post(&format!("{path}/send-message"), &saying(text))
        .await;
    streamed.settled().await;
    sent.settled().await;
    assert_eq!(sent.model.calls(), streamed.model.calls(), "{name}");
    let (streamed, sent) = (streamed.dump(), sent.dump());
    let different = streamed
        .lines()
        .zip(sent.lines())
        .find(|(one, other)| one != other);
    assert!(streamed == sent, "{name}: {different:?}");
}

#[tokio::test(start_paused = true)]
async fn its_status_is_that_of_the_code() {
    for reply in scenes::replies() {
        let site = replying(reply.scene);
        let path = site.conversation().await;
        let answer = site
            .client()
            .post(&format!("{path}/send-message"), &saying(QUESTION))
            .await;
        let json = answer.json();
        match reply.outcome {
            Outcome::Complete(status) => {
                assert_eq!(
                    (answer.status.as_u16(), json["status"].as_str().unwrap()),
                    (200, status),
                    "{}",
                    reply.name
                );
            }
            Outcome::Error(code, _) => {
                let known = Code::ALL
                    .iter()
                    .find(|known| known.as_str() == code)
                    .unwrap();
                assert_eq!(
                    (answer.status, json["code"].as_str().unwrap()),
                    (known.status(), code),
                    "{}",
                    reply.name
                );
                assert_eq!(
                    answer.header("content-type"),
                    "application/problem+json",
                    "{}",
                    reply.name
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn its_answer_has_what_complete_has() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let answer = site
        .client()
        .post(&format!("{path}/send-message"), &saying(QUESTION))
        .await
        .json();
    for field in [
        "turnId",
        "status",
        "userMessage",
        "aiMessage",
        "usage",
        "route",
        "context",
        "timings",
        "jobs",
    ] {
        assert!(answer.get(field).is_some(), "{field} is missing: {answer}");
    }
    let again = site.client().get(&format!("{path}/messages")).await.json();
    assert_eq!(answer["aiMessage"], again["messages"][1]);
}
