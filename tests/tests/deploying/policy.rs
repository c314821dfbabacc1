//! What a policy of IAM allows, as far as ours say anything.

use serde_json::Value;

/// Something that a program does, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deed {
    pub(crate) action: String,
    pub(crate) resource: String,
    /// What is said about it besides: the name of a condition's key, and its values.
    pub(crate) context: Vec<(String, Vec<String>)>,
}

/// The statements of a role.
pub(crate) struct Policy(pub(crate) Vec<Value>);

impl Policy {
    pub(crate) fn allows(&self, deed: &Deed) -> bool {
        self.0.iter().any(|statement| allows(statement, deed))
    }

    /// Returns all actions of a service that any statement names.
    pub(crate) fn actions(&self, service: &str) -> Vec<String> {
        let mut actions = Vec::new();
        for statement in &self.0 {
            let named = several(&statement["Action"]);
            actions.extend(named.into_iter().filter(|name| name.starts_with(service)));
        }
        actions.sort();
        actions.dedup();
        actions
    }
}

fn allows(statement: &Value, deed: &Deed) -> bool {
    assert_eq!(
        statement["Effect"], "Allow",
        "nothing is denied by our policies"
    );
    let names = |what: &str, said: &str| {
        let patterns = several(&statement[what]);
        patterns.iter().any(|pattern| is_like(pattern, said))
    };
    names("Action", &deed.action)
        && names("Resource", &deed.resource)
        && holds(&statement["Condition"], deed)
}

fn holds(condition: &Value, deed: &Deed) -> bool {
    let Some(operators) = condition.as_object() else {
        return true;
    };
    for (operator, keys) in operators {
        for (key, patterns) in keys.as_object().unwrap() {
            let said = deed.context.iter().find(|(name, _)| name == key);
            let fits = |value: &String| {
                several(patterns)
                    .iter()
                    .any(|pattern| is_like(pattern, value))
            };
            let fine = match (operator.as_str(), said) {
                ("ForAllValues:StringLike", None) => true,
                ("ForAllValues:StringLike", Some((_, values))) => values.iter().all(fits),
                ("StringEquals", said) => said.is_some_and(|(_, values)| values.iter().all(fits)),
                (other, _) => panic!("a condition that no test knows: {other}"),
            };
            if !fine {
                return false;
            }
        }
    }
    true
}

/// One text, or a list of them.
fn several(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().flat_map(several).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            panic!("neither a text nor a list: {value}")
        }
    }
}

fn is_like(pattern: &str, text: &str) -> bool {
    let Some((before, behind)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| is_like(behind, &rest[at..]))
}

#[test]
fn a_star_stands_for_anything_and_also_for_nothing() {
    for (pattern, text, like) in [
        ("U#*", "U#ann", true),
        ("U#*", "I#ann", false),
        ("arn:bedrock:*::model/a", "arn:bedrock:::model/a", true),
        (
            "arn:bedrock:*::model/a",
            "arn:bedrock:eu-west-1::model/b",
            false,
        ),
        ("same", "same", true),
        ("same", "same not", false),
    ] {
        assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
    }
}
