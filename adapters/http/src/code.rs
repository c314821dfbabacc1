//! The closed set of error codes.

use std::borrow::Cow;

use axum::http::StatusCode;
use domain::{Fault, TurnError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use Retry::{After, Later, Never};

/// Whether the same may well succeed later.
enum Retry {
    Never,
    Later,
    /// After so many seconds, at least.
    After(u32),
}

macro_rules! codes {
    ($(
        $name:ident = $code:literal $status:literal $retry:ident$(($after:literal))?
            $message:literal
    )*) => {
        /// What went wrong, as a client sees it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($name),* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Returns the HTTP status, when no stream has begun.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status),* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            fn retry(self) -> Retry {
                match self { $(Self::$name => $retry$(($after))?),* }
            }

            /// Returns what to show a person.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }
        }
    };
}

// All that there is to say of a code, but for docs/protocol.md: its name here and on the wire, its
// status, whether the same may succeed later and after how many seconds, and what a person is told.
codes! {
    InvalidPath = "INVALID_PATH" 400 Never "The address is not valid."
    InvalidId = "INVALID_ID" 400 Never "An id is 1 to 64 characters out of A-Z, a-z, 0-9, _ and -."
    MissingRequestBody = "MISSING_REQUEST_BODY" 400 Never "The request has no body."
    InvalidJson = "INVALID_JSON" 400 Never "The body is not valid JSON."
    InvalidBody = "INVALID_BODY" 400 Never "The body is not a JSON object."
    InvalidUserResponse = "INVALID_USER_RESPONSE" 400 Never
        "userResponse is a text of 1 to 32,000 characters, of which one can be seen."
    InvalidTimestamp = "INVALID_TIMESTAMP" 400 Never "messageTimestamp is an RFC 3339 time."
    InvalidTimezone = "INVALID_TIMEZONE" 400 Never
        "timezone is an IANA name, such as Europe/Berlin, or an offset, such as +05:30."
    InvalidField = "INVALID_FIELD" 400 Never "A field or parameter has a value that it cannot have."
    MissingAuthHeader = "MISSING_AUTH_HEADER" 401 Never "The request carries no bearer token."
    InvalidToken = "INVALID_TOKEN" 401 Never "The token is not valid."
    MissingCustomUserId = "MISSING_CUSTOM_USER_ID" 401 Never "The token names no user."
    UserIdMismatch = "USER_ID_MISMATCH" 403 Never "This belongs to somebody else."
    NotFound = "NOT_FOUND" 404 Never "There is nothing at this address."
    ConversationNotFound = "CONVERSATION_NOT_FOUND" 404 Never "There is no such conversation."
    CoachConfigNotFound = "COACH_CONFIG_NOT_FOUND" 404 Never "There is no such coach."
    TurnNotFound = "TURN_NOT_FOUND" 404 Never "There is no such turn."
    RecordNotFound = "RECORD_NOT_FOUND" 404 Never "There is no such record."
    MethodNotAllowed = "METHOD_NOT_ALLOWED" 405 Never "This address does not take that method."
    RequestTimeout = "REQUEST_TIMEOUT" 408 Later "The request took too long to arrive."
    ConversationBusy = "CONVERSATION_BUSY" 409 Later
        "The coach is still answering the last message."
    IdempotencyMismatch = "IDEMPOTENCY_MISMATCH" 409 Never "This key was used for another message."
    NotSuperseded = "NOT_SUPERSEDED" 409 Never "Nothing is in place of this memory."
    TurnExpired = "TURN_EXPIRED" 410 Never
        "This turn can no longer be replayed; its messages are in the history."
    PayloadTooLarge = "PAYLOAD_TOO_LARGE" 413 Never "The body is too large."
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" 415 Never
        "The body is sent as application/json, without a content coding."
    RateLimited = "RATE_LIMITED" 429 After(2) "Too many requests; slow down a little."
    QuotaExceeded = "QUOTA_EXCEEDED" 429 After(30) "You have used up what you may use for now."
    HeadersTooLarge = "HEADERS_TOO_LARGE" 431 Never "The headers are too large."
    Internal = "INTERNAL" 500 Later "Something went wrong on our side."
    ModelUnavailable = "MODEL_UNAVAILABLE" 502 Later "The coach cannot be reached at the moment."
    ModelStreamTruncated = "MODEL_STREAM_TRUNCATED" 502 Later "The coach was cut off."
    ModelRefused = "MODEL_REFUSED" 502 Never "The coach cannot answer this."
    ProducerLost = "PRODUCER_LOST" 502 Later
        "The answer was interrupted. Please send the message again."
    ModelThrottled = "MODEL_THROTTLED" 503 After(2) "The coach is very busy at the moment."
    Overloaded = "OVERLOADED" 503 After(2) "The server is very busy at the moment."
    StoreUnavailable = "STORE_UNAVAILABLE" 503 After(2)
        "The message could not be saved at the moment."
    KeysUnavailable = "KEYS_UNAVAILABLE" 503 After(2) "Tokens cannot be verified at the moment."
    ModelTimeout = "MODEL_TIMEOUT" 504 Later "The coach took too long to answer."
    Deadline = "DEADLINE" 504 Later "The answer took too long."
}

impl Code {
    /// Returns whether the same request may well succeed later.
    pub fn retryable(self) -> bool {
        !matches!(self.retry(), Never)
    }

    /// Returns how many seconds to wait before the same request is sent again, at least.
    pub fn retry_after(self) -> Option<u32> {
        match self.retry() {
            After(seconds) => Some(seconds),
            Later | Never => None,
        }
    }
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
        json_schema!({
            "type": "string",
            "description": "What went wrong; there are no others.",
            "enum": codes,
        })
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
