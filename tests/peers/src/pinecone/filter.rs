//! Metadata filters, as the service documents them.

use serde_json::{Map, Value};

use super::Refusal;

/// Whether metadata pass a filter; a filter that the service does not know is refused.
pub(super) fn passes(filter: &Value, metadata: &Map<String, Value>) -> Result<bool, Refusal> {
    let Value::Object(rules) = filter else {
        return Err(unknown(filter));
    };
    // Every rule is judged, so that one which is wrong is refused whatever the others say.
    let mut all = true;
    for (name, rule) in rules {
        let passed = match (name.as_str(), rule) {
            ("$and", Value::Array(filters)) => {
                each(filters, metadata)?.into_iter().all(|passed| passed)
            }
            ("$or", Value::Array(filters)) => {
                each(filters, metadata)?.into_iter().any(|passed| passed)
            }
            (operator, _) if operator.starts_with('$') => return Err(unknown(filter)),
            (field, Value::Object(operators)) => {
                let mut every = true;
                for (operator, operand) in operators {
                    every &= holds(operator, metadata.get(field), operand)?;
                }
                every
            }
            (field, plain) => holds("$eq", metadata.get(field), plain)?,
        };
        all &= passed;
    }
    Ok(all)
}

fn each(filters: &[Value], metadata: &Map<String, Value>) -> Result<Vec<bool>, Refusal> {
    filters
        .iter()
        .map(|filter| passes(filter, metadata))
        .collect()
}

/// A field with a list of texts is each of them.
fn holds(operator: &str, field: Option<&Value>, operand: &Value) -> Result<bool, Refusal> {
    let values: Vec<&Value> = match field {
        None => Vec::new(),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    };
    let is = |wanted: &Value| {
        values.contains(&wanted) || numbers(&values).any(|n| wanted.as_f64() == Some(n))
    };
    let listed = || operand.as_array().ok_or_else(|| unknown(operand));
    let number = || operand.as_f64().ok_or_else(|| unknown(operand));
    let scalar = || {
        if operand.is_array() || operand.is_object() {
            Err(unknown(operand))
        } else {
            Ok(operand)
        }
    };
    Ok(match operator {
        "$eq" => is(scalar()?),
        "$ne" => !is(scalar()?),
        "$in" => listed()?.iter().any(is),
        "$nin" => !listed()?.iter().any(is),
        "$gt" => number().map(|limit| numbers(&values).any(|n| n > limit))?,
        "$gte" => number().map(|limit| numbers(&values).any(|n| n >= limit))?,
        "$lt" => number().map(|limit| numbers(&values).any(|n| n < limit))?,
        "$lte" => number().map(|limit| numbers(&values).any(|n| n <= limit))?,
        "$exists" => operand.as_bool().ok_or_else(|| unknown(operand))? == field.is_some(),
        _ => return Err(unknown(operand)),
    })
}

fn numbers<'a>(values: &'a [&Value]) -> impl Iterator<Item = f64> + 'a {
    values.iter().filter_map(|value| value.as_f64())
}

fn unknown(part: &Value) -> Refusal {
    Refusal::invalid(format!("the filter is not valid at {part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_operator_is_what_the_service_documents() {
        let metadata =
            json!({ "kind": "memory", "year": 2020, "tags": ["knee", "squat"], "global": true });
        let Value::Object(metadata) = metadata else {
            panic!()
        };
        let table = [
            (json!({}), true),
            (json!({ "kind": "memory" }), true),
            (json!({ "kind": { "$eq": "workout" } }), false),
            (json!({ "kind": { "$ne": "workout" } }), true),
            (json!({ "kind": { "$in": ["workout", "memory"] } }), true),
            (json!({ "kind": { "$nin": ["memory"] } }), false),
            (json!({ "none": { "$eq": "x" } }), false),
            (json!({ "none": { "$nin": ["x"] } }), true),
            (json!({ "tags": { "$eq": "knee" } }), true),
            (json!({ "tags": { "$in": ["back"] } }), false),
            (json!({ "year": { "$eq": 2020.0 } }), true),
            (json!({ "year": { "$gt": 2020 } }), false),
            (json!({ "year": { "$gte": 2020, "$lt": 2021 } }), true),
            (json!({ "year": { "$lte": 2019 } }), false),
            (json!({ "global": { "$eq": true } }), true),
            (json!({ "none": { "$exists": false } }), true),
            (json!({ "$or": [{ "kind": "x" }, { "year": 2020 }] }), true),
            (
                json!({ "$and": [{ "kind": "memory" }, { "year": 1 }] }),
                false,
            ),
            (json!({ "kind": "memory", "year": 1 }), false),
        ];
        for (filter, passed) in table {
            assert_eq!(passes(&filter, &metadata).unwrap(), passed, "{filter}");
        }
    }

    #[test]
    fn a_filter_that_nobody_documents_is_refused() {
        for filter in [
            json!("kind"),
            json!({ "$not": { "kind": "memory" } }),
            json!({ "kind": { "$like": "m%" } }),
            json!({ "kind": { "$in": "memory" } }),
            json!({ "kind": { "$eq": ["memory"] } }),
            json!({ "year": { "$gt": "2020" } }),
            json!({ "$or": { "kind": "memory" } }),
        ] {
            assert!(passes(&filter, &Map::new()).is_err(), "{filter}");
        }
    }
}
