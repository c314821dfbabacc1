//! Items, read attribute by attribute.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Fault, Timestamp};
use ports::{PortError, Result};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn bytes(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// An item; what is missing or not of its type is an error that names it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(pub(crate) &'a Item);

impl<'a> Row<'a> {
    pub(crate) fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn opt_text(self, name: &'static str) -> Result<Option<&'a str>> {
        self.opt(name, |value| value.as_s().ok().map(String::as_str))
    }

    pub(crate) fn text(self, name: &'static str) -> Result<&'a str> {
        self.opt_text(name)?.ok_or_else(|| unreadable(name))
    }

    pub(crate) fn opt_number(self, name: &'static str) -> Result<Option<u64>> {
        self.opt(name, |value| value.as_n().ok()?.parse().ok())
    }

    pub(crate) fn number(self, name: &'static str) -> Result<u64> {
        self.opt_number(name)?.ok_or_else(|| unreadable(name))
    }

    pub(crate) fn count(self, name: &'static str) -> Result<usize> {
        usize::try_from(self.number(name)?).map_err(|_| unreadable(name))
    }

    pub(crate) fn time(self, name: &'static str) -> Result<Timestamp> {
        self.number(name).map(Timestamp)
    }

    pub(crate) fn bytes(self, name: &'static str) -> Result<&'a [u8]> {
        self.opt(name, |value| value.as_b().ok().map(AsRef::as_ref))?
            .ok_or_else(|| unreadable(name))
    }

    pub(crate) fn texts(self, name: &'static str) -> Result<Vec<String>> {
        let texts = |value: &AttributeValue| {
            value
                .as_l()
                .ok()?
                .iter()
                .map(|text| text.as_s().ok().cloned())
                .collect::<Option<Vec<_>>>()
        };
        Ok(self.opt(name, texts)?.unwrap_or_default())
    }

    pub(crate) fn id<T: FromStr>(self, name: &'static str) -> Result<T> {
        self.text(name)?.parse().map_err(|_| unreadable(name))
    }

    pub(crate) fn opt_id<T: FromStr>(self, name: &'static str) -> Result<Option<T>> {
        self.opt_text(name)?
            .map(|text| text.parse().map_err(|_| unreadable(name)))
            .transpose()
    }

    fn opt<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&'a AttributeValue) -> Option<T>,
    ) -> Result<Option<T>> {
        self.0
            .get(name)
            .map(|value| read(value).ok_or_else(|| unreadable(name)))
            .transpose()
    }
}

pub(crate) fn unreadable(what: &str) -> PortError {
    let source = Some(format!("an item whose {what} cannot be read").into());
    PortError {
        fault: Fault::Rejected,
        adapter: "dynamodb",
        source,
    }
}
