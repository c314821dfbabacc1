//! The bodies of requests that are no turn, parsed from what a client sent.

use domain::conversation::Edit;
use domain::{Coach, CoachId};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::code::{Code, Problem};
use crate::request::{field, object, text_field};

/// The longest title, in Unicode scalar values.
const TITLE: usize = 200;
/// How many tags a conversation has at most, and how long each is.
const TAGS: (usize, usize) = (10, 40);
/// The longest text and the longest list of a coach.
const COACH: (usize, usize) = (4_000, 50);

/// A conversation to begin.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct NewConversation {
    /// Without one, the first turn gives it.
    #[schemars(length(max = TITLE))]
    pub(crate) title: Option<String>,
}

impl NewConversation {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let form: Self = read(object(body)?)?;
        Ok(Self { title: form.title.as_deref().map(title).transpose()? })
    }
}

/// What to change about a conversation; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ConversationEdit {
    /// An empty one is replaced by the next turn.
    #[schemars(length(max = TITLE))]
    title: Option<String>,
    /// Instead of those that it has.
    #[schemars(length(max = TAGS.0), inner(length(min = 1, max = TAGS.1)))]
    tags: Option<Vec<String>>,
}

impl ConversationEdit {
    pub(crate) fn parse(body: &[u8]) -> Result<Edit, Problem> {
        let form: Self = read(object(body)?)?;
        let title = form.title.as_deref().map(title).transpose()?;
        let tags = form.tags.map(|tags| tags.iter().map(|tag| tag.trim().to_owned()).collect::<Vec<_>>());
        let fits = |tag: &String| (1..=TAGS.1).contains(&tag.chars().count());
        if tags.as_ref().is_some_and(|tags| tags.len() > TAGS.0 || !tags.iter().all(fits)) {
            return Err(field(&format!("tags is a list of at most {} texts of 1 to {} characters", TAGS.0, TAGS.1)));
        }
        Ok(Edit { title, tags })
    }
}

/// Reads the configuration of the coach `id`, which may leave out everything.
pub(crate) fn coach(body: &[u8], id: &CoachId) -> Result<Coach, Problem> {
    let mut form = object(body)?;
    if text_field(&form, COACH_ID)?.is_some_and(|named| named != id.as_str()) {
        return Err(field("coachId is that of the address, or left out"));
    }
    form.insert(COACH_ID.to_owned(), json!(id));
    let coach: Coach = read(form)?;
    let fields = serde_json::to_value(&coach).map_err(|_| Code::Internal)?;
    if let Some((name, _)) = fields.as_object().and_then(|fields| fields.iter().find(|(_, value)| !fits(value))) {
        let (text, list) = COACH;
        return Err(field(&format!("{name} has a text of more than {text} characters, or more than {list} entries")));
    }
    Ok(coach)
}

/// What [`coach`] reads.
pub(crate) fn coach_schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Coach::json_schema(generator);
    schema.remove("required");
    schema.insert("description".to_owned(), "A coach. All of it may be left out; other fields are ignored.".into());
    let mut limit = |schema: &mut Schema| {
        let kind = schema.get("type").cloned().unwrap_or_default();
        let is = |name: &str| kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&json!(name)));
        if is("string") {
            schema.insert("maxLength".to_owned(), COACH.0.into());
        }
        if is("array") {
            schema.insert("maxItems".to_owned(), COACH.1.into());
        }
    };
    RecursiveTransform(&mut limit).transform(&mut schema);
    schema
}

const COACH_ID: &str = "coachId";

