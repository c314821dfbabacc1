//! The command that builds, deploys and removes a stack says what is wrong before it does anything.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{root, text};

/// The tools that every machine has.
const COMMON: [&str; 8] = [
    "bash", "cat", "dirname", "env", "mkdir", "mktemp", "rm", "wc",
];

/// The command in a folder of its own, where a package can be put.
pub(crate) fn copied() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("apps/lambda");
    std::fs::create_dir_all(&here).unwrap();
    std::fs::create_dir_all(package(folder.path()).parent().unwrap()).unwrap();
    std::fs::copy(root().join("apps/lambda/stack"), here.join("stack")).unwrap();
    folder
}

/// Where a build puts the package.
pub(crate) fn package(folder: &Path) -> PathBuf {
    folder.join("target/lambda/coach-lambda/bootstrap.zip")
}

/// Runs it where there are these tools only.
fn stack(folder: &TempDir, tools: &TempDir, options: &[&str]) -> Output {
    let mut command = Command::new("bash");
    command.arg(folder.path().join("apps/lambda/stack"));
    let command = command.args(options).env_clear().env("PATH", tools.path());
    command.current_dir(folder.path()).output().unwrap()
}

/// A folder of these tools, each a script, beside the common ones.
fn with_tools(others: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for tool in COMMON {
        for place in ["/bin", "/usr/bin"] {
            let found = Path::new(place).join(tool);
            let here = folder.path().join(tool);
            if found.exists() && !here.exists() {
                symlink(found, here).unwrap();
            }
        }
    }
    for (name, script) in others {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

/// A program: its name, and what it does.
type Tool = (&'static str, &'static str);

const AWS: Tool = (
    "aws",
    "case $1 in sts) echo 123456789012;; configure) echo eu-west-1;; esac",
);
const STRANGER: Tool = (
    "aws",
    "case $1 in sts) exit 255;; configure) echo eu-west-1;; esac",
);
const PLACELESS: Tool = ("aws", "exit 1");

/// Which tools are there, the bytes of the package (0: there is none), what is asked for, and what
/// is said.
type Row = (&'static [Tool], usize, &'static str, &'static str);

const REFUSALS: &[Row] = &[
    (&[], 100, "build", "cargo is missing: see https://rustup.rs"),
    (
        &[("cargo", "")],
        100,
        "build",
        "cargo-lambda is missing: pip install cargo-lambda",
    ),
    (&[], 100, "check", "aws is missing: pip install awscli"),
    (&[], 100, "deploy", "aws is missing: pip install awscli"),
    (&[], 100, "outputs", "aws is missing: pip install awscli"),
    (&[], 100, "teardown", "aws is missing: pip install awscli"),
    (&[PLACELESS], 100, "check", "no region: export AWS_REGION"),
    (
        &[STRANGER],
        100,
        "check",
        "the credentials are not accepted",
    ),
    (
        &[AWS],
        0,
        "check",
        "is not there: run apps/lambda/stack build",
    ),
    (
        &[AWS],
        0,
        "deploy",
        "is not there: run apps/lambda/stack build",
    ),
    (
        &[AWS],
        6_000_001,
        "check",
        "6000001 bytes, more than 6000000",
    ),
    (&[AWS], 100, "deploy nowhere", "there is no part nowhere"),
    (
        &[AWS],
        100,
        "deploy --stage Prod",
        "a stage is like prod or test-2: Prod",
    ),
    (&[AWS], 100, "deploy --stage", "--stage needs a value"),
    (&[AWS], 100, "deploy --frob", "there is no option --frob"),
    (&[AWS], 100, "frob", "there is no command frob"),
];

#[test]
fn what_is_missing_is_said_in_a_sentence_before_anything_is_done() {
    let folder = copied();
    for (tools, bytes, options, expected) in REFUSALS {
        let package = package(folder.path());
        match bytes {
            0 => _ = std::fs::remove_file(package),
            _ => std::fs::write(package, vec![0; *bytes]).unwrap(),
        }
        let options: Vec<&str> = options.split(' ').collect();
        let output = stack(&folder, &with_tools(tools), &options);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{options:?}: {said}");
        assert!(said.contains(expected), "{options:?}: {said}");
    }
    let output = stack(
        &folder,
        &with_tools(&[AWS]),
        &["check", "--stage", "test-2"],
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "ok: account 123456789012, region eu-west-1, stage test-2\n"
    );
}

#[test]
fn help_names_every_command_and_option_that_there_is() {
    let (folder, tools) = (copied(), with_tools(&[]));
    let output = stack(&folder, &tools, &["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for word in ["build", "check", "deploy", "outputs", "teardown"] {
        assert!(help.contains(&format!("\n  {word} ")), "{word}");
    }
    for option in ["--stage", "--out", "--prices", "--yes"] {
        assert!(help.contains(option), "{option}");
    }
    let output = stack(&folder, &tools, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), help);
}

/// Its arguments are those that cargo-lambda knows.
#[test]
fn a_build_is_one_call_of_cargo_lambda_and_says_how_large_the_package_is() {
    let folder = copied();
    std::fs::write(package(folder.path()), [0; 100]).unwrap();
    let tools = with_tools(&[("cargo", "echo \"$@\""), ("cargo-lambda", "")]);
    let prices = folder.path().join("prices.json");
    std::fs::write(&prices, "{}").unwrap();
    let prices = prices.to_str().unwrap();
    let output = stack(&folder, &tools, &["build", "--prices", prices]);
    let said = String::from_utf8(output.stdout).unwrap();
    let packages = folder.path().join("target/lambda");
    let packages = packages.display();
    let root = folder.path().display();
    let first = format!(
        "lambda build --manifest-path {root}/Cargo.toml --profile lambda --arm64 \
         --output-format zip --package coach-lambda --lambda-dir {packages} \
         --include prices.json\n"
    );
    assert!(said.starts_with(&first), "{said}");
    assert!(said.ends_with("100 bytes\n"), "{said}");
    assert!(text("Cargo.toml").contains("\n[profile.lambda]\n"));
}
