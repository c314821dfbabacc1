//! How values look in a store that keeps bytes: one encoding for all such stores.
//!
//! What is long, and known for good, is packed: a piece of a reply costs one byte beside its text,
//! so that the longest reply fits an item of DynamoDB however finely the model has cut it. What
//! grows with the product is JSON, so that what was written earlier is still read. A store keeps
//! [`FORM`] beside each value; a test holds the bytes. Rows have it in them (`rows`).
//!
//! A value of a form that is not known, or that cannot be read, is nothing that a store may guess
//! at or write over: it is [left out](if_readable), or stands in its place, as the port says.

mod rows;

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use domain::{
    Body, ConversationKey, Ending, Fault, Message, MessageId, PartKind, Said, Stage, Timestamp,
    TurnEvent, TurnId, TurnKey, ZoneName,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::{PortError, Result};

pub use rows::{
    ConversationRow, RequestRow, TurnRow, conversation, job, read_conversation, read_job,
    read_request, read_turn, request, turn,
};

/// Which form of these encodings a store writes.
pub const FORM: u64 = 1;

/// A message.
pub fn message(message: &Message) -> Result<Vec<u8>> {
    let Message {
        id,
        number,
        turn,
        created,
        body,
    } = message;
    let body = match body {
        Body::User { text, sent, zone } => StoredBody::User {
            text: text.clone(),
            sent: sent.map(|at| at.0),
            zone: zone.clone(),
        },
        // What it said is in the store, if anywhere: nothing may take its place.
        Body::Unreadable => return Err(unreadable("a message that was not read")),
        Body::Assistant { ending, said } => StoredBody::Assistant {
            ending: *ending,
            said: Pieces::of(said.iter()),
        },
    };
    pack(&StoredMessage {
        id: id.clone(),
        number: *number,
        turn: turn.turn.clone(),
        created: created.0,
        body,
    })
}

/// Returns the message of this number, as far as it can be read: one that cannot keeps its place,
/// with what is known of it.
pub fn message_at(
    conversation: ConversationKey,
    number: u64,
    bytes: Result<&[u8]>,
    key: impl Display,
) -> Message {
    let unknown = Message::unreadable(conversation.clone(), number);
    let Some(bytes) = if_readable(bytes, &key) else {
        return unknown;
    };
    if let Some(whole) = if_readable(read_message(conversation.clone(), bytes), &key) {
        return whole;
    }
    match postcard::take_from_bytes::<Head>(bytes) {
        Ok((head, _)) if head.number == number => Message {
            id: head.id,
            turn: TurnKey {
                conversation,
                turn: head.turn,
            },
            created: Timestamp(head.created),
            ..unknown
        },
        Ok(_) | Err(_) => unknown,
    }
}

/// What was read, or nothing if it cannot be: the log is told by its key, and of nothing that it
/// says.
pub fn if_readable<T>(read: Result<T>, key: impl Display) -> Option<T> {
    let told = |error: &PortError| {
        let error = error as &dyn Error;
        warn!(%key, error, "something stored cannot be read, and is left out");
    };
    read.inspect_err(told).ok()
}

/// A message of this conversation, read back.
pub fn read_message(conversation: ConversationKey, bytes: &[u8]) -> Result<Message> {
    let StoredMessage {
        id,
        number,
        turn,
        created,
        body,
    } = unpack(bytes)?;
    let body = match body {
        StoredBody::User { text, sent, zone } => Body::User {
            text,
            sent: sent.map(Timestamp),
            zone,
        },
        StoredBody::Assistant { ending, said } => Body::Assistant {
            ending,
            said: said.apart()?.into(),
        },
    };
    Ok(Message {
        id,
        number,
        turn: TurnKey { conversation, turn },
        created: Timestamp(created),
        body,
    })
}

/// Events of a turn that has not ended: it may begin with the first, and all others tell something.
pub fn events(events: &[TurnEvent]) -> Result<Vec<u8>> {
    let (started, said) = told(events)?;
    pack(&Told {
        started,
        said: Pieces::of(said.into_iter()),
    })
}

/// Events of a turn, read back.
pub fn read_events(bytes: &[u8]) -> Result<Vec<TurnEvent>> {
    let Told { started, said } = unpack(bytes)?;
    Ok(rebuilt(started, said.apart()?))
}

/// Returns whether these events begin with the first of a turn, and what the others say.
pub fn told(events: &[TurnEvent]) -> Result<(bool, Vec<&Said>)> {
    let (started, rest) = match events {
        [TurnEvent::Started, rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let said = rest.iter().map(|event| {
        event
            .said()
            .ok_or_else(|| unreadable("an event out of place"))
    });
    Ok((started, said.collect::<Result<_>>()?))
}

/// Returns the events that [`told`] took apart.
pub fn rebuilt(started: bool, said: impl IntoIterator<Item = Said>) -> Vec<TurnEvent> {
    started
        .then_some(TurnEvent::Started)
        .into_iter()
        .chain(said.into_iter().map(TurnEvent::Said))
        .collect()
}

/// A value as JSON.
pub fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(unreadable_json)
}

/// A value, read back from JSON.
pub fn read_json<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    serde_json::from_slice(json).map_err(unreadable_json)
}

#[derive(Serialize, Deserialize)]
struct StoredMessage {
    id: MessageId,
    number: u64,
    turn: TurnId,
    created: u64,
    body: StoredBody,
}

/// What a stored message begins with, whatever its body is.
#[derive(Deserialize)]
struct Head {
    id: MessageId,
    number: u64,
    turn: TurnId,
    created: u64,
}

#[derive(Serialize, Deserialize)]
enum StoredBody {
    User {
        text: Arc<str>,
        sent: Option<u64>,
        zone: Option<ZoneName>,
    },
    Assistant {
        ending: Ending,
        said: Pieces,
    },
}

#[derive(Serialize, Deserialize)]
struct Told {
    started: bool,
    said: Pieces,
}

/// Pieces of text as one text, and where to cut it.
#[derive(Serialize, Deserialize, Default)]
struct Pieces {
    runs: Vec<Run>,
    text: String,
}

/// Neighbours of one kind, and the length of each in bytes.
#[derive(Serialize, Deserialize)]
struct Run {
    kind: PartKind,
    stage: Option<Stage>,
    lengths: Vec<u32>,
}

impl Pieces {
    fn of<'a>(said: impl Iterator<Item = &'a Said>) -> Self {
        let mut pieces = Self::default();
        for Said { kind, stage, text } in said {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            pieces.text.push_str(text);
            match pieces.runs.last_mut() {
                Some(run) if run.kind == *kind && run.stage == *stage => run.lengths.push(length),
                _ => pieces.runs.push(Run {
                    kind: *kind,
                    stage: *stage,
                    lengths: vec![length],
                }),
            }
        }
        pieces
    }

    fn apart(&self) -> Result<Vec<Said>> {
        let (mut said, mut rest) = (Vec::new(), self.text.as_str());
        for Run {
            kind,
            stage,
            lengths,
        } in &self.runs
        {
            for length in lengths {
                let length = usize::try_from(*length).unwrap_or(usize::MAX);
                let (text, after) = rest
                    .split_at_checked(length)
                    .ok_or_else(|| unreadable("pieces without text"))?;
                said.push(Said {
                    kind: *kind,
                    stage: *stage,
                    text: text.into(),
                });
                rest = after;
            }
        }
        Ok(said)
    }
}

fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).map_err(|error| unreadable(&error.to_string()))
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable_json(error: serde_json::Error) -> PortError {
    // The error's own words may quote what somebody said.
    unreadable(&format!(
        "{:?} error at line {}, column {}",
        error.classify(),
        error.line(),
        error.column()
    ))
}

fn unreadable(why: &str) -> PortError {
    PortError {
        fault: Fault::Rejected,
        adapter: "stored",
        source: Some(why.into()),
    }
}

#[cfg(test)]
mod pinned;

#[cfg(test)]
mod tests {
    use domain::call::{CallKind, CallOutcome, CallRecord};
    use domain::router;
    use domain::{Closing, JobKind, JobState, Limits, Report, TurnError};
    use serde_json::json;

    use super::*;

    fn said(kind: PartKind, stage: Option<Stage>, text: &str) -> Said {
        Said {
            kind,
            stage,
            text: text.into(),
        }
    }

    fn conversation_key() -> ConversationKey {
        ConversationKey {
            user: domain::UserScope::stored("ann".parse().unwrap()),
            coach: "c".parse().unwrap(),
            conversation: "v".parse().unwrap(),
        }
    }

    fn turn_key() -> TurnKey {
        TurnKey {
            conversation: conversation_key(),
            turn: "t1".parse().unwrap(),
        }
    }

