//! `http_adapter::sse` frames whatever is streamed, and knows nothing of coaches.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use coach_tests::{Client, VirtualClock};
use futures::stream::{self, StreamExt};
use http_adapter::sse;
use ports::Clock;
use serde_json::{Value, json};

/// A route that streams a list, one item a second.
fn counting(items: Vec<Value>, clock: VirtualClock) -> Router {
    let route = move || async move {
        let frames =
            stream::iter(items.into_iter().enumerate()).then(move |(place, item)| async move {
                clock
                    .sleep_until(clock.now() + Duration::from_secs(1))
                    .await;
                let mut frame = String::new();
                sse::frame(&mut frame, Some(&place.to_string()), &item);
                frame
            });
        sse::response(
            StatusCode::OK,
            Arc::new(clock),
            Duration::from_millis(600),
            frames.boxed(),
        )
    };
    Router::new().route("/list", get(route))
}

#[tokio::test(start_paused = true)]
async fn another_route_streams_json_of_its_own() {
    let clock = VirtualClock::start();
    let items = vec![
        json!({ "price": 7 }),
        json!(["a\nb", null]),
        json!("data: x\n\n"),
    ];
    let mut sse = Client::new(counting(items.clone(), clock), None, clock)
        .follow("/list", &[])
        .await;
    assert_eq!(
        sse.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    let events = sse.rest().await;
    assert_eq!(
        events
            .iter()
            .map(|event| event.json.clone())
            .collect::<Vec<_>>(),
        items
    );
    assert_eq!(
        events
            .iter()
            .map(|event| (event.id.as_str(), event.at))
            .collect::<Vec<_>>(),
        [("0", 1_000), ("1", 2_000), ("2", 3_000)]
    );
    let beat = ": hb\n";
    let expected = format!(
        "{beat}id: 0\ndata: {{\"price\":7}}\n\n\
         {beat}id: 1\ndata: [\"a\\nb\",null]\n\n\
         {beat}id: 2\ndata: \"data: x\\n\\n\"\n\n"
    );
    assert_eq!(sse.raw(), expected);
}
