//! What turns reserve of more than turns, and what they have spent in the end.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::scenes::{self, workout_route};
use coach_tests::{Mishap, Site, conversation_key};
use domain::price::Tokens;
use domain::{Coach, Ending, Fault, Prices, Timestamp, TurnError, TurnEvent, TurnKey};
use futures::future::BoxFuture;
use ports::Allowance::{self, Money};
use ports::{
    Admission, Admitted, AfterTurn, Asking, Clock, Feeds, Following, GRACE, Hold, IfBusy, JobsOf,
    LEASE, MessageStore, NotBegun, Refusal, Stay, Tasks, TurnRules, TurnState, Turns,
    end_if_abandoned, sweep,
};
use rehearsal::{Line, Scene};
use tokio_util::task::TaskTracker;

use crate::usage::prices;

const TOLD: &str = "I did 2x5 back squats at 100 kg today";
const HOUR: Duration = Duration::from_secs(3_600);

struct OnTracker(TaskTracker);

impl Tasks for OnTracker {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }
}

/// The turns of a process of its own over the store of a site.
fn process(site: &Site, prices: Prices) -> Turns {
    let rules = TurnRules {
        limits: domain::Limits::default(),
        deadline: Duration::from_secs(60),
        at_once: 1,
        per_user: 8,
    };
    Turns {
        ports: site.app.ports.clone(),
        feeds: Arc::new(Feeds::default()),
        tasks: Arc::new(OnTracker(site.app.tasks.clone())),
        watch: Arc::new(()),
        rules,
        prices: Arc::new(prices),
    }
}

fn hold(of: Allowance, amount: u64, limit: u64, until: Timestamp) -> Hold {
    Hold {
        of,
        amount,
        limit,
        until,
    }
}

/// A million of the tokens and of the money of this hour, of which there is no more.
fn everything() -> Vec<Hold> {
    let until = in_an_hour();
    [Allowance::Tokens, Money]
        .map(|of| hold(of, 1_000_000, 1_000_000, until))
        .to_vec()
}

fn in_an_hour() -> Timestamp {
    coach_tests::VirtualClock::BEGAN + HOUR
}

fn asking(site: &Site, path: &str, id: &str, holds: Vec<Hold>) -> Asking {
    let now = site.clock.now();
    let admission = Admission {
        turn: TurnKey {
            conversation: conversation_key(path),
            turn: id.parse().unwrap(),
        },
        key: format!("key-{id}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{id}").parse().unwrap(),
        assistant_message: format!("assistant-{id}").parse().unwrap(),
        text: TOLD.into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + LEASE,
        over_by: now + 10 * LEASE,
        kept_until: now + 25 * HOUR,
        holds,
    };
    let coach: Coach = domain::coach::shipped().remove(0);
    Asking {
        admission,
        coach: Arc::new(coach),
        seed: 1,
        arrived: now,
        if_busy: IfBusy::Reject,
        stay: Stay::default(),
    }
}

/// Begins a turn, and returns when this process is done with it.
async fn turn(site: &Site, turns: &Turns, asking: Asking) -> Following {
    let begun = turns.begin(asking).await.unwrap();
    site.settled().await;
    begun
}

/// Whether so much of an allowance counts, and no more: nothing more fits if less is the limit.
async fn counts(site: &Site, of: Allowance, amount: u64) -> bool {
    let path = site.conversation().await;
    let mut answers = Vec::new();
    for limit in [amount - 1, amount] {
        let nothing = hold(of, 0, limit, in_an_hour());
        let admission = asking(site, &path, &format!("probe-{limit}"), vec![nothing]).admission;
        answers.push(site.messages.admit(&admission).await.unwrap());
    }
    let until = in_an_hour();
    answers[0] == Admitted::OverLimit { of, until } && matches!(answers[1], Admitted::New(_))
}

/// How many tokens a turn and its jobs have used.
async fn used(site: &Site, turn: &TurnKey) -> u64 {
    let (record, _) = site.messages.turn(turn, 0).await.unwrap().unwrap();
    let TurnState::Ended(closing) = record.state else {
        panic!("it still runs")
    };
    let jobs = site
        .messages
        .jobs(&JobsOf::Turn(turn.clone()))
        .await
        .unwrap();
    let of_jobs = jobs.iter().flat_map(|job| &job.calls);
    let calls = closing.report.calls.iter().chain(of_jobs);
    calls.map(|call| Tokens::from(&call.usage).sum()).sum()
}

