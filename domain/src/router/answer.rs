//! Answers that a small model was forced into a schema for.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Returns the schema of an answer: nothing is referred to, and the top level has only what every
/// model takes.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    for decoration in ["title", "description"] {
        schema.remove(decoration);
    }
    let mut schema = schema.to_value();
    on_one_line(&mut schema);
    schema
}

/// Joins the lines of descriptions: where those of our sources end says nothing to a model.
fn on_one_line(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(description)) = fields.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            fields.values_mut().for_each(on_one_line);
        }
        Value::Array(items) => items.iter_mut().for_each(on_one_line),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the answer, if it is what the schema says; else what is wrong with it, without a word of
/// it.
pub(crate) fn read<T: DeserializeOwned>(answer: &str, schema: &Value) -> Result<T, String> {
    let read = serde_json::from_str(answer).map_err(|error| wrong(&error))?;
    // Serde reads a struct from a list, and a word from an object, which no schema of ours allows.
    let value = serde_json::from_str(answer).map_err(|_| "the answer is not JSON".to_owned())?;
    if has_shape(&value, schema) {
        Ok(read)
    } else {
        Err("the answer has a list or an object where none belongs".to_owned())
    }
}

/// The fields of an answer, each taken by itself: one that cannot be used costs only itself.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    fields: Fields<'a>,
    schema: &'a Value,
    /// What was there, or had to be, and could not be used.
    pub(crate) dropped: Vec<String>,
}

impl<'a> Parts<'a> {
    /// Returns the fields of an answer; what is wrong with it if it is no JSON object, or has a
    /// field twice.
    pub(crate) fn of(answer: &'a str, schema: &'a Value) -> Result<Self, String> {
        // All of it is JSON of a sensible depth, also in fields that nobody knows.
        let _: Value = serde_json::from_str(answer).map_err(|error| wrong(&error))?;
        let fields = serde_json::from_str(answer).map_err(|error| wrong(&error))?;
        Ok(Self {
            fields,
            schema,
            dropped: Vec::new(),
        })
    }

    /// A field, if it is as the schema says. Noted as dropped if not, unless it may be missing.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let schema = self
            .schema
            .get("properties")
            .and_then(|known| known.get(name));
        self.take_as(name, |told| read(told, schema?).ok())
    }

    /// A field that is a list, whatever its items are.
    pub(crate) fn take_list(&mut self, name: &str) -> Vec<Value> {
        self.take_as(name, |told| serde_json::from_str(told).ok())
            .unwrap_or_default()
    }

    fn take_as<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let told = self.fields.0.get(name);
        let taken = told.and_then(|told| read(told.get()));
        let required = self.schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|all| all.iter().any(|field| field == name));
        if taken.is_none() && (told.is_some() || is_required) {
            self.note_dropped(name);
        }
        taken
    }

    /// The items of a list, as many as there may be, each read by itself from what it says; what
    /// is no object costs only itself.
    pub(crate) fn each<T>(
        &mut self,
        name: &str,
        most: usize,
        schema: &Value,
        read: impl Fn(Parts<'_>) -> (T, Vec<String>),
    ) -> Vec<T> {
        let mut items = Vec::new();
        for (place, told) in self.take_list(name).into_iter().enumerate() {
            let at = format!("{name}.{place}");
            let told = told.to_string();
            let Ok(parts) = Parts::of(&told, schema) else {
                self.note_dropped(&at);
                continue;
            };
            if items.len() == most {
                self.note_dropped(name);
                break;
            }
            let (item, dropped) = read(parts);
            items.push(item);
            dropped
                .iter()
                .for_each(|field| self.note_dropped(&format!("{at}.{field}")));
        }
        items
    }

    /// Notes that a field, or some of it, could not be used.
    pub(crate) fn note_dropped(&mut self, name: &str) {
        let is_new = !self.dropped.iter().any(|known| known == name);
        if is_new && self.dropped.len() < MOST_DROPPED {
            self.dropped.push(name.to_owned());
        }
    }
}

/// How many names are noted: whoever reads more learns nothing more.
const MOST_DROPPED: usize = 50;

/// An object's fields as they are written.
#[derive(Debug)]
struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if fields.insert(name, value).is_some() {
                return Err(de::Error::custom("a field stands twice"));
            }
        }
        Ok(Fields(fields))
    }
}

/// Returns what is wrong with an answer, without a word of it.
fn wrong(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => "the answer breaks off".to_owned(),
        Category::Syntax | Category::Io => "the answer is not JSON".to_owned(),
        Category::Data => {
            format!(
                "the answer does not follow its schema at column {}",
                error.column()
            )
        }
    }
}

/// Returns whether lists and objects are only where the schema has them.
fn has_shape(value: &Value, schema: &Value) -> bool {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        return choices.iter().any(|choice| has_shape(value, choice));
    }
    match value {
        Value::Array(items) => schema
            .get("items")
            .is_some_and(|schema| items.iter().all(|item| has_shape(item, schema))),
        Value::Object(fields) => schema.get("properties").is_some_and(|known| {
            fields.iter().all(|(name, value)| {
                known
                    .get(name)
                    .is_none_or(|schema| has_shape(value, schema))
            })
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Reads a value that may be missing; one that nobody knows costs no more than itself.
pub(crate) fn if_known<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let told = Value::deserialize(from)?;
    Ok(serde_json::from_value(told).ok())
}

/// Returns the first so many characters.
pub(crate) fn cut(text: &str, longest: usize) -> &str {
    text.char_indices()
        .nth(longest)
        .map_or(text, |(end, _)| text.split_at(end).0)
}
