//! What Bedrock's errors and stop reasons mean, each in one row of a table.

use std::fmt;

use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use domain::{Fault, StopReason};
use ports::PortError;

use crate::capabilities::{Lesson, Sent};

/// Every exception, by the name that it has before a stream; within one, its first letter is small.
///
/// A `ValidationException` that says the input is too long is [`Fault::TooLong`].
pub const EXCEPTIONS: [(&str, Fault); 11] = [
    ("AccessDeniedException", Fault::Rejected),
    ("InternalServerException", Fault::Unavailable),
    ("ModelErrorException", Fault::Unavailable),
    ("ModelNotReadyException", Fault::Unavailable),
    ("ModelStreamErrorException", Fault::Truncated),
    ("ModelTimeoutException", Fault::TimedOut),
    ("ResourceNotFoundException", Fault::Rejected),
    ("ServiceQuotaExceededException", Fault::Throttled),
    ("ServiceUnavailableException", Fault::Unavailable),
    ("ThrottlingException", Fault::Throttled),
    ("ValidationException", Fault::Rejected),
];

/// Every stop reason. An unknown one is [`Fault::Truncated`]: nobody knows whether the answer is
/// whole.
///
/// `tool_use` completes the call of a tool; a reply that wants to use one was left unsaid. Where
/// the context window is full after some words, those are an answer that ran out of room.
pub const STOP_REASONS: [(&str, Result<StopReason, Fault>); 9] = [
    ("content_filtered", Ok(StopReason::Filtered)),
    ("end_turn", Ok(StopReason::Complete)),
    ("guardrail_intervened", Ok(StopReason::Filtered)),
    ("malformed_model_output", Err(Fault::Unavailable)),
    ("malformed_tool_use", Err(Fault::Unavailable)),
    ("max_tokens", Ok(StopReason::Length)),
    ("model_context_window_exceeded", Err(Fault::TooLong)),
    ("stop_sequence", Ok(StopReason::Complete)),
    ("tool_use", Err(Fault::Truncated)),
];

/// Why a call failed: nothing in it was said by a user, a model or Bedrock, but for the request's
/// id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}{}", told(", status ", status.as_ref()), told(", request ", request.as_ref()))]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(crate) what: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) request: Option<String>,
    /// What of the request the model has refused.
    pub(crate) lessons: Vec<Lesson>,
}

impl Failure {
    pub(crate) fn new(fault: Fault, what: &'static str) -> Self {
        Self {
            fault,
            what,
            status: None,
            request: None,
            lessons: Vec::new(),
        }
    }

    /// Of a call that was answered by an error, or not at all; `sent` is what it had in it that may
    /// be refused.
    pub(crate) fn of_call<E: ProvideErrorMetadata>(
        error: &SdkError<E, HttpResponse>,
        sent: Sent,
    ) -> Self {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let request = error.request_id().map(str::to_owned);
        let named = error
            .code()
            .and_then(|code| EXCEPTIONS.iter().find(|(name, _)| *name == code));
        let failure = match (named, status) {
            (Some((name, fault)), _) => Self::named(name, *fault, error.message(), sent),
            (None, Some(status @ 400..)) => {
                Self::new(by_status(status), "an error without a known name")
            }
            (None, _) => unanswered(error),
        };
        Self {
            status,
            request,
            ..failure
        }
    }

    /// Returns the same, but that the model can be asked otherwise, as it has shown.
    pub(crate) fn teaching(self, lesson: Lesson) -> Self {
        Self {
            fault: Fault::Adjusted,
            lessons: vec![lesson],
            ..self
        }
    }

    /// By the name of an exception, and what it says where that matters.
    fn named(name: &'static str, fault: Fault, message: Option<&str>, sent: Sent) -> Self {
        let message = message.unwrap_or_default();
        let is_invalid = name == "ValidationException";
        if is_invalid && says_too_long(message) {
            return Self::new(Fault::TooLong, "the input is too long");
        }
        let lessons = if is_invalid {
            sent.refused(message)
        } else {
            Vec::new()
        };
        if !lessons.is_empty() {
            return Self {
                lessons,
                ..Self::new(Fault::Adjusted, "a parameter is refused")
            };
        }
        let what = if fault == Fault::Rejected {
            absent(message).unwrap_or(name)
        } else {
            name
        };
        Self::new(fault, what)
    }