fn site(extract: Vec<Scene>) -> Site {
    Site::new(|model| {
        let model = model
            .route(workout_route())
            .reply(Scene::saying("Well done."));
        extract
            .into_iter()
            .fold(model, |model, scene| model.extract(scene))
    })
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_settled_with_its_last_job_by_whatever_process_does_that() {
    let site = site(vec![Scene::saying("no form at all"), scenes::workout()]);
    let (first, second) = (site.conversation().await, site.conversation().await);
    let stay = Stay {
        after: AfterTurn::TriedOnce,
        until: None,
    };
    let trying_once = |path: &str, id: &str, holds| Asking {
        stay,
        ..asking(&site, path, id, holds)
    };
    let here = process(&site, prices("scripted"));
    let begun = turn(&site, &here, trying_once(&first, "t1", everything()))
        .await
        .opening
        .turn;
    let there = process(&site, prices("scripted"));
    assert!(
        counts(&site, Allowance::Tokens, 1_000_000).await,
        "a job is left"
    );
    assert!(counts(&site, Money, 1_000_000).await, "a job is left");
    let before = used(&site, &begun).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    // Its answers are lost, and so it is asked for more than once.
    let lost = Mishap::LoseAnswer(Fault::TimedOut);
    site.messages.plan("settle_hold", 1..=3, lost);
    turn(&site, &there, trying_once(&second, "t2", vec![])).await;
    let used = used(&site, &begun).await;
    assert!(used > before && before > 0, "{before} and then {used}");
    assert!(site.messages.calls("settle_hold") >= 4);
    assert!(counts(&site, Allowance::Tokens, used).await);
    // Each token costs a millionth of a dollar.
    assert!(counts(&site, Money, used).await);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_settled_by_the_sweep_that_does_its_last_job() {
    let site = site(vec![Scene::saying("no form at all"), scenes::workout()]);
    let path = site.conversation().await;
    let here = process(&site, prices("scripted"));
    let stay = Stay {
        after: AfterTurn::Left,
        until: None,
    };
    let leaves = Asking {
        stay,
        ..asking(&site, &path, "t1", everything())
    };
    let begun = turn(&site, &here, leaves).await.opening.turn;
    assert!(counts(&site, Allowance::Tokens, 1_000_000).await);
    for (again, done) in [(1, 0), (0, 1)] {
        let until = site.clock.now() + HOUR;
        let swept = sweep(&site.app.ports, &prices("scripted"), &(), until).await;
        assert_eq!((swept.again, swept.done, swept.troubles), (again, done, 0));
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    let used = used(&site, &begun).await;
    assert!(counts(&site, Allowance::Tokens, used).await);
    assert!(counts(&site, Money, used).await);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_settled_by_its_own_process_once_nothing_is_left_to_do() {
    for extract in [
        vec![scenes::workout()],
        vec![Scene::saying("no form at all"), scenes::workout()],
    ] {
        let site = site(extract);
        let path = site.conversation().await;
        let here = process(&site, prices("scripted"));
        let begun = turn(&site, &here, asking(&site, &path, "t1", everything()))
            .await
            .opening
            .turn;
        let used = used(&site, &begun).await;
        assert!(counts(&site, Allowance::Tokens, used).await);
        assert!(counts(&site, Money, used).await);
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_price_stays_as_it_was_reserved() {
    let site = site(vec![scenes::workout()]);
    let path = site.conversation().await;
    let here = process(&site, prices("another"));
    let begun = turn(&site, &here, asking(&site, &path, "t1", everything()))
        .await
        .opening
        .turn;
    assert!(counts(&site, Allowance::Tokens, used(&site, &begun).await).await);
    assert!(counts(&site, Money, 1_000_000).await);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_ended_for_its_holder_stays_as_it_was_reserved() {
    let site = Site::new(|model| {
        let slow = (0..9).flat_map(|_| [scenes::say("Well "), scenes::pause(10_000)]);
        model.route(workout_route()).reply(Scene(slow.collect()))
    });
    site.messages
        .plan("checkpoint", 1.., Mishap::Fail(Fault::Unavailable));
    let path = site.conversation().await;
    let here = process(&site, prices("scripted"));
    let begun = here
        .begin(asking(&site, &path, "t1", everything()))
        .await
        .unwrap();
    site.clock
        .sleep_until(site.clock.now() + LEASE + GRACE + Duration::from_secs(1))
        .await;
    let (store, key) = (&*site.messages, &begun.opening.turn);
    assert!(end_if_abandoned(store, &site.clock, key).await.unwrap());
    site.settled().await;
    let told = begun.feed.unwrap().events();
    assert!(
        !matches!(told.last(), Some(TurnEvent::Ended(_))),
        "it was taken"
    );
    assert!(counts(&site, Allowance::Tokens, 1_000_000).await);
    assert!(counts(&site, Money, 1_000_000).await);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_reserves_too_much_is_refused_with_what_and_until_when() {
    let site = site(vec![]);
    let (path, turns) = (site.conversation().await, process(&site, Prices::default()));
    let until = site.clock.now() + HOUR;
    let too_much = || vec![hold(Money, 2, 1, until)];
    let refused = turns.begin(asking(&site, &path, "t1", too_much())).await;
    let NotBegun::Refused(refusal) = refused.unwrap_err() else {
        panic!("not refused")
    };
    assert_eq!(refusal, Refusal::OverLimit { of: Money, until });
    let _place = turns.feeds.reserve(1).unwrap();
    let refused = turns.begin(asking(&site, &path, "t1", too_much())).await;
    assert!(
        matches!(refused.unwrap_err(), NotBegun::Full),
        "a full process says so first"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_turn_had_spent_that_panicked_is_not_known_and_stays_reserved() {
    let site = Site::new(|model| {
        let panics = Scene(vec![Line::Say("Sit ".to_owned()), Line::Panic]);
        model.route(workout_route()).reply(panics)
    });
    let path = site.conversation().await;
    let here = process(&site, prices("scripted"));
    let begun = turn(&site, &here, asking(&site, &path, "t1", everything())).await;
    let events = begun.feed.unwrap().events();
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        panic!("it goes on: {events:?}")
    };
    assert_eq!(closing.ending, Ending::Failed(TurnError::Internal));
    assert!(counts(&site, Allowance::Tokens, 1_000_000).await);
    assert!(counts(&site, Money, 1_000_000).await);
}
