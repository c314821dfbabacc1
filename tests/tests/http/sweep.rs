//! What a sweep does for all users, in virtual time.

use std::time::Duration;

use coach_tests::scenes::{self, QUESTION, workout_route};
use coach_tests::{ADA, BOB, CLEO, Mishap, Site, conversation_key, saying};
use domain::conversation::PartKind;
use domain::{
    ConversationKey, Ending, Fault, Job, Prices, Said, Timestamp, TurnError, TurnEvent, TurnKey,
};
use http_adapter::Within;
use ports::{
    Admission, Admitted, Begun, Checkpoint, Clock, JobsOf, LEASE, MessageStore, Swept, TurnState,
    sweep,
};
use rehearsal::Scene;

const TOLD: &str = "I did 2x5 back squats at 100 kg today";
const AN_HOUR: Duration = Duration::from_hours(1);

/// A site on which so many turns have left a job each to a sweep, which is asked of these models.
async fn left(turns: usize, extract: impl IntoIterator<Item = Scene>) -> Site {
    let site = Site::new(|model| {
        let model = model
            .route(workout_route())
            .reply(Scene::saying("Well done."));
        extract
            .into_iter()
            .fold(model, |model, scene| model.extract(scene))
    });
    let within = Within {
        tasks: site.app.tasks.clone(),
        until: site.clock.now() + AN_HOUR,
        streams: true,
    };
    for user in [ADA, BOB, CLEO].iter().cycle().take(turns) {
        let path = site.conversation_of(user, "strength").await;
        let client = site.client().showing(Some(user));
        let client = client.within(Some(within.clone()));
        let answer = client
            .post(&format!("{path}/send-message"), &saying(TOLD))
            .await;
        assert_eq!(answer.status.as_u16(), 200);
    }
    site.settled().await;
    site
}

/// A sweep by a process of its own that has so much time.
async fn swept(site: &Site, time: Duration) -> Swept {
    let until = site.clock.now() + time;
    sweep(&site.app.ports, &Prices::default(), &(), until).await
}

async fn jobs(site: &Site) -> Vec<Job> {
    site.messages.jobs(&JobsOf::Anyone).await.unwrap()
}

async fn open(site: &Site) -> usize {
    let jobs = jobs(site).await;
    let open = jobs.iter().filter(|job| job.state.due().is_some());
    open.count()
}

