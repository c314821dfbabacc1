//! Runs a [`Turn`] against [`Ports`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::memory::{Importance, RecalledKind, ranked};
use domain::turn::{CallKind, CallRecord};
use domain::{
    Coach, Delivery, Effect, Fault, Gathered, Input, Kept, Loaded, Memory, Output, Prompt, Refused,
    Task, Tier, Tries, Turn, TurnError, TurnEvent, Workout,
};
use domain::{Limits, router};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, FuturesUnordered, StreamExt, TryStreamExt};
use futures::{join, pin_mut, select_biased};
use tracing::{error, warn};

use crate::application::admit::failed;
use crate::application::feed::Closing;
use crate::application::remember::{KNOWN, forgotten};
use crate::{
    Answer, Bill, Checkpoint, Clock, Feed, Kind, LlmStream, MemoryIndex, MessageStore, ModelCall,
    Piece, PortError, RecordKey, Records, Result, Search, Stop, Writer, Written, answer, newest,
    pages, records,
};

/// How long a turn may go without a checkpoint before others may end it.
pub const LEASE: Duration = Duration::from_secs(15);

const LOAD: Duration = Duration::from_secs(3);
const ROUTE: Duration = Duration::from_millis(1_500);
const GATHER: Duration = Duration::from_millis(800);
const SAVE: Duration = Duration::from_secs(2);

/// How many messages are read; a prompt takes what fits its budget.
const HISTORY: usize = domain::prompt::LONGEST_HISTORY;
const RECENT_WORKOUTS: usize = 14;
const IMPORTANT_MEMORIES: usize = 4;
const MEMORY_TOKENS: u64 = 600;
const RECALLED: usize = 6;

/// One of everything.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its port")]
pub struct Ports {
    pub llm: Arc<dyn LlmStream>,
    pub messages: Arc<dyn MessageStore>,
    pub records: Records,
    pub index: Arc<dyn MemoryIndex>,
    pub clock: Arc<dyn Clock>,
}

/// Drives an admitted turn to its end. Whoever watches reads `feed`; nobody can hold the turn up.
///
/// A panic on the way ends the turn too: with what was told, as an internal error. However this
/// ends, the feed is closed. The answer is those model calls that the turn's report does not have,
/// because it ended before they did.
pub async fn drive(task: Task, limits: Limits, ports: &Ports, feed: &Feed) -> Vec<CallRecord> {
    let _closing = Closing(feed);
    let bill = Bill::new(&ports.clock);
    let at = At {
        task: &task,
        ports,
        bill: &bill,
    };
    if AssertUnwindSafe(run(at, limits, feed))
        .catch_unwind()
        .await
        .is_err()
    {
        let burying = at.bury(feed, limits.save);
        // Then the store has not heard of the end: the lease runs out, and whoever looks ends the
        // turn.
        if AssertUnwindSafe(burying).catch_unwind().await.is_err() {
            error!(turn = %at.task.opening.turn.turn, "a turn that panicked could not be ended");
        }
    }
    if has_embeddings(feed) {
        Vec::new()
    } else {
        bill.calls()
    }
}

/// Whether the report has what looking up has taken: it has all of it, or nothing.
fn has_embeddings(feed: &Feed) -> bool {
    let events = feed.events();
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        return false;
    };
    closing
        .report
        .calls
        .iter()
        .any(|call| call.kind == CallKind::Embedding)
}

