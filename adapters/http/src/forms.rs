//! The bodies of requests that are no turn, parsed from what a client sent.

use domain::coach::ModelOverrides;
use domain::conversation::Edit;
use domain::memory::{self, Importance, MemoryEdit, MemoryKind};
use domain::router::ProposedMemory;
use domain::{Coach, CoachId};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::code::Code;
use crate::problem::{Problem, field};
use crate::request::{VISIBLE, object, text_field};
use crate::text::is_blank;

/// The longest title, in Unicode scalar values.
const TITLE: usize = 200;
/// How many tags a conversation has at most, and how long each is.
const TAGS: (usize, usize) = (10, 40);
/// The longest text and the longest list of a coach.
const COACH: (usize, usize) = (4_000, 50);
/// How freely a model may choose its words; none takes more.
const TEMPERATURE: (f64, f64) = (0.0, 1.0);
/// How long a reply may be, in tokens; the most are as many as it may have bytes.
const TOKENS: (u32, u32) = (1, 128 * 1024);

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
        Ok(Self {
            title: form.title.as_deref().map(title).transpose()?,
        })
    }
}

/// What to change about a conversation; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ConversationEdit {
    /// An empty one is replaced by the next turn.
    #[schemars(length(max = TITLE))]
    title: Option<String>,
    /// Instead of those that it has.
    #[schemars(
        length(max = TAGS.0),
        inner(length(min = 1, max = TAGS.1), regex(pattern = VISIBLE))
    )]
    tags: Option<Vec<String>>,
}

impl ConversationEdit {
    pub(crate) fn parse(body: &[u8]) -> Result<Edit, Problem> {
        let form: Self = read(object(body)?)?;
        let title = form.title.as_deref().map(title).transpose()?;
        let tags = form.tags.map(|told| tags(&told, TAGS)).transpose()?;
        Ok(Edit { title, tags })
    }
}

/// Something to remember.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMemory {
    #[schemars(required, length(min = 1, max = memory::LONGEST), regex(pattern = VISIBLE))]
    content: Option<String>,
    #[schemars(required)]
    #[serde(rename = "type")]
    kind: Option<MemoryKind>,
    /// Medium, if nothing is said.
    importance: Option<Importance>,
    /// Which coach it is for; without one it is for all.
    coach_id: Option<CoachId>,
    /// To find it by.
    #[schemars(
        length(max = memory::TAGS.0),
        inner(length(min = 1, max = memory::TAGS.1), regex(pattern = VISIBLE))
    )]
    tags: Option<Vec<String>>,
}

/// Reads a [`NewMemory`]: what to remember, and for which coach.
pub(crate) fn new_memory(body: &[u8]) -> Result<(ProposedMemory, Option<CoachId>), Problem> {
    let form: NewMemory = read(object(body)?)?;
    let proposed = ProposedMemory {
        content: content(&form.content.unwrap_or_default())?,
        kind: form
            .kind
            .ok_or_else(|| field("type says what sort of thing it is"))?,
        importance: form.importance.unwrap_or_default(),
        is_coach_specific: form.coach_id.is_some(),
        tags: tags(&form.tags.unwrap_or_default(), memory::TAGS)?,
        safety: None,
        same_as: None,
        in_place_of: None,
    };
    Ok((proposed, form.coach_id))
}

/// What to change about a memory; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct MemoryForm {
    #[schemars(length(min = 1, max = memory::LONGEST), regex(pattern = VISIBLE))]
    content: Option<String>,
    importance: Option<Importance>,
    /// Instead of those that it has.
    #[schemars(
        length(max = memory::TAGS.0),
        inner(length(min = 1, max = memory::TAGS.1), regex(pattern = VISIBLE))
    )]
    tags: Option<Vec<String>>,
}

/// Reads a [`MemoryForm`].
pub(crate) fn memory_edit(body: &[u8]) -> Result<MemoryEdit, Problem> {
    let form: MemoryForm = read(object(body)?)?;
    let content = form.content.as_deref().map(content).transpose()?;
    let tags = form
        .tags
        .map(|told| tags(&told, memory::TAGS))
        .transpose()?;
    Ok(MemoryEdit {
        content,
        importance: form.importance,
        tags,
    })
}

