//! The OpenAPI document against what the server really answers.

mod answers;
mod bodies;
mod document;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use axum::http::Method;
use jsonschema::Validator;
use rehearsal::Scene;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::replying;

/// What `GET /openapi.json` answers, and what was made of its schemas.
pub(crate) struct Document(Value, Mutex<HashMap<String, Arc<Validator>>>);

impl Document {
    /// The document, read once.
    pub(crate) async fn read() -> &'static Self {
        static READ: OnceCell<Document> = OnceCell::const_new();
        let read = || async {
            let answer = replying(Scene::saying("Sit."))
                .client()
                .showing(None)
                .get("/openapi.json")
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("content-type")),
                (200, "application/json")
            );
            Self(answer.json(), Mutex::default())
        };
        READ.get_or_init(read).await
    }

    /// A schema by its name.
    pub(crate) fn component(&self, name: &str) -> Value {
        assert!(
            self.0["components"]["schemas"].get(name).is_some(),
            "no {name}"
        );
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Fails unless the value is what the schema says, without a field that it does not name.
    pub(crate) fn holds(&self, schema: &Value, value: &Value) {
        let wrong = self.wrong(schema, value);
        assert!(wrong.is_empty(), "{wrong:#?} in {value:#}");
    }

    fn wrong(&self, schema: &Value, value: &Value) -> Vec<String> {
        let known = self.1.lock().unwrap().get(&schema.to_string()).cloned();
        let validator = known.unwrap_or_else(|| self.validator(schema));
        validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut whole = json!({ "allOf": [schema], "components": self.0["components"] });
        close(&mut whole);
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let validator = Arc::new(validator);
        self.1
            .lock()
            .unwrap()
            .insert(schema.to_string(), validator.clone());
        validator
    }

    fn operation(&self, method: &Method, path: &str) -> &Value {
        &self.0["paths"][path][method.as_str().to_lowercase()]
    }

    /// Every answer that is described, as method, path, status and content type.
    fn described(&self) -> BTreeSet<Example> {
        let mut described = BTreeSet::new();
        for (path, operations) in entries(&self.0["paths"]) {
            for (method, operation) in entries(operations) {
                let replies =
                    entries(&operation["responses"]).filter(|(status, _)| *status != "default");
                for (status, kind) in replies.flat_map(|(status, reply)| {
                    entries(&reply["content"])
                        .map(move |(kind, _)| (status.parse().unwrap(), kind.clone()))
                }) {
                    described.insert((method.to_uppercase(), path.clone(), status, kind));
                }
            }
        }
        described
    }
}

/// Method, path, status and content type.
type Example = (String, String, u16, String);

/// Forbids every object the fields that its schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields
                .get("properties")
                .is_some_and(|properties| properties.get("properties").is_none())
            {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object
        .as_object()
        .unwrap_or_else(|| panic!("{object}"))
        .iter()
}

const COACHES: &str = "/users/{userId}/coaches";
const COACH: &str = "/users/{userId}/coaches/{coachId}";
const CONVERSATIONS: &str = "/users/{userId}/coaches/{coachId}/conversations";
const CONVERSATION: &str = "/users/{userId}/coaches/{coachId}/conversations/{conversationId}";
const WORKOUTS: &str = "/users/{userId}/workouts";
const MEMORIES: &str = "/users/{userId}/memories";
const MEMORY: &str = "/users/{userId}/memories/{memoryId}";

fn below(rest: &str) -> String {
    format!("{CONVERSATION}{rest}")
}
