//! Deleting a coach of one's own.

use axum::http::Method;
use coach_tests::scenes::{QUESTION, pause, say};
use coach_tests::{BOB, JSON, Mishap, Site, saying};
use domain::{Fault, StopReason};
use ports::{GRACE, LEASE};
use rehearsal::{Line, Scene};
use serde_json::json;

use crate::errors::orphan;
use crate::openapi::Document;
use crate::refusals::Row;
use crate::replying;

const OWN: &str = "/users/ada/coaches/mine";

fn site() -> Site {
    replying(Scene::saying("Sit."))
}

/// A conversation with a coach of Ada's own, in which one turn has ended.
async fn told(site: &Site) -> String {
    site.client().put(OWN, &json!({ "name": "Mine" })).await;
    let path = site.conversation_of("ada", "mine").await;
    site.client()
        .stream(
            &format!("{path}/stream"),
            &[("idempotency-key", "k1")],
            &saying(QUESTION),
        )
        .await
        .rest()
        .await;
    site.settled().await;
    path
}

fn gone(method: Method, path: &str) -> Row {
    Row::new(404, "COACH_CONFIG_NOT_FOUND", method, path)
}

#[tokio::test(start_paused = true)]
async fn what_was_said_with_a_deleted_coach_can_be_read_but_not_gone_on_with() {
    for elsewhere in [false, true] {
        let site = site();
        let path = told(&site).await;
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let (before, messages) = (
            client.get(&path).await.json(),
            client.get(&format!("{path}/messages")).await.json(),
        );
        let deleted = client.delete(OWN).await;
        assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
        for client in site.both() {
            gone(Method::GET, OWN).check(&client).await;
            assert_eq!(
                client.get("/users/ada/coaches").await.json()["coaches"]
                    .as_array()
                    .unwrap()
                    .len(),
                3
            );
            assert_eq!(client.get(&path).await.json(), before);
            assert_eq!(
                client.get(&format!("{path}/messages")).await.json(),
                messages
            );
            let listed = client.get(&format!("{OWN}/conversations")).await.json();
            assert_eq!(listed["conversations"], json!([before]));
            for row in [
                gone(Method::POST, &format!("{path}/stream")),
                gone(Method::POST, &format!("{path}/send-message")),
                gone(Method::POST, &format!("{OWN}/conversations")),
                gone(Method::DELETE, OWN),
            ] {
                row.check(&client).await;
            }
        }
        assert_eq!(
            client
                .patch(&path, &json!({ "title": "Old" }))
                .await
                .status
                .as_u16(),
            200
        );
        assert_eq!(client.delete(&path).await.status.as_u16(), 200);
        client.put(OWN, &json!({})).await;
        assert_eq!(
            client.get(OWN).await.status.as_u16(),
            200,
            "it can be made again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_answered_before_the_coach_was_deleted_is_answered_again() {
    for elsewhere in [false, true] {
        let site = site();
        let path = told(&site).await;
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        assert_eq!(client.delete(OWN).await.status.as_u16(), 200);
        let key = [("idempotency-key", "k1")];
        let again = client
            .stream(&format!("{path}/stream"), &key, &saying(QUESTION))
            .await
            .rest()
            .await;
        assert_eq!(
            (again[0].kind(), again[0].json["resumed"].as_bool()),
            ("start", Some(true))
        );
        assert_eq!(again.last().unwrap().kind(), "complete");
        for (key, text, code) in [
            ("k1", "Else?", "IDEMPOTENCY_MISMATCH"),
            ("k2", QUESTION, "COACH_CONFIG_NOT_FOUND"),
        ] {
            let headers = [JSON, ("idempotency-key", key)];
            let refused = client
                .ask(
                    Method::POST,
                    &format!("{path}/stream"),
                    &headers,
                    saying(text).to_string(),
                )
                .await;
            assert_eq!(refused.json()["code"], code);
        }
        let messages = client.get(&format!("{path}/messages")).await.json();
        assert_eq!(
            messages["messages"].as_array().unwrap().len(),
            2,
            "nothing was said again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_shipped_coach_is_back_when_the_own_one_in_its_place_is_deleted() {
    let site = site();
    let strength = "/users/ada/coaches/strength";
    let [here, there] = site.both();
    Row::new(404, "COACH_CONFIG_NOT_FOUND", Method::DELETE, strength)
        .check(&here)
        .await;
    let shipped = here.get(strength).await.json();
    let path = site.conversation().await;
    here.put(
        strength,
        &json!({ "name": "Own", "acknowledgments": ["Ahoy."] }),
    )
    .await;
    assert_eq!(there.delete(strength).await.status.as_u16(), 200);
    assert_eq!(here.get(strength).await.json(), shipped);
    let events = there
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(events[1].text("content"), "On it.\n");
}

#[tokio::test(start_paused = true)]
async fn a_coach_is_not_deleted_while_one_of_its_turns_runs_anywhere() {
    let words = (0..30)
        .flat_map(|_| [pause(1_000), say("Sit. ")])
        .chain([Line::End(StopReason::Complete)]);
    let site = replying(Scene(words.collect()));
    // Read before anything runs: to wait for whoever reads it would let time pass.
    Document::read().await;
    site.client().put(OWN, &json!({})).await;
    for _ in 0..3 {
        site.conversation_of("ada", "mine").await;
    }
    let path = site.conversation_of("ada", "mine").await;
    let other = site.conversation_of("ada", "strength").await;
    let mut elsewhere = site
        .client()
        .stream(&format!("{other}/stream"), &[], &saying(QUESTION))
        .await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let start = sse.next().await.unwrap();
    site.conversation_of("ada", "mine").await;
    for client in site.both() {
        let refused = Row::new(409, "CONVERSATION_BUSY", Method::DELETE, OWN)
            .check(&client)
            .await
            .json();
        let turn = start.text("turnId");
        assert_eq!(refused["turnId"], turn);
        assert_eq!(refused["resumeUrl"], format!("{path}/stream?turnId={turn}"));
        assert_eq!(client.get(OWN).await.status.as_u16(), 200);
    }
    assert_eq!(sse.rest().await.last().unwrap().kind(), "complete");
    elsewhere.next().await.unwrap();
    assert_eq!(
        site.elsewhere().delete(OWN).await.status.as_u16(),
        200,
        "turns of other coaches are none of its own"
    );
    elsewhere.rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_process_is_gone_keeps_no_coach() {
    let site = site();
    Document::read().await;
    let own = "/users/ada/coaches/strength";
    site.client().put(own, &json!({ "name": "Own" })).await;
    let path = site.conversation().await;
    orphan(&site, &path, "lost").await;
    tokio::time::advance(LEASE + GRACE).await;
    Row::new(409, "CONVERSATION_BUSY", Method::DELETE, own)
        .check(&site.elsewhere())
        .await;
    tokio::time::advance(std::time::Duration::from_millis(1)).await;
    assert_eq!(site.elsewhere().delete(own).await.status.as_u16(), 200);
    assert_eq!(
        site.client().get(&path).await.json()["activeTurnId"],
        json!(null)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_else_deletes_a_coach_and_a_store_that_fails_says_so() {
    let site = site();
    site.client().put(OWN, &json!({})).await;
    Row::new(403, "USER_ID_MISMATCH", Method::DELETE, OWN)
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    Row::new(
        400,
        "INVALID_ID",
        Method::DELETE,
        "/users/ada/coaches/a%20b",
    )
    .check(&site.client())
    .await;
    site.records
        .plan("delete", .., Mishap::Fail(Fault::Unavailable));
    Row::new(503, "STORE_UNAVAILABLE", Method::DELETE, OWN)
        .check(&site.client())
        .await;
    assert_eq!(site.client().get(OWN).await.status.as_u16(), 200);
}