fn content(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if is_blank(text) || text.chars().count() > memory::LONGEST {
        return Err(field(&format!(
            "content is a text of 1 to {} characters",
            memory::LONGEST
        )));
    }
    Ok(text.to_owned())
}

/// Reads tags: at most so many, each of at most so many characters.
fn tags(told: &[String], (most, longest): (usize, usize)) -> Result<Vec<String>, Problem> {
    let tags: Vec<String> = told.iter().map(|tag| tag.trim().to_owned()).collect();
    let is_wrong = |tag: &String| is_blank(tag) || tag.chars().count() > longest;
    if tags.len() > most || tags.iter().any(is_wrong) {
        return Err(field(&format!(
            "tags is a list of at most {most} texts of 1 to {longest} characters"
        )));
    }
    Ok(tags)
}

/// Reads the configuration of the coach `id`, which may leave out everything.
pub(crate) fn coach(body: &[u8], id: &CoachId) -> Result<Coach, Problem> {
    let mut form = object(body)?;
    if text_field(&form, COACH_ID)?.is_some_and(|named| named != id.as_str()) {
        return Err(field("coachId is that of the address, or left out"));
    }
    // Without an id it is no coach; with that of the address it is the one that is written.
    form.insert(COACH_ID.to_owned(), json!(id));
    let coach: Coach = read(form)?;
    let fields = serde_json::to_value(&coach).map_err(|_| Code::Internal)?;
    let mut fields = fields.as_object().into_iter().flatten();
    if let Some((name, _)) = fields.find(|(_, value)| !fits(value)) {
        let (text, list) = COACH;
        return Err(field(&format!(
            "{name} has a text of more than {text} characters, more than {list} entries, \
             or an empty one"
        )));
    }
    if is_blank(&coach.name) {
        return Err(field("name is a text that can be seen, or left out"));
    }
    models(&coach.models)?;
    Ok(coach)
}

/// Returns whether a model can be asked like that: otherwise every turn of the coach would fail.
fn models(models: &ModelOverrides) -> Result<(), Problem> {
    if models.reply.as_deref().is_some_and(is_blank) {
        return Err(field("models: reply is the name of a model, or left out"));
    }
    if models
        .temperature
        .is_some_and(|told| !(TEMPERATURE.0..=TEMPERATURE.1).contains(&told))
    {
        return Err(field(&format!(
            "models: temperature is a number from {} to {}",
            TEMPERATURE.0, TEMPERATURE.1
        )));
    }
    if models
        .max_tokens
        .is_some_and(|told| !(TOKENS.0..=TOKENS.1).contains(&told))
    {
        return Err(field(&format!(
            "models: maxTokens is a number from {} to {}",
            TOKENS.0, TOKENS.1
        )));
    }
    Ok(())
}

/// Returns what [`coach`] reads.
pub(crate) fn coach_schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Coach::json_schema(generator);
    schema.remove("required");
    schema.insert(
        "description".to_owned(),
        "A coach. All of it may be left out; other fields are ignored.".into(),
    );
    let mut limit = |schema: &mut Schema| {
        let kind = schema.get("type").cloned().unwrap_or_default();
        let is = |name: &str| {
            kind == name
                || kind
                    .as_array()
                    .is_some_and(|kinds| kinds.contains(&json!(name)))
        };
        if is("string") && schema.get("const").is_none() {
            schema.insert("maxLength".to_owned(), COACH.0.into());
        }
        if is("array") {
            schema.insert("maxItems".to_owned(), COACH.1.into());
            tell(schema, "/items", &[("pattern", json!(VISIBLE))]);
        }
    };
    RecursiveTransform(&mut limit).transform(&mut schema);
    let range = |(least, most): (Value, Value)| [("minimum", least), ("maximum", most)];
    tell(
        &mut schema,
        "/properties/name",
        &[("pattern", json!(VISIBLE))],
    );
    tell(
        &mut schema,
        "/properties/models/properties/reply",
        &[("pattern", json!(VISIBLE))],
    );
    tell(
        &mut schema,
        "/properties/models/properties/temperature",
        &range((json!(TEMPERATURE.0), json!(TEMPERATURE.1))),
    );
    tell(
        &mut schema,
        "/properties/models/properties/maxTokens",
        &range((json!(TOKENS.0), json!(TOKENS.1))),
    );
    schema
}

