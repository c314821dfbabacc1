//! Turns that go well.

use crate::function::{Function, events, last, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_streams_each_event_as_it_comes() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    let answer = function
        .say(&conversation, "How should I warm up for squats?")
        .await;
    assert_eq!(answer.status(), 200, "{}", function.log());
    assert_eq!(
        answer.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let events = events(answer).await;
    for (at, event) in &events {
        println!("{:>6} ms  {}", at.as_millis(), event["type"]);
    }
    let last = last(&events);
    assert_eq!(last["type"], "complete", "{last}");
    assert_eq!(last["aiMessage"]["content"], text(&events));
    let times = events
        .iter()
        .map(|(at, _)| *at)
        .collect::<std::collections::BTreeSet<_>>();
    assert!(
        times.len() > events.len() / 4,
        "most came together: {times:?}"
    );
}
