//! Changing conversations and writing coaches.

use axum::body::Body;
use axum::http::Method;
use coach_tests::scenes::QUESTION;
use coach_tests::{BOB, Mishap, saying};
use domain::Fault;
use rehearsal::Scene;
use serde_json::json;

use crate::refusals::Row;
use crate::replying;

const OWN: &str = "/users/ada/coaches/mine";

#[tokio::test(start_paused = true)]
async fn a_conversation_is_renamed_and_tagged_for_all_servers() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let [here, there] = site.both();
    let made = here.get(&path).await.json();
    let titled = here
        .patch(&path, &json!({ "title": " Legs ", "unknown": 7 }))
        .await;
    assert_eq!(
        (titled.status.as_u16(), titled.json()["title"].as_str()),
        (200, Some("Legs"))
    );
    assert_eq!(titled.json()["tags"], json!([]));
    let tagged = there
        .patch(&path, &json!({ "tags": ["squat", "knee"] }))
        .await
        .json();
    assert_eq!(
        (&tagged["title"], &tagged["tags"]),
        (&json!("Legs"), &json!(["squat", "knee"]))
    );
    for client in [here, there] {
        assert_eq!(client.get(&path).await.json(), tagged);
        let listed = client
            .get("/users/ada/coaches/strength/conversations")
            .await
            .json();
        assert_eq!(listed["conversations"], json!([tagged]));
    }
    let mut expected = made;
    (expected["title"], expected["tags"]) = (json!("Legs"), json!(["squat", "knee"]));
    assert_eq!(tagged, expected, "nothing else has changed");

    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(
        site.elsewhere().get(&path).await.json()["title"],
        "Legs",
        "a turn gives no other title"
    );
    let emptied = site
        .client()
        .patch(&path, &json!({ "title": "", "tags": [] }))
        .await
        .json();
    assert_eq!(
        (&emptied["title"], &emptied["tags"]),
        (&json!(""), &json!([]))
    );
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_cannot_be_changes_nothing() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let before = site.client().get(&path).await.json();
    let patch = |status, code| Row::new(status, code, Method::PATCH, &path);
    let unknown = path.replace("strength", "mobility");
    let rows = [
        patch(400, "INVALID_FIELD").body(|| {
            json!({ "title": "a".repeat(201), "tags": ["a"] })
                .to_string()
                .into()
        }),
        patch(400, "INVALID_FIELD").body(|| {
            json!({ "title": "a", "tags": vec!["a"; 11] })
                .to_string()
                .into()
        }),
        patch(400, "INVALID_FIELD")
            .body(|| json!({ "title": "a", "tags": [7] }).to_string().into()),
        patch(400, "INVALID_BODY").body(|| "[\"a\"]".into()),
        patch(400, "MISSING_REQUEST_BODY").body(Body::empty),
        patch(413, "PAYLOAD_TOO_LARGE").body(|| " ".repeat(16_385).into()),
        patch(403, "USER_ID_MISMATCH").showing(Some(BOB)),
        Row::new(404, "CONVERSATION_NOT_FOUND", Method::PATCH, unknown),
    ];
    for row in rows {
        row.check(&site.client()).await;
        assert_eq!(site.elsewhere().get(&path).await.json(), before);
    }
    site.messages
        .plan("edit_conversation", .., Mishap::Fail(Fault::Unavailable));
    patch(503, "STORE_UNAVAILABLE").check(&site.client()).await;
}

#[tokio::test(start_paused = true)]
async fn a_coach_that_was_put_is_the_one_who_answers() {
    let site = replying(Scene::saying("Sit."));
    let [here, there] = site.both();
    let put = here
        .put(
            OWN,
            &json!({ "name": "Mine", "acknowledgments": ["Ahoy."], "unknown": 1 }),
        )
        .await;
    let stored = put.json();
    assert_eq!(put.status.as_u16(), 200);
    assert_eq!(
        (&stored["coachId"], &stored["name"], &stored["goals"]),
        (&json!("mine"), &json!("Mine"), &json!([]))
    );
    assert!(stored.get("unknown").is_none());
    assert_eq!(there.get(OWN).await.json(), stored);
    let made = there
        .post(&format!("{OWN}/conversations"), &json!({}))
        .await;
    let stream = format!("{}/stream", made.header("location"));
    let events = there
        .stream(&stream, &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(events[1].text("content"), "Ahoy.\n");

    let replaced = there
        .put(OWN, &json!({ "coachId": "mine", "goals": ["run"] }))
        .await
        .json();
    assert_eq!(
        (&replaced["name"], &replaced["goals"]),
        (&json!("Coach"), &json!(["run"])),
        "all of it is replaced"
    );
    assert_eq!(here.get(OWN).await.json(), replaced);
    assert_eq!(
        here.get("/users/ada/coaches").await.json()["coaches"]
            .as_array()
            .unwrap()
            .len(),
        4
    );

    here.put("/users/ada/coaches/strength", &json!({ "name": "Own" }))
        .await;
    assert_eq!(
        there.get("/users/ada/coaches/strength").await.json()["name"],
        "Own"
    );
    let bob = site.client().showing(Some(BOB));
    assert_eq!(
        bob.get("/users/bob/coaches/strength").await.json()["name"],
        "Rhea Stone"
    );
    assert_eq!(
        bob.get("/users/bob/coaches/mine").await.status.as_u16(),
        404
    );
}

#[tokio::test(start_paused = true)]
async fn a_coach_that_cannot_be_is_not_stored() {
    let site = replying(Scene::saying("Sit."));
    let put = |status, code| Row::new(status, code, Method::PUT, OWN);
    let rows = [
        put(400, "INVALID_FIELD").body(|| json!({ "coachId": "other" }).to_string().into()),
        put(400, "INVALID_FIELD").body(|| {
            json!({ "methodology": "a".repeat(4_001) })
                .to_string()
                .into()
        }),
        put(400, "INVALID_FIELD").body(|| json!({ "goals": vec!["run"; 51] }).to_string().into()),
        put(400, "INVALID_FIELD").body(|| json!({ "goals": "run" }).to_string().into()),
        put(400, "INVALID_JSON").body(|| "{".into()),
        put(400, "MISSING_REQUEST_BODY").body(Body::empty),
        put(413, "PAYLOAD_TOO_LARGE").body(|| " ".repeat(16_385).into()),
        put(403, "USER_ID_MISMATCH").showing(Some(BOB)),
        Row::new(400, "INVALID_ID", Method::PUT, "/users/ada/coaches/a%20b"),
    ];
    for row in rows {
        row.check(&site.client()).await;
    }
    assert!(site.records.inside().dump().is_empty());
    site.records
        .plan("put", .., Mishap::Fail(Fault::Unavailable));
    put(503, "STORE_UNAVAILABLE").check(&site.client()).await;
}
