use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use domain::{Closing, Message, Opening, Said, Timestamp, TurnEvent, TurnKey};
use futures::stream::{BoxStream, StreamExt, unfold};

use crate::application::admit::{end_if_abandoned, is_abandoned};
use crate::application::feed::AT_ONCE;
use crate::application::own;
use crate::{Clock, Feed, MessageStore, Result, TurnRecord, TurnState};

/// For how long a store that cannot be read is asked again.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a follower waits before it asks the store again: at first, and at most.
const PACE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));

/// What a follower passes on to its client.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// Events before the ending, the first of which has this number.
    Events(usize, Vec<TurnEvent>),
    /// What the client holds is more than was kept: this stands instead, through this number.
    Snapshot(Vec<Said>, usize),
    /// The ending, its number, and the assistant's message unless nothing was said. Nothing
    /// follows.
    Ended(usize, Arc<Closing>, Option<Message>),
}

/// Returns what a turn was opened with that runs, or ran, elsewhere; `None` if there is no such
/// turn.
pub async fn opening(
    store: &dyn MessageStore,
    turn: &TurnKey,
) -> Result<Option<(Opening, TurnRecord)>> {
    let Some((record, _)) = own::turn(store, turn, usize::MAX).await? else {
        return Ok(None);
    };
    let before = Some(record.number + 1);
    let newest_first = own::messages(store, &turn.conversation, before, 1).await?;
    let Some(user_message) = newest_first.into_iter().next() else {
        return Ok(None);
    };
    let opening = Opening {
        turn: turn.clone(),
        user_message,
        assistant_message: record.assistant_message.clone(),
    };
    Ok(Some((opening, record)))
}

/// Follows a turn for a client that has all events before number `from`: reads its feed as long as
/// there is one, then the store.
///
/// Ends after [`Frame::Ended`]; ends without it only if the store cannot be read for 15 seconds.
pub fn follow(
    store: Arc<dyn MessageStore>,
    clock: Arc<dyn Clock>,
    opening: Opening,
    feed: Option<Arc<Feed>>,
    from: usize,
) -> BoxStream<'static, Frame> {
    let read = clock.now();
    let (pause, ahead, stage) = (PACE.0, VecDeque::new(), Stage::Going);
    let follower = Follower {
        store,
        clock,
        opening,
        feed,
        from,
        ahead,
        pause,
        read,
        stage,
    };
    unfold(follower, |mut follower| async move {
        Some((follower.next().await?, follower))
    })
    .boxed()
}

struct Follower {
    store: Arc<dyn MessageStore>,
    clock: Arc<dyn Clock>,
    opening: Opening,
    feed: Option<Arc<Feed>>,
    from: usize,
    /// What was read of the store beyond that, and is not told yet.
    ahead: VecDeque<TurnEvent>,
    pause: Duration,
    /// When the store was last read.
    read: Timestamp,
    stage: Stage,
}

/// How far a follower has come.
enum Stage {
    Going,
    /// All that is left to tell is this ending; nothing is read for it any more.
    Ending(usize, Arc<Closing>, Option<Message>),
    Over,
}

