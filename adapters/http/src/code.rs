//! The closed set of error codes, and how one is answered.

use std::borrow::Cow;

use axum::http::StatusCode;
use domain::{Fault, TurnError};
use ports::{Missing, PortError, Refusal, TokenRefusal};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::shapes;

macro_rules! codes {
    ($($name:ident = $code:literal $status:literal $retry:literal $message:literal)*) => {
        /// What went wrong, as a client sees it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($name),* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The HTTP status, when no stream has begun.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status),* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// Whether the same request may well succeed later.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retry),* }
            }

            /// What to show a person.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }
        }
    };
}

codes! {
    InvalidPath = "INVALID_PATH" 400 false "The address is not valid."
    InvalidId = "INVALID_ID" 400 false "An id is 1 to 64 characters out of A-Z, a-z, 0-9, _ and -."
    MissingRequestBody = "MISSING_REQUEST_BODY" 400 false "The request has no body."
    InvalidJson = "INVALID_JSON" 400 false "The body is not valid JSON."
    InvalidBody = "INVALID_BODY" 400 false "The body is not a JSON object."
    InvalidUserResponse = "INVALID_USER_RESPONSE" 400 false
        "userResponse is a text of 1 to 32,000 characters, of which one can be seen."
    InvalidTimestamp = "INVALID_TIMESTAMP" 400 false "messageTimestamp is an RFC 3339 time."
    InvalidTimezone = "INVALID_TIMEZONE" 400 false "timezone is an IANA name, such as Europe/Berlin, or an offset, such as +05:30."
    InvalidField = "INVALID_FIELD" 400 false "A field or parameter has a value that it cannot have."
    MissingAuthHeader = "MISSING_AUTH_HEADER" 401 false "The request carries no bearer token."
    InvalidToken = "INVALID_TOKEN" 401 false "The token is not valid."
    MissingCustomUserId = "MISSING_CUSTOM_USER_ID" 401 false "The token names no user."
    UserIdMismatch = "USER_ID_MISMATCH" 403 false "This belongs to somebody else."
    NotFound = "NOT_FOUND" 404 false "There is nothing at this address."
    ConversationNotFound = "CONVERSATION_NOT_FOUND" 404 false "There is no such conversation."
    CoachConfigNotFound = "COACH_CONFIG_NOT_FOUND" 404 false "There is no such coach."
    TurnNotFound = "TURN_NOT_FOUND" 404 false "There is no such turn."
    RecordNotFound = "RECORD_NOT_FOUND" 404 false "There is no such record."
    MethodNotAllowed = "METHOD_NOT_ALLOWED" 405 false "This address does not take that method."
    RequestTimeout = "REQUEST_TIMEOUT" 408 true "The request took too long to arrive."
    ConversationBusy = "CONVERSATION_BUSY" 409 true "The coach is still answering the last message."
    IdempotencyMismatch = "IDEMPOTENCY_MISMATCH" 409 false "This key was used for another message."
    TurnExpired = "TURN_EXPIRED" 410 false "This turn can no longer be replayed; its messages are in the history."
    PayloadTooLarge = "PAYLOAD_TOO_LARGE" 413 false "The body is too large."
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" 415 false "The body is sent as application/json, without a content coding."
    RateLimited = "RATE_LIMITED" 429 true "Too many requests; slow down a little."
    QuotaExceeded = "QUOTA_EXCEEDED" 429 true "You have used up what you may use for now."
    HeadersTooLarge = "HEADERS_TOO_LARGE" 431 false "The headers are too large."
    Internal = "INTERNAL" 500 true "Something went wrong on our side."
    ModelUnavailable = "MODEL_UNAVAILABLE" 502 true "The coach cannot be reached at the moment."
    ModelStreamTruncated = "MODEL_STREAM_TRUNCATED" 502 true "The coach was cut off."
    ModelRefused = "MODEL_REFUSED" 502 false "The coach cannot answer this."
    ProducerLost = "PRODUCER_LOST" 502 true "The answer was interrupted. Please send the message again."
    ModelThrottled = "MODEL_THROTTLED" 503 true "The coach is very busy at the moment."
    Overloaded = "OVERLOADED" 503 true "The server is very busy at the moment."
    StoreUnavailable = "STORE_UNAVAILABLE" 503 true "The message could not be saved at the moment."
    KeysUnavailable = "KEYS_UNAVAILABLE" 503 true "Tokens cannot be verified at the moment."
    ModelTimeout = "MODEL_TIMEOUT" 504 true "The coach took too long to answer."
    Deadline = "DEADLINE" 504 true "The answer took too long."
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = Self::ALL.iter().map(|code| code.as_str()).collect();
        json_schema!({ "type": "string", "description": "What went wrong; there are no others.", "enum": codes })
    }
}

