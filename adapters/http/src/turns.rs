//! Saying something, and following what comes of it.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::{ConversationKey, Ending, JobState, Timestamp, TurnId, TurnKey};
use futures::StreamExt;
use futures::stream;
use ports::{
    Admission, Asking, Following, Frame, JobsOf, LEASE, NotBegun, Refusal, Stopping, TurnState,
    end_if_abandoned, follow,
};
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
        let Frame::Ended(_, closing, reply) = frame else {
            continue;
        };
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
    let named = call
        .query("turnId")
        .map(|turn| turn.parse::<TurnId>())
        .transpose()
        .map_err(|_| Code::InvalidId)?;
    let last = call.header("last-event-id").and_then(place);
    let turn = match named.or_else(|| last.as_ref().map(|(turn, _)| turn.clone())) {
        Some(turn) => turn,
        None => match conversations::current(&call, &conversation).await?.active {
            Some(turn) => turn,
            None => return json(StatusCode::OK, &shapes::NothingRuns { active_turn_id: () }),
        },
    };
    let place = last.filter(|(of, _)| *of == turn).map(|(_, from)| from);
    let from = call
        .query("after")
        .as_deref()
        .and_then(after)
        .or(place)
        .unwrap_or(0);
    let following = call
        .app
        .turns()
        .attach(TurnKey { conversation, turn })
        .await?;
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
        let (opening, record) = call.app.turns().look_up(&key).await?;
        let jobs = call
            .answered(store.jobs(&JobsOf::Turn(key.clone())))
            .await?;
        let over = matches!(record.state, TurnState::Ended(_))
            && !jobs
                .iter()
                .any(|job| matches!(job.state, JobState::Due(_) | JobState::Claimed(_)));
        if over || !waits || clock.now() >= until {
            return json(
                StatusCode::OK,
                &shapes::Turn::new(&opening, &record, &jobs, &call.app.settings.prices),
            );
        }
        clock.sleep_until(clock.now() + WAIT.1).await;
    }
}

/// `POST {conv}/turns/{turnId}/stop`: at once in the process that runs the turn, by its next
/// checkpoint in another.
pub(crate) async fn stop(call: Call) -> Answer {
    let found = call.app.turns().stop(&call.turn()?).await?;
    let (code, status) = match found.ok_or(Code::TurnNotFound)? {
        Stopping::Stopped => (StatusCode::OK, StopStatus::Stopped),
        Stopping::AlreadyFinished => (StatusCode::OK, StopStatus::AlreadyFinished),
        Stopping::Asked => (StatusCode::ACCEPTED, StopStatus::Stopping),
    };
    json(code, &shapes::Stop { status })
}

/// A conversation that has no time for anything else: what runs in it, and where that can be
/// followed.
pub(crate) fn busy(call: &Call, turn: &TurnKey) -> Problem {
    let url = format!(
        "{}/stream?turnId={}",
        call.conversation_path(&turn.conversation),
        turn.turn
    );
    Problem::from(Refusal::Busy(turn.turn.clone())).with("resumeUrl", url)
}

/// Takes in a message, and lets its turn begin; or finds the turn that it began before.
async fn begin(call: &Call) -> Result<Following, Problem> {
    let request = TurnRequest::parse(&call.body, call.header("idempotency-key"))?;
    let conversation = call.conversation()?;
    let coach = library::find_coach(call, &conversation.coach).await;
    let (turns, now) = (call.app.turns(), call.app.ports.clock.now());
    let turn_uuid = fresh(now);
    let turn = TurnKey {
        conversation,
        turn: id(turn_uuid)?,
    };
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
        holds: Vec::new(),
        turn,
    };
    let conversation = admission.turn.conversation.clone();
    let refused = |refused| not_begun(call, &conversation, refused);
    let coach = match coach {
        // A request that was answered before its coach was deleted is answered again.
        Err(gone) if gone.code == Code::CoachConfigNotFound => {
            return turns.find(&admission).await.map_err(refused)?.ok_or(gone);
        }
        found => found?,
    };
    let (seed, arrived) = (turn_uuid.as_u64_pair().1, call.arrived);
    let asking = Asking {
        admission,
        coach,
        seed,
        arrived,
        if_busy: request.if_busy,
    };
    turns.begin(asking).await.map_err(refused)
}

fn not_begun(call: &Call, conversation: &ConversationKey, refused: NotBegun) -> Problem {
    match refused {
        NotBegun::Refused(Refusal::Busy(turn)) => busy(
            call,
            &TurnKey {
                conversation: conversation.clone(),
                turn,
            },
        ),
        NotBegun::Refused(refusal) => refusal.into(),
        NotBegun::Full => Code::Overloaded.into(),
        NotBegun::Missing(missing) => missing.into(),
        NotBegun::Broken => Code::Internal.into(),
    }
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
    follow(
        ports.messages.clone(),
        ports.clock.clone(),
        following.opening,
        following.feed,
        from,
    )
}

fn streamed(call: &Call, following: Following, from: usize) -> Response {
    let encoder = encoder(call, &following);
    let turn = following.opening.turn.clone();
    let start = encoder.start(from);
    let rest = frames(call, following, from).map(move |frame| encoder.encode(&frame));
    let texts = stream::iter([start])
        .chain(rest)
        .filter(|text| futures::future::ready(!text.is_empty()))
        .boxed();
    let clock = call.app.ports.clock.clone();
    let mut response = sse::response(StatusCode::OK, clock, call.app.settings.heartbeat, texts);
    let location = format!(
        "{}/stream?turnId={}",
        call.conversation_path(&turn.conversation),
        turn.turn
    );
    insert(&mut response, "x-turn-id", turn.turn.as_str());
    insert(&mut response, header::CONTENT_LOCATION.as_str(), &location);
    response
}

/// Has the ids that this process makes sort as they were made: within a millisecond, and also when
/// the clock goes back.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn fresh(now: Timestamp) -> Uuid {
    let nanos = u32::try_from(now.0 % 1_000 * 1_000_000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, now.0 / 1_000, nanos))
}

fn id<T: std::str::FromStr>(uuid: Uuid) -> Result<T, Problem> {
    uuid.simple()
        .to_string()
        .parse()
        .map_err(|_| Code::Internal.into())
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
        let times =
            [5_000, 5_000, 5_001, 4_000, 5_001, 5_002].map(|ms| Timestamp(1_795_200_000_000 + ms));
        let made: Vec<String> = times
            .into_iter()
            .cycle()
            .take(3_000)
            .map(|now| fresh(now).simple().to_string())
            .collect();
        assert!(
            made.is_sorted_by(|one, next| one < next),
            "{:?}",
            &made[..6]
        );
    }

    #[test]
    fn ids_that_several_threads_make_at_once_are_different_and_in_order_for_each() {
        let make = || {
            (0..2_000)
                .map(|_| fresh(Timestamp(1_795_200_000_000)))
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(make)).collect();
        let made: Vec<Vec<Uuid>> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert!(
            made.iter()
                .all(|made| made.is_sorted_by(|one, next| one < next))
        );
        let all: std::collections::BTreeSet<Uuid> = made.iter().flatten().copied().collect();
        assert_eq!(all.len(), 8_000);
    }
}
