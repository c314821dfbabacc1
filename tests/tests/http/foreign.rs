//! A store that mixes its users up: what it hands out of another one is left out everywhere, and
//! an error names its key.

use std::sync::Arc;

use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, BOB, Client, Foreign, Site, conversation_key, saying};
use domain::memory::Tombstone;
use domain::{Conversation, Memory, Summary, UserScope, Workout};
use http_adapter::router;
use ports::{Clock, Expect, Kind, MessageStore, RecordKey, RecordStore, Records, newest, records};
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, routed};
use crate::warnings;

/// In all that Bob has; Ada may be told none of it.
const CANARY: &str = "marmalade";

fn bob() -> UserScope {
    UserScope::verified(BOB.parse().unwrap())
}

/// Bob has something of every kind, and Ada has a conversation; its address.
async fn furnished(site: &Site) -> String {
    let client = site.client().showing(Some(BOB));
    for content in ["marmalade before training", "no marmalade on rest days"] {
        let memory = json!({ "content": content, "type": "preference", "importance": "high" });
        assert_eq!(
            client
                .post("/users/bob/memories", &memory)
                .await
                .status
                .as_u16(),
            201
        );
    }
    let coach = json!({ "name": CANARY });
    assert_eq!(
        client
            .put("/users/bob/coaches/mine", &coach)
            .await
            .status
            .as_u16(),
        200
    );
    let path = site.conversation_of(BOB, "strength").await;
    client
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    site.settled().await;

    let path = site.conversation().await;
    let mut summary = RecordKey::summary_of(&conversation_key(&path));
    summary.owner = bob();
    let narrative = format!("They talked of {CANARY}.");
    let told = Summary {
        narrative,
        from: 1,
        through: 2,
        ..Summary::default()
    };
    let workout = json!({
        "workoutId": "w", "name": CANARY, "discipline": "strength",
        "performedAt": "2026-11-20T08:00:00Z",
    });
    let forgotten: Memory = newest(&site.app.ports, &bob(), Kind::Memory, 1)
        .await
        .unwrap()
        .remove(0);
    let tombstone = Tombstone::of(&forgotten, forgotten.created_at);
    for (kind, id, body) in [
        (Kind::Summary, summary.id, records::body(&told).unwrap()),
        (
            Kind::Workout,
            "w".parse().unwrap(),
            workout.to_string().into_bytes(),
        ),
        (
            Kind::Tombstone,
            "t".parse().unwrap(),
            records::body(&tombstone).unwrap(),
        ),
    ] {
        let at = RecordKey {
            owner: bob(),
            kind,
            id,
        };
        assert!(
            site.records
                .put(&at, &body, None, Expect::Absent)
                .await
                .unwrap()
        );
    }
    path
}

/// Ada, at a server to which the store answers with what is Bob's.
fn mixed_up(site: &Site) -> (Client, Site) {
    let mut site = site.clone();
    site.app.ports.records = Records::new(Arc::new(Foreign::new(
        site.records.clone(),
        bob(),
        &["get", "list"],
    )));
    (
        Client::new(router(site.app.clone()), Some(ADA), site.clock),
        site,
    )
}

#[tokio::test(start_paused = true)]
async fn records_of_another_user_are_left_out_whatever_the_store_answers_and_an_error_names_them() {
    warnings::listen();
    let site = Site::new(|model| {
        model
            .route(routed(None, false))
            .reply(Scene::saying("Sit."))
    });
    let path = furnished(&site).await;
    for kind in [
        Kind::Memory,
        Kind::Workout,
        Kind::Tombstone,
        Kind::Summary,
        Kind::Coach,
        Kind::Usage,
    ] {
        assert!(kept(&site, kind) > 0, "{kind:?}");
    }
    let memory: Memory = newest(&site.app.ports, &bob(), Kind::Memory, 9)
        .await
        .unwrap()
        .remove(0);
    let (client, mixed) = mixed_up(&site);

    for (list, name) in [
        ("memories?superseded=true", "memories"),
        ("workouts", "workouts"),
        ("usage", "days"),
    ] {
        let told = client.get(&format!("/users/ada/{list}")).await.json();
        assert_eq!(told[name], json!([]), "{list}");
    }
    let coaches = client.get("/users/ada/coaches").await.json();
    assert_eq!(
        coaches["coaches"].as_array().unwrap().len(),
        3,
        "the shipped ones"
    );
    let summary = client.get(&format!("{path}/summary")).await.json();
    assert_eq!(summary, json!({ "summary": null }));
    let memory = format!("/users/ada/memories/{}", memory.id);
    for one in [
        memory.as_str(),
        "/users/ada/workouts/w",
        "/users/ada/coaches/mine",
    ] {
        assert_eq!(client.get(one).await.status.as_u16(), 404, "{one}");
        assert_eq!(client.delete(one).await.status.as_u16(), 404, "{one}");
    }
    let ports = &mixed.app.ports;
    let ada = conversation_key(&path).user;
    assert_eq!(ports::forgotten(ports, &ada).await.unwrap(), []);
    assert_eq!(
        newest::<Workout>(ports, &ada, Kind::Workout, 9)
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        records::all::<Value>(ports, &ada, Kind::Memory)
            .await
            .unwrap()
            .len(),
        0
    );

    let earlier = site.model.calls().all();
    let mut events = client
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    assert_eq!(events.rest().await.last().unwrap().kind(), "complete");
    mixed.settled().await;
    let asked = site.model.asked_after(earlier);
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|call| !call.prompt.text().contains(CANARY))
    );

    let heard = warnings::heard();
    for kind in [
        "memory",
        "workout",
        "tombstone",
        "summary",
        "coach",
        "usage",
    ] {
        let line = heard
            .lines()
            .find(|line| line.contains(&format!("key=bob/{kind}/")));
        assert!(
            line.is_some_and(|line| line.contains("ERROR")),
            "{kind}: {heard}"
        );
    }
    assert!(!heard.contains(CANARY), "{heard}");
}