impl From<TurnError> for Code {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Store(_) => Self::StoreUnavailable,
            TurnError::Model(Fault::Throttled) => Self::ModelThrottled,
            TurnError::Model(Fault::Unavailable) => Self::ModelUnavailable,
            TurnError::Model(Fault::TimedOut) => Self::ModelTimeout,
            TurnError::Model(Fault::Truncated) => Self::ModelStreamTruncated,
            TurnError::Model(Fault::Rejected | Fault::TooLong | Fault::Adjusted) => {
                Self::ModelRefused
            }
            TurnError::Deadline => Self::Deadline,
            TurnError::ProducerLost => Self::ProducerLost,
            TurnError::Internal => Self::Internal,
        }
    }
}

/// A request that led to nothing, or a turn that failed before anybody saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// What exactly; safe to show.
    pub detail: String,
    /// Seconds to wait before trying again, at least.
    pub retry_after: Option<u32>,
    /// Fields that belong to this code.
    pub fields: Map<String, Value>,
}

impl Problem {
    /// The same with a detail that says more than the code does.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// As RFC 9457 has it (`application/problem+json`).
    pub(crate) fn told<'a>(&'a self, request_id: &'a str) -> shapes::Refused<'a> {
        let status = self.code.status();
        shapes::Refused {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &self.detail,
            code: self.code,
            retryable: self.code.retryable(),
            request_id,
            fields: &self.fields,
        }
    }

    /// As the one event of a stream that never began.
    pub(crate) fn told_as_event<'a>(&'a self, request_id: &'a str) -> shapes::Refusal<'a> {
        shapes::Refusal {
            kind: "error",
            message: &self.detail,
            code: self.code,
            retryable: self.code.retryable(),
            partial: false,
            request_id,
            retry_after_ms: self.retry_after.map(|seconds| u64::from(seconds) * 1_000),
            fields: &self.fields,
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        let waits = matches!(
            code.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let retry_after = waits.then_some(if code == Code::QuotaExceeded { 30 } else { 2 });
        Self {
            code,
            detail: code.message().to_owned(),
            retry_after,
            fields: Map::new(),
        }
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a store could not answer"
        );
        Code::StoreUnavailable.into()
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        tracing::info!(
            reason = &refusal as &dyn std::error::Error,
            "a token was refused"
        );
        match refusal {
            TokenRefusal::Invalid(_) => Code::InvalidToken,
            TokenRefusal::MissingUserId => Code::MissingCustomUserId,
            TokenRefusal::KeysUnavailable(_) => Code::KeysUnavailable,
        }
        .into()
    }
}

impl From<Missing> for Problem {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Unknown => Code::TurnNotFound.into(),
            Missing::Expired(message) => {
                Self::from(Code::TurnExpired).with("messageId", message.as_str())
            }
            Missing::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownConversation => Code::ConversationNotFound.into(),
            Refusal::Mismatch => Code::IdempotencyMismatch.into(),
            Refusal::Busy(turn) => Self::from(Code::ConversationBusy).with("turnId", turn.as_str()),
            Refusal::OverLimit { .. } => Code::RateLimited.into(),
            Refusal::Store(_) => Code::StoreUnavailable.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_an_error_and_a_message_of_its_own() {
        for code in Code::ALL {
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{code:?}"
            );
            assert_eq!(
                Code::ALL
                    .iter()
                    .filter(|other| other.message() == code.message())
                    .count(),
                1,
                "{code:?}"
            );
            assert_eq!(
                Code::ALL
                    .iter()
                    .filter(|other| other.as_str() == code.as_str())
                    .count(),
                1,
                "{code:?}"
            );
        }
    }
}