    fn of_assistant(said: Vec<Said>) -> Message {
        let body = Body::Assistant {
            ending: Ending::Failed(TurnError::Model(Fault::TooLong)),
            said: said.into(),
        };
        let (id, turn) = ("a1".parse().unwrap(), turn_key());
        Message {
            id,
            number: 2,
            turn,
            created: Timestamp(1_700_000_000_000),
            body,
        }
    }

    fn of_user() -> Message {
        let (sent, zone) = (Some(Timestamp(5)), Some("Europe/Berlin".parse().unwrap()));
        let body = Body::User {
            text: "5 × 5 squats\r\n".into(),
            sent,
            zone,
        };
        Message {
            id: "u1".parse().unwrap(),
            number: 1,
            body,
            ..of_assistant(Vec::new())
        }
    }

    #[test]
    fn what_is_packed_is_read_back_the_same() {
        let pieces = vec![
            said(
                PartKind::Acknowledgment,
                Some(Stage::Acknowledgment),
                "Got it.\n",
            ),
            said(
                PartKind::Contextual,
                Some(Stage::PatternAnalysis),
                "Looking …\n\n",
            ),
            said(
                PartKind::Contextual,
                Some(Stage::InsightsBrewing),
                "\u{1}\0\"\n\n",
            ),
            said(PartKind::Reply, None, "5 × "),
            said(PartKind::Reply, None, ""),
            said(PartKind::Reply, None, "5 👍🏽"),
        ];
        for message in [of_user(), of_assistant(pieces.clone())] {
            assert_eq!(
                read_message(conversation_key(), &super::message(&message).unwrap()).unwrap(),
                message
            );
        }
        for started in [true, false] {
            let all = rebuilt(started, pieces.clone());
            assert_eq!(read_events(&events(&all).unwrap()).unwrap(), all);
        }
    }

    #[test]
    fn an_event_out_of_place_is_refused() {
        let closing = Closing {
            ending: Ending::Finished,
            at: Timestamp(1),
            jobs: vec![],
            report: Report::default(),
        };
        assert!(events(&[TurnEvent::Started, TurnEvent::Ended(closing.into())]).is_err());
        assert!(events(&[TurnEvent::Started, TurnEvent::Started]).is_err());
    }

