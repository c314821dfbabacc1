//! JSON objects in which no name appears twice: readers differ over which of the two counts.
//!
//! A struct says which members it wants, each a [`Member`], and has [`Others`] for the rest.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A member of an object, whose other types are not an error of the object.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Member<T> {
    Is(T),
    Other(Value),
    #[default]
    #[serde(skip)]
    Absent,
}

impl<T> Member<T> {
    /// Returns what it is, if it is what is wanted.
    pub(crate) fn known(&self) -> Option<&T> {
        match self {
            Self::Is(it) => Some(it),
            Self::Other(_) | Self::Absent => None,
        }
    }
}

impl Member<String> {
    pub(crate) fn is(&self, wanted: &str) -> bool {
        self.known().is_some_and(|it| it == wanted)
    }

    pub(crate) fn is_or_absent(&self, wanted: &str) -> bool {
        matches!(self, Self::Absent) || self.is(wanted)
    }
}

/// The members of an object that its struct does not name, of which only the names are kept.
#[derive(Debug, Default)]
pub(crate) struct Others(HashSet<String>);

impl Others {
    pub(crate) fn has_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains(*name))
    }
}

impl<'de> Deserialize<'de> for Others {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names).map(Self)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = HashSet<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without duplicate names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<HashSet<String>, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, Value)) = members.next_entry::<String, _>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a name appears twice"));
            }
        }
        Ok(names)
    }
}

/// Any value in which no name appears twice. Nothing of it is kept.
#[derive(Debug)]
pub(crate) struct Value;

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate names")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while let Some(Self) = items.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        Names.visit_map(members).map(|_| self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Object {
        #[serde(default)]
        a: Member<u64>,
        #[serde(flatten)]
        others: Others,
    }

    fn object(text: &[u8]) -> Result<Object, serde_json::Error> {
        serde_json::from_slice(text)
    }

    #[test]
    fn a_member_is_what_is_wanted_or_another_or_none_and_null_is_another() {
        let a = |text: &str| object(text.as_bytes()).unwrap().a;
        assert_eq!(a(r#"{"a":7}"#).known(), Some(&7));
        for other in [
            "null",
            "-7",
            "7.0",
            "1e300",
            "\"7\"",
            "[7]",
            r#"{"a":7}"#,
            "true",
        ] {
            let member = a(&format!(r#"{{"a":{other}}}"#));
            assert!(matches!(member, Member::Other(_)), "{other}: {member:?}");
        }
        assert!(matches!(a("{}"), Member::Absent));
        let text = br#" {"b": [1, -2, 2.5, true, null, "x\u00e9"], "\u0063": {"a": {}}} "#;
        let others = object(text).unwrap().others;
        assert!(others.has_one_of(&["x", "b"]) && others.has_one_of(&["c"]));
        assert!(!others.has_one_of(&["a", "d"]));
    }

    #[test]
    fn a_name_appears_once_at_every_level_however_it_is_written() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":1,"b":1}"#,
            r#"{"b":1,"\u0062":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[[{"a":1,"a":null}]]}"#,
        ] {
            assert!(object(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_object_in_proper_json_is_refused() {
        let deep = [b"{\"a\":".repeat(5_000), b"[".repeat(5_000)].concat();
        for bad in [
            b"".as_slice(),
            b"[]",
            b"\"{}\"",
            b"1",
            b"{",
            b"{} {}",
            b"{}x",
            b"{}\0",
            b"{\"a\":1,}",
            b"{'a':1}",
            b"{\"a\":NaN}",
            b"{\"a\":1e999}",
            b"{\"a\":01}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\xc0\xaf\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\n\"}",
            b"{\"b\":1e999}",
            b"{\"b\":\"\xff\"}",
            b"{\"b\":\"\\ud800\"}",
            &deep,
        ] {
            assert!(object(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }
}
