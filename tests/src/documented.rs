#![expect(clippy::unwrap_used, reason = "a reader of tests may panic")]

use std::path::Path;

/// A code of an error, as `docs/protocol.md` has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentedCode {
    pub code: String,
    pub status: u16,
    pub retryable: bool,
    /// Whether nothing is answered with it yet, which a superscript says.
    pub is_to_come: bool,
}

/// Returns the table of errors of `docs/protocol.md`.
pub fn documented_codes() -> Vec<DocumentedCode> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (_, table) = text.split_once("| status | code |").unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    rows.flat_map(codes_of).collect()
}

/// Returns the codes that nothing is answered with yet.
pub fn codes_to_come() -> Vec<String> {
    let to_come = documented_codes()
        .into_iter()
        .filter(|code| code.is_to_come);
    to_come.map(|code| code.code).collect()
}

/// The codes of a row, each with its own status if there are several.
fn codes_of(row: &str) -> Vec<DocumentedCode> {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let &[_, statuses, codes, retryable, _, _] = cells.as_slice() else {
        panic!("a row of four cells: {row}")
    };
    let statuses = statuses.split(", ").map(|status| status.parse().unwrap());
    let statuses: Vec<u16> = statuses.collect();
    let mut found = Vec::new();
    let mut quoted = codes.split('`');
    while let (Some(_), Some(code)) = (quoted.next(), quoted.next()) {
        // In small letters are the fields that a code comes with.
        if code.contains(|c: char| c.is_ascii_lowercase()) {
            continue;
        }
        let own = statuses.get(found.len()).or(statuses.last()).unwrap();
        found.push(DocumentedCode {
            code: code.to_owned(),
            status: *own,
            retryable: retryable == "yes",
            is_to_come: codes.contains(&format!("`{code}`\u{b9}")),
        });
    }
    found
}
