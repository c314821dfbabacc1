//! Requests that are enclosed by something: an invocation, after which their process may be frozen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coach_tests::scenes::{self, QUESTION, workout_route};
use coach_tests::{Client, Event, Lagging, Site, conversation_key, saying};
use domain::{Fault, Job, JobState, Outcome, Prices};
use http_adapter::Within;
use ports::{Clock, Feed, JobsOf, MessageStore, Shift, Watch};
use rehearsal::Scene;
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::replying;

const TOLD: &str = "I did 2x5 back squats at 100 kg today";
const TRY: Duration = Duration::from_secs(60);

/// A site whose turns leave a job that is asked of these models.
fn site(extract: impl IntoIterator<Item = Scene>) -> Site {
    let said = Scene::saying("Well done.");
    Site::new(|model| {
        let model = model.route(workout_route()).reply(said);
        extract
            .into_iter()
            .fold(model, |model, scene| model.extract(scene))
    })
}

fn within(site: &Site, left: Duration) -> Within {
    Within {
        tasks: TaskTracker::new(),
        until: site.clock.now() + left,
        streams: true,
    }
}

async fn over(within: &Within) {
    within.tasks.close();
    within.tasks.wait().await;
}

async fn ask(client: &Client, path: &str, text: &str) -> Vec<Event> {
    let (address, body) = (format!("{path}/stream"), saying(text));
    client.stream(&address, &[], &body).await.rest().await
}

