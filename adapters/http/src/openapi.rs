//! The OpenAPI document, made from the table of routes and from the types of bodies and answers.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, typed};
use crate::code::Code;
use crate::route::{self, Access, Content, Parameter, Route};
use crate::shapes::{Event, Refusal, Refused};

/// `GET /openapi.json`
pub(crate) async fn read(call: Call) -> Answer {
    let document = call.document.to_string();
    Ok(typed(StatusCode::OK, "application/json", document))
}

/// Returns what [`read`] answers.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "required": ["openapi", "info", "servers", "tags", "paths", "components"],
        "properties": {
            "openapi": { "const": VERSION },
            "info": { "type": "object" },
            "servers": { "type": "array", "items": { "type": "object" } },
            "tags": { "type": "array", "items": { "type": "object" } },
            "paths": { "type": "object" },
            "components": { "type": "object" },
        },
    })
}

const VERSION: &str = "3.1.1";
const BEARER: &str = "idToken";
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";
const SERVER: &str = "server";

/// What there is to do, in the order in which it is read.
const TAGS: [(&str, &str); 7] = [
    ("turns", "Saying something, and following what comes of it"),
    (
        "conversations",
        "Conversations, their messages and summaries",
    ),
    ("coaches", "Who answers"),
    ("workouts", "What was logged"),
    ("memories", "What the coach remembers"),
    ("usage", "What it has cost"),
    (SERVER, "The server itself"),
];

/// Returns the document of a server that has these routes.
pub(crate) fn document(routes: &'static [Route]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let refused = refused(&mut schemas);
    let tags = TAGS.map(|(name, about)| json!({ "name": name, "description": about }));
    let bearer = "An ID token whose claim custom:user_id is the userId of the path. \
        X-Coach-Authorization may carry it in place of Authorization.";
    let mut document = json!({
        "openapi": VERSION,
        "info": {
            "title": "Coach Stream",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A fitness coach that streams its answers. Fields and events that a \
                client does not know may come at any time; it ignores them.",
        },
        "servers": [{ "url": "/", "description": "The server that this document is read from" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.answers.take_definitions(true),
            "responses": { "Refused": refused },
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": bearer,
                },
            },
        },
    });
    tidy(&mut document);
    document
}

