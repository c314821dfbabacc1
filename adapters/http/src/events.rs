//! A turn's events as a client sees them.

use std::sync::Arc;
use std::time::Duration;

use domain::conversation::{PartKind, Said, parts};
use domain::{Closing, Ending, Message, Opening, Prices, TurnEvent};
use ports::Frame;
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::shapes::{Completed, Event};
use crate::sse;

/// How long a client is told to wait before it connects again.
const RETRY: Duration = Duration::from_millis(1_500);

/// What all frames of one answer have in common.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    pub(crate) opening: Opening,
    /// Whether this is another look at a turn that began earlier.
    pub(crate) resumed: bool,
    pub(crate) heartbeat: Duration,
    /// For clients that know only the four original types.
    pub(crate) contextual_as_chunk: bool,
    /// What models cost.
    pub(crate) prices: Arc<Prices>,
}

impl Encoder {
    /// Returns what every stream begins with. It is event 0 only for a client that has none yet.
    pub(crate) fn start(&self, from: usize) -> String {
        let mut out = String::new();
        sse::retry(&mut out, RETRY);
        let start = Event::Start {
            status: "initialized",
            turn_id: &self.opening.turn.turn,
            conversation_id: &self.opening.turn.conversation.conversation,
            message_id: &self.opening.assistant_message,
            user_message_id: &self.opening.user_message.id,
            seq: 0,
            resumed: self.resumed,
            heartbeat_ms: u64::try_from(self.heartbeat.as_millis()).unwrap_or(u64::MAX),
        };
        let id = (from == 0).then(|| self.id(0));
        sse::frame(&mut out, id.as_deref(), &start);
        out
    }

    /// Returns everything that has come at once, as one piece of the body.
    pub(crate) fn encode(&self, frame: &Frame) -> String {
        let mut out = String::new();
        match frame {
            Frame::Events(first, events) => {
                for (seq, event) in (*first..).zip(events) {
                    if let TurnEvent::Said(said) = event {
                        sse::frame(&mut out, Some(&self.id(seq)), &self.said(said, seq));
                    }
                }
            }
            Frame::Snapshot(said, through) => {
                let content = said.iter().map(|said| &*said.text).collect();
                let snapshot = Event::Snapshot {
                    content,
                    parts: parts(said),
                    through_seq: *through,
                };
                sse::frame(&mut out, None, &snapshot);
            }
            Frame::Ended(seq, closing, reply) => {
                sse::frame(
                    &mut out,
                    Some(&self.id(*seq)),
                    &self.ended(*seq, closing, reply.as_ref()),
                );
            }
        }
        out
    }

    /// Returns what `complete` tells, apart from its type and place: also the answer of
    /// `send-message`.
    pub(crate) fn completed<'a>(
        &'a self,
        closing: &'a Closing,
        reply: Option<&'a Message>,
    ) -> Completed<'a> {
        let content = reply.map(Message::content).unwrap_or_default();
        Completed::new(
            &self.opening,
            closing,
            reply,
            hex::encode(Sha256::digest(content)),
            &self.prices,
        )
    }

    fn said<'a>(&self, said: &'a Said, seq: usize) -> Event<'a> {
        let contextual = matches!(said.kind, PartKind::Acknowledgment | PartKind::Contextual);
        if contextual && !self.contextual_as_chunk {
            return Event::Contextual {
                content: &said.text,
                stage: said.stage,
                seq,
            };
        }
        Event::Chunk {
            content: &said.text,
            seq,
        }
    }

    fn ended<'a>(
        &'a self,
        seq: usize,
        closing: &'a Closing,
        reply: Option<&'a Message>,
    ) -> Event<'a> {
        let Ending::Failed(error) = closing.ending else {
            return Event::Complete {
                completed: Box::new(self.completed(closing, reply)),
                seq,
            };
        };
        let code = Code::from(error);
        Event::Error {
            message: code.message(),
            code,
            retryable: code.retryable(),
            partial: reply.is_some_and(|reply| {
                reply
                    .parts()
                    .iter()
                    .any(|part| part.kind == PartKind::Reply)
            }),
            message_id: reply.map(|reply| &reply.id),
            seq,
        }
    }

    fn id(&self, seq: usize) -> String {
        format!("{}.{seq}", self.opening.turn.turn)
    }
}
