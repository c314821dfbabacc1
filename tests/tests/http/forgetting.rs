//! Forgetting that has to do with other words, with other memories, and with whoever writes at the
//! same time.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Lagging, Mishap, Site, saying};
use domain::memory::{RecalledKind, Tombstone, Trace};
use domain::{Fault, Timestamp, UserScope};
use ports::{Expect, Kind, RecordKey, RecordStore, records};
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, last_prompt, routed, tell};

const MEMORIES: &str = "/users/ada/memories";

/// A site whose router proposes one after another to be remembered, or forgotten where there is
/// nothing.
fn deciding(proposed: &[Option<&str>]) -> Site {
    Site::new(|model| {
        let decided = proposed.iter().fold(model, |model, memory| {
            model.route(routed(*memory, memory.is_none()))
        });
        decided
            .route(routed(None, false))
            .reply(Scene::saying("So be it."))
    })
}

async fn make(site: &Site, content: &str, coach: Option<&str>) -> String {
    let memory = json!({ "content": content, "type": "preference", "coachId": coach });
    let made = site.client().post(MEMORIES, &memory).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    made.header("location").to_owned()
}

async fn contents(site: &Site) -> Vec<String> {
    let listed = site.elsewhere().get(MEMORIES).await.json();
    let contents = listed["memories"].as_array().unwrap().iter();
    contents
        .map(|memory| memory["content"].as_str().unwrap().to_owned())
        .collect()
}

/// What the last turn's jobs have come to.
async fn job(site: &Site, path: &str, turn: &str) -> Value {
    site.elsewhere()
        .get(&format!("{path}/turns/{turn}?wait=jobs"))
        .await
        .json()["jobs"][0]
        .clone()
}

async fn later() {
    tokio::time::advance(Duration::from_secs(1)).await;
}