async fn run(at: At<'_>, limits: Limits, feed: &Feed) {
    let clock = &*at.ports.clock;
    let mut turn = Turn::new(at.task.clone(), limits, clock.now());
    let mut answers = FuturesUnordered::new();
    let mut reply = silence();
    let (stop, hurry) = (feed.stop_asked().fuse(), feed.hurried().fuse());
    pin_mut!(stop, hurry);
    loop {
        while let Some(output) = turn.poll_output() {
            match output {
                Output::Tell(event) => feed.push(event),
                Output::Perform(Effect::Reply(prompt, tier, delivery)) => {
                    reply = at.speak(prompt, tier, delivery)
                }
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
    task: &'a Task,
    ports: &'a Ports,
    /// What looking up takes.
    bill: &'a Bill,
}

impl<'a> At<'a> {
    /// Does what `effect` asks; one that takes too long has timed out, so every effect is answered.
    fn perform(self, effect: Effect) -> BoxFuture<'a, Option<Input>> {
        let messages = &*self.ports.messages;
        async move {
            Some(match effect {
                Effect::Load => Input::Loaded(self.within(LOAD, "load", self.load()).await),
                Effect::Route(question) => self.route(question).await,
                Effect::Gather => Input::Gathered(self.gather().await),
                Effect::Checkpoint(from, events) => {
                    let turn = self.task.opening.turn.clone();
                    let lease_until = self.ports.clock.now() + LEASE;
                    let checkpoint = Checkpoint {
                        turn,
                        fence: self.task.fence,
                        from,
                        events,
                        lease_until,
                    };
                    let answer = self
                        .within(SAVE, "checkpoint", messages.checkpoint(&checkpoint))
                        .await;
                    Input::Checkpointed(written(answer).map(|stop| Kept {
                        stop_asked: stop == Stop::Asked,
                    }))
                }
                Effect::Finish(finish) => {
                    let writer = Writer::Holder(self.task.fence);
                    let write = messages.finish(&self.task.opening.turn, writer, &finish);
                    Input::Finished(written(self.within(SAVE, "finish", write).await))
                }
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
        let turn = &self.task.opening.turn.turn;
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

    async fn load(self) -> Result<Loaded> {
        let opening = &self.task.opening;
        let conversation = &opening.turn.conversation;
        let before = Some(opening.user_message.number);
        let summary = RecordKey::summary_of(conversation);
        let (history, summary, forgotten) = join!(
            pages(&*self.ports.messages, conversation, before, HISTORY).try_concat(),
            self.ports.records.get(&summary),
            forgotten(self.ports, &conversation.user),
        );
        let mut history = history?;
        history.reverse();
        let owner = conversation.user.clone();
        let summary = summary?.as_ref().and_then(records::readable);
        Ok(Loaded {
            owner,
            history,
            summary,
            forgotten: forgotten?,
        })
    }

    async fn route(self, question: Prompt) -> Input {
        let schema = Arc::new(router::schema());
        let answer_as = Answer::Tool {
            name: router::TOOL,
            schema,
        };
        let mut tries = Tries::default();
        let asked = answer(
            &*self.ports.llm,
            ModelCall::question(question, answer_as, 1_000),
            &mut tries,
        );
        let answered = self.within(ROUTE, "route", asked).await;
        Input::Routed(answered, tries)
    }

    /// Three look-ups side by side; each that fails costs only its own part.
    async fn gather(self) -> Result<Gathered, Fault> {
        let conversation = &self.task.opening.turn.conversation;
        let owner = conversation.user.clone();
        let search = Search {
            owner: owner.clone(),
            coach: conversation.coach.clone(),
            text: self.task.opening.text().to_owned(),
            kinds: Vec::new(),
            limit: RECALLED,
        };
        let (memories, workouts, recalled) = join!(
            self.within(
                GATHER,
                "memories",
                newest::<Memory>(self.ports, &owner, Kind::Memory, KNOWN)
            ),
            self.within(
                GATHER,
                "workouts",
                newest::<Workout>(self.ports, &owner, Kind::Workout, RECENT_WORKOUTS)
            ),
            self.within(
                GATHER,
                "recall",
                self.ports.index.search(&search, self.bill)
            ),
        );
        let mut recalled = recalled.unwrap_or_default();
        let known: Vec<Memory> = memories.unwrap_or_default();
        let known = || {
            known
                .iter()
                .filter(|memory| memory.holds_for(&conversation.coach))
        };
        let important = known()
            .filter(|memory| memory.importance == Importance::High)
            .take(IMPORTANT_MEMORIES);
        let found = known().filter(|memory| {
            recalled
                .iter()
                .any(|hit| hit.kind == RecalledKind::Memory && hit.id == memory.id.as_str())
        });
        let memories = ranked(
            important.chain(found),
            self.ports.clock.now(),
            MEMORY_TOKENS,
        );
        let memories = memories.into_iter().cloned().collect();
        // A memory that is found is told as it is stored, or not at all.
        recalled.retain(|hit| hit.kind != RecalledKind::Memory);
        let calls = self.bill.calls();
        Ok(Gathered {
            owner,
            memories,
            workouts: workouts.unwrap_or_default(),
            recalled,
            calls,
        })
    }

    /// A reply as inputs: words that are there together are one; a reply that just stops has
    /// failed.
    fn speak(self, prompt: Prompt, tier: Tier, delivery: Delivery) -> Reply {
        let turn = self.task.opening.turn.turn.clone();
        let log = move |error: &PortError| {
            warn!(%turn, what = "reply", error = error as &dyn std::error::Error, "a step failed");
        };
        let pieces =
            self.ports
                .llm
                .open(ModelCall::reply(&self.task.coach, prompt, tier, delivery));
        let inputs =
            pieces.inspect(move |piece| _ = piece.as_ref().inspect_err(|error| log(error)));
        // A whole reply is one text, however many pieces the adapter has made of it.
        let inputs = match delivery {
            Delivery::Streamed => inputs.ready_chunks(64).boxed(),
            Delivery::Whole => stream::once(inputs.collect()).boxed(),
        };
        let inputs = inputs.flat_map(|pieces| stream::iter(join_texts(pieces)));
        inputs
            .chain(stream::iter([Input::ReplyFailed(Fault::Truncated)]))
            .map(Some)
            .boxed()
            .fuse()
    }

    /// Ends a turn whose driver panicked, with all that anybody may have been told.
    async fn bury(self, feed: &Feed, patience: Duration) {
        let (messages, clock) = (&*self.ports.messages, &*self.ports.clock);
        let key = &self.task.opening.turn;
        let until = clock.now() + patience;
        while clock.now() < until {
            if let Ok(Some((_, kept))) = self.within(SAVE, "read back", messages.turn(key, 0)).await
            {
                let told = feed.events();
                let events = if kept.len() > told.len() {
                    kept
                } else {
                    told.clone()
                };
                let finish = failed(TurnError::Internal, events, clock.now());
                let write = messages.finish(key, Writer::Holder(self.task.fence), &finish);
                match written(self.within(SAVE, "finish", write).await) {
                    Ok(()) => {
                        finish
                            .events
                            .iter()
                            .skip(told.len())
                            .cloned()
                            .for_each(|event| feed.push(event));
                        return feed.push(TurnEvent::Ended(finish.closing));
                    }
                    Err(Refused::LeaseLost) => return,
                    Err(Refused::Fault(_)) => {}
                }
            }
            clock.sleep(Duration::from_millis(300)).await;
        }
    }
}

impl ModelCall {
    /// A question to the small model, whose answer is a form to be filled in.
    pub fn question(prompt: Prompt, answer: Answer, max_tokens: u32) -> Self {
        let (tier, delivery) = (Tier::Fast, Delivery::Whole);
        Self {
            tier,
            model: None,
            prompt,
            answer,
            delivery,
            max_tokens,
            temperature: 0.0,
        }
    }

    fn reply(coach: &Coach, prompt: Prompt, tier: Tier, delivery: Delivery) -> Self {
        Self {
            tier,
            model: coach.models.reply.clone().filter(|_| tier == Tier::Reply),
            prompt,
            answer: Answer::Prose,
            delivery,
            max_tokens: coach.models.max_tokens.unwrap_or(2_000),
            temperature: coach.models.temperature.unwrap_or(0.7),
        }
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

fn join_texts(pieces: Vec<Result<Piece>>) -> Vec<Input> {
    let mut inputs = Vec::new();
    for piece in pieces {
        match (piece, inputs.last_mut()) {
            (Ok(Piece::Text(more)), Some(Input::Delta(text))) => text.push_str(&more),
            (Ok(Piece::Text(text)), _) => inputs.push(Input::Delta(text)),
            (Ok(Piece::Thinking), Some(Input::Thinking)) => {}
            (Ok(Piece::Thinking), _) => inputs.push(Input::Thinking),
            (Ok(Piece::Spent(usage)), _) => inputs.push(Input::Spent(usage)),
            (Ok(Piece::End { reason, usage }), _) => inputs.push(Input::ReplyEnded(reason, usage)),
            (Err(error), _) => inputs.push(Input::ReplyFailed(error.fault)),
        }
    }
    inputs
}

fn silence() -> Reply {
    stream::pending().boxed().fuse()
}
