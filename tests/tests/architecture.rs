//! The shape of the workspace: who may depend on whom, and what the code may not contain.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/style.rs"]
mod style;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use circles::circles;

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml"));
    command.other_options(["--locked".into()]).exec().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every workspace package's own dependencies within the workspace, without those of tests.
fn edges(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata.workspace_packages();
    let names: BTreeSet<String> = members
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let edges = members.iter().map(|package| {
        let normal = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal);
        let inner = normal
            .map(|dependency| dependency.name.clone())
            .filter(|name| names.contains(name));
        (package.name.to_string(), inner.collect())
    });
    edges.collect()
}

/// All that a package is built from with these features, itself included, when it is built alone:
/// what others want of the same packages does not count.
fn tree(package: &str, features: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root())
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none"])
        .args(["--package", package, "--format", "{p}"]);
    for feature in features {
        cargo.args(["--features", feature]);
    }
    let output = cargo.output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let names = lines.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn dependencies_point_inwards() {
    let edges = edges(&metadata());
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(edges["coach-domain"], set(&[]));
    assert_eq!(edges["coach-ports"], set(&["coach-domain"]));
    let outer: BTreeSet<_> = edges
        .keys()
        .filter(|name| {
            !set(&[
                "coach-domain",
                "coach-ports",
                "coach-bench",
                "coach-peers",
                "coach-tests",
            ])
            .contains(*name)
        })
        .collect();
    assert_eq!(edges["coach-peers"], set(&[]));
    assert_eq!(edges["coach-bench"], set(&["coach-peers"]));
    for name in outer
        .iter()
        .filter(|name| !["coach-assembly", "coach-server", "coach-lambda"].contains(&name.as_str()))
    {
        assert!(
            edges[*name].is_subset(&set(&["coach-domain", "coach-ports"])),
            "{name} is an adapter: {:?}",
            edges[*name]
        );
    }
    let assembled = edges
        .keys()
        .filter(|name| edges[*name].contains("coach-assembly"));
    assert!(
        assembled.eq(["coach-lambda", "coach-server"]),
        "of the apps, {edges:?}"
    );
    for name in ["coach-server", "coach-bench"] {
        assert!(
            edges.values().all(|inner| !inner.contains(name)),
            "{name} is used"
        );
    }
}

#[test]
fn the_domain_is_pure_down_to_its_last_dependency() {
    let tree = tree("coach-domain", &[]);
    let impure = [
        "async-trait",
        "bytes",
        "chrono",
        "fastrand",
        "futures",
        "futures-core",
        "getrandom",
        "hyper",
        "jiff-tzdb-platform",
        "libc",
        "mio",
        "rand",
        "rand_core",
        "reqwest",
        "socket2",
        "time",
        "tokio",
        "tracing",
        "uuid",
        "windows-sys",
    ];
    let found: Vec<_> = impure.iter().filter(|name| tree.contains(**name)).collect();
    assert!(found.is_empty(), "the domain is built from {found:?}");
    assert!(
        tree.len() < 40,
        "the domain is built from {} packages: {tree:?}",
        tree.len()
    );
}

