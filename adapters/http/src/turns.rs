//! Saying something, and following what comes of it.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::{
    Closing, Coach, ConversationKey, Ending, JobState, MessageId, Opening, Task, Timestamp, TurnEvent, TurnId, TurnKey,
};
use futures::stream;
use futures::{StreamExt, TryStreamExt};
use ports::{
    Admission, Admitting, Begun, Feed, Frame, Hold, IfBusy, JobsOf, LEASE, Place, Refusal, TurnRecord, TurnState,
    admit, charge, count_uses, drive, end_if_abandoned, follow, opening, pages, see_through, work_off,
};
use tracing::{Instrument, info, warn};
use uuid::{ContextV7, Uuid};

use crate::call::{Answer, Call, json};
use crate::code::{Code, Problem};
use crate::events::Encoder;
use crate::request::{TurnRequest, after, place};
use crate::routes::insert;
use crate::shapes::StopStatus;
use crate::{conversations, library, shapes, sse};

/// How long an idempotency key stands, and its turn can be replayed.
const KEY: Duration = Duration::from_secs(25 * 3_600);

/// How long a turn's hold counts after its deadline, should nobody end it.
const HOLD: Duration = Duration::from_secs(30);

/// How long a request to stop waits for the end, and how often it looks.
const STOP: (Duration, Duration) = (Duration::from_millis(1_500), Duration::from_millis(100));

/// How far back the message of a turn that was forgotten is looked for.
const MESSAGES: usize = 200;

/// How long a look at a turn waits for its jobs, and how often it looks.
const WAIT: (Duration, Duration) = (Duration::from_secs(10), Duration::from_millis(100));

/// `POST {conv}/stream`
pub(crate) async fn stream(call: Call) -> Answer {
    let following = begin(&call).await?;
    Ok(streamed(&call, following, 0))
}

/// `POST {conv}/send-message`: the same turn, told at its end.
pub(crate) async fn send(call: Call) -> Answer {
    let following = begin(&call).await?;
    let encoder = encoder(&call, &following);
    let mut frames = frames(&call, following, 0);
    while let Some(frame) = frames.next().await {
        let Frame::Ended(_, closing, reply) = frame else { continue };
        if let Ending::Failed(error) = closing.ending {
            let turn = encoder.opening.turn.turn.as_str();
            return Err(Problem::from(Code::from(error)).with("turnId", turn));
        }
        return json(StatusCode::OK, &encoder.completed(&closing, reply.as_ref()));
    }
    Err(Code::StoreUnavailable.into())
}

/// `GET {conv}/stream`
pub(crate) async fn resume(call: Call) -> Answer {
    let conversation = call.conversation()?;
    let named = call.query("turnId").map(|turn| turn.parse::<TurnId>()).transpose().map_err(|_| Code::InvalidId)?;
    let last = call.header("last-event-id").and_then(place);
    let turn = match named.or_else(|| last.as_ref().map(|(turn, _)| turn.clone())) {
        Some(turn) => turn,
        None => match conversations::current(&call, &conversation).await?.active {
            Some(turn) => turn,
            None => return json(StatusCode::OK, &shapes::NothingRuns { active_turn_id: () }),
        },
    };
    let place = last.filter(|(of, _)| *of == turn).map(|(_, from)| from);
    let from = call.query("after").as_deref().and_then(after).or(place).unwrap_or(0);
    let following = attach(&call, TurnKey { conversation, turn }).await?;
    Ok(streamed(&call, following, from))
}

/// `GET {conv}/turns/{turnId}`
pub(crate) async fn read(call: Call) -> Answer {
    let key = call.turn()?;
    let (store, clock) = (&*call.app.ports.messages, &*call.app.ports.clock);
    let waits = call.word("wait", &[("jobs", true)])?.is_some();
    let until = clock.now() + WAIT.0;
    end_if_abandoned(store, clock, &key).await?;
    loop {
        let (opening, record) = look_up(&call, &key).await?;
        let jobs = call.answered(store.jobs(&JobsOf::Turn(key.clone()))).await?;
        let over = matches!(record.state, TurnState::Ended(_))
            && !jobs.iter().any(|job| matches!(job.state, JobState::Due(_) | JobState::Claimed(_)));
        if over || !waits || clock.now() >= until {
            return json(StatusCode::OK, &shapes::Turn::new(&opening, &record, &jobs, &call.app.settings.prices));
        }
        clock.sleep_until(clock.now() + WAIT.1).await;
    }
}

