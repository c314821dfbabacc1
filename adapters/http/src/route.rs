//! What there is to say about one thing that can be called.

use axum::http::Method;
use domain::{CoachId, ConversationId, RecordId, Timestamp, TurnId, UserId};
use futures::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::call::{Answer, Call};

/// One thing that can be called.
#[derive(Debug)]
pub struct Route {
    /// How.
    pub method: Method,
    /// Where; `{…}` stands for an id.
    pub path: &'static str,
    /// By whom.
    pub access: Access,
    /// What for.
    pub summary: &'static str,
    /// What it takes besides its path.
    pub parameters: &'static [Parameter],
    /// What it is sent.
    pub body: Payload,
    /// What it answers when nothing is wrong.
    pub replies: &'static [Reply],
    /// What makes the answer, and its name.
    pub(crate) handler: fn(Call) -> BoxFuture<'static, Answer>,
    pub(crate) name: &'static str,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// The user that the path names, by a verified token.
    User,
}

/// Says what a JSON value looks like.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a route is sent.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    /// The largest, in bytes; what is larger is refused, whether or not the route looks at it.
    pub limit: usize,
    /// What it looks like, unless the route looks at none.
    pub schema: Option<SchemaOf>,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Something that a route takes in its query or its headers; all of it may be left out.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// What it is called.
    pub name: &'static str,
    /// `query` or `header`.
    pub place: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What it looks like.
    pub schema: SchemaOf,
}

/// What a route answers.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// With this status.
    pub status: u16,
    /// In this form.
    pub content: Content,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// One JSON value.
    Json(SchemaOf),
    /// A stream of events.
    Events,
}

/// The largest body of a turn: the longest message has 384,000 bytes when all of it is escaped.
const MESSAGE: usize = 512 * 1024;
/// The largest body of anything else.
const FORM: usize = 16 * 1024;

/// Returns the body of a turn.
pub(crate) const fn message<T: JsonSchema>() -> Payload {
    Payload {
        limit: MESSAGE,
        schema: Some(T::json_schema),
        optional: false,
    }
}

/// Returns the body of anything else.
pub(crate) const fn form(schema: SchemaOf) -> Payload {
    Payload {
        limit: FORM,
        schema: Some(schema),
        optional: false,
    }
}

/// A body that may be left out.
pub(crate) const fn optional(schema: SchemaOf) -> Payload {
    Payload {
        limit: FORM,
        schema: Some(schema),
        optional: true,
    }
}

/// Nothing.
pub(crate) const NOTHING: Payload = Payload {
    limit: FORM,
    schema: None,
    optional: true,
};

/// An answer with this status.
pub(crate) const fn json<T: JsonSchema>(status: u16) -> Reply {
    Reply {
        status,
        content: Content::Json(schema::<T>),
    }
}

/// The answer.
pub(crate) const fn ok<T: JsonSchema>() -> Reply {
    json::<T>(200)
}

/// An answer that is no type of ours.
pub(crate) const fn described(schema: SchemaOf) -> Reply {
    Reply {
        status: 200,
        content: Content::Json(schema),
    }
}

/// An answer in events.
pub(crate) const EVENTS: Reply = Reply {
    status: 200,
    content: Content::Events,
};

pub(crate) const IDEMPOTENCY_KEY: Parameter = header(
    "Idempotency-Key",
    "Another name of clientMessageId, quoted or bare",
    text,
);
pub(crate) const LAST_EVENT_ID: Parameter =
    header("Last-Event-ID", "The last id that the client has", text);
pub(crate) const TURN_ID: Parameter = query(
    "turnId",
    "Which turn; else that of Last-Event-ID or the one that runs",
    schema::<TurnId>,
);
pub(crate) const AFTER: Parameter = query(
    "after",
    "The last seq that the client has; beats Last-Event-ID",
    schema::<u64>,
);
pub(crate) const WAIT: Parameter = query(
    "wait",
    "Waits up to 10 seconds for the turn and its jobs",
    jobs,
);
pub(crate) const CURSOR: Parameter =
    query("cursor", "Where a list goes on, as the list has said", text);
pub(crate) const FROM: Parameter = query(
    "from",
    "Performed at this time or later",
    schema::<Timestamp>,
);
pub(crate) const TO: Parameter = query(
    "to",
    "Performed at this time or earlier",
    schema::<Timestamp>,
);

pub(crate) const FROM_DAY: Parameter = query(
    "from",
    "The first day, in UTC; 29 days before the last",
    date,
);
pub(crate) const TO_DAY: Parameter = query(
    "to",
    "The last day, in UTC; today. At most 366 days after the first",
    date,
);
pub(crate) const FOR_COACH: Parameter =
    query("coachId", "Only what this coach knows", schema::<CoachId>);
pub(crate) const SUPERSEDED: Parameter = query(
    "superseded",
    "Also what no longer holds, because it was corrected",
    schema::<bool>,
);

/// Returns how many items a list may have.
pub(crate) const fn limit<const USUAL: usize, const MOST: usize>() -> Parameter {
    query(
        "limit",
        "How many at most",
        |_| json_schema!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL }),
    )
}

/// Returns what an id in a path looks like.
pub(crate) fn id(name: &str) -> SchemaOf {
    match name {
        "userId" => schema::<UserId>,
        "coachId" => schema::<CoachId>,
        "conversationId" => schema::<ConversationId>,
        "turnId" => schema::<TurnId>,
        _ => schema::<RecordId>,
    }
}

const fn query(name: &'static str, about: &'static str, schema: SchemaOf) -> Parameter {
    Parameter {
        name,
        place: "query",
        about,
        schema,
    }
}

const fn header(name: &'static str, about: &'static str, schema: SchemaOf) -> Parameter {
    Parameter {
        name,
        place: "header",
        about,
        schema,
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date" })
}

fn jobs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": "jobs" })
}
