//! What exists, who may call it, what it takes and what it answers: one table for everything.

use axum::http::Method;
use domain::{Coach, Memory, Workout};
use futures::future::FutureExt;
use schemars::JsonSchema;

use crate::forms::{ConversationEdit, MemoryForm, NewConversation, NewMemory, coach_schema};
use crate::request::TurnBody;
use crate::route::{
    AFTER, Access, CURSOR, EVENTS, FOR_COACH, FROM, FROM_DAY, IDEMPOTENCY_KEY, LAST_EVENT_ID,
    NOTHING, Route, SUPERSEDED, TO, TO_DAY, TURN_ID, WAIT, described, form, json, limit, message,
    ok, optional,
};
use crate::{conversations, library, memories, openapi, shapes, turns, usage};

macro_rules! conversation {
    ($rest:literal) => {
        concat!(
            "/users/{userId}/coaches/{coachId}/conversations/{conversationId}",
            $rest
        )
    };
}

macro_rules! routes {
    ($($method:ident $path:expr, $access:ident, $handler:path, $summary:literal,
        $parameters:expr, $body:expr => $($reply:expr),+;)*) => {
        /// Everything that can be called.
        pub static ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: Access::$access,
            summary: $summary,
            parameters: &$parameters,
            body: $body,
            replies: &[$($reply),+],
            handler: |call| $handler(call).boxed(),
            name: stringify!($handler),
        }),*];
    };
}

routes! {
    POST conversation!("/stream"), User, turns::stream, "Say something; the answer streams",
        [IDEMPOTENCY_KEY], message::<TurnBody>() => EVENTS;
    GET conversation!("/stream"), User, turns::resume, "Follow or resume a turn",
        [TURN_ID, AFTER, LAST_EVENT_ID], NOTHING => EVENTS, ok::<shapes::NothingRuns>();
    POST conversation!("/send-message"), User, turns::send, "Say something; the answer comes whole",
        [IDEMPOTENCY_KEY], message::<TurnBody>() => ok::<shapes::Completed>();
    GET conversation!("/turns/{turnId}"), User, turns::read, "Look at a turn",
        [WAIT], NOTHING => ok::<shapes::Turn>();
    POST conversation!("/turns/{turnId}/stop"), User, turns::stop, "Stop a turn",
        [], NOTHING => ok::<shapes::Stop>(), json::<shapes::Stop>(202);
    POST "/users/{userId}/coaches/{coachId}/conversations", User, conversations::create,
        "Begin a conversation",
        [], optional(NewConversation::json_schema) => json::<shapes::Conversation>(201);
    GET "/users/{userId}/coaches/{coachId}/conversations", User, conversations::list,
        "List conversations, the last active first",
        [limit::<20, 100>(), CURSOR], NOTHING => ok::<shapes::Conversations>();
    GET conversation!(""), User, conversations::read, "Look at a conversation",
        [], NOTHING => ok::<shapes::Conversation>();
    PATCH conversation!(""), User, conversations::edit, "Change a conversation's title or tags",
        [], form(ConversationEdit::json_schema) => ok::<shapes::Conversation>();
    DELETE conversation!(""), User, conversations::delete,
        "Delete a conversation and all that is in it",
        [], NOTHING => ok::<shapes::Done>();
    GET conversation!("/messages"), User, conversations::messages,
        "Read messages, the oldest first",
        [limit::<50, 200>(), CURSOR], NOTHING => ok::<shapes::Messages>();
    GET conversation!("/summary"), User, conversations::summary,
        "What a conversation has been about",
        [], NOTHING => ok::<shapes::Summed>();
    GET conversation!("/jobs"), User, conversations::jobs, "Jobs that wait, or that were given up",
        [], NOTHING => ok::<shapes::Jobs>();
    GET "/users/{userId}/coaches", User, library::coaches, "List coaches",
        [], NOTHING => ok::<shapes::Coaches>();
    GET "/users/{userId}/coaches/{coachId}", User, library::coach, "Look at a coach",
        [], NOTHING => ok::<Coach>();
    PUT "/users/{userId}/coaches/{coachId}", User, library::set_coach,
        "Make or replace a coach of one's own",
        [], form(coach_schema) => ok::<Coach>();
    DELETE "/users/{userId}/coaches/{coachId}", User, library::delete_coach,
        "Delete a coach of one's own",
        [], NOTHING => ok::<shapes::Done>();
    GET "/users/{userId}/workouts", User, library::workouts, "List workouts, the newest first",
        [limit::<20, 100>(), CURSOR, FROM, TO], NOTHING => ok::<shapes::Workouts>();
    GET "/users/{userId}/workouts/{workoutId}", User, library::workout, "Look at a workout",
        [], NOTHING => ok::<Workout>();
    DELETE "/users/{userId}/workouts/{workoutId}", User, library::delete_workout,
        "Delete a workout",
        [], NOTHING => ok::<shapes::Done>();
    GET "/users/{userId}/memories", User, memories::list,
        "List what is remembered, the newest first",
        [limit::<20, 100>(), CURSOR, FOR_COACH, SUPERSEDED], NOTHING => ok::<shapes::Memories>();
    POST "/users/{userId}/memories", User, memories::create,
        "Have something remembered, unless it is already",
        [], form(NewMemory::json_schema) => json::<Memory>(201), ok::<Memory>();
    GET "/users/{userId}/memories/{memoryId}", User, memories::read, "Look at a memory",
        [], NOTHING => ok::<Memory>();
    PATCH "/users/{userId}/memories/{memoryId}", User, memories::edit, "Change a memory",
        [], form(MemoryForm::json_schema) => ok::<Memory>();
    DELETE "/users/{userId}/memories/{memoryId}", User, memories::delete,
        "Have something forgotten",
        [], NOTHING => ok::<shapes::Done>(), json::<shapes::Done>(202);
    POST "/users/{userId}/memories/{memoryId}/restore", User, memories::restore,
        "Let a memory hold again that another was in place of",
        [], NOTHING => ok::<Memory>();
    GET "/users/{userId}/usage", User, usage::read, "What model calls have cost, day by day",
        [FROM_DAY, TO_DAY], NOTHING => ok::<shapes::Spending>();
    GET "/health", Public, library::health, "Whether the server is up",
        [], NOTHING => ok::<shapes::Health>();
    GET "/openapi.json", Public, openapi::read, "This document",
        [], NOTHING => described(openapi::schema);
    GET "/.well-known/jwks.json", Public, library::jwks, "The keys of the local issuer",
        [], NOTHING => described(library::jwks_schema);
}
