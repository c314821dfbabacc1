//! Runs a [`Turn`] against [`Ports`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::call::{CallKind, CallRecord, Tries};
use domain::memory::KNOWN;
use domain::{
    Attempt, Before, Delivery, Effect, Extraction, Fault, Fence, Finish, Gathered, Heard, Input,
    Kept, Limits, Loaded, Memory, Message, Opening, Output, Refused, ReplyCall, SafetyFacts, Task,
    Turn, TurnError, TurnEvent, TurnKey, Wanted, Workout,
};
use futures::future::{BoxFuture, FutureExt, try_join_all};
use futures::stream::{self, BoxStream, FuturesUnordered, StreamExt, TryStreamExt};
use futures::{join, pin_mut, select_biased};
use tracing::{error, warn};

use crate::application::admit::failed;
use crate::application::answer::say_what_was_dropped;
use crate::application::feed::Closing;
use crate::application::own;
use crate::application::remember::forgotten;
use crate::{
    Bill, Checkpoint, Clock, Feed, JobsOf, Kind, LlmStream, MemoryIndex, MessageStore, ModelCall,
    Piece, PortError, RecordKey, Records, Result, Search, Stop, TurnState, Writer, Written, answer,
    newest, pages, records,
};

/// A turn that has made no checkpoint for this long may be ended by others.
pub const LEASE: Duration = Duration::from_secs(15);

// What the athlete waits for in silence is short, and what it costs to do without it is little: a
// turn that is not routed goes by the rules, one that has gathered nothing is answered without.
// Without its history a turn fails, so that may take longer.
const LOAD: Duration = Duration::from_secs(3);
/// Less than [`LOAD`], of which it is a part.
const SAFETY: Duration = Duration::from_secs(2);
const ROUTE: Duration = Duration::from_millis(1_500);
const GATHER: Duration = Duration::from_millis(800);
/// Much less than [`LEASE`], so that a checkpoint can be tried again before it runs out.
const SAVE: Duration = Duration::from_secs(2);

/// Of so many messages, and of so many turns of these, it is looked up what they have promised.
const LATELY: usize = 8;
const TURNS_BEFORE: usize = 3;

/// The pause before a turn whose driver panicked is tried to be ended again.
const AGAIN: Duration = Duration::from_millis(300);

/// One of everything.
#[derive(Clone)]
pub struct Ports {
    pub llm: Arc<dyn LlmStream>,
    pub messages: Arc<dyn MessageStore>,
    pub records: Records,
    pub index: Arc<dyn MemoryIndex>,
    pub clock: Arc<dyn Clock>,
}

/// Drives an admitted turn to its end, with the fence that it was admitted with. Clients read
/// `feed`, and none of them can hold the turn up.
///
/// If the driver panics, ends the turn as an internal error, with what was told. Closes the feed
/// however this ends. Returns the model calls that the turn's report does not have, because the
/// turn ended before they did.
pub async fn drive(
    task: Task,
    fence: Fence,
    limits: Limits,
    ports: &Ports,
    feed: &Feed,
) -> Vec<CallRecord> {
    let _closing = Closing(feed);
    let bill = Bill::new(&ports.clock);
    let opening = task.opening.clone();
    let at = At {
        opening: &opening,
        fence,
        ports,
        bill: &bill,
    };
    // The machine begins in there, too: what it makes of a message may panic like anything else.
    let driving = AssertUnwindSafe(run(at, task, limits, feed));
    if driving.catch_unwind().await.is_err() {
        let burying = AssertUnwindSafe(at.bury(feed, limits.save));
        // Then the store has not heard of the end: the lease runs out, and whoever looks ends the
        // turn.
        if burying.catch_unwind().await.is_err() {
            error!(turn = %opening.turn.turn, "a turn that panicked could not be ended");
        }
    }
    if has_embeddings(feed) {
        Vec::new()
    } else {
        bill.calls()
    }
}

/// Returns whether the report has the model calls of looking up: it has all of them, or none.
fn has_embeddings(feed: &Feed) -> bool {
    let events = feed.events();
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        return false;
    };
    let mut calls = closing.report.calls.iter();
    calls.any(|call| call.kind == CallKind::Embedding)
}

