//! The document as such: what refers to what, and what every operation says.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use http_adapter::ROUTES;
use serde_json::{Value, json};

use super::{Document, below, entries};

#[tokio::test(start_paused = true)]
async fn the_document_refers_to_nothing_that_is_not_there_and_has_nothing_to_which_nothing_refers()
{
    let Document(document, _) = Document::read().await;
    assert!(
        !document.to_string().contains("[`"),
        "a description speaks of the code"
    );
    let lines = document
        .to_string()
        .replace("\\n\\n", "")
        .replace("\\n- ", "");
    assert!(
        !lines.contains("\\n"),
        "a description says where the lines of our sources end"
    );
    let mut referred = BTreeSet::new();
    references(document, &mut referred);
    for reference in &referred {
        let there = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        assert!(there.is_some(), "{reference} is not there");
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        assert!(
            jsonschema::draft202012::meta::is_valid(schema),
            "{name}: {schema}"
        );
        assert!(
            referred.contains(&format!("#/components/schemas/{name}")),
            "nothing refers to {name}"
        );
        assert!(
            !name.ends_with(|end: char| end.is_ascii_digit()),
            "{name}: two types have one name"
        );
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn in_the_path(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().unwrap().iter();
    parameters
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_operation_names_its_parameters_and_who_may_call_it() {
    let document = Document::read().await;
    let (mut names, mut tags) = (BTreeSet::new(), BTreeMap::<&str, Vec<String>>::new());
    for route in ROUTES {
        let operation = document.operation(&route.method, route.path);
        assert!(
            names.insert(operation["operationId"].as_str().unwrap()),
            "{operation}"
        );
        let required = in_the_path(operation);
        let in_path: Vec<&str> = route
            .path
            .split('/')
            .filter(|part| part.starts_with('{'))
            .collect();
        assert_eq!(required, in_path, "{}", route.path);
        let public = !route.path.starts_with("/users/");
        assert_eq!(
            operation["security"].as_array().unwrap().is_empty(),
            public,
            "{}",
            route.path
        );
        assert_eq!(
            operation["responses"]["default"]["$ref"],
            "#/components/responses/Refused"
        );
        let tag = operation["tags"][0].as_str().unwrap();
        assert_eq!(
            operation["tags"].as_array().unwrap().len(),
            1,
            "{operation}"
        );
        tags.entry(tag)
            .or_default()
            .push(format!("{} {}", route.method, route.path));
    }
    let told: Vec<&str> = document.0["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        told.iter().copied().collect::<BTreeSet<_>>(),
        tags.keys().copied().collect(),
        "{tags:#?}"
    );
    assert_eq!(told.len(), tags.len());
    assert_eq!(tags["turns"].len(), 5, "{tags:#?}");
    assert_eq!(
        tags["server"],
        [
            "GET /health",
            "GET /openapi.json",
            "GET /.well-known/jwks.json"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_document_has_the_limits_of_a_list_and_every_code() {
    let document = Document::read().await;
    assert_eq!(document.0["servers"][0]["url"], "/");
    let conversation = document.operation(&Method::GET, &below("/messages"));
    let limit = conversation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|parameter| parameter["name"] == "limit");
    assert_eq!(
        limit.unwrap()["schema"],
        json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 })
    );
    let codes = document.0["components"]["schemas"]["Code"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(codes.len(), http_adapter::Code::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn an_error_has_one_form_and_a_number_no_format_that_nobody_knows() {
    let Document(document, _) = Document::read().await;
    let refused = &document["components"]["responses"]["Refused"];
    let forms: Vec<&String> = entries(&refused["content"]).map(|(form, _)| form).collect();
    assert_eq!(forms, ["application/problem+json"]);
    assert_eq!(
        refused["x-event-schema"]["$ref"],
        "#/components/schemas/Refusal"
    );
    let mut formats = BTreeSet::new();
    formats_in(document, &mut formats);
    // Those of JSON Schema, and those that OpenAPI adds.
    let known = [
        "date-time",
        "date",
        "double",
        "float",
        "int32",
        "int64",
        "uri",
        "uuid",
        "email",
    ];
    assert!(
        formats
            .iter()
            .all(|format| known.contains(&format.as_str())),
        "{formats:?}"
    );
}

fn formats_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("format")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| formats_in(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| formats_in(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
