//! How the code reads, counted: chains of combinators, and comments that say why.

use std::collections::BTreeMap;
use std::path::Path;

/// Combinators; in a chain of them, a reader has to keep in mind what each link makes of the last.
const COMBINATORS: [&str; 17] = [
    "map",
    "filter",
    "filter_map",
    "and_then",
    "or_else",
    "map_or",
    "map_or_else",
    "unwrap_or_else",
    "ok_or_else",
    "then",
    "then_some",
    "take_while",
    "skip_while",
    "fold",
    "flat_map",
    "zip",
    "find_map",
];

/// What was counted in the production code of a crate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Lines that are neither empty nor a comment.
    lines: usize,
    combinators: usize,
    /// Lines that are a comment which is no documentation.
    comments: usize,
}

impl Style {
    fn of(text: &str) -> Self {
        let mut style = Self::default();
        for line in text.lines().map(str::trim) {
            if line.starts_with("///") || line.starts_with("//!") || line.is_empty() {
                continue;
            }
            if line.starts_with("//") {
                style.comments += 1;
                continue;
            }
            style.lines += 1;
            style.combinators += calls(line)
                .filter(|name| COMBINATORS.contains(name))
                .count();
        }
        style
    }

    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.combinators += other.combinators;
        self.comments += other.comments;
    }

    /// Combinators in 1,000 lines, and comments in 100.
    fn shares(self) -> (f64, f64) {
        let lines = self.lines.max(1) as f64;
        (
            self.combinators as f64 * 1_000.0 / lines,
            self.comments as f64 * 100.0 / lines,
        )
    }
}

/// The names of the methods that a line calls.
fn calls(line: &str) -> impl Iterator<Item = &str> {
    line.split('.').skip(1).filter_map(|call| {
        let (name, _) = call.split_once('(')?;
        Some(name)
    })
}

/// Prints what each crate comes to, and all together.
pub(crate) fn print(files: &[(impl AsRef<Path>, impl AsRef<str>)], root: &Path) {
    let mut crates: BTreeMap<String, Style> = BTreeMap::new();
    let mut all = Style::default();
    for (path, text) in files {
        let path = path.as_ref().strip_prefix(root).unwrap_or(path.as_ref());
        let within = path.to_string_lossy();
        if !is_production(&within) {
            continue;
        }
        let (name, _) = within.split_once("/src/").unwrap_or((&within, ""));
        let style = Style::of(super::without_tests(text.as_ref()));
        crates.entry(name.to_owned()).or_default().add(style);
        all.add(style);
    }
    println!(
        "{:<24} {:>6} {:>24} {:>14}",
        "", "lines", "combinators per 1,000", "comments in %"
    );
    for (name, style) in crates
        .iter()
        .map(|(name, style)| (name.as_str(), *style))
        .chain([("all", all)])
    {
        let (combinators, comments) = style.shares();
        println!(
            "{name:<24} {:>6} {combinators:>24.1} {comments:>14.1}",
            style.lines
        );
    }
}

fn is_production(path: &str) -> bool {
    let tests = [
        "tests/",
        "/tests.rs",
        "/tests/",
        "/vectors",
        "/conformance/",
    ];
    path.contains("/src/") && !tests.iter().any(|part| path.contains(part))
}

#[test]
fn combinators_and_comments_are_counted_where_they_are_code() {
    let text = "/// A map(of) it.\n// Why.\nlet a = b.iter().map(|c| c.then(d)).filter(e);\n\n}\n";
    let counted = Style::of(text);
    let expected = Style {
        lines: 2,
        combinators: 3,
        comments: 1,
    };
    assert_eq!(counted, expected);
}