async fn run(at: At<'_>, task: Task, limits: Limits, feed: &Feed) {
    let clock = &*at.ports.clock;
    let mut turn = Turn::new(task, limits, clock.now());
    let mut answers = FuturesUnordered::new();
    let mut reply = silence();
    let (stop, hurry) = (feed.stop_asked().fuse(), feed.hurried().fuse());
    pin_mut!(stop, hurry);
    loop {
        // All that it wants done is begun before anything is waited for.
        while let Some(output) = turn.poll_output() {
            match output {
                Output::Tell(event) => feed.push(event),
                Output::Perform(Effect::Reply(attempt, call)) => reply = at.speak(attempt, call),
                Output::Perform(Effect::StopReply) => reply = silence(),
                Output::Perform(effect) => answers.push(at.perform(effect)),
            }
        }
        let Some(alarm) = turn.poll_timeout() else {
            return;
        };
        let mut alarm = clock.sleep_until(alarm).fuse();
        // Biased: answers and words that arrived while we were busy beat the alarm.
        let input = select_biased! {
            input = answers.select_next_some() => input,
            input = reply.select_next_some() => input,
            () = stop => Some(Input::StopAsked),
            deadline = hurry => Some(Input::HurryUp(deadline)),
            () = alarm => None,
        };
        match input {
            Some(input) => turn.handle_input(input, clock.now()),
            None => turn.handle_timeout(clock.now()),
        }
    }
}

/// What every call of one turn has in common.
#[derive(Clone, Copy)]
struct At<'a> {
    opening: &'a Opening,
    /// The right to write for the conversation.
    fence: Fence,
    ports: &'a Ports,
    /// What looking up takes.
    bill: &'a Bill,
}

