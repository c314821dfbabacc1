//! Requests that nothing is wrong with, and that are refused all the same.

use std::time::Duration;

use coach_tests::scenes::QUESTION;
use coach_tests::{Mishap, Site, saying};
use domain::Fault;
use ports::Clock;
use rehearsal::{Line, Scene};
use serde_json::json;

use super::Row;
use crate::{asked, replying};

/// How long an answer may take in these tests, in virtual time: nothing waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends requests that are refused for the state of things; the codes that were told.
pub(crate) async fn refused_for_the_state_of_things() -> Vec<&'static str> {
    let mut told = Told::default();
    when_it_is_busy(&mut told).await;
    when_a_store_fails(&mut told).await;
    when_a_turn_has_expired(&mut told).await;
    when_nothing_is_in_place_of_a_memory(&mut told).await;
    told.codes
}

/// The codes that were told.
#[derive(Default)]
struct Told {
    codes: Vec<&'static str>,
}

impl Told {
    async fn add(&mut self, site: &Site, row: Row) {
        let checked = tokio::time::timeout(PATIENCE, row.check(&site.client())).await;
        assert!(
            checked.is_ok(),
            "{} is never answered: {}",
            row.path,
            row.code
        );
        self.codes.push(row.code);
    }
}

fn ready() -> Site {
    replying(Scene::saying("Sit."))
}

fn posting(path: &str, status: u16, code: &'static str) -> Row {
    Row::post(status, code, format!("{path}/stream"))
}

async fn when_it_is_busy(told: &mut Told) {
    let site = ready().set(|settings| settings.turns_at_once = 0);
    let path = site.conversation().await;
    told.add(&site, posting(&path, 503, "OVERLOADED")).await;

    let site = replying(Scene(vec![Line::Hang])).set(|settings| settings.turns_per_user = 1);
    let path = site.conversation().await;
    let (busy, other) = (path.clone(), site.conversation().await);
    let key = [("idempotency-key", "k1")];
    site.client()
        .stream(&format!("{path}/stream"), &key, &saying(QUESTION))
        .await;
    for row in [
        posting(&busy, 409, "CONVERSATION_BUSY"),
        posting(&busy, 409, "IDEMPOTENCY_MISMATCH").with("idempotency-key", "k1"),
        posting(&busy, 409, "IDEMPOTENCY_MISMATCH").with("idempotency-key", "\"k1\""),
        posting(&other, 429, "RATE_LIMITED"),
    ] {
        told.add(&site, row).await;
    }
}

async fn when_a_store_fails(told: &mut Told) {
    for (method, mishap, status, code) in [
        (
            "admit",
            Mishap::Fail(Fault::Throttled),
            503,
            "STORE_UNAVAILABLE",
        ),
        ("admit", Mishap::Hang, 503, "STORE_UNAVAILABLE"),
        ("admit", Mishap::Panic, 500, "INTERNAL"),
    ] {
        let site = ready();
        let path = site.conversation().await;
        site.messages.plan(method, .., mishap);
        told.add(&site, posting(&path, status, code)).await;
    }
    let unavailable = |path| Row::get(503, "STORE_UNAVAILABLE", path);
    for mishap in [Mishap::Fail(Fault::Unavailable), Mishap::Hang] {
        for (method, call) in [
            ("conversation", ""),
            ("conversation", "/messages"),
            ("messages", "/messages"),
            ("conversation", "/stream"),
            ("turn", "/stream?turnId=x"),
            ("turn", "/turns/x"),
        ] {
            let site = ready();
            let path = site.conversation().await;
            site.messages.plan(method, .., mishap);
            told.add(&site, unavailable(format!("{path}{call}"))).await;
        }
        for (method, path) in [
            ("list", "/users/ada/workouts"),
            ("list", "/users/ada/coaches"),
            ("get", "/users/ada/coaches/strength"),
        ] {
            let site = ready();
            site.records.plan(method, .., mishap);
            told.add(&site, unavailable(path.to_owned())).await;
        }
        let site = ready();
        let path = site.conversation().await;
        site.records.plan("get", .., mishap);
        told.add(&site, posting(&path, 503, "STORE_UNAVAILABLE"))
            .await;
    }
}

async fn when_nothing_is_in_place_of_a_memory(told: &mut Told) {
    let site = ready();
    let memory = json!({ "content": "I hate burpees", "type": "preference" });
    let made = site.client().post("/users/ada/memories", &memory).await;
    let path = format!("{}/restore", made.header("location"));
    told.add(&site, Row::post(409, "NOT_SUPERSEDED", path))
        .await;
}

async fn when_a_turn_has_expired(told: &mut Told) {
    let site = ready();
    let (path, events) = asked(&site, QUESTION).await;
    let turn = events[0].text("turnId").to_owned();
    site.clock
        .sleep_until(site.clock.now() + Duration::from_secs(26 * 3_600))
        .await;
    for call in ["/stream?turnId=", "/turns/"] {
        told.add(
            &site,
            Row::get(410, "TURN_EXPIRED", format!("{path}{call}{turn}")),
        )
        .await;
    }
}