fn ada() -> UserScope {
    UserScope::verified("ada".parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_was_said_is_left_out_although_its_memory_had_other_words() {
    for (said, memory) in [
        (
            "I can't stand a burpee workout, remember that",
            "The athlete hates every single burpee workout",
        ),
        (
            "正直、バーピーは大嫌いで勘弁してほしい",
            "ユーザーはバーピーが嫌い",
        ),
        ("波比跳太折磨人了", "讨厌波比跳"),
    ] {
        let site = deciding(&[Some(memory), None]);
        let path = site.conversation().await;
        tell(&site, &path, said).await;
        assert_eq!(contents(&site).await, [memory]);
        later().await;
        tell(&site, &path, "Forget that, please").await;
        later().await;
        tell(&site, &path, QUESTION).await;
        assert_eq!(
            (contents(&site).await.len(), kept(&site, Kind::Tombstone)),
            (0, 1)
        );
        let prompt = last_prompt(&site);
        assert!(
            !prompt.contains(said) && prompt.contains("wanted this to be forgotten"),
            "{prompt}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn that_is_what_was_said_again_last_wherever_it_was_said_first() {
    let site = deciding(&[Some("I like hills"), Some("I hate burpees"), None, None]);
    make(&site, "I hate burpees", None).await;
    let path = site.conversation().await;
    for text in [
        "Remember that I like hills",
        "Remember that I hate burpees",
        "Forget that",
    ] {
        later().await;
        tell(&site, &path, text).await;
    }
    assert_eq!(contents(&site).await, ["I like hills"]);
    later().await;
    let events = tell(&site, &path, "Forget that").await;
    let jobs = events.last().unwrap().json["jobs"].to_string();
    assert!(!jobs.contains("forget"), "it is forgotten already: {jobs}");
    assert_eq!(contents(&site).await, ["I like hills"]);
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_is_put_into_forgotten_words_is_meant() {
    let site = deciding(&[]);
    let (burpees, hills) = (
        make(&site, "I hate burpees", None).await,
        make(&site, "I like hills", None).await,
    );
    later().await;
    assert_eq!(site.client().delete(&burpees).await.status.as_u16(), 200);
    later().await;
    let edited = site
        .client()
        .patch(&hills, &json!({ "content": "I hate burpees" }))
        .await;
    assert_eq!(edited.status.as_u16(), 200, "{}", edited.body);
    assert_eq!(site.elsewhere().get(&hills).await.json(), edited.json());
    assert_eq!(
        (contents(&site).await, site.found("burpees").await.len()),
        (vec!["I hate burpees".to_owned()], 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_memory_that_was_named_goes_last_so_that_the_rest_can_be_asked_for_again() {
    for (index_lags, expected) in [(false, (503, 1)), (true, (202, 2))] {
        let mut site = deciding(&[]).frozen_after(Duration::ZERO);
        if index_lags {
            site.app.ports.index = Arc::new(Lagging::after(1));
        } else {
            site.memories
                .plan("delete", 2..=2, Mishap::Fail(Fault::Unavailable));
        }
        let named = make(&site, "I love hills", Some("strength")).await;
        make(&site, "I love the hills", Some("endurance")).await;
        later().await;
        assert_eq!(
            (
                site.client().delete(&named).await.status.as_u16(),
                kept(&site, Kind::Memory)
            ),
            expected
        );
        assert_eq!(
            (
                site.client().delete(&named).await.status.as_u16(),
                kept(&site, Kind::Memory)
            ),
            (200, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_is_forgotten_while_it_is_indexed_is_not_found() {
    let site = deciding(&[]);
    let address = make(&site, "I hate burpees", None).await;
    // It is indexed after the index was found to be without it, and before it leaves the store.
    site.memories
        .plan("upsert", 2..=2, Mishap::Delay(Duration::from_millis(500)));
    site.records
        .plan("delete", 1..=1, Mishap::Delay(Duration::from_millis(1_000)));
    let [here, there] = site.both();
    let tags = json!({ "tags": ["jumps"] });
    let (_, deleted) = futures::join!(here.patch(&address, &tags), there.delete(&address));
    assert_eq!(
        (deleted.status.as_u16(), kept(&site, Kind::Memory)),
        (200, 0)
    );
    assert!(site.found("burpees").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_try_has_left_in_the_index_goes_when_a_later_one_is_refused() {
    let site = deciding(&[Some("I hate burpees")]);
    site.memories
        .plan("upsert", 1..=1, Mishap::Fail(Fault::Unavailable));
    let path = site.conversation().await;
    let sent = saying("Remember that I hate burpees");
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &sent)
        .await
        .rest()
        .await;
    later().await;
    let turn = events[0].text("turnId");
    assert_eq!(
        (
            contents(&site).await.len(),
            site.found("burpees").await.len()
        ),
        (1, 0),
        "it has missed the index"
    );
    assert_eq!(
        site.elsewhere()
            .delete(&format!("{MEMORIES}/{turn}"))
            .await
            .status
            .as_u16(),
        200
    );
    site.index(RecalledKind::Memory, turn, "I hate burpees")
        .await;
    site.settled().await;
    assert_eq!(job(&site, &path, turn).await["state"], "refused");
    assert_eq!(
        (kept(&site, Kind::Memory), site.found("burpees").await.len()),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_workout_that_is_deleted_while_it_is_indexed_is_not_found() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    site.memories
        .plan("upsert", 1..=1, Mishap::Delay(Duration::from_millis(1_500)));
    let path = site.conversation().await;
    let sent = saying("I did 2x5 back squats at 100 kg today");
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &sent)
        .await
        .rest()
        .await;
    later().await;
    assert_eq!(
        (
            kept(&site, Kind::Workout),
            site.found("back squats").await.len()
        ),
        (1, 0)
    );
    let workout = format!("/users/ada/workouts/{}", events[0].text("turnId"));
    assert_eq!(site.elsewhere().delete(&workout).await.status.as_u16(), 200);
    site.settled().await;
    assert_eq!(
        (
            kept(&site, Kind::Workout),
            site.found("back squats").await.len()
        ),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn two_hundred_tombstones_are_looked_at_and_no_more() {
    let site = deciding(&[]);
    let address = make(&site, "I hate burpees", None).await;
    let path = site.conversation().await;
    tell(&site, &path, "I hate burpees, you know").await;
    later().await;
    assert_eq!(site.client().delete(&address).await.status.as_u16(), 200);
    let put = async |n: usize, body: Vec<u8>| {
        let at = RecordKey {
            owner: ada(),
            kind: Kind::Tombstone,
            id: format!("zz-{n:03}").parse().unwrap(),
        };
        site.records
            .put(&at, &body, None, Expect::Absent)
            .await
            .unwrap();
    };
    for n in 0..=199 {
        let (memory_id, trace) = (
            format!("other-{n}").parse().unwrap(),
            Trace::of("something else"),
        );
        put(
            n,
            records::body(&Tombstone {
                memory_id,
                trace,
                forgotten_at: Timestamp(1),
            })
            .unwrap(),
        )
        .await;
        if n == 198 {
            tell(&site, &path, QUESTION).await;
            assert!(
                !last_prompt(&site).contains("burpees"),
                "{}",
                last_prompt(&site)
            );
        }
    }
    tell(&site, &path, QUESTION).await;
    assert!(
        last_prompt(&site).contains("burpees"),
        "more are not looked at"
    );
}