impl<'a> At<'a> {
    /// Does what `effect` asks, and answers `TimedOut` if that takes too long, so that every effect
    /// is answered.
    fn perform(self, effect: Effect) -> BoxFuture<'a, Option<Input>> {
        async move {
            Some(match effect {
                Effect::Load(messages) => {
                    Input::Loaded(self.within(LOAD, "load", self.load(messages)).await)
                }
                Effect::Route(form) => self.route(form).await,
                Effect::Gather(wanted) => Input::Gathered(Ok(self.gather(wanted).await)),
                Effect::Checkpoint(from, events) => {
                    Input::Checkpointed(self.checkpoint(from, events).await)
                }
                Effect::Finish(finish) => Input::Finished(self.finish(&finish).await),
                Effect::Reply(..) | Effect::StopReply => return None,
            })
        }
        .boxed()
    }

    async fn within<T>(
        self,
        limit: Duration,
        what: &'static str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T, Fault> {
        let turn = &self.opening.turn.turn;
        match self.ports.clock.within(limit, work).await {
            Some(Ok(done)) => Ok(done),
            Some(Err(error)) => {
                warn!(%turn, what, error = &error as &dyn std::error::Error, "a step failed");
                Err(error.fault)
            }
            None => {
                warn!(%turn, what, limit_ms = limit.as_millis(), "a step took too long");
                Err(Fault::TimedOut)
            }
        }
    }

    async fn load(self, messages: usize) -> Result<Loaded> {
        let conversation = &self.opening.turn.conversation;
        let before = Some(self.opening.user_message.number);
        let summary = RecordKey::summary_of(conversation);
        let memories = newest::<Memory>(self.ports, &conversation.user, Kind::Memory, KNOWN);
        let (history, summary, forgotten, memories, safety) = join!(
            self.history(before, messages),
            self.ports.records.get(&summary),
            forgotten(self.ports, &conversation.user),
            self.within(GATHER, "memories", memories),
            self.safety(),
        );
        let (history, before) = history?;
        Ok(Loaded {
            history,
            summary: summary?.as_ref().and_then(records::readable),
            forgotten: forgotten?,
            safety,
            memories,
            before,
        })
    }

    /// Returns the last messages, the newest last, and of the turns that made the last of them
    /// those that have told what they do with memories, the newest first.
    async fn history(
        self,
        before: Option<u64>,
        messages: usize,
    ) -> Result<(Vec<Message>, Vec<Before>)> {
        let conversation = &self.opening.turn.conversation;
        let pages = pages(&*self.ports.messages, conversation, before, messages);
        let mut history: Vec<Message> = pages.try_concat().await?;
        history.reverse();
        let last = history.iter().rev().take(LATELY);
        let told = last.filter(|message| message.confirms()).take(TURNS_BEFORE);
        let before = try_join_all(told.map(|message| self.before(&message.turn))).await?;
        Ok((history, before.into_iter().flatten().collect()))
    }

    async fn before(self, turn: &TurnKey) -> Result<Option<Before>> {
        let (store, of) = (&*self.ports.messages, JobsOf::Turn(turn.clone()));
        let (found, jobs) = join!(own::turn(store, turn, usize::MAX), own::jobs(store, &of));
        let Some((record, _)) = found? else {
            return Ok(None);
        };
        let TurnState::Ended(closing) = record.state else {
            return Ok(None);
        };
        Ok(Some(Before {
            turn: turn.clone(),
            closing,
            jobs: jobs?,
        }))
    }

    /// Reads all that the athlete's safety depends on. A turn goes on without what cannot be read,
    /// but not without saying so.
    async fn safety(self) -> SafetyFacts {
        let owner = &self.opening.turn.conversation.user;
        let facts = records::all::<Memory>(self.ports, owner, Kind::Safety);
        match self.within(SAFETY, "safety", facts).await {
            Ok(facts) => SafetyFacts {
                is_missing_some: facts.iter().any(Result::is_err),
                facts: facts.into_iter().flatten().collect(),
            },
            Err(_) => SafetyFacts {
                facts: Vec::new(),
                is_missing_some: true,
            },
        }
    }

    async fn route(self, form: Extraction) -> Input {
        let mut tries = Tries::default();
        let asked = answer(&*self.ports.llm, ModelCall::question(form), &mut tries);
        let answered = self.within(ROUTE, "route", asked).await;
        Input::Routed(answered, tries)
    }

    /// Looks up two things side by side; one that fails leaves out only its own part.
    async fn gather(self, wanted: Wanted) -> Gathered {
        let conversation = &self.opening.turn.conversation;
        let owner = &conversation.user;
        let search = Search {
            owner: owner.clone(),
            coach: conversation.coach.clone(),
            text: wanted.text,
            kinds: Vec::new(),
            limit: wanted.hits,
        };
        let workouts = newest::<Workout>(self.ports, owner, Kind::Workout, wanted.workouts);
        let recalled = self.ports.index.search(&search, self.bill);
        let (workouts, recalled) = join!(
            self.within(GATHER, "workouts", workouts),
            self.within(GATHER, "recall", recalled),
        );
        Gathered {
            memories: Vec::new(),
            workouts: workouts.unwrap_or_default(),
            recalled: recalled.unwrap_or_default(),
            calls: self.bill.calls(),
        }
    }

    async fn checkpoint(self, from: usize, events: Vec<TurnEvent>) -> Result<Kept, Refused> {
        let checkpoint = Checkpoint {
            turn: self.opening.turn.clone(),
            fence: self.fence,
            from,
            events,
            lease_until: self.ports.clock.now() + LEASE,
        };
        let write = self.ports.messages.checkpoint(&checkpoint);
        let stop = written(self.within(SAVE, "checkpoint", write).await)?;
        Ok(Kept {
            stop_asked: stop == Stop::Asked,
        })
    }

    async fn finish(self, finish: &Finish) -> Result<(), Refused> {
        let (turn, writer) = (&self.opening.turn, Writer::Holder(self.fence));
        if let Some(route) = &finish.closing.report.route {
            say_what_was_dropped(turn, "route", &route.router_metadata.dropped);
        }
        let write = self.ports.messages.finish(turn, writer, finish);
        written(self.within(SAVE, "finish", write).await)
    }

    /// Asks for a reply, and returns it as inputs. Words that arrive together are one input; a
    /// reply that merely stops has failed.
    fn speak(self, attempt: Attempt, call: ReplyCall) -> Reply {
        let turn = self.opening.turn.turn.clone();
        let log = move |error: &PortError| {
            warn!(%turn, what = "reply", error = error as &dyn std::error::Error, "a step failed");
        };
        let delivery = call.delivery;
        let pieces = self.ports.llm.open(ModelCall::reply(call));
        let pieces =
            pieces.inspect(move |piece| _ = piece.as_ref().inspect_err(|error| log(error)));
        // A whole reply is one text, however many pieces the adapter has made of it.
        let pieces = match delivery {
            Delivery::Streamed => pieces.ready_chunks(64).boxed(),
            Delivery::Whole => stream::once(pieces.collect()).boxed(),
        };
        let heard = pieces.flat_map(|pieces| stream::iter(join_texts(pieces)));
        let heard = heard.chain(stream::iter([Heard::Failed(Fault::Truncated)]));
        let inputs = heard.map(move |heard| Some(Input::Heard(attempt, heard)));
        inputs.boxed().fuse()
    }

    /// Ends a turn whose driver panicked, with all that anybody may have been told.
    async fn bury(self, feed: &Feed, patience: Duration) {
        let clock = &*self.ports.clock;
        let until = clock.now() + patience;
        while clock.now() < until {
            // Looked at anew each time: a finishing write whose answer was lost may have been made,
            // and then nobody may write any more.
            match self.try_to_bury(feed).await {
                Ok(()) | Err(Refused::LeaseLost) => return,
                Err(Refused::Fault(_)) => clock.sleep(AGAIN).await,
            }
        }
    }

    async fn try_to_bury(self, feed: &Feed) -> Result<(), Refused> {
        let store = &*self.ports.messages;
        let read = own::turn(store, &self.opening.turn, 0);
        let found = self.within(SAVE, "read back", read).await;
        // One that is not there was deleted, or its store is confused for a moment: asked again.
        let there = found.map_err(Refused::Fault)?;
        let (_, kept) = there.ok_or(Refused::Fault(Fault::Unavailable))?;
        // The feed can be behind the store: a checkpoint may hold what nobody was shown yet.
        let told = feed.events();
        let all = if kept.len() > told.len() {
            &kept
        } else {
            &told
        };
        let finish = failed(
            self.opening.place(),
            TurnError::Internal,
            all.clone(),
            self.ports.clock.now(),
        );
        // Saved before it is told: what a client sees last must be what the store holds.
        self.finish(&finish).await?;
        for event in finish.events.into_iter().skip(told.len()) {
            feed.push(event);
        }
        feed.push(TurnEvent::Ended(finish.closing));
        Ok(())
    }
}

