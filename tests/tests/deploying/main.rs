//! What brings the coach to AWS: templates, the command that deploys them, the page about it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod claims;
mod deployed;
mod pages;
mod policy;
mod stack;
mod table;
mod templates;

use std::path::{Path, PathBuf};
use std::process::Command;

use coach_tests::{has, of_python};
use serde_json::Value;

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// A file of the repository.
fn text(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A template of `apps/lambda` as CloudFormation sees it, by the translator of AWS; of the elements
/// of lists that depend on a condition those that are there when these hold, or all if none is
/// named. `None` where there is no translator.
fn transformed(template: &str, holding: &[&str]) -> Option<Value> {
    let python = of_python("python");
    let what = "the packages of tests/python/requirements.txt in target/python";
    if !has(what, of_python("cfn-lint").is_file()) {
        return None;
    }
    let mut command = Command::new(python);
    command.arg(root().join("tests/python/transformed.py"));
    command
        .arg(root().join("apps/lambda").join(template))
        .args(holding);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{template}: {said}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The resources of a template that are of this type, by their names.
fn of_type<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = template["Resources"].as_object().unwrap();
    let mut found = Vec::new();
    for (name, resource) in resources {
        if resource["Type"] == kind {
            found.push((name.as_str(), &resource["Properties"]));
        }
    }
    found
}