/// Leaves out of a value what is of our sources and says nothing to clients: formats that are sizes
/// of ours, for OpenAPI knows none of them, and the least and the most are said anyway; and where
/// the lines of a description end.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(format)) = fields.get("format")
                && format.starts_with("uint")
            {
                fields.remove("format");
            }
            if let Some(Value::String(description)) = fields.get_mut("description") {
                *description = in_paragraphs(description);
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text with no ends of lines but those that say something: between paragraphs, and before the
/// items of a list.
fn in_paragraphs(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for line in text.lines() {
        let goes_on = !told.is_empty() && !told.ends_with('\n');
        if line.is_empty() || line.starts_with("- ") {
            told.push_str(if goes_on { "\n" } else { "" });
            told.push_str(if line.is_empty() { "\n" } else { line });
        } else {
            told.push_str(if goes_on { " " } else { "" });
            told.push_str(line);
        }
    }
    told
}

/// What writes the schemas of both directions.
struct Schemas {
    /// Named, and referred to.
    answers: SchemaGenerator,
    /// Whole each time: a type may be stricter when it is written than when it is read.
    bodies: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let bodies = settings
            .clone()
            .with(|settings| settings.inline_subschemas = true)
            .for_deserialize();
        Self {
            answers: settings.for_serialize().into_generator(),
            bodies: bodies.into_generator(),
        }
    }
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let statuses: BTreeSet<u16> = route.replies.iter().map(|reply| reply.status).collect();
    let mut responses: Map<String, Value> = statuses
        .into_iter()
        .map(|status| (status.to_string(), response(route, status, schemas)))
        .collect();
    responses.insert(
        "default".to_owned(),
        json!({ "$ref": "#/components/responses/Refused" }),
    );
    let in_path = names(route.path).map(|name| {
        let schema = route::id(name)(&mut schemas.answers);
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let mut parameters: Vec<Value> = in_path.collect();
    parameters.extend(route.parameters.iter().map(|parameter| {
        let Parameter {
            name,
            place,
            about,
            schema,
        } = parameter;
        let schema = schema(&mut schemas.bodies);
        json!({ "name": name, "in": place, "description": about, "schema": schema })
    }));
    let mut operation = Map::new();
    let mut tell = |name: &str, value: Value| operation.insert(name.to_owned(), value);
    tell("operationId", route.name.replace("::", "_").into());
    tell("tags", json!([tag(route.path)]));
    tell("summary", route.summary.into());
    tell(
        "security",
        if route.access == Access::User {
            json!([{ BEARER: [] }])
        } else {
            json!([])
        },
    );
    tell("parameters", parameters.into());
    if let Some(schema) = route.body.schema {
        let description = format!("At most {} KiB.", route.body.limit / 1024);
        let content = json!({ JSON: { "schema": schema(&mut schemas.bodies) } });
        let required = !route.body.optional;
        tell(
            "requestBody",
            json!({ "description": description, "required": required, "content": content }),
        );
    }
    tell("responses", responses.into());
    operation.into()
}

/// Returns what a path is about: the last of the words in it that name something.
fn tag(path: &str) -> &'static str {
    let about = |word: &str| {
        TAGS.iter()
            .find(|(name, _)| *name == word)
            .map(|(name, _)| *name)
    };
    let turns = ["stream", "send-message"];
    let word = path.split('/').rev().find_map(|word| {
        if turns.contains(&word) {
            about("turns")
        } else {
            about(word)
        }
    });
    word.unwrap_or(SERVER)
}

/// Returns the names in a path.
fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Returns what a route answers with this status.
fn response(route: &Route, status: u16, schemas: &mut Schemas) -> Value {
    let mut content = Map::new();
    for reply in route.replies.iter().filter(|reply| reply.status == status) {
        match reply.content {
            Content::Json(schema) => content.insert(
                JSON.to_owned(),
                json!({ "schema": schema(&mut schemas.answers) }),
            ),
            Content::Events => content.insert(
                STREAM.to_owned(),
                stream(&schemas.answers.subschema_for::<Event<'_>>()),
            ),
        };
    }
    let name = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    json!({ "description": name.unwrap_or("Answer"), "content": content })
}

/// Returns what is said of any request that leads to nothing.
fn refused(schemas: &mut Schemas) -> Value {
    let codes = Code::ALL.iter().map(|code| {
        let again = if code.retryable() {
            " (may be tried again)"
        } else {
            ""
        };
        format!(
            "- {} `{}`: {}{again}\n",
            code.status().as_u16(),
            code.as_str(),
            code.message()
        )
    });
    let codes: String = codes.collect();
    let description = format!(
        "It led to nothing. A request that accepts {STREAM} is told it as one event, which \
        x-event-schema describes. The status is that of the code:\n\n{codes}"
    );
    let problem = schemas.answers.subschema_for::<Refused<'_>>();
    let seconds = json!({
        "description": "Seconds to wait, with 429 and 503",
        "schema": { "type": "integer" },
    });
    json!({
        "description": description,
        "headers": { "Retry-After": seconds },
        // One form alone, so that tools have one type for an error.
        "content": { "application/problem+json": { "schema": problem } },
        "x-event-schema": schemas.answers.subschema_for::<Refusal<'_>>(),
    })
}

/// Events of a schema: OpenAPI has no word of its own for them before version 3.2.
fn stream(event: &Schema) -> Value {
    let about =
        "Server-Sent Events; each data line is one JSON value that x-event-schema describes.";
    json!({ "schema": { "type": "string", "description": about }, "x-event-schema": event })
}
