//! What somebody builds outside of this workspace: the crates of `docs/embedding.md`, by the
//! commands that it names, in a target directory of their own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use coach_tests::{has, on_path};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

/// Runs cargo in one of the crates, and returns what it has said.
fn cargo(folder: &str, command: &str, arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([command, "--quiet", "--locked"])
        .args(arguments)
        .current_dir(root().join("docs").join(folder))
        .env("CARGO_TARGET_DIR", target());
    said(&mut cargo)
}

fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("outside")
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{command:?}\n{said}\n{errors}");
    said.into_owned()
}

#[test]
fn a_turn_is_driven_by_hand_without_async() {
    let said = cargo("embedding", "run", &["--bin", "turn"]);
    assert!(said.contains("Sit between your hips."), "{said}");
    assert!(said.ends_with("[Finished]\n"), "{said}");
}

#[test]
fn the_page_of_the_turn_shows_that_very_program() {
    let program = std::fs::read_to_string(root().join("docs/embedding/src/bin/turn.rs")).unwrap();
    let page = std::fs::read_to_string(root().join("docs/turn.md")).unwrap();
    let (_, main) = program.split_once("fn main()").unwrap();
    assert!(page.contains(&format!("fn main(){}\n```", main.trim_end())));
    assert!(program.lines().count() <= 60, "it is to be read at once");
}

#[test]
fn a_server_takes_a_model_of_ones_own_and_says_so() {
    let said = cargo("embedding", "run", &["--bin", "own_model", "--", "doctor"]);
    assert!(
        said.contains("ok    model   parrot: says what it hears"),
        "{said}"
    );
}

#[test]
fn a_turn_is_driven_in_webassembly_that_imports_nothing() {
    let targets = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    let has_target = targets.is_ok_and(|listed| {
        String::from_utf8_lossy(&listed.stdout).contains("wasm32-unknown-unknown")
    });
    if !has("the target wasm32-unknown-unknown", has_target) || !has("node", on_path("node")) {
        return;
    }
    let wasm = "wasm32-unknown-unknown";
    cargo(
        "embedding/browser",
        "build",
        &["--release", "--target", wasm],
    );
    let built = target().join(wasm).join("release/coach_browser.wasm");
    let page = root().join("docs/embedding/browser/run.mjs");
    let told = said(
        Command::new("node")
            .arg(page)
            .arg(built)
            .arg("How do I squat deeper?"),
    );
    assert!(told.contains("Sit between your hips."), "{told}");
    assert!(told.ends_with("[over]\n"), "{told}");
}

#[test]
fn every_library_can_be_packaged() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([
            "package",
            "--no-verify",
            "--allow-dirty",
            "--offline",
            "--target-dir",
        ])
        .arg(target())
        .current_dir(root());
    let adapters = std::fs::read_dir(root().join("adapters")).unwrap();
    let adapters = adapters.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    for library in adapters.chain(["domain", "ports"].map(str::to_owned)) {
        cargo.args(["-p", &format!("coach-{library}")]);
    }
    said(&mut cargo);
}
