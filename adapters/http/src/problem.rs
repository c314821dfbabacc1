//! What is said of a request that led to nothing.

use ports::{Missing, PortError, Refusal, TokenRefusal};
use serde_json::{Map, Value};

use crate::code::Code;
use crate::shapes;

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
    /// Returns the same with a detail that says more than the code does.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// Returns the same with one more field.
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
        Self {
            code,
            detail: code.message().to_owned(),
            retry_after: code.retry_after(),
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

/// Refuses a field or parameter by the rule that it breaks.
pub(crate) fn field(rule: &str) -> Problem {
    Problem::from(Code::InvalidField).saying(format!("{rule}."))
}
