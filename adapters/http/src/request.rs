//! What a client asks for, parsed from what it sent. Nothing here knows a server.

use std::str::FromStr;
use std::sync::Arc;

use domain::{ConversationKey, IdempotencyKey, Timestamp, TurnId, ZoneName};
use ports::IfBusy;
use schemars::JsonSchema;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::problem::{Problem, field};
use crate::text::is_blank;

/// The longest message, in Unicode scalar values.
const LONGEST: usize = 32_000;

/// A character that can be seen: what [`is_blank`] looks for, as a pattern.
pub(crate) const VISIBLE: &str = r"[^\p{White_Space}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]";

/// One message for the coach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRequest {
    /// What the athlete says.
    pub text: Arc<str>,
    /// When, by the sender's clock.
    pub sent: Option<Timestamp>,
    /// Where.
    pub zone: Option<ZoneName>,
    /// What makes a repetition of this request the same request.
    pub key: Option<IdempotencyKey>,
    /// What to do if the coach is still answering.
    pub if_busy: IfBusy,
}

impl TurnRequest {
    /// Reads a body, and the `Idempotency-Key` header, which is another name of `clientMessageId`.
    pub fn parse(body: &[u8], key_header: Option<&str>) -> Result<Self, Problem> {
        let body = object(body)?;
        let text = body
            .get("userResponse")
            .and_then(Value::as_str)
            .ok_or(Code::InvalidUserResponse)?;
        if is_blank(text) || text.chars().count() > LONGEST {
            return Err(Code::InvalidUserResponse.into());
        }
        let key = match (text_field(&body, "clientMessageId")?, key_header) {
            (Some(key), _) => Some(key),
            (None, Some(header)) => Some(unquoted(header.trim())),
            (None, None) => None,
        };
        let rule = "clientMessageId (or Idempotency-Key) is written like an id";
        let key = match key {
            Some(key) => Some(key.parse().map_err(|_| field(rule))?),
            None => None,
        };
        let sent = match body.get("messageTimestamp") {
            None | Some(Value::Null) => None,
            Some(sent) => Some(parsed(sent).ok_or(Code::InvalidTimestamp)?),
        };
        let zone = match body.get("timezone") {
            None | Some(Value::Null) => None,
            Some(Value::String(zone)) if zone.is_empty() => None,
            Some(zone) => Some(parsed(zone).ok_or(Code::InvalidTimezone)?),
        };
        let if_busy = match text_field(&body, "ifBusy")? {
            None | Some("reject") => IfBusy::Reject,
            Some("interrupt") => IfBusy::Interrupt,
            Some(_) => return Err(field("ifBusy is reject or interrupt")),
        };
        Ok(Self {
            text: text.into(),
            sent,
            zone,
            key,
            if_busy,
        })
    }

    /// Returns the key that makes a repetition the same request: the client's own, else one made of
    /// what was said where and when, else (nobody can repeat it) the turn's id.
    pub fn key(&self, conversation: &ConversationKey, turn: &TurnId) -> IdempotencyKey {
        let said = self.sent.map(|sent| {
            let ConversationKey {
                user,
                coach,
                conversation,
            } = conversation;
            let said = format!("{user}/{coach}/{conversation}/{sent}/{}", self.text);
            <[u8; 32]>::from(Sha256::digest(said)).into()
        });
        self.key.clone().or(said).unwrap_or_else(|| turn.into())
    }

    /// Returns what an equal key must come with to be the same request.
    pub fn body_hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

/// What [`TurnRequest::parse`] reads.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "One message for the coach. Other fields are ignored.")]
#[expect(
    dead_code,
    reason = "describes what is parsed by hand, with a code of its own for each field"
)]
pub(crate) struct TurnBody {
    /// What the athlete says, some of which can be seen.
    #[schemars(length(max = LONGEST), regex(pattern = VISIBLE))]
    user_response: String,
    /// When, by the sender's clock.
    message_timestamp: Option<Timestamp>,
    /// What makes a repetition of this request the same request, written like an id.
    client_message_id: Option<IdempotencyKey>,
    /// Where: a name of the IANA database, such as Europe/Berlin, or an offset, such as +05:30.
    timezone: Option<ZoneName>,
    /// What to do if the coach is still answering; without it, to be refused.
    if_busy: Option<Busy>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the words of a field that is parsed by hand")]
enum Busy {
    Reject,
    Interrupt,
}

/// Reads a body that is a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.trim_ascii().is_empty() {
        return Err(Code::MissingRequestBody.into());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Code::InvalidBody.into()),
        Err(error) => Err(Problem::from(Code::InvalidJson).saying(format!(
            "The body is not valid JSON (line {}, column {}).",
            error.line(),
            error.column()
        ))),
    }
}

/// Returns a field that holds text, or nothing.
pub(crate) fn text_field<'a>(
    body: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(field(&format!("{name} is a text"))),
    }
}

fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// Reads where a client that follows a turn has got to, from `Last-Event-ID`: `<turnId>.<seq>`.
/// What is not written like that is no place at all.
pub(crate) fn place(last_event_id: &str) -> Option<(TurnId, usize)> {
    let (turn, seq) = last_event_id.trim().rsplit_once('.')?;
    Some((turn.parse().ok()?, after(seq)?))
}