async fn jobs(site: &Site, path: &str) -> Vec<Job> {
    let of = JobsOf::Conversation(conversation_key(path));
    site.messages.jobs(&of).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_turn_ends_eight_seconds_before_its_process_may_be_frozen_with_what_it_has_said() {
    for (left, ends) in [(30_000, 22_000), (128_000, 120_000), (300_000, 120_000)] {
        let site = replying(Scene::word_by_word(
            &"word ".repeat(200),
            Duration::from_secs(1),
        ));
        let path = site.conversation().await;
        let enclosed = within(&site, Duration::from_millis(left));
        let client = site.client().within(Some(enclosed));
        let events = ask(&client, &path, QUESTION).await;
        let complete = events.last().unwrap();
        let told = (complete.text("status"), complete.at);
        assert_eq!(told, ("deadline", ends), "of {left} ms");
        let messages = site.elsewhere().get(&format!("{path}/messages")).await;
        let said = messages.json().to_string();
        assert!(said.contains("word word word"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_tries_its_jobs_once_and_what_is_answered_whole_leaves_them() {
    for (route, streams, expected) in [
        ("stream", true, 1),
        ("stream", false, 0),
        ("send-message", true, 0),
        ("send-message", false, 0),
    ] {
        let site = site([Scene::failing(Fault::Unavailable)]);
        let path = site.conversation().await;
        let enclosed = Within {
            streams,
            ..within(&site, Duration::from_secs(900))
        };
        let client = site.client().within(Some(enclosed.clone()));
        let address = format!("{path}/{route}");
        let answer = client.post(&address, &saying(TOLD)).await;
        assert_eq!(answer.status.as_u16(), 200);
        over(&enclosed).await;
        let [job] = &jobs(&site, &path).await[..] else {
            panic!("one job is left")
        };
        let tried = (job.attempts, site.model.calls().extractions);
        assert_eq!(tried, (expected, expected as usize), "{route} {streams}");
        assert!(matches!(job.state, JobState::Due(_)), "{:?}", job.state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_tried_only_if_a_whole_try_fits_before_its_process_may_be_frozen() {
    let ended = {
        let site = site([scenes::workout()]);
        let path = site.conversation().await;
        let began = site.clock.now();
        ask(&site.client(), &path, TOLD).await;
        site.clock.now().since(began)
    };
    for (left, tried) in [
        (ended + TRY, true),
        (ended + TRY - Duration::from_millis(1), false),
    ] {
        let site = site([scenes::workout()]);
        let path = site.conversation().await;
        let enclosed = within(&site, left);
        ask(&site.client().within(Some(enclosed.clone())), &path, TOLD).await;
        over(&enclosed).await;
        assert_eq!(site.model.calls().extractions, usize::from(tried));
        let [job] = &jobs(&site, &path).await[..] else {
            panic!("one job is left")
        };
        assert_eq!(job.state.due().is_none(), tried, "{:?}", job.state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_earlier_turns_have_left_is_claimed_only_if_a_whole_try_fits() {
    let site = site([scenes::workout()]);
    let path = site.conversation().await;
    let enclosed = within(&site, Duration::from_secs(900));
    let client = site.client().within(Some(enclosed));
    client
        .post(&format!("{path}/send-message"), &saying(TOLD))
        .await;
    for (left, tried) in [(49, 0), (60, 1)] {
        let thanks = site.conversation().await;
        let enclosed = within(&site, Duration::from_secs(left));
        let client = site.client().within(Some(enclosed.clone()));
        ask(&client, &thanks, "thanks!").await;
        over(&enclosed).await;
        assert_eq!(site.model.calls().extractions, tried, "{left} s");
        assert_eq!(jobs(&site, &path).await[0].attempts as usize, tried);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_runs_where_its_request_says_and_nothing_of_it_on_the_tracker_of_the_app() {
    let site = site([scenes::after(20_000, scenes::workout())]);
    let path = site.conversation().await;
    let enclosed = within(&site, Duration::from_secs(900));
    let client = site.client().within(Some(enclosed.clone()));
    ask(&client, &path, TOLD).await;
    assert_eq!((enclosed.tasks.len(), site.app.tasks.len()), (1, 0));
    over(&enclosed).await;
    assert_eq!(jobs(&site, &path).await[0].state.due(), None);
    // And a request that nothing encloses, in the same process, on that of the app.
    ask(&site.client(), &path, TOLD).await;
    assert_eq!((enclosed.tasks.len(), site.app.tasks.len()), (0, 1));
    site.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_goes_on_where_its_request_says_as_long_as_a_try_fits() {
    for (left, goes_on) in [(900, true), (49, false)] {
        let mut site = Site::new(|model| model);
        site.app.ports.index = Arc::new(Lagging::after(2));
        let memory = json!({ "content": "I hate burpees", "type": "preference" });
        let made = site.client().post("/users/ada/memories", &memory).await;
        let address = made.header("location").to_owned();
        let enclosed = within(&site, Duration::from_secs(left));
        let client = site.client().within(Some(enclosed.clone()));
        assert_eq!(client.delete(&address).await.status.as_u16(), 202);
        assert_eq!((enclosed.tasks.len(), site.app.tasks.len()), (1, 0));
        over(&enclosed).await;
        // There is nothing left to ask for, or it has to be asked for again.
        let asked_again = client.delete(&address).await.status.as_u16();
        assert_eq!(asked_again == 404, goes_on, "{asked_again}");
        over(&enclosed).await;
    }
}

/// Hears of tries: which it was, and what it came to.
#[derive(Default)]
struct Tries(Mutex<Vec<(u32, JobState)>>);

impl Watch for Tries {
    fn ended(&self, _: &Feed) {}

    fn settled(&self, job: &Job, outcome: &Outcome) {
        let came_to = (job.attempts, outcome.clone().into());
        self.0.lock().unwrap().push(came_to);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_sees_jobs_through_waits_for_no_try_that_would_not_fit_and_tells_of_each() {
    let site = site([Scene::failing(Fault::Unavailable)]);
    let path = site.conversation().await;
    let client = site.client().within(Some(within(&site, TRY * 10)));
    let address = format!("{path}/send-message");
    client.post(&address, &saying(TOLD)).await;
    let turn = jobs(&site, &path).await.remove(0).turn;
    let (began, watch) = (site.clock.now(), Tries::default());
    let shift = Shift {
        ports: &site.app.ports,
        prices: &Prices::default(),
        watch: &watch,
        until: Some(began + TRY + Duration::from_secs(13)),
    };
    shift.see_through(&turn).await;
    // Tries follow after 2, 4 and 8 s, of which the last would not fit.
    let [at_2, at_6, at_14] = [2, 6, 14].map(|s| JobState::Due(began + Duration::from_secs(s)));
    assert_eq!(site.clock.now(), began + Duration::from_secs(6));
    let tries = watch.0.into_inner().unwrap();
    assert_eq!(tries, [(1, at_2), (2, at_6), (3, at_14.clone())]);
    assert_eq!(jobs(&site, &path).await[0].state, at_14);
}
