//! Saying something, and following what comes of it.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use domain::{ConversationKey, Ending, TurnId, TurnKey};
use futures::StreamExt;
use futures::stream;
use ports::{
    Admission, Asking, Following, Frame, JobsOf, LEASE, NotBegun, Refusal, Stay, Stopping,
    TurnState, end_if_abandoned, follow, own,
};
use tracing::Span;

use crate::call::{Answer, Call, insert, json};
use crate::code::Code;
use crate::events::Encoder;
use crate::ids::{fresh, fresh_id, id};
use crate::lookups::{busy, current, find_coach};
use crate::problem::Problem;
use crate::request::{TurnRequest, after, place};
use crate::shapes::StopStatus;
use crate::{shapes, sse};

/// How long an idempotency key stands, and its turn can be replayed.
const KEY: Duration = Duration::from_secs(25 * 3_600);

/// How long a look at a turn waits for its jobs, and how often it looks.
const WAIT: (Duration, Duration) = (Duration::from_secs(10), Duration::from_millis(100));

/// `POST {conv}/stream`
pub(crate) async fn stream(call: Call) -> Answer {
    let following = begin(&call, call.stay(true)).await?;
    Ok(streamed(&call, following, 0))
}

/// `POST {conv}/send-message`: the same turn, told at its end.
pub(crate) async fn send(call: Call) -> Answer {
    let following = begin(&call, call.stay(false)).await?;
    let encoder = encoder(&call, &following);
    let mut frames = frames(&call, following, 0);
    while let Some(frame) = frames.next().await {
        // The words are in the message, which comes with the end.
        let Frame::Ended(_, closing, reply) = frame else {
            continue;
        };
        if let Ending::Failed(error) = closing.ending {
            let turn = encoder.opening.turn.turn.as_str();
            return Err(Problem::from(Code::from(error)).with("turnId", turn));
        }
        return json(StatusCode::OK, &encoder.completed(&closing, reply.as_ref()));
    }
    // The frames end before the turn does only if the store cannot be read.
    Err(Code::StoreUnavailable.into())
}

/// `GET {conv}/stream`
pub(crate) async fn resume(call: Call) -> Answer {
    let conversation = call.conversation()?;
    let named = match call.query("turnId") {
        Some(turn) => Some(turn.parse::<TurnId>().map_err(|_| Code::InvalidId)?),
        None => None,
    };
    let last = call.header("last-event-id").and_then(place);
    let turn = match (named, &last) {
        (Some(named), _) => named,
        (None, Some((of_last, _))) => of_last.clone(),
        (None, None) => match current(&call, &conversation).await?.active {
            Some(running) => running,
            None => return json(StatusCode::OK, &shapes::NothingRuns { active_turn_id: () }),
        },
    };
    let told = call.query("after").as_deref().and_then(after);
    // A place in another turn says nothing of this one.
    let from = match (told, last) {
        (Some(from), _) => from,
        (None, Some((of, from))) if of == turn => from,
        (None, _) => 0,
    };
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
            .answered(own::jobs(store, &JobsOf::Turn(key.clone())))
            .await?;
        let over = matches!(record.state, TurnState::Ended(_))
            && !jobs.iter().any(|job| job.state.due().is_some());
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

/// Takes in a message, and lets its turn begin; or finds the turn that it began before.
async fn begin(call: &Call, stay: Stay) -> Result<Following, Problem> {
    let request = TurnRequest::parse(&call.body, call.header("idempotency-key"))?;
    let conversation = call.conversation()?;
    let coach = find_coach(call, &conversation.coach).await;
    let (turns, now) = (call.app.turns(), call.app.ports.clock.now());
    let turn_uuid = fresh(now);
    let turn = TurnKey {
        conversation,
        turn: id(turn_uuid)?,
    };
    let admission = Admission {
        key: request.key(&turn.conversation, &turn.turn),
        body: request.body_hash(),
        user_message: fresh_id(now)?,
        assistant_message: fresh_id(now)?,
        text: request.text.clone(),
        sent: request.sent,
        zone: request.zone.clone(),
        now,
        lease_until: now + LEASE,
        // As it begins, it is said by when it is over.
        over_by: now,
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
        stay,
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
    let mut texts = stream::iter([start])
        .chain(rest)
        .filter(|text| futures::future::ready(!text.is_empty()))
        .boxed();
    // It is read when this request has been answered, and belongs to it all the same.
    let span = Span::current();
    let texts = stream::poll_fn(move |cx| span.in_scope(|| texts.poll_next_unpin(cx))).boxed();
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