/// Returns the number of the first event that a client lacks, from the number of the last one that
/// it has.
pub(crate) fn after(seq: &str) -> Option<usize> {
    let digits = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
    seq.parse::<usize>().ok().filter(|_| digits)?.checked_add(1)
}

fn unquoted(key: &str) -> &str {
    key.strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<Code> {
        TurnRequest::parse(body.as_bytes(), None)
            .err()
            .map(|problem| problem.code)
    }

    const BODIES: [(&str, Option<Code>); 21] = [
        ("", Some(Code::MissingRequestBody)),
        (" \n ", Some(Code::MissingRequestBody)),
        ("{", Some(Code::InvalidJson)),
        ("[]", Some(Code::InvalidBody)),
        ("\"hi\"", Some(Code::InvalidBody)),
        ("{}", Some(Code::InvalidUserResponse)),
        (
            r#"{"userResponse":" \u00a0\n"}"#,
            Some(Code::InvalidUserResponse),
        ),
        (
            r#"{"userResponse":"\u200b\u3164\ufe0f"}"#,
            Some(Code::InvalidUserResponse),
        ),
        (r#"{"userResponse":7}"#, Some(Code::InvalidUserResponse)),
        (r#"{"userResponse":"\ud800"}"#, Some(Code::InvalidJson)),
        (
            r#"{"userResponse":"hi","messageTimestamp":"soon"}"#,
            Some(Code::InvalidTimestamp),
        ),
        (
            r#"{"userResponse":"hi","messageTimestamp":5}"#,
            Some(Code::InvalidTimestamp),
        ),
        (
            r#"{"userResponse":"hi","timezone":"Mars/Olympus"}"#,
            Some(Code::InvalidTimezone),
        ),
        (
            r#"{"userResponse":"hi","clientMessageId":"a b"}"#,
            Some(Code::InvalidField),
        ),
        (
            r#"{"userResponse":"hi","clientMessageId":1}"#,
            Some(Code::InvalidField),
        ),
        (
            r#"{"userResponse":"hi","ifBusy":"wait"}"#,
            Some(Code::InvalidField),
        ),
        (
            r#"{"userResponse":"hi","timezone":" "}"#,
            Some(Code::InvalidTimezone),
        ),
        (
            r#"{"userResponse":"hi","timezone":"+25:00"}"#,
            Some(Code::InvalidTimezone),
        ),
        (r#"{"userResponse":"hi","timezone":""}"#, None),
        (r#"{"userResponse":"hi","timezone":"+05:30"}"#, None),
        (
            r#"{"userResponse":"hi","timezone":null,"messageTimestamp":null,"else":[1]}"#,
            None,
        ),
    ];

    #[test]
    fn every_field_is_checked_and_named() {
        let long = format!(r#"{{"userResponse":"{}"}}"#, "é".repeat(32_001));
        let just = format!(r#"{{"userResponse":"{}"}}"#, "é".repeat(32_000));
        assert_eq!(code(&long), Some(Code::InvalidUserResponse));
        assert_eq!(code(&just), None);
        for (body, expected) in BODIES {
            assert_eq!(code(body), expected, "{body}");
        }
    }

    #[test]
    fn the_key_comes_from_the_client_or_from_what_was_said_and_when() {
        let user = domain::UserScope::verified("u".parse().unwrap());
        let conversation = ConversationKey {
            user,
            coach: "c".parse().unwrap(),
            conversation: "v".parse().unwrap(),
        };
        let key = |body: &str, header: Option<&str>, turn: &str| {
            TurnRequest::parse(body.as_bytes(), header)
                .unwrap()
                .key(&conversation, &turn.parse().unwrap())
        };
        assert_eq!(
            key(
                r#"{"userResponse":"a","clientMessageId":"k"}"#,
                Some("h"),
                "t"
            )
            .as_str(),
            "k"
        );
        assert_eq!(
            key(r#"{"userResponse":"a"}"#, Some("\"h\""), "t").as_str(),
            "h"
        );
        assert_eq!(key(r#"{"userResponse":"a"}"#, None, "t").as_str(), "t");
        let said = |text: &str, at: &str, turn: &str| {
            key(
                &format!(
                    r#"{{"userResponse":"{text}","messageTimestamp":"2026-01-01T00:00:0{at}Z"}}"#
                ),
                None,
                turn,
            )
        };
        assert_eq!(said("a", "0", "t1"), said("a", "0", "t2"));
        assert_ne!(said("a", "0", "t1"), said("a", "1", "t1"));
        assert_ne!(said("a", "0", "t1"), said("b", "0", "t1"));
    }

    #[test]
    fn a_place_is_a_turn_and_a_number() {
        assert_eq!(place("t-1.7"), Some(("t-1".parse().unwrap(), 8)));
        for bad in [
            "",
            "7",
            "t.",
            "t.-1",
            "t.+1",
            "t.1x",
            ".1",
            "a b.1",
            "t.99999999999999999999999",
        ] {
            assert_eq!(place(bad), None, "{bad:?}");
        }
    }
}