    /// Of a stream that broke off.
    pub(crate) fn of_stream<R>(error: &SdkError<ConverseStreamOutputError, R>, sent: Sent) -> Self {
        let Some(exception) = error.as_service_error() else {
            return Self::new(
                Fault::Truncated,
                "the stream broke off, or a frame of it was damaged",
            );
        };
        // The SDK keeps no code of an exception within a stream.
        let known = [
            (
                exception.is_internal_server_exception(),
                "InternalServerException",
            ),
            (
                exception.is_model_stream_error_exception(),
                "ModelStreamErrorException",
            ),
            (
                exception.is_service_unavailable_exception(),
                "ServiceUnavailableException",
            ),
            (exception.is_throttling_exception(), "ThrottlingException"),
            (exception.is_validation_exception(), "ValidationException"),
        ];
        let name = known.into_iter().find_map(|(is, name)| is.then_some(name));
        match name.and_then(|name| EXCEPTIONS.iter().find(|row| row.0 == name)) {
            Some((name, fault)) => Self::named(name, *fault, exception.message(), sent),
            None => Self::new(
                Fault::Truncated,
                "the stream ended with an unknown exception",
            ),
        }
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        Self {
            fault: failure.fault,
            adapter: "bedrock",
            source: Some(failure.into()),
        }
    }
}

fn told(what: &str, value: Option<&impl fmt::Display>) -> String {
    value.map_or_else(String::new, |value| format!("{what}{value}"))
}

/// Bedrock has no exception of its own for this, and each family of models says it in its own
/// words.
fn says_too_long(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let words = [
        "too long",
        "too many input tokens",
        "input tokens exceeded",
        "exceeds maximum length",
        "exceed context limit",
        "context length",
        "context window",
    ];
    words.iter().any(|words| message.contains(words))
}

/// Returns why a model cannot be asked at all, where a refusal says so: several exceptions mean the
/// same.
fn absent(message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    let is_over = message.contains("end of its life") || message.contains("end of life");
    let is_unknown =
        message.contains("model identifier is invalid") || message.contains("model id is invalid");
    match () {
        () if is_over => Some(WITHDRAWN),
        () if message.contains("legacy") => Some(LEGACY),
        () if is_unknown => Some(UNKNOWN),
        () if message.contains("inference profile") || message.contains("on-demand throughput") => {
            Some(BY_PROFILE)
        }
        () => None,
    }
}

/// The model has reached the end of its life.
pub(crate) const WITHDRAWN: &str = "the model is withdrawn";
/// The model will be withdrawn, and is no longer for those who have not used it lately.
pub(crate) const LEGACY: &str = "the model is legacy";
/// No model has this id, or none has it any more.
pub(crate) const UNKNOWN: &str = "the model's id is not valid";
/// The model can only be asked by an inference profile.
pub(crate) const BY_PROFILE: &str = "the model wants an inference profile";

fn by_status(status: u16) -> Fault {
    match status {
        408 | 504 => Fault::TimedOut,
        429 => Fault::Throttled,
        500.. => Fault::Unavailable,
        _ => Fault::Rejected,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK may come to know more of them"
)]
fn unanswered<E, R>(error: &SdkError<E, R>) -> Failure {
    let (what, fault) = match error {
        SdkError::ConstructionFailure(_) => ("the request could not be made", Fault::Rejected),
        SdkError::TimeoutError(_) => ("no connection in time", Fault::TimedOut),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ("no connection in time", Fault::TimedOut)
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            ("the connection failed", Fault::Unavailable)
        }
        SdkError::DispatchFailure(_) => (
            "the request could not be sent: no credentials?",
            Fault::Unavailable,
        ),
        _ => (
            "the answer broke off, or could not be read",
            Fault::Truncated,
        ),
    };
    Failure::new(fault, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_bedrockruntime::types::StopReason as Wire;

    #[test]
    fn every_stop_reason_that_the_sdk_knows_has_its_row() {
        let mut known: Vec<_> = Wire::values().to_vec();
        known.sort_unstable();
        assert_eq!(STOP_REASONS.map(|(name, _)| name).to_vec(), known);
    }

    #[test]
    fn what_the_families_of_models_say_of_a_long_input_is_recognised() {
        for message in [
            "Input is too long for requested model.",
            "prompt is too long: 213462 tokens > 200000 maximum",
            "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update \
             the input to try again.",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            "This model's maximum context length is 131072 tokens.",
        ] {
            assert!(says_too_long(message), "{message}");
        }
        for message in [
            "Malformed input request, please reformat your input and try again.",
            "The provided model identifier is invalid.",
            "",
        ] {
            assert!(!says_too_long(message), "{message}");
        }
    }

    #[test]
    fn a_failure_says_what_is_known_of_it_and_no_more() {
        let bare = Failure::new(Fault::Truncated, "the answer has no words");
        assert_eq!(bare.to_string(), "the answer has no words");
        let failure = Failure {
            status: Some(403),
            request: Some("r-1".to_owned()),
            ..bare
        };
        assert_eq!(
            failure.to_string(),
            "the answer has no words, status 403, request r-1"
        );
    }

    #[test]
    fn an_error_without_a_known_name_is_judged_by_its_status() {
        let faults = [400, 403, 404, 408, 424, 429, 500, 503, 504].map(by_status);
        use Fault::{Rejected, Throttled, TimedOut, Unavailable};
        assert_eq!(
            faults,
            [
                Rejected,
                Rejected,
                Rejected,
                TimedOut,
                Rejected,
                Throttled,
                Unavailable,
                Unavailable,
                TimedOut
            ]
        );
    }
}