/// Ada, at a server whose store answers with what is Bob's where one of these methods is asked.
fn mixed_up_by(site: &Site, methods: &'static [&'static str]) -> (Client, Site) {
    let mut site = site.clone();
    site.app.ports.messages = Arc::new(Foreign::new(site.messages.clone(), bob(), methods));
    let router = router(site.app.clone());
    (Client::new(router, Some(ADA), site.clock), site)
}

/// Two conversations of the same id: Bob's has a turn with its job, and speaks of the canary.
/// Returns the address of Ada's, which is empty, and the turn.
async fn twins(site: &Site) -> (String, String) {
    let bob = site.conversation_of(BOB, "strength").await;
    let ada = bob.replace("/users/bob/", "/users/ada/");
    let empty = Conversation::new(conversation_key(&ada), String::new(), site.clock.now());
    site.messages.create_conversation(&empty).await.unwrap();
    let client = site.client().showing(Some(BOB));
    let said = json!({ "userResponse": format!("I did 5x5 squats at 100 kg with {CANARY}") });
    let told = client.stream(&format!("{bob}/stream"), &[], &said).await;
    let turn = told.header("x-turn-id").to_owned();
    drop(told);
    (ada, turn)
}

#[tokio::test(start_paused = true)]
async fn conversations_of_another_user_are_left_out_whatever_the_store_answers() {
    warnings::listen();
    let site = Site::new(|model| {
        let model = model
            .route(routed(None, false))
            .reply(Scene::saying("Well done."));
        model
            .route(routed(None, false))
            .reply(Scene::saying("Sit."))
    });
    let (path, turn) = twins(&site).await;
    let status = async |methods: &'static [&'static str], path: String| {
        let (client, _) = mixed_up_by(&site, methods);
        let answer = client.get(&path).await;
        assert!(!answer.body.contains(CANARY), "{methods:?}");
        answer.status.as_u16()
    };
    assert_eq!(status(&["conversation"], path.clone()).await, 404);
    assert_eq!(status(&["turn"], format!("{path}/turns/{turn}")).await, 404);
    assert_eq!(
        status(
            &["turn", "messages"],
            format!("{path}/stream?turnId={turn}")
        )
        .await,
        404
    );
    for (methods, list, name) in [
        (
            &["conversations"][..],
            "/users/ada/coaches/strength/conversations".to_owned(),
            "conversations",
        ),
        (&["messages"][..], format!("{path}/messages"), "messages"),
        (&["jobs"][..], format!("{path}/jobs"), "jobs"),
    ] {
        let (client, _) = mixed_up_by(&site, methods);
        let told = client.get(&list).await.json();
        assert_eq!(told[name], json!([]), "{methods:?}: {told}");
    }

    let earlier = site.model.calls().all();
    let (client, mixed) = mixed_up_by(&site, &["messages", "claim_jobs", "jobs"]);
    let mut events = client
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    assert_eq!(events.rest().await.last().unwrap().kind(), "complete");
    mixed.settled().await;
    let asked = site.model.asked_after(earlier);
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|call| !call.prompt.text().contains(CANARY))
    );

    let heard = warnings::heard();
    assert!(
        heard.contains("alarm=\"foreign_answer\"") && heard.contains("user=bob"),
        "{heard}"
    );
    assert!(!heard.contains(CANARY), "{heard}");
}
