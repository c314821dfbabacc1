//! What model calls have cost: the ledger, and the price of a turn.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use coach_tests::scenes::{self, QUESTION};
use coach_tests::{BOB, Mishap, Site};
use domain::{Fault, Prices};
use rehearsal::{Line, Scene};
use serde_json::{Value, json};

use crate::refusals::Row;
use crate::{asked, replying};

/// A table in which every token of one model costs a millionth of a dollar.
pub(crate) fn prices(model: &str) -> Prices {
    let one = json!({ "input": 1, "output": 1, "cacheRead": 1, "cacheWrite": 1 });
    serde_json::from_value(json!({ "currency": "USD", "models": { model: one } })).unwrap()
}

fn priced(model: &str) -> Site {
    replying(Scene::saying("Sit.")).set(|settings| settings.prices = Arc::new(prices(model)))
}

fn tokens(usage: &Value) -> u64 {
    usage["inputTokens"].as_u64().unwrap() + usage["outputTokens"].as_u64().unwrap()
}

async fn usage(site: &Site, query: &str) -> Value {
    let [here, there] = site.both();
    let told = here.get(&format!("/users/ada/usage{query}")).await.json();
    assert_eq!(
        there.get(&format!("/users/ada/usage{query}")).await.json(),
        told
    );
    told
}

/// So many millionths, as they are told.
fn dollars(millionths: u64, partial: bool) -> Value {
    let amount = format!("0.{millionths:06}");
    json!({ "amount": amount.trim_end_matches('0'), "currency": "USD", "partial": partial })
}

#[tokio::test(start_paused = true)]
async fn the_ledger_is_told_day_by_day_and_adds_up() {
    let site = priced("scripted");
    let mut spent = Vec::new();
    for _ in 0..3 {
        let (_, events) = asked(&site, QUESTION).await;
        spent.push(tokens(&events.last().unwrap().json["usage"]));
        tokio::time::advance(Duration::from_secs(24 * 3_600)).await;
    }
    let told = usage(&site, "?from=2026-11-20&to=2026-11-22").await;
    let days = told["days"].as_array().unwrap();
    let names: Vec<&str> = days
        .iter()
        .map(|day| day["day"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["2026-11-22", "2026-11-21", "2026-11-20"]);
    for (day, spent) in days.iter().rev().zip(&spent) {
        assert_eq!(
            (day["total"]["calls"].as_u64(), tokens(&day["total"])),
            (Some(2), *spent)
        );
        assert_eq!(day["models"], json!({ "scripted": day["total"] }));
        assert_eq!(day["total"]["cost"], dollars(*spent, false));
    }
    let all: u64 = spent.iter().sum();
    assert_eq!(
        (tokens(&told["total"]), &told["total"]["cost"]),
        (all, &dollars(all, false))
    );

    let some = usage(&site, "?from=2026-11-21&to=2026-11-21").await;
    assert_eq!(
        (&some["days"], tokens(&some["total"])),
        (&json!([days[1]]), spent[1])
    );
    let usual = usage(&site, "").await;
    assert_eq!(
        (&usual["from"], &usual["to"], &usual["days"]),
        (&json!("2026-10-25"), &json!("2026-11-23"), &told["days"])
    );
    let bobs = site
        .client()
        .showing(Some(BOB))
        .get("/users/bob/usage")
        .await
        .json();
    assert_eq!(
        (&bobs["days"], &bobs["total"]["calls"]),
        (&json!([]), &json!(0))
    );
    assert!(bobs["total"].get("cost").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_jobs_of_a_turn_cost_is_in_the_ledger_once() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let (path, events) = asked(&site, "I did 2x5 back squats at 100 kg today").await;
    site.settled().await;
    let turn = site
        .elsewhere()
        .get(&format!("{path}/turns/{}", events[0].text("turnId")))
        .await
        .json();
    assert_eq!(turn["usage"]["calls"].as_array().unwrap().len(), 3);
    let total = &usage(&site, "").await["total"];
    assert_eq!(
        (total["calls"].as_u64(), tokens(total)),
        (Some(3), tokens(&turn["usage"]))
    );
}

#[tokio::test(start_paused = true)]
async fn days_that_cannot_be_are_refused() {
    let site = priced("scripted");
    for query in [
        "from=today",
        "to=2026-13-01",
        "from=2026-11-21",
        "from=2025-01-01&to=2026-11-20",
        "from=2026-11-20T00:00:00Z",
    ] {
        Row::get(400, "INVALID_FIELD", format!("/users/ada/usage?{query}"))
            .check(&site.client())
            .await;
    }
    Row::get(403, "USER_ID_MISMATCH", "/users/ada/usage")
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    Row::new(
        405,
        "METHOD_NOT_ALLOWED",
        Method::DELETE,
        "/users/ada/usage",
    )
    .check(&site.client())
    .await;
    site.records
        .plan("list", .., Mishap::Fail(Fault::Unavailable));
    Row::get(503, "STORE_UNAVAILABLE", "/users/ada/usage")
        .check(&site.client())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_tells_its_cost_only_if_its_models_have_prices() {
    let cost = async |site: Site| {
        let (path, events) = asked(&site, QUESTION).await;
        let told = events.last().unwrap().json["usage"].clone();
        let turn = site
            .elsewhere()
            .get(&format!("{path}/turns/{}", events[0].text("turnId")))
            .await
            .json();
        assert_eq!(turn["usage"], told);
        (told.get("cost").cloned(), tokens(&told))
    };
    let (told, tokens) = cost(priced("scripted")).await;
    assert_eq!(told, Some(dollars(tokens, false)));
    assert_eq!(cost(priced("another")).await.0, None);
    assert_eq!(cost(replying(Scene::saying("Sit."))).await.0, None);
    // A router that answers nothing may have cost something: nobody knows.
    let silent = Site::new(|model| {
        model
            .route(Scene(vec![Line::Hang]))
            .reply(Scene::saying("Sit."))
    });
    let (told, _) =
        cost(silent.set(|settings| settings.prices = Arc::new(prices("scripted")))).await;
    assert_eq!(told.unwrap()["partial"], true);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_at_a_reply_that_said_nothing_is_paid_for_too() {
    let once = asked(&replying(Scene::saying("Sit.")), QUESTION).await.1;
    let blank = Site::new(|model| {
        model
            .route(crate::route())
            .reply(Scene::saying(" "))
            .reply(Scene::saying("Sit."))
    });
    let twice = asked(&blank, QUESTION).await.1;
    let reply =
        |events: &[coach_tests::Event]| events.last().unwrap().json["usage"]["calls"][1].clone();
    let (once, twice) = (reply(&once), reply(&twice));
    assert_eq!(
        (&once["kind"], &once["attempts"], &twice["attempts"]),
        (&json!("reply"), &json!(1), &json!(2))
    );
    assert_eq!(
        twice["inputTokens"].as_u64(),
        once["inputTokens"].as_u64().map(|tokens| tokens * 2)
    );
}