fn written<T>(answer: Result<Written<T>, Fault>) -> Result<T, Refused> {
    match answer {
        Ok(Written::Done(done)) => Ok(done),
        Ok(Written::LeaseLost) => Err(Refused::LeaseLost),
        Err(fault) => Err(Refused::Fault(fault)),
    }
}

type Reply = stream::Fuse<BoxStream<'static, Option<Input>>>;

fn join_texts(pieces: Vec<Result<Piece>>) -> Vec<Heard> {
    let mut heard = Vec::new();
    for piece in pieces {
        match (piece, heard.last_mut()) {
            (Ok(Piece::Text(more)), Some(Heard::Delta(text))) => text.push_str(&more),
            (Ok(Piece::Text(text)), _) => heard.push(Heard::Delta(text)),
            (Ok(Piece::Thinking), Some(Heard::Thinking)) => {}
            (Ok(Piece::Thinking), _) => heard.push(Heard::Thinking),
            (Ok(Piece::Spent(usage)), _) => heard.push(Heard::Spent(usage)),
            (Ok(Piece::End { reason, usage }), _) => heard.push(Heard::Ended(reason, usage)),
            (Err(error), _) => heard.push(Heard::Failed(error.fault)),
        }
    }
    heard
}

fn silence() -> Reply {
    stream::pending().boxed().fuse()
}
