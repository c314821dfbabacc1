//! What is stored and cannot be read: what is optional is left out, what was forgotten holds
//! everything up, and nothing is written over it unasked.

use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Event, Site};
use domain::{RecordId, UserScope};
use ports::{Expect, Kind, RecordKey, RecordStore, charge, count_uses};
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, last_prompt, routed, tell};
use crate::refusals::Row;
use crate::warnings;

/// What stands where a record was. Of its words none may be told.
const SPOILT: &[u8] = br#"{"secret-canary": "#;

const MEMORIES: &str = "/users/ada/memories";

fn site() -> Site {
    Site::new(|model| {
        model
            .route(routed(None, false))
            .reply(Scene::saying("Sit."))
    })
}

fn key(kind: Kind, id: &str) -> RecordKey {
    RecordKey {
        owner: UserScope::verified("ada".parse().unwrap()),
        kind,
        id: id.parse::<RecordId>().unwrap(),
    }
}

/// Has something stand in a record's place that nobody can read.
async fn spoil(site: &Site, at: &RecordKey) {
    assert!(
        site.records
            .inside()
            .put(at, SPOILT, None, Expect::Anything)
            .await
            .unwrap()
    );
}

/// Spoils the first record of a kind; where it is.
async fn spoil_one(site: &Site, kind: Kind) -> RecordKey {
    let at = site
        .records
        .inside()
        .dump()
        .into_iter()
        .find(|record| record.at.kind == kind)
        .unwrap()
        .at;
    spoil(site, &at).await;
    at
}

async fn is_spoilt(site: &Site, at: &RecordKey) -> bool {
    site.records
        .inside()
        .get(at)
        .await
        .unwrap()
        .is_some_and(|record| record.body == SPOILT)
}

async fn remembered(site: &Site, contents: &[&str]) {
    for content in contents {
        let memory = json!({ "content": content, "type": "preference", "importance": "high" });
        assert_eq!(
            site.client().post(MEMORIES, &memory).await.status.as_u16(),
            201,
            "{content}"
        );
    }
}

async fn listed(site: &Site) -> Vec<Value> {
    let listed = site
        .elsewhere()
        .get(&format!("{MEMORIES}?limit=2"))
        .await
        .json();
    let mut memories = listed["memories"].as_array().unwrap().clone();
    if let Some(cursor) = listed["nextCursor"].as_str() {
        let rest = site
            .elsewhere()
            .get(&format!("{MEMORIES}?limit=100&cursor={cursor}"))
            .await
            .json();
        memories.extend(rest["memories"].as_array().unwrap().clone());
    }
    memories
}