/// `POST {conv}/turns/{turnId}/stop`: at once in the process that runs the turn, by its next
/// checkpoint in another.
pub(crate) async fn stop(call: Call) -> Answer {
    let key = call.turn()?;
    let (store, clock) = (&*call.app.ports.messages, &*call.app.ports.clock);
    end_if_abandoned(store, clock, &key).await?;
    let found = call.answered(store.ask_stop(&key)).await?.ok_or(Code::TurnNotFound)?;
    if let TurnState::Ended(_) = found {
        return json(StatusCode::OK, &shapes::Stop { status: StopStatus::AlreadyFinished });
    }
    if let Some(feed) = call.app.feeds.find(&key) {
        feed.ask_stop();
    }
    let until = clock.now() + STOP.0;
    while clock.now() < until {
        clock.sleep_until(clock.now() + STOP.1).await;
        let (record, _) = call.answered(store.turn(&key, usize::MAX)).await?.ok_or(Code::TurnNotFound)?;
        if let TurnState::Ended(closing) = record.state {
            let stopped = closing.ending == Ending::Stopped;
            let status = if stopped { StopStatus::Stopped } else { StopStatus::AlreadyFinished };
            return json(StatusCode::OK, &shapes::Stop { status });
        }
    }
    json(StatusCode::ACCEPTED, &shapes::Stop { status: StopStatus::Stopping })
}

/// Stops a turn if it runs here, and waits a little for its end.
pub(crate) async fn stop_here(call: &Call, turn: &TurnKey) {
    let clock = &*call.app.ports.clock;
    let until = clock.now() + STOP.0;
    while let Some(feed) = call.app.feeds.find(turn).filter(|_| clock.now() < until) {
        feed.ask_stop();
        clock.sleep_until(clock.now() + STOP.1).await;
    }
}

/// After what time a turn has ended, or nobody drives it.
pub(crate) fn longest(call: &Call) -> Duration {
    call.app.settings.deadline + HOLD
}

/// A conversation that has no time for anything else: what runs in it, and where that can be followed.
pub(crate) fn busy(call: &Call, turn: &TurnKey) -> Problem {
    let url = format!("{}/stream?turnId={}", call.conversation_path(&turn.conversation), turn.turn);
    Problem::from(Refusal::Busy(turn.turn.clone())).with("resumeUrl", url)
}

/// A turn to look at, here or in the store.
struct Following {
    opening: Opening,
    feed: Option<Arc<Feed>>,
    resumed: bool,
}

/// Takes in a message, and lets its turn begin; or finds the turn that it began before.
async fn begin(call: &Call) -> Result<Following, Problem> {
    let request = TurnRequest::parse(&call.body, call.header("idempotency-key"))?;
    let conversation = call.conversation()?;
    let coach = match library::find_coach(call, &conversation.coach).await {
        Err(problem) if problem.code == Code::CoachConfigNotFound => {
            return find_again(call, &request, conversation, problem).await;
        }
        found => found?,
    };
    let app = &call.app;
    let now = app.ports.clock.now();
    // Before anything is stored: what is admitted must find a place.
    let place = app.feeds.reserve(app.settings.turns_at_once);
    let turn_uuid = fresh(now);
    let turn = TurnKey { conversation, turn: id(turn_uuid)? };
    let admission = Admission {
        key: request.key(&turn.conversation, &turn.turn),
        body: request.body_hash(),
        user_message: id(fresh(now))?,
        assistant_message: id(fresh(now))?,
        text: request.text.clone(),
        sent: request.sent,
        zone: request.zone.clone(),
        now,
        lease_until: now + LEASE,
        kept_until: now + KEY,
        hold: Some(Hold {
            amount: 1,
            // In a full process nothing may begin, but what began before is found again.
            limit: if place.is_some() { app.settings.turns_per_user } else { 0 },
            until: call.arrived + longest(call),
        }),
        turn,
    };
    // On a task of its own: a client that leaves meanwhile must not leave a turn that nobody drives.
    let (call, if_busy, seed) = (call.clone(), request.if_busy, turn_uuid.as_u64_pair().1);
    let taken_in = async move { take_in(&call, &admission, if_busy, coach, place, seed).await };
    app.tasks.spawn(taken_in.in_current_span()).await.map_err(|_| Code::Internal)?
}