    #[test]
    fn bytes_that_break_off_are_an_error_without_their_content() {
        let whole = message(&of_assistant(vec![said(PartKind::Reply, None, "secret")])).unwrap();
        for length in 0..whole.len() {
            let error = read_message(conversation_key(), &whole[..length]).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"));
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_keeps_its_place_and_what_is_known_of_it() {
        let whole = of_assistant(vec![said(PartKind::Reply, None, "secret")]);
        let packed = message(&whole).unwrap();
        assert_eq!(message_at(conversation_key(), 2, Ok(&packed), "key"), whole);
        let known = Message {
            body: Body::Unreadable,
            ..whole.clone()
        };
        let unknown = Message::unreadable(conversation_key(), 2);
        for length in 0..packed.len() {
            let expected = if length < 13 { &unknown } else { &known };
            assert_eq!(
                message_at(conversation_key(), 2, Ok(&packed[..length]), "key"),
                *expected,
                "{length} bytes"
            );
        }
        assert_eq!(
            message_at(conversation_key(), 2, Err(unreadable("message")), "key"),
            unknown
        );
        assert_eq!(
            message_at(conversation_key(), 7, Ok(&packed[..13]), "key"),
            Message::unreadable(conversation_key(), 7),
            "another message's"
        );
        assert!(message(&known).is_err(), "what was not read is not written");
    }

    #[test]
    fn the_longest_reply_in_the_smallest_pieces_fits_an_item() {
        let letter = said(PartKind::Reply, None, "\u{1}");
        let pieces: Vec<Said> = vec![letter; Limits::default().reply_bytes];
        let size = message(&of_assistant(pieces)).unwrap().len();
        assert!(size < 300 * 1024, "{size} bytes, and 400 KiB is the end");
    }

    #[test]
    fn the_stored_form_stays_as_it_is() {
        let reply = said(PartKind::Reply, None, "Hi ");
        let pieces = vec![
            said(
                PartKind::Acknowledgment,
                Some(Stage::Acknowledgment),
                "Ok\n",
            ),
            reply.clone(),
            reply,
        ];
        assert_eq!(
            hex::encode(message(&of_user()).unwrap()),
            "0275310102743180d095ffbc31000f3520c3972035207371756174730d0a\
             0105010d4575726f70652f4265726c696e"
        );
        assert_eq!(
            hex::encode(message(&of_assistant(pieces.clone())).unwrap()),
            "0261310202743180d095ffbc31010501050201010001030300020303094f6b0a486920486920"
        );
        assert_eq!(
            hex::encode(events(&rebuilt(true, pieces)).unwrap()),
            "010201010001030300020303094f6b0a486920486920"
        );
    }

    const CLOSING: &str = concat!(
        r#"{"ending":{"failed":{"store":"timedOut"}},"at":"1970-01-01T00:00:00.001Z","#,
        r#""jobs":["workout"],"#,
        r#""report":{"route":{"userIntent":"general","showContextualUpdates":false,"#,
        r#""contextualUpdates":[],"workoutDetection":{"isWorkoutLog":false,"#,
        r#""confidence":0.0,"workoutType":null,"reasoning":"the router gave no answer"},"#,
        r#""memoryProcessing":{"needsRetrieval":true,"isMemoryRequest":false,"#,
        r#""isForgetRequest":false,"#,
        r#""memory":null,"confidence":0.0,"reasoning":"the router gave no answer"},"#,
        r#""contextNeeds":{"needsPineconeSearch":false,"searchTypes":[],"reasoning":""},"#,
        r#""conversationTitle":null,"conversationComplexity":{"hasComplexity":false,"#,
        r#""complexityTypes":[],"needsSummary":false,"confidence":0.0},"#,
        r#""care":"none","language":"en","#,
        r#""routerMetadata":{"confidence":0.5,"processingTimeMs":0,"source":"default","#,
        r#""policyVersion":"1"}},"#,
        r#""context":null,"calls":[{"kind":"reply","model":"m","inputTokens":0,"#,
        r#""outputTokens":0,"cacheReadTokens":0,"cacheWriteTokens":0,"#,
        r#""estimated":false,"ms":7,"attempts":1,"outcome":"throttled"}],"#,
        r#""timings":{"admit":null,"start":null,"load":null,"route":null,"#,
        r#""gather":null,"firstToken":null,"lastToken":null,"finish":null}}}"#,
    );

    #[test]
    fn the_stored_form_of_a_closing_stays_as_it_is() {
        let call = CallRecord {
            kind: CallKind::Reply,
            usage: domain::Usage {
                model: Some("m".into()),
                ..domain::Usage::default()
            },
            ms: 7,
            attempts: 1,
            outcome: CallOutcome::Failed(Fault::Throttled),
        };
        let mut route = router::fallback("hello");
        route.router_metadata.policy_version = "1".to_owned();
        let report = Report {
            route: Some(route),
            calls: vec![call],
            ..Report::default()
        };
        let jobs = vec![JobKind::Workout];
        let closing = Closing {
            ending: TurnError::Store(Fault::TimedOut).into(),
            at: Timestamp(1),
            jobs,
            report,
        };
        assert_eq!(
            read_json::<Closing>(json(&closing).unwrap().as_bytes()).unwrap(),
            closing
        );
        assert_eq!(json(&closing).unwrap(), CLOSING);
        let before_care = CLOSING.replace(r#""care":"none","language":"en","#, "");
        assert_eq!(
            read_json::<Closing>(before_care.as_bytes()).unwrap(),
            closing
        );
    }

    #[test]
    fn the_stored_form_of_a_jobs_state_stays_as_it_is() {
        for (state, text) in [
            (
                JobState::Due(Timestamp(1)),
                r#"{"due":"1970-01-01T00:00:00.001Z"}"#,
            ),
            (
                JobState::Claimed(Timestamp(1)),
                r#"{"claimed":"1970-01-01T00:00:00.001Z"}"#,
            ),
            (
                JobState::Done(json!({ "id": "x" })),
                r#"{"done":{"id":"x"}}"#,
            ),
            (
                JobState::Refused("a plan".into()),
                r#"{"refused":"a plan"}"#,
            ),
            (JobState::Dead("gone".into()), r#"{"dead":"gone"}"#),
        ] {
            assert_eq!(json(&state).unwrap(), text);
            assert_eq!(read_json::<JobState>(text.as_bytes()).unwrap(), state);
        }
    }

    #[test]
    fn a_report_of_earlier_days_is_still_read() {
        let early =
            r#"{"ending":"finished","at":"1970-01-01T00:00:00.001Z","jobs":[],"report":{}}"#;
        assert_eq!(
            read_json::<Closing>(early.as_bytes()).unwrap().report,
            Report::default()
        );
    }
}