/// Whether every text and list in a coach's field is short enough.
fn fits(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= COACH.0,
        Value::Array(items) => items.len() <= COACH.1 && items.iter().all(fits),
        Value::Object(fields) => fields.values().all(fits),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn title(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > TITLE {
        return Err(field(&format!("title is at most {TITLE} characters")));
    }
    Ok(text.to_owned())
}

/// Reads a form, ignoring what it does not know; names the first field that is not what it must be.
fn read<T: DeserializeOwned>(form: Map<String, Value>) -> Result<T, Problem> {
    let parse = |fields: Map<String, Value>| serde_json::from_value::<T>(Value::Object(fields));
    let Err(whole) = parse(form.clone()) else { return parse(form).map_err(|_| Code::Internal.into()) };
    let id = form.get_key_value(COACH_ID);
    for (name, value) in &form {
        let alone = id.into_iter().chain([(name, value)]).map(|(name, value)| (name.clone(), value.clone()));
        if let Err(wrong) = parse(alone.collect()) {
            return Err(field(&format!("{name}: {wrong}")));
        }
    }
    Err(field(&whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T>(parsed: Result<T, Problem>) -> String {
        parsed.err().map(|problem| format!("{} {}", problem.code.as_str(), problem.detail)).unwrap_or_default()
    }

    #[test]
    fn an_edit_is_held_to_its_limits_and_ignores_what_it_does_not_know() {
        let parse = |body: Value| ConversationEdit::parse(body.to_string().as_bytes());
        let tags = |count: usize, length: usize| json!({ "tags": vec!["é".repeat(length); count] });
        let edit = parse(json!({ "title": " Legs\n", "tags": [" a ", "b"], "messages": 7 })).unwrap();
        assert_eq!(edit, Edit { title: Some("Legs".to_owned()), tags: Some(vec!["a".to_owned(), "b".to_owned()]) });
        assert_eq!(parse(json!({ "title": null })).unwrap(), Edit::default());
        for fine in [json!({ "title": "é".repeat(200) }), tags(10, 40), json!({ "tags": [] })] {
            assert_eq!(wrong(parse(fine)), "");
        }
        for (bad, named) in [
            (json!({ "title": "é".repeat(201) }), "title"),
            (json!({ "title": 1 }), "title: "),
            (tags(11, 1), "tags"),
            (tags(1, 41), "tags"),
            (json!({ "tags": [" "] }), "tags"),
            (json!({ "tags": "legs" }), "tags: "),
            (json!({ "else": [], "tags": [1] }), "tags: "),
        ] {
            let wrong = wrong(parse(bad.clone()));
            assert!(wrong.starts_with(&format!("INVALID_FIELD {named}")), "{bad}: {wrong}");
        }
        assert!(wrong(ConversationEdit::parse(b"")).starts_with("MISSING_REQUEST_BODY"));
        assert!(wrong(ConversationEdit::parse(b"[\"Legs\"]")).starts_with("INVALID_BODY"));
    }

    #[test]
    fn a_coach_may_be_partial_and_is_held_to_its_limits() {
        let id: CoachId = "mine".parse().unwrap();
        let parse = |body: Value| coach(body.to_string().as_bytes(), &id);
        for fine in [
            json!({}),
            json!({ "coachId": "mine", "unknown": "x".repeat(4_001) }),
            json!({ "name": "é".repeat(4_000), "goals": vec!["run"; 50], "models": { "temperature": 0.5 } }),
        ] {
            assert_eq!(parse(fine).unwrap().id, id);
        }
        for (bad, named) in [
            (json!({ "coachId": "other" }), "coachId"),
            (json!({ "coachId": 1 }), "coachId"),
            (json!({ "personality": "é".repeat(4_001) }), "personality"),
            (json!({ "goals": vec!["run"; 51] }), "goals"),
            (json!({ "goals": ["é".repeat(4_001)] }), "goals"),
            (json!({ "safety": { "volumeLimit": "é".repeat(4_001) } }), "safety"),
            (json!({ "name": "x", "goals": "all" }), "goals: "),
            (json!({ "name": null }), "name: "),
            (json!({ "models": { "maxTokens": -1 } }), "models: "),
        ] {
            let wrong = wrong(parse(bad.clone()));
            assert!(wrong.starts_with(&format!("INVALID_FIELD {named}")), "{bad:.80}: {wrong}");
        }
    }
}
