//! What turns leave behind: tried again, given up, taken on by later turns.

use coach_tests::scenes::{self, workout_route};
use coach_tests::{Event, Site, saying};
use domain::Fault;
use in_memory::Scene;
use serde_json::{Value, json};

const TOLD: &str = "I did 2x5 back squats at 100 kg today";

fn site(extract: impl IntoIterator<Item = Scene>) -> Site {
    Site::new(|model| {
        let model = model.route(workout_route()).reply(Scene::saying("Well done."));
        extract.into_iter().fold(model, |model, scene| model.extract(scene))
    })
}

async fn tell(site: &Site, path: &str) -> Vec<Event> {
    site.client().stream(&format!("{path}/stream"), &[], &saying(TOLD)).await.rest().await
}

async fn jobs(site: &Site, path: &str) -> Vec<Value> {
    let answers = site.both().map(|client| async move { client.get(&format!("{path}/jobs")).await.json() });
    let [here, there]: [Value; 2] = futures::future::join_all(answers).await.try_into().unwrap();
    assert_eq!(here, there);
    here["jobs"].as_array().unwrap().clone()
}

async fn workouts(site: &Site) -> usize {
    site.client().get("/users/ada/workouts").await.json()["workouts"].as_array().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_is_tried_again_with_growing_pauses_until_it_is_done() {
    let failing = || Scene::failing(Fault::Unavailable);
    let site = site([failing(), failing(), failing(), scenes::workout()]);
    let path = site.conversation().await;
    tell(&site, &path).await;
    let ended = site.clock.ms();
    assert_eq!(workouts(&site).await, 0);
    let waiting = jobs(&site, &path).await;
    assert_eq!((&waiting[0]["kind"], &waiting[0]["turnId"].is_string()), (&json!("workout"), &true));
    site.settled().await;
    assert_eq!((site.clock.ms() - ended, site.model.calls().extractions), (2_000 + 4_000 + 8_000, 4));
    assert_eq!((workouts(&site).await, jobs(&site, &path).await.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_five_times_is_kept_as_a_dead_letter() {
    for extraction in [Scene::failing(Fault::Unavailable), Scene::saying("no form at all")] {
        let site = site([extraction]);
        let path = site.conversation().await;
        let events = tell(&site, &path).await;
        site.settled().await;
        let dead = jobs(&site, &path).await;
        assert_eq!((&dead[0]["state"], &dead[0]["attempts"]), (&json!("dead"), &json!(5)));
        assert!(dead[0]["reason"].is_string());
        assert_eq!((site.model.calls().extractions, workouts(&site).await), (5, 0));
        let turn = format!("{path}/turns/{}?wait=jobs", events[0].text("turnId"));
        let turn = site.elsewhere().get(&turn).await.json();
        assert_eq!((&turn["state"], turn["jobs"][0]["state"].as_str()), (&json!("completed"), Some("dead")));
        let extractions = turn["usage"]["calls"].as_array().unwrap().iter().filter(|call| call["kind"] == "extraction");
        assert_eq!(extractions.count(), 5, "each try has its call");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_process_leaves_over_is_taken_on_by_the_users_next_turns() {
    let failing = || Scene::failing(Fault::Unavailable);
    let site = site([failing(), failing(), failing(), failing(), scenes::workout()])
        .set(|settings| settings.sees_jobs_through = false);
    let mut paths = Vec::new();
    for _ in 0..4 {
        paths.push(site.conversation().await);
        tell(&site, paths.last().unwrap()).await;
        site.settled().await;
    }
    assert_eq!((workouts(&site).await, site.model.calls().extractions), (0, 4), "each was tried once");
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let path = site.conversation().await;
    let thanks = site.elsewhere().stream(&format!("{path}/stream"), &[], &saying("thanks!")).await.rest().await;
    assert_eq!(thanks.last().unwrap().kind(), "complete");
    site.settled().await;
    assert_eq!((workouts(&site).await, site.model.calls().extractions), (3, 7), "a turn takes on three");
}
