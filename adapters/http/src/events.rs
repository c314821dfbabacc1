//! A turn's events as a client sees them.

use std::sync::Arc;
use std::time::Duration;

use domain::conversation::{PartKind, Said, parts};
use domain::{Closing, Ending, Message, Opening, TurnEvent};
use ports::Frame;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::{shapes, sse};

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
}

impl Encoder {
    /// What every stream begins with. It is event 0 only for a client that has none yet.
    pub(crate) fn start(&self, from: usize) -> String {
        let mut out = String::new();
        sse::retry(&mut out, RETRY);
        let start = json!({
            "type": "start",
            "status": "initialized",
            "turnId": self.opening.turn.turn,
            "conversationId": self.opening.turn.conversation.conversation,
            "messageId": self.opening.assistant_message,
            "userMessageId": self.opening.user_message.id,
            "seq": 0,
            "resumed": self.resumed,
            "heartbeatMs": u64::try_from(self.heartbeat.as_millis()).unwrap_or(u64::MAX),
        });
        let id = (from == 0).then(|| self.id(0));
        sse::frame(&mut out, id.as_deref(), &start);
        out
    }

    /// Everything that has come at once, as one piece of the body.
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
                let content: String = said.iter().map(|said| &*said.text).collect();
                let snapshot =
                    json!({ "type": "snapshot", "content": content, "parts": parts(said), "throughSeq": through });
                sse::frame(&mut out, None, &snapshot);
            }
            Frame::Ended(seq, closing, reply) => {
                sse::frame(&mut out, Some(&self.id(*seq)), &self.ended(*seq, closing, reply.as_ref()));
            }
        }
        out
    }

    /// What `complete` tells, apart from its type and place: also the answer of `send-message`.
    pub(crate) fn completed(&self, closing: &Arc<Closing>, reply: Option<&Message>) -> Value {
        let content = reply.map(Message::content).unwrap_or_default();
        let mut json = json!({
            "status": shapes::status(closing.ending),
            "turnId": self.opening.turn.turn,
            "conversationId": self.opening.turn.conversation.conversation,
            "messageId": self.opening.assistant_message,
            "userMessage": shapes::message(&self.opening.user_message),
            "aiMessage": reply.map(shapes::message),
            "jobs": shapes::pending(closing),
            "contentSha256": hex(&Sha256::digest(content)),
        });
        if let Some(object) = json.as_object_mut() {
            object.extend(shapes::report(closing));
        }
        json
    }

    fn said(&self, said: &Said, seq: usize) -> Value {
        let contextual = matches!(said.kind, PartKind::Acknowledgment | PartKind::Contextual);
        if contextual && !self.contextual_as_chunk {
            return json!({ "type": "contextual", "content": &*said.text, "stage": said.stage, "seq": seq });
        }
        json!({ "type": "chunk", "content": &*said.text, "seq": seq })
    }

    fn ended(&self, seq: usize, closing: &Arc<Closing>, reply: Option<&Message>) -> Value {
        let Ending::Failed(error) = closing.ending else {
            let mut complete = json!({ "type": "complete" });
            if let (Some(all), Value::Object(completed)) = (complete.as_object_mut(), self.completed(closing, reply)) {
                all.extend(completed);
                all.insert("seq".to_owned(), json!(seq));
            }
            return complete;
        };
        let code = Code::from(error);
        let partial = reply.is_some_and(|reply| reply.parts().iter().any(|part| part.kind == PartKind::Reply));
        json!({
            "type": "error",
            "message": code.message(),
            "code": code.as_str(),
            "retryable": code.retryable(),
            "partial": partial,
            "messageId": reply.map(|reply| &reply.id),
            "seq": seq,
        })
    }

    fn id(&self, seq: usize) -> String {
        format!("{}.{seq}", self.opening.turn.turn)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