/// Finds the turn that a request began before its coach was deleted: nobody else begins one.
async fn find_again(
    call: &Call,
    request: &TurnRequest,
    conversation: ConversationKey,
    gone: Problem,
) -> Result<Following, Problem> {
    let (store, clock) = (&*call.app.ports.messages, &*call.app.ports.clock);
    let now = clock.now();
    let turn = TurnKey { conversation: conversation.clone(), turn: fresh_id(now)? };
    let admission = Admission {
        key: request.key(&conversation, &turn.turn),
        body: request.body_hash(),
        user_message: fresh_id(now)?,
        assistant_message: fresh_id(now)?,
        text: request.text.clone(),
        sent: request.sent,
        zone: request.zone.clone(),
        now,
        lease_until: now,
        kept_until: now,
        hold: Some(Hold { amount: 1, limit: 0, until: now }),
        turn,
    };
    match admit(store, clock, &admission, IfBusy::Reject).await {
        Ok(Admitting::Follow(turn)) => attach(call, TurnKey { conversation, turn }).await,
        Err(refusal @ (Refusal::Mismatch | Refusal::Store(_))) => Err(refusal.into()),
        Ok(Admitting::Begin(_)) | Err(_) => Err(gone),
    }
}

async fn take_in(
    call: &Call,
    admission: &Admission,
    if_busy: IfBusy,
    coach: Arc<Coach>,
    place: Option<Place>,
    seed: u64,
) -> Result<Following, Problem> {
    let conversation = &admission.turn.conversation;
    match admit(&*call.app.ports.messages, &*call.app.ports.clock, admission, if_busy).await {
        Ok(Admitting::Begin(begun)) => {
            // It is admitted, so it is driven: a full process has asked for a hold that nobody gets.
            let place = place.or_else(|| call.app.feeds.reserve(usize::MAX)).ok_or(Code::Internal)?;
            Ok(start(call, admission, begun, coach, place, seed))
        }
        Ok(Admitting::Follow(turn)) => attach(call, TurnKey { conversation: conversation.clone(), turn }).await,
        Err(Refusal::OverLimit) if admission.hold.is_some_and(|hold| hold.limit == 0) => Err(Code::Overloaded.into()),
        Err(Refusal::Busy(turn)) => Err(busy(call, &TurnKey { conversation: conversation.clone(), turn })),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Lets an admitted turn run, whether or not anybody stays to see it.
fn start(
    call: &Call,
    admission: &Admission,
    begun: Begun,
    coach: Arc<Coach>,
    mut place: Place,
    seed: u64,
) -> Following {
    let app = call.app.clone();
    let opening = admission.opening(begun.number);
    let feed = place.open(opening.clone());
    let deadline = call.arrived + app.settings.deadline;
    let task = Task { opening: opening.clone(), fence: begun.fence, coach, seed, asked: call.arrived, deadline };
    let (driven, limits) = (feed.clone(), app.settings.limits);
    let driving = async move {
        let turn = task.opening.turn.clone();
        let user = &turn.conversation.user;
        let mut calls = drive(task, limits, &app.ports, &driven).await;
        drop(place);
        let closing = log(&turn, &driven);
        let report = closing.as_ref().map(|closing| &closing.report);
        calls.extend(report.iter().flat_map(|report| report.calls.iter().cloned()));
        // What was asked on the way was asked, also if the turn was taken from this process.
        charge(&app.ports, user, &calls).await;
        if let Some(context) = report.and_then(|report| report.context.as_ref()) {
            count_uses(&app.ports, user, &context.memories).await;
        }
        if app.settings.sees_jobs_through {
            see_through(&app.ports, &turn).await;
        } else {
            work_off(&app.ports, &turn).await;
        }
    };
    call.app.tasks.spawn(driving.in_current_span());
    Following { opening, feed: Some(feed), resumed: false }
}

/// Finds a turn that runs, or ran, here or elsewhere.
async fn attach(call: &Call, turn: TurnKey) -> Result<Following, Problem> {
    if let Some(feed) = call.app.feeds.find(&turn) {
        return Ok(Following { opening: feed.opening().clone(), feed: Some(feed), resumed: true });
    }
    let (opening, _) = look_up(call, &turn).await?;
    Ok(Following { opening, feed: None, resumed: true })
}

/// Reads a turn from the store; one whose log is no longer kept has left its messages.
async fn look_up(call: &Call, turn: &TurnKey) -> Result<(Opening, TurnRecord), Problem> {
    let store = &*call.app.ports.messages;
    let expired = |message: &MessageId| Problem::from(Code::TurnExpired).with("messageId", message.as_str());
    if let Some((opening, record)) = call.answered(opening(store, turn)).await? {
        let over = matches!(record.state, TurnState::Ended(_)) && call.app.ports.clock.now() >= record.kept_until;
        return if over { Err(expired(&record.assistant_message)) } else { Ok((opening, record)) };
    }
    let mut pages = pin!(pages(store, &turn.conversation, None, MESSAGES));
    while let Some(page) = call.answered(pages.try_next()).await? {
        if let Some(left) = page.iter().find(|message| message.turn == turn.turn) {
            return Err(expired(&left.id));
        }
    }
    Err(Code::TurnNotFound.into())
}

fn encoder(call: &Call, following: &Following) -> Encoder {
    let settings = &call.app.settings;
    Encoder {
        opening: following.opening.clone(),
        resumed: following.resumed,
        heartbeat: settings.heartbeat,
        contextual_as_chunk: settings.contextual_as_chunk,
        prices: settings.prices.clone(),
    }
}

fn frames(call: &Call, following: Following, from: usize) -> stream::BoxStream<'static, Frame> {
    let ports = &call.app.ports;
    follow(ports.messages.clone(), ports.clock.clone(), following.opening, following.feed, from)
}

fn streamed(call: &Call, following: Following, from: usize) -> Response {
    let encoder = encoder(call, &following);
    let turn = following.opening.turn.clone();
    let start = encoder.start(from);
    let rest = frames(call, following, from).map(move |frame| encoder.encode(&frame));
    let texts = stream::iter([start]).chain(rest).filter(|text| futures::future::ready(!text.is_empty())).boxed();
    let clock = call.app.ports.clock.clone();
    let mut response = sse::response(StatusCode::OK, clock, call.app.settings.heartbeat, texts);
    let location = format!("{}/stream?turnId={}", call.conversation_path(&turn.conversation), turn.turn);
    insert(&mut response, "x-turn-id", turn.turn.as_str());
    insert(&mut response, header::CONTENT_LOCATION.as_str(), &location);
    response
}

/// One line for each turn, under its request: ids, times and outcome, and nothing that anybody said.
fn log(turn: &TurnKey, feed: &Feed) -> Option<Arc<Closing>> {
    let events = feed.events();
    let conversation = &turn.conversation.conversation;
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        warn!(turn = %turn.turn, %conversation, "a turn was taken from this process");
        return None;
    };
    let report = &closing.report;
    let code = if let Ending::Failed(error) = closing.ending { Some(Code::from(error).as_str()) } else { None };
    info!(
        turn = %turn.turn,
        %conversation,
        outcome = shapes::status(closing.ending),
        code,
        route = ?report.route.as_ref().map(|route| route.router_metadata.source),
        calls = report.calls.len(),
        events = events.len(),
        start_ms = report.timings.start,
        load_ms = report.timings.load,
        route_ms = report.timings.route,
        first_token_ms = report.timings.first_token,
        finish_ms = report.timings.finish,
        "turn"
    );
    Some(closing.clone())
}

