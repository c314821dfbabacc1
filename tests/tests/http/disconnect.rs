//! A client that disconnects changes nothing.

use std::time::Duration;

use coach_tests::scenes::{self, pause, say};
use coach_tests::{Mishap, Site, WallTime, saying};
use domain::StopReason;
use rehearsal::{Line, Scene};

const TEXT: &str = "I did 5x5 back squats at 100 kg.";

fn site() -> Site {
    let words = ["Strong ", "work ", "today."]
        .map(|word| [pause(700), say(word)])
        .concat();
    let reply = Scene([words, vec![Line::End(StopReason::Complete)]].concat());
    Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(reply)
            .extract(scenes::workout())
    })
}

/// What is stored when the client stays, and how many events it saw.
async fn stayed() -> (String, usize) {
    let site = site();
    let (_, events) = crate::asked(&site, TEXT).await;
    (site.dump(), events.len())
}

#[tokio::test(start_paused = true)]
async fn whenever_a_client_hangs_up_the_turn_is_saved_as_if_it_had_stayed() {
    let _wall = WallTime::of("every cut");
    let (expected, events) = stayed().await;
    assert!(
        expected.contains("Strong ") && expected.contains("Back squat"),
        "{expected}"
    );
    for cut in 0..=events {
        let site = site();
        let path = site.conversation().await;
        let mut sse = site
            .client()
            .stream(&format!("{path}/stream"), &[], &saying(TEXT))
            .await;
        sse.take(cut).await;
        drop(sse);
        site.settled().await;
        assert!(
            site.dump() == expected,
            "after {cut} events:\n{}",
            site.dump()
        );
        assert_eq!(site.model.calls().replies, 1, "after {cut} events");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_before_its_answer_changes_nothing_either() {
    let (expected, _) = stayed().await;
    for mishap in [
        Mishap::AnswerLate(Duration::from_millis(50)),
        Mishap::Delay(Duration::from_millis(50)),
    ] {
        for call in ["stream", "send-message"] {
            let site = site();
            let path = format!("{}/{call}", site.conversation().await);
            site.messages.plan("admit", .., mishap);
            let client = site.client();
            let left =
                tokio::time::timeout(Duration::from_millis(20), client.post(&path, &saying(TEXT)))
                    .await;
            assert!(left.is_err(), "it was answered too soon");
            site.settled().await;
            assert!(
                site.dump() == expected,
                "{mishap:?} {call}:\n{}",
                site.dump()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_holds_nothing_up() {
    let (expected, _) = stayed().await;
    let site = site();
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(TEXT))
        .await;
    site.settled().await;
    assert!(site.dump() == expected);
    assert_eq!(sse.rest().await.last().unwrap().kind(), "complete");
}
