//! A store that mixes its users up: what it hands out of another one is left out everywhere, and
//! an error names its key.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, BOB, Client, Foreign, Site, conversation_key, saying};
use domain::memory::Tombstone;
use domain::{
    Closing, Conversation, ConversationKey, Ending, Finish, Job, JobKind, JobState, Memory,
    MemoryId, Report, Summary, TurnEvent, TurnKey, UserScope, Workout,
};
use http_adapter::router;
use ports::{
    Admission, Admitted, Clock, Expect, JobsOf, Kind, MessageStore, RecordKey, RecordStore,
    Records, Writer, newest, own, records,
};
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, routed};
use crate::warnings;

/// What whoever watches the log looks for.
const ALARM: &str = "alarm=\"foreign_answer\"";

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
            line.is_some_and(|line| line.contains("ERROR") && line.contains(ALARM)),
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
        heard.contains(ALARM) && heard.contains("key=bob/"),
        "{heard}"
    );
    assert!(!heard.contains(CANARY), "{heard}");
}

/// A turn of Bob's that has ended and left a job, in a conversation of which Ada has a twin; its
/// key, with Ada in it.
async fn ended(site: &Site) -> TurnKey {
    let now = site.clock.now();
    let of = |user: &str| ConversationKey {
        user: UserScope::verified(user.parse().unwrap()),
        coach: "strength".parse().unwrap(),
        conversation: "twin".parse().unwrap(),
    };
    for user in [ADA, BOB] {
        let empty = Conversation::new(of(user), String::new(), now);
        site.messages.create_conversation(&empty).await.unwrap();
    }
    let a = Admission {
        turn: TurnKey {
            conversation: of(BOB),
            turn: "turn".parse().unwrap(),
        },
        key: "key".parse().unwrap(),
        body: [7; 32],
        user_message: "question".parse().unwrap(),
        assistant_message: "answer".parse().unwrap(),
        text: CANARY.into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + Duration::from_secs(15),
        over_by: now + Duration::from_secs(150),
        kept_until: now + Duration::from_secs(90),
        holds: Vec::new(),
    };
    let Admitted::New(begun) = site.messages.admit(&a).await.unwrap() else {
        panic!("Bob's turn was not admitted")
    };
    let closing = Closing {
        ending: Ending::Finished,
        at: now,
        jobs: vec![JobKind::Workout],
        report: Report::default(),
    };
    let place = a.opening(begun.number).place();
    let finish = Finish::of(place, closing, vec![TurnEvent::Started], None);
    let writer = Writer::Holder(begun.fence);
    site.messages
        .finish(&a.turn, writer, &finish)
        .await
        .unwrap();
    TurnKey {
        conversation: of(ADA),
        ..a.turn
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_read_is_of_another_user_than_was_asked_for() {
    warnings::listen();
    let site = Site::new(|model| model);
    let turn = ended(&site).await;
    let key = turn.conversation.clone();
    let methods = &[
        "conversation",
        "conversations",
        "all_conversations",
        "messages",
        "turn",
        "jobs",
        "claim_jobs",
    ];
    let store = Foreign::new(site.messages.clone(), bob(), methods);
    let (now, mine) = (site.clock.now(), JobsOf::User(key.user.clone()));
    let later = now + Duration::from_secs(60);

    let conversation = own::conversation(&store, &key).await.unwrap();
    assert_eq!(conversation, None);
    let listed = own::conversations(&store, &key.user, &key.coach, None, 9).await;
    assert_eq!(listed.unwrap().items, []);
    let all = own::all_conversations(&store, &key.user, None, 9).await;
    assert_eq!(all.unwrap().items, []);
    let messages = own::messages(&store, &key, None, 9).await.unwrap();
    assert_eq!(messages, []);
    assert_eq!(own::turn(&store, &turn, 0).await.unwrap(), None);
    for of in [
        JobsOf::Turn(turn.clone()),
        JobsOf::Conversation(key.clone()),
        mine.clone(),
    ] {
        assert!(
            !store.jobs(&of).await.unwrap().is_empty(),
            "Bob's are there"
        );
        assert_eq!(own::jobs(&store, &of).await.unwrap(), []);
    }
    let claimed = own::claim_jobs(&store, &mine, later, later, 9).await;
    assert_eq!(claimed.unwrap(), []);
    let claimed = store.jobs(&mine).await.unwrap();
    let is_claimed = |job: &Job| job.state == JobState::Claimed(later);
    assert!(
        claimed.iter().all(is_claimed),
        "Bob's was there to be claimed: {claimed:?}"
    );
}