/// Has the ids that this process makes sort as they were made: within a millisecond, and also when
/// the clock goes back.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn fresh(now: Timestamp) -> Uuid {
    let nanos = u32::try_from(now.0 % 1_000 * 1_000_000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, now.0 / 1_000, nanos))
}

fn id<T: std::str::FromStr>(uuid: Uuid) -> Result<T, Problem> {
    uuid.simple().to_string().parse().map_err(|_| Code::Internal.into())
}

/// A new id, which sorts after those that this process has made before, and by the time among those
/// of others.
pub(crate) fn fresh_id<T: std::str::FromStr>(now: Timestamp) -> Result<T, Problem> {
    id(fresh(now))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn ids_sort_as_they_were_made_within_a_millisecond_and_when_the_clock_goes_back() {
        let times = [5_000, 5_000, 5_001, 4_000, 5_001, 5_002].map(|ms| Timestamp(1_795_200_000_000 + ms));
        let made: Vec<String> =
            times.into_iter().cycle().take(3_000).map(|now| fresh(now).simple().to_string()).collect();
        assert!(made.is_sorted_by(|one, next| one < next), "{:?}", &made[..6]);
    }

    #[test]
    fn ids_that_several_threads_make_at_once_are_different_and_in_order_for_each() {
        let make = || (0..2_000).map(|_| fresh(Timestamp(1_795_200_000_000))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(make)).collect();
        let made: Vec<Vec<Uuid>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|made| made.is_sorted_by(|one, next| one < next)));
        let all: std::collections::BTreeSet<Uuid> = made.iter().flatten().copied().collect();
        assert_eq!(all.len(), 8_000);
    }
}
