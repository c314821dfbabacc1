//! Deleting conversations and workouts, with all that was made of them.

use axum::http::Method;
use coach_tests::scenes::{self, QUESTION, after, pause, say};
use coach_tests::{BOB, Mishap, Site, conversation_key, saying};
use domain::memory::RecalledKind;
use domain::{Conversation, Fault};
use ports::{Clock, Kind, RecordKey};
use rehearsal::Scene;
use serde_json::json;

use crate::mind::summed_up;
use crate::refusals::Row;
use crate::{asked, replying};

const STORY: &str = "The athlete squats twice a week.";

/// A turn that never ends by itself, and speaks once a second.
fn endless() -> Site {
    replying(Scene(
        (0..1_000)
            .flat_map(|_| [pause(1_000), say("Sit. ")])
            .collect(),
    ))
}

#[tokio::test(start_paused = true)]
async fn a_summary_is_told_once_there_is_one() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    for client in site.both() {
        assert_eq!(
            client.get(&format!("{path}/summary")).await.json(),
            json!({ "summary": null })
        );
    }
    site.summarize(&path, STORY).await;
    for client in site.both() {
        let told = client.get(&format!("{path}/summary")).await.json();
        let summary = &told["summary"];
        assert_eq!(
            (&summary["narrative"], &summary["from"], &summary["through"]),
            (&json!(STORY), &json!(1), &json!(2))
        );
    }
    let other = format!("{}/summary", site.conversation().await);
    assert_eq!(
        site.client().get(&other).await.json(),
        json!({ "summary": null })
    );
    let nowhere = "/users/ada/coaches/strength/conversations/x/summary";
    Row::get(404, "CONVERSATION_NOT_FOUND", nowhere)
        .check(&site.client())
        .await;
    Row::get(403, "USER_ID_MISMATCH", format!("{path}/summary"))
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    site.records
        .plan("get", .., Mishap::Fail(Fault::Unavailable));
    Row::get(503, "STORE_UNAVAILABLE", format!("{path}/summary"))
        .check(&site.client())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_conversation_is_gone_with_its_summary_and_no_other_is() {
    for elsewhere in [false, true] {
        let site = replying(Scene::saying("Sit."));
        let (path, events) = asked(&site, QUESTION).await;
        let (other, _) = asked(&site, QUESTION).await;
        site.summarize(&path, STORY).await;
        site.summarize(&other, STORY).await;
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let deleted = client.delete(&path).await;
        assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
        let turn = events[0].text("turnId");
        for client in site.both() {
            for call in ["", "/messages", "/jobs", "/summary", "/stream"] {
                Row::get(404, "CONVERSATION_NOT_FOUND", format!("{path}{call}"))
                    .check(&client)
                    .await;
            }
            Row::get(404, "TURN_NOT_FOUND", format!("{path}/turns/{turn}"))
                .check(&client)
                .await;
            Row::post(404, "CONVERSATION_NOT_FOUND", format!("{path}/stream"))
                .check(&client)
                .await;
            Row::new(404, "CONVERSATION_NOT_FOUND", Method::DELETE, &path)
                .check(&client)
                .await;
        }
        let kept = RecordKey::summary_of(&conversation_key(&other)).id;
        assert_eq!(kept_records(&site), 1);
        assert_eq!(site.found(STORY).await, [kept.as_str()]);
        assert_eq!(
            site.client().get(&format!("{other}/summary")).await.json()["summary"]["narrative"],
            STORY
        );
        let listed = site
            .client()
            .get("/users/ada/coaches/strength/conversations")
            .await
            .json();
        assert_eq!(listed["conversations"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_leaves_alone_what_a_conversation_of_the_same_id_with_another_coach_has() {
    let site = replying(Scene::saying("Sit."));
    let (path, _) = asked(&site, QUESTION).await;
    let twin = path.replace("/strength/", "/mobility/");
    let key = conversation_key(&twin);
    let made = Conversation::new(key, String::new(), site.clock.now());
    site.app
        .ports
        .messages
        .create_conversation(&made)
        .await
        .unwrap();
    site.summarize(&path, STORY).await;
    let told = |path: &str| {
        let summary = format!("{path}/summary");
        let client = site.elsewhere();
        async move { client.get(&summary).await.json()["summary"]["narrative"].clone() }
    };
    assert_eq!(
        told(&twin).await,
        json!(null),
        "a summary is of one coach's conversation"
    );
    site.summarize(&twin, "They talk about hips.").await;

    for coach in ["nosuchcoach", "endurance"] {
        let nowhere = path.replace("/strength/", &format!("/{coach}/"));
        Row::new(404, "CONVERSATION_NOT_FOUND", Method::DELETE, &nowhere)
            .check(&site.client())
            .await;
        Row::get(404, "CONVERSATION_NOT_FOUND", format!("{nowhere}/summary"))
            .check(&site.client())
            .await;
    }
    assert_eq!(
        (told(&path).await, told(&twin).await),
        (json!(STORY), json!("They talk about hips."))
    );
    assert_eq!(site.found(STORY).await.len(), 1);

    assert_eq!(site.elsewhere().delete(&twin).await.status.as_u16(), 200);
    assert_eq!(
        (told(&path).await, site.found(STORY).await.len()),
        (json!(STORY), 1)
    );
    assert_eq!(site.found("They talk about hips.").await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_a_deleted_conversation_is_stopped_first_where_it_runs() {
    let site = endless();
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    sse.take(6).await;
    let client = site.client();
    let (deleted, rest) = futures::join!(client.delete(&path), sse.rest());
    assert_eq!(deleted.status.as_u16(), 200);
    let complete = rest.last().unwrap();
    assert_eq!(
        (complete.kind(), complete.text("status")),
        ("complete", "stopped")
    );
    Row::get(404, "CONVERSATION_NOT_FOUND", &path)
        .check(&site.elsewhere())
        .await;
    site.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_a_conversation_that_another_server_deletes_says_no_more() {
    let site = endless();
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    sse.take(6).await;
    assert_eq!(site.elsewhere().delete(&path).await.status.as_u16(), 200);
    let asked_at = site.clock.ms();
    let rest = sse.rest().await;
    assert!(rest.iter().all(|event| event.kind() == "chunk"), "{rest:?}");
    assert!(site.clock.ms() - asked_at <= 1_500);
    site.settled().await;
    Row::get(404, "CONVERSATION_NOT_FOUND", &path)
        .check(&site.client())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_failed_halfway_can_be_repeated() {
    let site = replying(Scene::saying("Sit."));
    let (path, _) = asked(&site, QUESTION).await;
    site.summarize(&path, STORY).await;
    site.records
        .plan("delete", ..=2, Mishap::Fail(Fault::Unavailable));
    Row::new(503, "STORE_UNAVAILABLE", Method::DELETE, &path)
        .check(&site.client())
        .await;
    assert_eq!(site.found(STORY).await.len(), 1);
    Row::new(404, "CONVERSATION_NOT_FOUND", Method::DELETE, &path)
        .check(&site.elsewhere())
        .await;
    assert!(kept_records(&site) == 0 && site.found(STORY).await.is_empty());
}

/// How many records there are beside the ledger, which outlives what it accounts for.
fn kept_records(site: &Site) -> usize {
    site.records
        .inside()
        .dump()
        .iter()
        .filter(|record| record.at.kind != Kind::Usage)
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_was_being_made_goes_with_its_conversation() {
    let site = Site::new(|model| {
        model
            .route(crate::route())
            .reply(Scene::saying("Sit."))
            .extract(after(1_000, summed_up(STORY)))
    });
    let path = site.conversation().await;
    for _ in 0..3 {
        site.settled().await;
        site.client()
            .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
            .await
            .rest()
            .await;
    }
    tokio::time::advance(std::time::Duration::from_millis(500)).await;
    assert_eq!(
        (
            site.client().delete(&path).await.status.as_u16(),
            site.model.calls().summaries
        ),
        (200, 1)
    );
    site.settled().await;
    assert_eq!((kept_records(&site), site.found(STORY).await.len()), (0, 0));
    assert_eq!(site.model.calls().summaries, 1, "and is not made again");
}

#[tokio::test(start_paused = true)]
async fn nobody_deletes_what_is_not_theirs() {
    let site = replying(Scene::saying("Sit."));
    let (path, _) = asked(&site, QUESTION).await;
    Row::new(403, "USER_ID_MISMATCH", Method::DELETE, &path)
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    let namesake = path.replace("ada", "bob");
    Row::new(404, "CONVERSATION_NOT_FOUND", Method::DELETE, namesake)
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    assert_eq!(site.client().get(&path).await.status.as_u16(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_workout_is_gone_from_the_list_and_the_index() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let (_, events) = asked(&site, "I did 5x5 back squats at 100 kg.").await;
    let turn = events[0].text("turnId");
    site.index(RecalledKind::Workout, turn, "heavy back squats")
        .await;
    site.index(RecalledKind::Memory, turn, "likes back squats")
        .await;
    let path = format!("/users/ada/workouts/{turn}");
    Row::new(403, "USER_ID_MISMATCH", Method::DELETE, &path)
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    let namesake = path.replace("ada", "bob");
    Row::new(404, "RECORD_NOT_FOUND", Method::DELETE, namesake)
        .showing(Some(BOB))
        .check(&site.client())
        .await;
    assert_eq!(site.found("heavy").await, [turn]);

    let deleted = site.elsewhere().delete(&path).await;
    assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
    for client in site.both() {
        Row::get(404, "RECORD_NOT_FOUND", &path)
            .check(&client)
            .await;
        Row::new(404, "RECORD_NOT_FOUND", Method::DELETE, &path)
            .check(&client)
            .await;
        assert_eq!(
            client.get("/users/ada/workouts").await.json(),
            json!({ "workouts": [], "nextCursor": null })
        );
    }
    assert_eq!(
        (
            site.found("heavy").await.len(),
            site.found("likes").await.len()
        ),
        (0, 1)
    );
    site.records
        .plan("delete", .., Mishap::Fail(Fault::Unavailable));
    Row::new(503, "STORE_UNAVAILABLE", Method::DELETE, &path)
        .check(&site.client())
        .await;
}
