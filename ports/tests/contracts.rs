//! What the clauses quote, held to the contracts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of a folder, and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it is read: of links only their words.
fn read(text: &str) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        read.push_str(before);
        let (words, after) = link.split_once(']').unwrap();
        read.push_str(words);
        let target = after
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    without_space(&(read + rest))
}

/// All that the documentation of the ports says, without what stands between.
fn contract() -> String {
    let mut said = String::new();
    for path in files(&root().join("traits")) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(str::trim_start);
        for line in lines.filter_map(|line| line.strip_prefix("///")) {
            let line = line.trim_start();
            said.push_str(line.strip_prefix("- ").unwrap_or(line));
            said.push('\n');
        }
    }
    read(&said)
}

/// Each clause of the kit, and what it quotes.
fn clauses() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for path in files(&root().join("conformance")) {
        let text = fs::read_to_string(&path).unwrap();
        for clause in text.split("\npub async fn ").skip(1) {
            let (name, _) = clause.split_once('(').unwrap();
            let of = text.find(&format!("\npub async fn {name}(")).unwrap();
            let above = text[..of].lines().rev();
            let quote = above.map_while(|line| line.strip_prefix("///"));
            let quote: Vec<_> = quote.collect();
            let quote: String = quote.into_iter().rev().collect::<Vec<_>>().join("\n");
            all.push((name.to_owned(), without_space(&quote)));
        }
    }
    all
}

#[test]
fn every_clause_quotes_what_the_contract_says() {
    let (contract, clauses) = (contract(), clauses());
    assert!(clauses.len() > 100, "{} clauses", clauses.len());
    let mut made_up = Vec::new();
    for (clause, quote) in &clauses {
        let is_said = |sentence: &str| contract.contains(sentence.trim());
        if quote.is_empty() || !quote.split('…').all(is_said) {
            made_up.push(format!("{clause}: {quote}"));
        }
    }
    assert!(made_up.is_empty(), "{made_up:#?}");
}

#[test]
fn every_clause_is_a_test_of_its_port() {
    let table = fs::read_to_string(root().join("conformance/mod.rs")).unwrap();
    let rows: Vec<&str> = table.lines().map(str::trim).collect();
    for (clause, _) in clauses() {
        assert!(rows.contains(&clause.as_str()), "{clause} has no row");
    }
}
