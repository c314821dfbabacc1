//! Answers that a small model was forced into a schema for.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

/// The schema of an answer: nothing is referred to, and the top level has only what every model takes.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    for decoration in ["title", "description"] {
        schema.remove(decoration);
    }
    schema.to_value()
}

/// The answer, if it is what the schema says; else what is wrong with it, without a word of it.
pub(crate) fn read<T: DeserializeOwned>(answer: &str, schema: &Value) -> Result<T, String> {
    let read = serde_json::from_str(answer).map_err(|error| match error.classify() {
        Category::Eof => "the answer breaks off".to_owned(),
        Category::Syntax | Category::Io => "the answer is not JSON".to_owned(),
        Category::Data => {
            format!("the answer does not follow its schema at column {}", error.column())
        }
    })?;
    // Serde reads a struct from a list, and a word from an object, which no schema of ours allows.
    let value = serde_json::from_str(answer).map_err(|_| "the answer is not JSON".to_owned())?;
    if has_shape(&value, schema) {
        Ok(read)
    } else {
        Err("the answer has a list or an object where none belongs".to_owned())
    }
}

/// Whether lists and objects are only where the schema has them.
fn has_shape(value: &Value, schema: &Value) -> bool {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        return choices.iter().any(|choice| has_shape(value, choice));
    }
    match value {
        Value::Array(items) => {
            schema.get("items").is_some_and(|schema| items.iter().all(|item| has_shape(item, schema)))
        }
        Value::Object(fields) => schema.get("properties").is_some_and(|known| {
            fields.iter().all(|(name, value)| known.get(name).is_none_or(|schema| has_shape(value, schema)))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The first so many characters.
pub(crate) fn cut(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(end, _)| text.split_at(end).0)
}