/// Adds to what a schema says of a part of it.
fn tell(schema: &mut Schema, place: &str, told: &[(&str, Value)]) {
    let Some(part) = schema.pointer_mut(place).and_then(Value::as_object_mut) else {
        return;
    };
    part.extend(
        told.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
}

const COACH_ID: &str = "coachId";

/// Returns whether every text and list in a coach's field is short enough, and no entry empty.
fn fits(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= COACH.0,
        Value::Array(items) => {
            items.len() <= COACH.1
                && items
                    .iter()
                    .all(|item| fits(item) && !item.as_str().is_some_and(is_blank))
        }
        Value::Object(fields) => fields.values().all(fits),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn title(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > TITLE {
        return Err(field(&format!("title is at most {TITLE} characters")));
    }
    Ok(if is_blank(text) {
        String::new()
    } else {
        text.to_owned()
    })
}

/// Reads a form, ignoring what it does not know; names the first field that is not what it must be.
fn read<T: DeserializeOwned>(form: Map<String, Value>) -> Result<T, Problem> {
    let parse = |fields: Map<String, Value>| serde_json::from_value::<T>(Value::Object(fields));
    let Err(whole) = parse(form.clone()) else {
        return parse(form).map_err(|_| Code::Internal.into());
    };
    let id = form.get_key_value(COACH_ID);
    // Each field alone, with the id, without which there is no coach at all: the error of the whole
    // names no field.
    for (name, value) in id.into_iter().chain(&form) {
        let alone = id
            .into_iter()
            .chain([(name, value)])
            .map(|(name, value)| (name.clone(), value.clone()));
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
        parsed
            .err()
            .map(|problem| format!("{} {}", problem.code.as_str(), problem.detail))
            .unwrap_or_default()
    }

    #[test]
    fn an_edit_is_held_to_its_limits_and_ignores_what_it_does_not_know() {
        let parse = |body: Value| ConversationEdit::parse(body.to_string().as_bytes());
        let tags = |count: usize, length: usize| json!({ "tags": vec!["é".repeat(length); count] });
        let edit =
            parse(json!({ "title": " Legs\n", "tags": [" a ", "b"], "messages": 7 })).unwrap();
        assert_eq!(
            edit,
            Edit {
                title: Some("Legs".to_owned()),
                tags: Some(vec!["a".to_owned(), "b".to_owned()])
            }
        );
        assert_eq!(parse(json!({ "title": null })).unwrap(), Edit::default());
        for fine in [
            json!({ "title": "é".repeat(200) }),
            tags(10, 40),
            json!({ "tags": [] }),
        ] {
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
            assert!(
                wrong.starts_with(&format!("INVALID_FIELD {named}")),
                "{bad}: {wrong}"
            );
        }
        assert!(wrong(ConversationEdit::parse(b"")).starts_with("MISSING_REQUEST_BODY"));
        assert!(wrong(ConversationEdit::parse(b"[\"Legs\"]")).starts_with("INVALID_BODY"));
    }

    #[test]
    fn a_memory_says_what_it_is_and_is_held_to_its_limits() {
        let parse = |body: Value| new_memory(body.to_string().as_bytes());
        let with = |field: &str, value: Value| {
            let mut body = json!({ "content": " I like hills ", "type": "preference" });
            body[field] = value;
            body
        };
        let (proposed, coach) = parse(with("tags", json!([" hills "]))).unwrap();
        let expected = ProposedMemory {
            content: "I like hills".to_owned(),
            kind: MemoryKind::Preference,
            importance: Importance::Medium,
            is_coach_specific: false,
            tags: vec!["hills".to_owned()],
            safety: None,
            same_as: None,
            in_place_of: None,
        };
        assert_eq!((proposed, coach), (expected, None));
        let (proposed, coach) = parse(with("coachId", json!("c"))).unwrap();
        assert_eq!(
            (proposed.is_coach_specific, coach.unwrap().as_str()),
            (true, "c")
        );
        for fine in [
            ("content", json!("é".repeat(500))),
            ("importance", Value::Null),
            ("tags", json!(vec!["a"; 5])),
        ] {
            assert_eq!(wrong(parse(with(fine.0, fine.1))), "");
        }
        for (bad, named) in [
            (with("content", Value::Null), "content is"),
            (with("content", json!(" \n")), "content is"),
            (with("content", json!("é".repeat(501))), "content is"),
            (with("content", json!(7)), "content: "),
            (with("type", Value::Null), "type says"),
            (with("type", json!("secret")), "type: "),
            (with("importance", json!("extreme")), "importance: "),
            (with("coachId", json!("a b")), "coachId: "),
            (with("tags", json!(vec!["a"; 6])), "tags is"),
            (with("tags", json!(["a".repeat(41)])), "tags is"),
            (with("tags", json!([" "])), "tags is"),
        ] {
            let wrong = wrong(parse(bad.clone()));
            assert!(
                wrong.starts_with(&format!("INVALID_FIELD {named}")),
                "{bad:.80}: {wrong}"
            );
        }
    }

    #[test]
    fn a_memory_is_changed_where_it_is_said_and_nowhere_else() {
        let edit = |body: Value| memory_edit(body.to_string().as_bytes());
        assert_eq!(
            edit(json!({ "content": null })).unwrap(),
            MemoryEdit::default()
        );
        let expected = MemoryEdit {
            content: Some("x".into()),
            importance: Some(Importance::Low),
            tags: Some(vec![]),
        };
        assert_eq!(
            edit(json!({ "content": " x ", "importance": "low", "tags": [], "type": 1 })).unwrap(),
            expected
        );
        assert!(wrong(edit(json!({ "content": "" }))).starts_with("INVALID_FIELD content is"));
    }

    fn wrong_coaches() -> [(Value, &'static str); 19] {
        [
            (json!({ "coachId": "other" }), "coachId"),
            (json!({ "coachId": 1 }), "coachId"),
            (json!({ "personality": "é".repeat(4_001) }), "personality"),
            (json!({ "goals": vec!["run"; 51] }), "goals"),
            (json!({ "goals": ["é".repeat(4_001)] }), "goals"),
            (
                json!({ "safety": { "volumeLimit": "é".repeat(4_001) } }),
                "safety",
            ),
            (json!({ "name": "x", "goals": "all" }), "goals: "),
            (json!({ "name": null }), "name: "),
            (json!({ "models": { "maxTokens": -1 } }), "models: "),
            (json!({ "models": { "maxTokens": 0 } }), "models: maxTokens"),
            (
                json!({ "models": { "maxTokens": 131_073 } }),
                "models: maxTokens",
            ),
            (
                json!({ "models": { "temperature": -1 } }),
                "models: temperature",
            ),
            (
                json!({ "models": { "temperature": 1.01 } }),
                "models: temperature",
            ),
            (json!({ "models": { "reply": " " } }), "models: reply"),
            (json!({ "name": "" }), "name"),
            (json!({ "name": " \u{200b}" }), "name"),
            (json!({ "goals": ["run", ""] }), "goals"),
            (
                json!({ "acknowledgments": ["\u{feff}"] }),
                "acknowledgments",
            ),
            (
                json!({ "safety": { "requiredModifications": [" "] } }),
                "safety",
            ),
        ]
    }

    #[test]
    fn a_coach_may_be_partial_and_is_held_to_its_limits() {
        let id: CoachId = "mine".parse().unwrap();
        let parse = |body: Value| coach(body.to_string().as_bytes(), &id);
        for fine in [
            json!({}),
            json!({ "coachId": "mine", "unknown": "x".repeat(4_001) }),
            json!({
                "models": { "temperature": 0, "maxTokens": 1, "reply": "some.new-model:0" },
                "goals": [],
            }),
            json!({
                "models": { "temperature": 1, "maxTokens": 131_072, "reply": null },
                "description": "",
            }),
            json!({
                "name": "é".repeat(4_000), "goals": vec!["run"; 50],
                "models": { "temperature": 0.5 },
            }),
        ] {
            assert_eq!(parse(fine).unwrap().id, id);
        }
        for (bad, named) in wrong_coaches() {
            let wrong = wrong(parse(bad.clone()));
            assert!(
                wrong.starts_with(&format!("INVALID_FIELD {named}")),
                "{bad:.80}: {wrong}"
            );
        }
    }
}
