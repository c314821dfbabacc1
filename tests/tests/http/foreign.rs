//! A store that mixes its users up: what it hands out of another one is left out everywhere, and
//! an error names its key.

use std::sync::Arc;

use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, BOB, Client, Foreign, Site, conversation_key, saying};
use domain::memory::Tombstone;
use domain::{Memory, MemoryId, Summary, UserScope, Workout};
use http_adapter::router;
use ports::{Expect, Kind, RecordKey, RecordStore, Records, newest, records};
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
    put_records_of_bob(site, &path).await;
    path
}

async fn put_records_of_bob(site: &Site, path: &str) {
    let mut summary = RecordKey::summary_of(&conversation_key(path));
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
}

/// Ada, at a server to which the store answers with what is Bob's.
fn mixed_up(site: &Site) -> (Client, Site) {
    let mut site = site.clone();
    site.app.ports.records = Records::new(Arc::new(Foreign::new(site.records.clone(), bob())));
    (
        Client::new(router(site.app.clone()), Some(ADA), site.clock),
        site,
    )
}

async fn shows_nothing_foreign(client: &Client, mixed: &Site, path: &str, memory: &MemoryId) {
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
    let memory = format!("/users/ada/memories/{memory}");
    for one in [
        memory.as_str(),
        "/users/ada/workouts/w",
        "/users/ada/coaches/mine",
    ] {
        assert_eq!(client.get(one).await.status.as_u16(), 404, "{one}");
        assert_eq!(client.delete(one).await.status.as_u16(), 404, "{one}");
    }
    let ports = &mixed.app.ports;
    let ada = conversation_key(path).user;
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

    shows_nothing_foreign(&client, &mixed, &path, &memory.id).await;

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