fn ending(events: &[Event]) -> (&str, &str) {
    let last = events.last().unwrap();
    (last.kind(), last.text("code"))
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_cannot_be_read_is_none_and_is_made_again() {
    let site = Site::new(|model| {
        let summary = json!({
            "narrative": "They talked of squats.", "currentGoals": [], "recentProgress": [],
            "preferences": [],
            "constraints": [], "emotionalState": "", "keyInsights": [], "tags": ["squats", "depth"],
        });
        model
            .route(routed(None, false))
            .reply(Scene::saying("Sit."))
            .extract(Scene::saying(summary.to_string()))
    });
    let path = site.conversation().await;
    site.summarize(&path, "An old story.").await;
    let at = spoil_one(&site, Kind::Summary).await;
    assert_eq!(
        site.elsewhere()
            .get(&format!("{path}/summary"))
            .await
            .json(),
        json!({ "summary": null })
    );
    for _ in 0..4 {
        assert_eq!(ending(&tell(&site, &path, QUESTION).await).0, "complete");
    }
    assert!(
        !is_spoilt(&site, &at).await,
        "when one is due it is made again"
    );
    let summary = site
        .elsewhere()
        .get(&format!("{path}/summary"))
        .await
        .json();
    assert_eq!(summary["summary"]["narrative"], "They talked of squats.");
}

#[tokio::test(start_paused = true)]
async fn one_memory_that_cannot_be_read_hides_no_other_and_can_be_erased() {
    let site = site();
    remembered(
        &site,
        &[
            "I hate burpees",
            "I train at dawn",
            "My goal is a marathon in May",
        ],
    )
    .await;
    let at = spoil_one(&site, Kind::Memory).await;
    assert_eq!(listed(&site).await.len(), 2);
    let path = site.conversation().await;
    assert_eq!(ending(&tell(&site, &path, QUESTION).await).0, "complete");
    let prompt = last_prompt(&site);
    assert!(
        prompt.contains("at dawn") && prompt.contains("marathon"),
        "{prompt}"
    );

    let one = format!("{MEMORIES}/{}", at.id);
    assert_eq!(site.elsewhere().get(&one).await.status.as_u16(), 404);
    let edited = site
        .elsewhere()
        .patch(&one, &json!({ "importance": "low" }))
        .await;
    assert_eq!(edited.status.as_u16(), 404);
    count_uses(&site.app.ports, &at.owner, &[at.id.to_string()]).await;
    assert!(is_spoilt(&site, &at).await, "nothing is written over it");
    assert_eq!(site.elsewhere().delete(&one).await.status.as_u16(), 200);
    assert_eq!(kept(&site, Kind::Memory), 2);
    assert!(
        !site
            .found("I hate burpees")
            .await
            .contains(&at.id.to_string())
    );
}

#[tokio::test(start_paused = true)]
async fn a_coach_of_ones_own_that_cannot_be_read_is_not_there() {
    let site = site();
    let own = site
        .elsewhere()
        .get("/users/ada/coaches/strength")
        .await
        .json();
    for id in ["strength", "mine"] {
        let mut coach = own.clone();
        (coach["coachId"], coach["name"]) = (json!(id), json!("My own"));
        let put = site
            .client()
            .put(&format!("/users/ada/coaches/{id}"), &coach)
            .await;
        assert_eq!(put.status.as_u16(), 200, "{}", put.body);
        spoil(&site, &key(Kind::Coach, id)).await;
    }
    let listed = site.elsewhere().get("/users/ada/coaches").await.json();
    let names: Vec<_> = listed["coaches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|coach| &coach["name"])
        .collect();
    assert!(
        names.len() >= 3 && !names.contains(&&json!("My own")),
        "{names:?}"
    );
    assert_eq!(
        site.elsewhere()
            .get("/users/ada/coaches/strength")
            .await
            .json(),
        own,
        "the one that everybody has"
    );
    Row::get(404, "COACH_CONFIG_NOT_FOUND", "/users/ada/coaches/mine")
        .check(&site.elsewhere())
        .await;
    let path = site.conversation().await;
    assert_eq!(ending(&tell(&site, &path, QUESTION).await).0, "complete");
    site.client().put("/users/ada/coaches/strength", &own).await;
    assert!(
        !is_spoilt(&site, &key(Kind::Coach, "strength")).await,
        "its owner may write it anew"
    );
}

#[tokio::test(start_paused = true)]
async fn one_workout_or_day_that_cannot_be_read_is_missing_from_its_list() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let path = site.conversation().await;
    for _ in 0..3 {
        tell(&site, &path, "I did 2x5 back squats at 100 kg today").await;
    }
    let workout = spoil_one(&site, Kind::Workout).await;
    let listed = site.elsewhere().get("/users/ada/workouts").await.json();
    assert_eq!(listed["workouts"].as_array().unwrap().len(), 2);
    Row::get(
        404,
        "RECORD_NOT_FOUND",
        format!("/users/ada/workouts/{}", workout.id),
    )
    .check(&site.elsewhere())
    .await;
    assert_eq!(
        ending(&tell(&site, &path, "I did 2x5 back squats at 100 kg today").await).0,
        "complete"
    );
    assert_eq!(
        (kept(&site, Kind::Workout), is_spoilt(&site, &workout).await),
        (4, true)
    );
    let deleted = site
        .elsewhere()
        .delete(&format!("/users/ada/workouts/{}", workout.id))
        .await;
    assert_eq!(
        (deleted.status.as_u16(), kept(&site, Kind::Workout)),
        (200, 3)
    );
    leaves_out_days(&site).await;
}

async fn leaves_out_days(site: &Site) {
    spoil(site, &key(Kind::Usage, "2026-11-19")).await;
    spoil(site, &key(Kind::Usage, "2026-10-01")).await;
    let usage = site.elsewhere().get("/users/ada/usage").await.json();
    let days: Vec<_> = usage["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| &day["day"])
        .collect();
    assert_eq!(days, ["2026-11-20"]);
    let today = key(Kind::Usage, "2026-11-20");
    spoil(site, &today).await;
    let call = site.app.ports.clone();
    let usage = domain::Usage::default();
    let (kind, outcome) = (domain::call::CallKind::Reply, domain::call::CallOutcome::Ok);
    let calls = [domain::call::CallRecord {
        kind,
        usage,
        ms: 1,
        attempts: 1,
        outcome,
    }];
    charge(&call, &today.owner, &calls).await;
    assert!(is_spoilt(site, &today).await, "nothing is written over it");
    assert_eq!(
        site.elsewhere().get("/users/ada/usage").await.json()["days"],
        json!([])
    );
}

#[tokio::test(start_paused = true)]
async fn while_it_cannot_be_read_what_was_forgotten_no_model_is_told_anything() {
    let site = site();
    remembered(&site, &["I hate burpees", "I train at dawn"]).await;
    let path = site.conversation().await;
    assert_eq!(ending(&tell(&site, &path, QUESTION).await).0, "complete");
    let forgotten = listed(&site).await[0]["memoryId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        site.client()
            .delete(&format!("{MEMORIES}/{forgotten}"))
            .await
            .status
            .as_u16(),
        200
    );
    let tombstone = spoil_one(&site, Kind::Tombstone).await;
    let asked = site.model.calls();

    let events = tell(&site, &path, QUESTION).await;
    assert_eq!(ending(&events), ("error", "STORE_UNAVAILABLE"));
    let remember = json!({ "content": "I like rowing", "type": "preference" });
    assert_eq!(
        site.client()
            .post(MEMORIES, &remember)
            .await
            .status
            .as_u16(),
        503,
        "nor is anything learnt"
    );
    assert_eq!(site.model.calls(), asked);
    assert!(is_spoilt(&site, &tombstone).await);

    // Its owner still sees what there is, and can have it forgotten.
    let left = listed(&site).await;
    let one = format!("{MEMORIES}/{}", left[0]["memoryId"].as_str().unwrap());
    assert_eq!(
        (left.len(), site.elsewhere().get(&one).await.status.as_u16()),
        (1, 200)
    );
    assert_eq!(site.elsewhere().delete(&one).await.status.as_u16(), 200);
    assert_eq!(
        (kept(&site, Kind::Memory), kept(&site, Kind::Tombstone)),
        (0, 2)
    );
    assert!(is_spoilt(&site, &tombstone).await);
}

#[tokio::test(start_paused = true)]
async fn the_log_names_what_cannot_be_read_by_its_key_and_says_no_word_of_it() {
    warnings::listen();
    let site = site();
    remembered(&site, &["I hate burpees", "I train at dawn"]).await;
    let path = site.conversation().await;
    site.summarize(&path, "An old story.").await;
    let (memory, summary) = (
        spoil_one(&site, Kind::Memory).await,
        spoil_one(&site, Kind::Summary).await,
    );
    let tombstone = key(Kind::Tombstone, "t");
    tell(&site, &path, QUESTION).await;
    spoil(&site, &tombstone).await;
    tell(&site, &path, QUESTION).await;
    listed(&site).await;
    let log = warnings::heard();
    for at in [memory, summary, tombstone] {
        let named: Vec<_> = log
            .lines()
            .filter(|line| line.contains(&at.to_string()))
            .collect();
        assert!(
            !named.is_empty() && named.iter().all(|line| line.contains("WARN")),
            "{at}: {log}"
        );
    }
    assert!(!log.contains("canary"), "{log}");
}