/// A turn in a conversation of its own that was to be over by then, and that has said something,
/// as long as the lease of whoever drives it runs.
async fn running(site: &Site, over_by: Timestamp, lease_until: Timestamp) -> (TurnKey, Begun) {
    let path = site.conversation().await;
    let conversation: ConversationKey = conversation_key(&path);
    let id = conversation.conversation.as_str();
    let now = site.clock.now();
    let admission = Admission {
        turn: TurnKey {
            turn: format!("t-{id}").parse().unwrap(),
            conversation: conversation.clone(),
        },
        key: format!("k-{id}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("u-{id}").parse().unwrap(),
        assistant_message: format!("a-{id}").parse().unwrap(),
        text: QUESTION.into(),
        sent: None,
        zone: None,
        now,
        lease_until,
        over_by,
        kept_until: now + 25 * AN_HOUR,
        holds: Vec::new(),
    };
    let Admitted::New(begun) = site.messages.admit(&admission).await.unwrap() else {
        panic!("{id} was not admitted")
    };
    let said = TurnEvent::Said(Said {
        kind: PartKind::Reply,
        stage: None,
        text: "Sit betw".into(),
    });
    let checkpoint = Checkpoint {
        turn: admission.turn.clone(),
        fence: begun.fence,
        from: 0,
        events: vec![TurnEvent::Started, said],
        lease_until,
    };
    site.messages.checkpoint(&checkpoint).await.unwrap();
    (admission.turn, begun)
}

async fn state(site: &Site, turn: &TurnKey) -> (TurnState, Vec<TurnEvent>) {
    let (record, events) = site.messages.turn(turn, 0).await.unwrap().unwrap();
    (record.state, events)
}

#[tokio::test(start_paused = true)]
async fn two_sweeps_at_once_do_each_job_of_anyone_once() {
    let slow = || scenes::after(10_000, scenes::workout());
    let site = left(20, (0..20).map(|_| slow())).await;
    assert_eq!((open(&site).await, site.model.calls().extractions), (20, 0));
    let (one, other) = futures::join!(swept(&site, AN_HOUR), swept(&site, AN_HOUR));
    assert!(one.done >= 8 && other.done >= 8, "{one:?} {other:?}");
    let all = one + other;
    let expected = Swept {
        done: 20,
        ..Swept::default()
    };
    assert_eq!(all, expected);
    assert_eq!((open(&site).await, site.model.calls().extractions), (0, 20));
    assert!(jobs(&site).await.iter().all(|job| job.attempts == 1));
    assert_eq!(swept(&site, AN_HOUR).await, Swept::default());
}

#[tokio::test(start_paused = true)]
async fn eight_jobs_are_tried_at_once_and_none_of_which_no_whole_try_fits() {
    let slow = || scenes::after(10_000, scenes::workout());
    let site = left(20, (0..20).map(|_| slow())).await;
    // Tries begin now, in 10 s and, were there time for them, in 20 s.
    let began = site.clock.now();
    let swept_now = swept(&site, Duration::from_secs(70)).await;
    assert_eq!((swept_now.done, open(&site).await), (16, 4));
    assert_eq!(site.clock.now().since(began), Duration::from_secs(20));
    let untouched = jobs(&site).await;
    let untouched = untouched.iter().filter(|job| job.attempts == 0);
    assert_eq!(untouched.count(), 4, "what is not tried is not claimed");
    assert_eq!(
        swept(&site, Duration::from_secs(59)).await,
        Swept::default()
    );
    assert_eq!(swept(&site, Duration::from_secs(60)).await.done, 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_try_came_to_is_counted_and_one_that_is_due_later_is_left() {
    let refusal = r#"{ "refusal": "plan", "confidence": 1 }"#;
    let failing = || Scene::failing(Fault::Unavailable);
    let site = left(2, [failing(), Scene::saying(refusal), failing()]).await;
    let first = swept(&site, AN_HOUR).await;
    assert_eq!(
        (first.again, first.refused + first.dead + first.done),
        (1, 1)
    );
    assert_eq!(swept(&site, AN_HOUR).await, Swept::default());
    for (pause, dead) in [(2, 0), (4, 0), (8, 0), (16, 1)] {
        tokio::time::advance(Duration::from_secs(pause)).await;
        let later = swept(&site, AN_HOUR).await;
        assert_eq!((later.again, later.dead), (1 - dead, dead), "{pause} s");
    }
    assert_eq!(open(&site).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_process_died_in_mid_reply_is_ended_and_a_driven_one_goes_on() {
    let site = Site::new(|model| {
        let slow = Scene::word_by_word(&"word ".repeat(60), Duration::from_secs(1));
        model.route(crate::route()).reply(slow)
    });
    let soon = site.clock.now() + Duration::from_secs(10);
    let (lost, _) = running(&site, soon, site.clock.now() + LEASE).await;
    let (late, fence) = running(&site, soon, site.clock.now() + AN_HOUR).await;
    let path = site.conversation().await;
    let client = site.client();
    let follows = async {
        let body = saying(QUESTION);
        let mut sse = client.stream(&format!("{path}/stream"), &[], &body).await;
        sse.rest().await
    };
    let sweeps = async {
        // Its time is over, and its lease is not.
        site.clock.sleep_until(soon).await;
        assert_eq!(swept(&site, AN_HOUR).await, Swept::default());
        let gone = site.clock.now() + Duration::from_secs(20);
        site.clock.sleep_until(gone).await;
        let two = futures::join!(swept(&site, AN_HOUR), swept(&site, AN_HOUR));
        assert_eq!(two.0.turns + two.1.turns, 1, "{two:?}");
        assert_eq!(two.0.troubles + two.1.troubles, 0);
    };
    let (events, ()) = futures::join!(follows, sweeps);
    assert_eq!(events.last().unwrap().text("status"), "finished");
    let (TurnState::Ended(closing), events) = state(&site, &lost).await else {
        panic!("it still runs")
    };
    assert_eq!(closing.ending, Ending::Failed(TurnError::ProducerLost));
    assert_eq!(events.len(), 3, "what it had said is kept");
    let lease_until = coach_tests::VirtualClock::BEGAN + AN_HOUR;
    let runs = TurnState::Running {
        fence: fence.fence,
        lease_until,
    };
    assert_eq!(state(&site, &late).await.0, runs);
}

#[tokio::test(start_paused = true)]
async fn turns_that_are_overdue_and_driven_hide_none_that_are_not() {
    let site = Site::new(|model| model);
    let now = site.clock.now();
    for number in 0..30 {
        running(&site, Timestamp(now.0 + number), now + AN_HOUR).await;
    }
    let over_by = now + Duration::from_secs(1);
    for _ in 0..30 {
        running(&site, over_by, now + LEASE).await;
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    // Not one, if there is no time to end it.
    assert_eq!(swept(&site, Duration::from_secs(7)).await, Swept::default());
    assert_eq!(swept(&site, AN_HOUR).await.turns, 30);
    assert_eq!(swept(&site, AN_HOUR).await, Swept::default());
}

/// Lets the next call of a method fail.
fn fails_once(site: &Site, method: &'static str) {
    let next = site.messages.calls(method) + 1;
    let fails = Mishap::Fail(Fault::Unavailable);
    site.messages.plan(method, next..=next, fails);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_a_store_costs_its_step_and_is_counted() {
    let site = left(3, [scenes::workout()]).await;
    let now = site.clock.now();
    for _ in 0..2 {
        running(&site, now, now + LEASE).await;
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    for method in ["overdue", "claim_jobs", "settle_job"] {
        fails_once(&site, method);
    }
    let first = swept(&site, AN_HOUR).await;
    assert_eq!((first.turns, first.done, first.troubles), (2, 2, 3));
    // The job whose outcome could not be noted was done, and is once its claim has run out.
    tokio::time::advance(Duration::from_secs(60)).await;
    let second = swept(&site, AN_HOUR).await;
    assert_eq!((second.done, second.troubles), (1, 0));
    assert_eq!(open(&site).await, 0);

    let now = site.clock.now();
    for _ in 0..2 {
        running(&site, now, now + LEASE).await;
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    fails_once(&site, "turn");
    for (turns, troubles) in [(1, 1), (1, 0)] {
        let third = swept(&site, AN_HOUR).await;
        assert_eq!((third.turns, third.troubles), (turns, troubles));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_asked_three_times_and_left_alone() {
    for mishap in [Mishap::Fail(Fault::Unavailable), Mishap::Hang] {
        let site = left(1, [scenes::workout()]).await;
        for method in ["overdue", "claim_jobs"] {
            site.messages.plan(method, .., mishap);
        }
        let calls = site.messages.all_calls();
        let expected = Swept {
            troubles: 6,
            ..Swept::default()
        };
        assert_eq!(swept(&site, AN_HOUR).await, expected);
        assert_eq!(site.messages.all_calls() - calls, 6);
    }
}