#[test]
fn the_domain_reads_no_clock_and_does_nothing() {
    let banned = [
        "std::time::Instant",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::io",
        "async fn",
        ".await",
        "println!",
    ];
    for (path, text) in sources("domain/src") {
        for word in banned {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn a_users_scope_is_made_only_where_a_token_was_verified_or_a_key_is_read_back() {
    let verified = [
        "adapters/in-memory/src/tokens.rs",
        "adapters/jwt/src/map.rs",
        "apps/server/src/demo.rs",
    ];
    let stored = [
        "ports/src/conformance/mod.rs",
        "adapters/dynamodb/src/key.rs",
        "adapters/sqlite/src/row.rs",
    ];
    for (word, allowed) in [
        ("UserScope::verified(", &verified[..]),
        ("UserScope::stored(", &stored[..]),
    ] {
        let mut found: Vec<String> = Vec::new();
        for folder in ["ports", "adapters", "apps"] {
            let code = production(folder)
                .into_iter()
                .filter(|(path, _)| !path.ends_with("tests.rs"));
            let hits = code.filter(|(_, text)| without_tests(text).contains(word));
            found.extend(
                hits.map(|(path, _)| path.strip_prefix(root()).unwrap().display().to_string()),
            );
        }
        found.retain(|path| !allowed.contains(&path.as_str()));
        assert!(found.is_empty(), "{word} in {found:?}");
    }
}

/// [`ports::own`] compares whose it is that a store of conversations answers.
#[test]
fn nothing_is_read_past_the_check_of_whose_it_is() {
    let readings = [
        "conversation",
        "conversations",
        "all_conversations",
        "messages",
        "turn",
        "overdue",
        "jobs",
        "claim_jobs",
    ];
    for folder in ["ports/src/application", "adapters/http/src", "apps"] {
        for (path, text) in production(folder) {
            if path.ends_with("application/own.rs") {
                continue;
            }
            let code: String = without_tests(&text).split_whitespace().collect();
            for store in ["store", "messages"] {
                for reading in readings {
                    let call = format!("{store}.{reading}(");
                    assert!(!code.contains(&call), "{} asks {call}", path.display());
                }
            }
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for folder in ["adapters/http/src", "domain/src"] {
        let found = circles(&root().join(folder));
        assert!(found.is_empty(), "in {folder}:\n{}", found.join("\n"));
    }
}

#[test]
fn only_the_server_is_a_binary_of_the_default_members() {
    let metadata = metadata();
    let defaults = metadata.workspace_default_packages();
    let binaries = defaults
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_bin());
    assert_eq!(
        binaries
            .map(|target| target.name.as_str())
            .collect::<Vec<_>>(),
        ["coach-server"]
    );
}

#[test]
fn the_server_has_aws_in_it_only_if_it_is_built_for_it() {
    let of_aws = |features: &[&str]| {
        let mut tree = tree("coach-server", features);
        tree.retain(|name| {
            name.starts_with("aws-") && !name.starts_with("aws-lc") || name.starts_with("lambda")
        });
        tree
    };
    let without = of_aws(&[]);
    assert!(without.is_empty(), "{without:?}");
    let with = of_aws(&["aws"]);
    for name in ["aws-config", "aws-sdk-bedrockruntime", "aws-sdk-dynamodb"] {
        assert!(with.contains(name), "{name} is not in {with:?}");
    }
}

#[test]
fn files_and_lines_are_short_enough_to_be_read() {
    let mut found = Vec::new();
    for folder in ["domain", "ports", "adapters", "apps", "tests"] {
        for (path, text) in sources(folder) {
            let most = if path.ends_with("domain/src/turn.rs") {
                450
            } else {
                600
            };
            let lines = text.lines().count();
            if lines > most {
                found.push(format!("{} has {lines} lines", path.display()));
            }
            // What rustfmt cannot break, it leaves as long as it is.
            let long = (1..)
                .zip(text.lines())
                .filter(|(_, line)| line.chars().count() > 100);
            found.extend(long.map(|(number, _)| format!("{}:{number} is long", path.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Printed for the reader, never judged:
/// `cargo test -p coach-tests --test architecture style -- --nocapture`. `COACH_SOURCES` says where
/// else the code is, such as that of an earlier commit.
#[test]
fn the_style_of_all_production_code_can_be_counted() {
    let root = std::env::var_os("COACH_SOURCES").map_or_else(root, PathBuf::from);
    let folders = ["domain", "ports", "adapters", "apps"];
    let files: Vec<_> = folders
        .iter()
        .flat_map(|folder| sources_in(&root.join(folder)))
        .collect();
    style::print(&files, &root);
}

#[test]
fn the_top_level_is_what_the_readme_says() {
    let expected = ["adapters", "apps", "docs", "domain", "ports", "tests"];
    let folders = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.retain(|name| !name.starts_with('.') && name != "target");
    names.sort();
    assert_eq!(names, expected);
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    sources_in(&root().join(folder))
}

fn sources_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = open.pop() {
        for entry in
            std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()))
        {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {}", folder.display());
    found
}

/// The sources of a folder without its tests and examples.
fn production(folder: &str) -> Vec<(PathBuf, String)> {
    let mut sources = sources(folder);
    let is_apart = |part: &OsStr| part == "tests" || part == "examples";
    sources.retain(|(path, _)| {
        let inside = path.strip_prefix(root()).unwrap_or(path);
        !inside.iter().any(is_apart)
    });
    sources
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}
