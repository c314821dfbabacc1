//! What is said of a request that led to nothing.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::code::Code;

/// A request that led to nothing, as RFC 9457 has it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem")]
pub(crate) struct Refused<'a> {
    #[serde(rename = "type")]
    #[schemars(extend("const" = "about:blank"))]
    pub(crate) kind: &'static str,
    /// What the status is called.
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    /// What exactly went wrong; safe to show.
    pub(crate) detail: &'a str,
    pub(crate) code: Code,
    /// Whether the same may well succeed later.
    pub(crate) retryable: bool,
    /// What the server's log knows the request by.
    pub(crate) request_id: &'a str,
    #[serde(flatten)]
    #[schemars(with = "Extra")]
    pub(crate) fields: &'a Map<String, Value>,
}

/// The same as the one event of a stream that never began.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal<'a> {
    #[serde(rename = "type")]
    #[schemars(extend("const" = "error"))]
    pub(crate) kind: &'static str,
    /// For the user to read.
    pub(crate) message: &'a str,
    pub(crate) code: Code,
    /// Whether the same may well succeed later.
    pub(crate) retryable: bool,
    /// False: nothing was told.
    pub(crate) partial: bool,
    pub(crate) request_id: &'a str,
    /// How long to wait before trying again, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(flatten)]
    #[schemars(with = "Extra")]
    pub(crate) fields: &'a Map<String, Value>,
}

/// What some codes come with.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes the fields that a problem may have, and holds none"
)]
struct Extra {
    /// The turn that runs, or that has failed.
    #[schemars(skip_serializing_if = "Option::is_none")]
    turn_id: Option<String>,
    /// Where that turn can be followed.
    #[schemars(skip_serializing_if = "Option::is_none")]
    resume_url: Option<String>,
    /// The reply of a turn that can no longer be replayed.
    #[schemars(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
}