impl Follower {
    async fn next(&mut self) -> Option<Frame> {
        // Over unless it goes on, so that nothing can follow an ending.
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Going => self.stage = Stage::Going,
            Stage::Ending(last, closing, reply) => return Some(Frame::Ended(last, closing, reply)),
            Stage::Over => return None,
        }
        if let Some(feed) = self.feed.clone() {
            let events = feed.since(self.from).await;
            if !events.is_empty() {
                return Some(self.frame(events, || feed.events()));
            }
            // Closed without an ending: the turn was taken from this process, or could not be
            // saved. What became of it only the store knows.
            self.feed = None;
            self.read = self.clock.now();
        }
        loop {
            match self.read_store().await {
                Ok(frame) => {
                    self.read = self.clock.now();
                    if frame.is_some() {
                        return frame;
                    }
                }
                Err(Gone::ForGood) => return None,
                Err(Gone::ForNow) if self.clock.now().since(self.read) >= PATIENCE => return None,
                Err(Gone::ForNow) => {}
            }
            self.clock.sleep(self.pause).await;
            self.pause = (self.pause * 2).min(PACE.1);
        }
    }

    /// Reads what the store has for the client, at most [`AT_ONCE`] events.
    async fn read_store(&mut self) -> Result<Option<Frame>, Gone> {
        if self.ahead.is_empty()
            && let Some(frame) = self.read_ahead().await?
        {
            return Ok(Some(frame));
        }
        let next: Vec<TurnEvent> = self.ahead.drain(..self.ahead.len().min(AT_ONCE)).collect();
        if next.is_empty() {
            return Ok(None);
        }
        // Only the ending needs them: it tells the whole message.
        let all = if let [TurnEvent::Ended(_)] = next.as_slice() {
            self.all().await?
        } else {
            Vec::new()
        };
        Ok(Some(self.frame(next, || all)))
    }

    /// Reads all events that the client lacks into `ahead`. Returns a snapshot if the turn has
    /// ended and fewer events were kept than the client has.
    async fn read_ahead(&mut self) -> Result<Option<Frame>, Gone> {
        let turn = &self.opening.turn;
        let look = || {
            self.clock
                .answered(own::turn(&*self.store, turn, self.from))
        };
        let (mut record, mut events) = look().await?.ok_or(Gone::ForGood)?;
        // Whoever looks ends it: there may be nobody else who ever does.
        if is_abandoned(&record, &*self.clock) {
            end_if_abandoned(&*self.store, &*self.clock, turn).await?;
            (record, events) = look().await?.ok_or(Gone::ForGood)?;
        }
        if !events.is_empty() {
            // It speaks, so more will come soon.
            self.pause = PACE.0;
            self.ahead = events.into();
            return Ok(None);
        }
        if let TurnState::Ended(closing) = record.state {
            return self.snapshot(record.kept, closing).await.map(Some);
        }
        Ok(None)
    }

    /// Returns what was kept of a turn that has ended and has nothing more for this client. The
    /// ending is told next: it is in the turn's record, whatever became of its events.
    async fn snapshot(&mut self, kept: usize, closing: Arc<Closing>) -> Result<Frame, Gone> {
        let all = self.all().await?;
        // Never event 0: that a turn began is told to everybody.
        let last = kept.saturating_sub(1).max(1);
        let reply = self.reply(&closing, &all);
        let said = all.iter().filter_map(TurnEvent::said).cloned().collect();
        self.stage = Stage::Ending(last, closing, reply);
        Ok(Frame::Snapshot(said, last.saturating_sub(1)))
    }

    async fn all(&self) -> Result<Vec<TurnEvent>, Gone> {
        let all = self
            .clock
            .answered(own::turn(&*self.store, &self.opening.turn, 0))
            .await?;
        Ok(all.ok_or(Gone::ForGood)?.1)
    }

    fn reply(&self, closing: &Closing, all: &[TurnEvent]) -> Option<Message> {
        let said = all.iter().filter_map(TurnEvent::said);
        self.opening.place().filled(closing.ending, said)
    }

    /// Makes the next frame out of `events`, which begin at the client's place.
    fn frame(&mut self, mut events: Vec<TurnEvent>, all: impl FnOnce() -> Vec<TurnEvent>) -> Frame {
        let first = self.from;
        if let [TurnEvent::Ended(closing)] = events.as_slice() {
            self.stage = Stage::Over;
            return Frame::Ended(first, closing.clone(), self.reply(closing, &all()));
        }
        // The ending comes in a frame of its own, next time.
        if let Some(TurnEvent::Ended(_)) = events.last() {
            events.pop();
        }
        self.from += events.len();
        Frame::Events(first, events)
    }
}

enum Gone {
    ForNow,
    ForGood,
}

impl From<crate::PortError> for Gone {
    fn from(error: crate::PortError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a follower cannot read the store"
        );
        Self::ForNow
    }
}
