//! One change of one item, with its condition, for a transaction or on its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use domain::Fault;
use ports::{PortError, Result};

use crate::fault::failed;
use crate::item::Item;
use crate::key::Key;

/// What to set and to remove of an item, and on what condition. Names are given as they are: each
/// stands for itself behind a `#`, so that none can be a reserved word.
pub(crate) struct Change {
    key: Key,
    sets: Vec<String>,
    removes: Vec<String>,
    adds: Vec<String>,
    condition: Option<String>,
    answer: ReturnValue,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// What became of a change on its own.
pub(crate) enum Changed {
    /// It was made, and the item is now this; empty unless it was to be [read](Change::and_read).
    Now(Item),
    /// Its condition does not hold, and the item, if there is one, is this.
    Not(Option<Item>),
}

impl Change {
    pub(crate) fn of(key: Key) -> Self {
        let (sets, removes, adds) = (Vec::new(), Vec::new(), Vec::new());
        let (names, values) = (HashMap::new(), HashMap::new());
        Self {
            key,
            sets,
            removes,
            adds,
            condition: None,
            answer: ReturnValue::None,
            names,
            values,
        }
    }

    pub(crate) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, place) = self.bind(name, value);
        self.sets.push(format!("{name} = {place}"));
        self
    }

    pub(crate) fn set_if_absent(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, place) = self.bind(name, value);
        self.sets
            .push(format!("{name} = if_not_exists({name}, {place})"));
        self
    }

    pub(crate) fn add(mut self, name: &str, value: AttributeValue) -> Self {
        let (name, place) = self.bind(name, value);
        self.adds.push(format!("{name} {place}"));
        self
    }

    pub(crate) fn remove(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.removes.push(name);
        self
    }

    /// Returns the condition, in which `#name` is an attribute and `:name` one of the `values`.
    pub(crate) fn only_if<'a>(
        mut self,
        condition: &str,
        values: impl IntoIterator<Item = (&'a str, AttributeValue)>,
    ) -> Self {
        self.names.extend(names_in(condition));
        self.values.extend(
            values
                .into_iter()
                .map(|(name, value)| (format!(":{name}"), value)),
        );
        self.condition = Some(condition.to_owned());
        self
    }

    /// Has what the item is then in the answer of [`make`](Self::make).
    pub(crate) fn and_read(mut self) -> Self {
        self.answer = ReturnValue::AllNew;
        self
    }

    pub(crate) fn write(self, table: &str) -> Result<TransactWriteItem> {
        let expression = self.expression();
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(self.key.item()))
            .update_expression(expression)
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(some(self.names))
            .set_expression_attribute_values(some(self.values));
        Ok(TransactWriteItem::builder()
            .update(update.build().map_err(unmade)?)
            .build())
    }

    pub(crate) async fn make(self, client: &Client, table: &str) -> Result<Changed> {
        let expression = self.expression();
        let update = client
            .update_item()
            .table_name(table)
            .set_key(Some(self.key.item()))
            .update_expression(expression)
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(some(self.names))
            .set_expression_attribute_values(some(self.values))
            .return_values(self.answer)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(output) => Ok(Changed::Now(output.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => Ok(
                    Changed::Not(refused.item().filter(|item| !item.is_empty()).cloned()),
                ),
                _ => Err(failed(error)),
            },
        }
    }

    fn bind(&mut self, name: &str, value: AttributeValue) -> (String, String) {
        let place = format!(":new{}", self.values.len());
        self.values.insert(place.clone(), value);
        (self.name(name), place)
    }

    fn name(&mut self, name: &str) -> String {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let place = if is_plain {
            format!("#{name}")
        } else {
            format!("#n{}", self.names.len())
        };
        self.names.insert(place.clone(), name.to_owned());
        place
    }

    fn expression(&self) -> String {
        let clauses = [
            ("SET", &self.sets),
            ("REMOVE", &self.removes),
            ("ADD", &self.adds),
        ];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Returns the condition that these attributes of an item are as they were seen.
pub(crate) fn as_seen<'a>(
    item: &Item,
    names: &[&'a str],
) -> (String, Vec<(&'a str, AttributeValue)>) {
    let clauses = names.iter().map(|name| match item.get(*name) {
        Some(_) => format!("#{name} = :{name}"),
        None => format!("attribute_not_exists(#{name})"),
    });
    let seen = names
        .iter()
        .filter_map(|name| Some((*name, item.get(*name)?.clone())));
    (clauses.collect::<Vec<_>>().join(" AND "), seen.collect())
}

/// Puts an item, for a transaction; over another one only if `condition` lets it.
pub(crate) fn put(
    table: &str,
    item: Item,
    condition: Option<(String, Vec<(&str, AttributeValue)>)>,
) -> Result<TransactWriteItem> {
    let put = Put::builder().table_name(table).set_item(Some(item));
    let put = match condition {
        None => put,
        Some((condition, values)) => put
            .set_expression_attribute_names(some(names_in(&condition).collect()))
            .condition_expression(condition)
            .set_expression_attribute_values(some(placed(values))),
    };
    Ok(TransactWriteItem::builder()
        .put(put.build().map_err(unmade)?)
        .build())
}

/// Removes an item, for a transaction; only if `condition`, if there is one, lets it.
pub(crate) fn delete(
    table: &str,
    key: &Key,
    condition: Option<(String, Vec<(&str, AttributeValue)>)>,
) -> Result<TransactWriteItem> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key.item()));
    let delete = match condition {
        None => delete,
        Some((condition, values)) => delete
            .set_expression_attribute_names(some(names_in(&condition).collect()))
            .condition_expression(condition)
            .set_expression_attribute_values(some(placed(values))),
    };
    Ok(TransactWriteItem::builder()
        .delete(delete.build().map_err(unmade)?)
        .build())
}

/// Values by their places in an expression.
fn placed(values: Vec<(&str, AttributeValue)>) -> HashMap<String, AttributeValue> {
    let values = values.into_iter();
    values
        .map(|(name, value)| (format!(":{name}"), value))
        .collect()
}

/// Each `#name` of an expression, which stands for itself.
pub(crate) fn names_in(expression: &str) -> impl Iterator<Item = (String, String)> {
    expression.split('#').skip(1).map(|rest| {
        let name: String = rest
            .chars()
            .take_while(|char| char.is_ascii_lowercase() || *char == '_')
            .collect();
        (format!("#{name}"), name)
    })
}

pub(crate) fn unmade(_: BuildError) -> PortError {
    PortError::new("dynamodb", Fault::Rejected)
}

/// The API wants no empty maps.
fn some<T>(map: HashMap<String, T>) -> Option<HashMap<String, T>> {
    (!map.is_empty()).then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::number;

    #[test]
    fn a_change_is_written_as_an_expression() {
        let key = Key {
            pk: "p".into(),
            sk: "s".into(),
        };
        let change = Change::of(key)
            .set("a", number(1))
            .set_if_absent("title", number(2))
            .remove("hold:t-1");
        let change = change
            .add("rev", number(3))
            .only_if("#rev = :seen", [("seen", number(0))]);
        assert_eq!(
            change.expression(),
            "SET #a = :new0, #title = if_not_exists(#title, :new1) REMOVE #n2 ADD #rev :new2"
        );
        assert_eq!(
            change.names.get("#n2").map(String::as_str),
            Some("hold:t-1")
        );
        assert_eq!(change.names.get("#rev").map(String::as_str), Some("rev"));
        assert_eq!(change.values.len(), 4);
    }
}
