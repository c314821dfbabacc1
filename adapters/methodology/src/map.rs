//! From Markdown to pieces. Pure.

use std::collections::BTreeSet;

use domain::Timestamp;
use domain::memory::RecalledKind;
use ports::IndexEntry;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use sha2::{Digest, Sha256};
use text_splitter::MarkdownSplitter;

/// How many characters a piece has at most, beside the headings that it stands under: a prompt
/// takes in a few pieces of this length whole.
const LONGEST: usize = 1_200;

/// One file's text in pieces, each once: cut where Markdown divides it, and below the headings that
/// it stands under.
pub fn pieces(place: &str, markdown: &str, changed: Timestamp) -> Vec<IndexEntry> {
    let headings = headings(markdown);
    let splitter = MarkdownSplitter::new(LONGEST);
    let mut seen = BTreeSet::new();
    let texts =
        splitter
            .chunk_indices(markdown)
            .map(|(start, text)| match under(&headings, start) {
                above if above.is_empty() => text.to_owned(),
                above => format!("{}\n\n{text}", above.join(" > ")),
            });
    let entries = texts.map(|text| IndexEntry {
        kind: RecalledKind::Methodology,
        id: id(place, &text),
        coach: None,
        text,
        created: changed,
        tags: vec![place.to_owned()],
    });
    entries
        .filter(|entry| !entry.text.trim().is_empty() && seen.insert(entry.id.clone()))
        .collect()
}

struct Heading {
    start: usize,
    level: HeadingLevel,
    title: String,
}

fn headings(markdown: &str) -> Vec<Heading> {
    let (mut headings, mut open) = (Vec::new(), None);
    for (event, at) in Parser::new_ext(markdown, Options::all()).into_offset_iter() {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            open = Some(Heading {
                start: at.start,
                level,
                title: String::new(),
            });
        } else if let (Event::Text(words) | Event::Code(words), Some(heading)) = (&event, &mut open)
        {
            heading.title.push_str(words);
        } else if let Event::End(TagEnd::Heading(_)) = event {
            headings.extend(open.take());
        }
    }
    headings
}

/// Returns the titles of the headings that a place stands under. A heading that begins there is
/// part of what begins there.
fn under(headings: &[Heading], start: usize) -> Vec<&str> {
    let mut above: Vec<&Heading> = Vec::new();
    for heading in headings.iter().take_while(|heading| heading.start <= start) {
        above.retain(|higher| higher.level < heading.level);
        above.push(heading);
    }
    above
        .iter()
        .filter(|heading| heading.start < start)
        .map(|heading| heading.title.as_str())
        .collect()
}

/// 32 hexadecimal digits.
fn id(place: &str, text: &str) -> String {
    let hash = Sha256::new()
        .chain_update(place)
        .chain_update([0])
        .chain_update(text)
        .finalize();
    let mut id = hex::encode(hash);
    id.truncate(32);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(markdown: &str) -> Vec<String> {
        pieces("a.md", markdown, Timestamp(1))
            .into_iter()
            .map(|entry| entry.text)
            .collect()
    }

    #[test]
    fn a_short_file_is_one_piece() {
        assert_eq!(texts("# Squat\n\nBrace.\n"), ["# Squat\n\nBrace."]);
        assert!(texts("\n  \n").is_empty());
    }

    #[test]
    fn a_long_file_is_cut_between_sections_and_each_piece_knows_its_headings() {
        let words = "Add two and a half kilograms each session. ".repeat(25);
        let markdown = format!(
            "# Strength\n\n## Squat\n\n{words}\n\n### When it `stalls`\n\n{words}\n\n\
             ## Press\n\n{words}"
        );
        let texts = texts(&markdown);
        let begin = |text: &String| {
            text.lines()
                .filter(|line| !line.is_empty())
                .take(2)
                .collect::<Vec<_>>()
                .join("|")
        };
        assert!(
            texts
                .iter()
                .any(|text| begin(text).starts_with("Strength > Squat|### When it `stalls`")),
            "{texts:#?}"
        );
        assert!(
            texts
                .iter()
                .any(|text| begin(text).starts_with("Strength|## Press")),
            "{texts:#?}"
        );
        assert!(
            texts
                .iter()
                .all(|text| text.chars().count() <= LONGEST + 40),
            "{texts:#?}"
        );
    }

    #[test]
    fn nothing_is_lost_whatever_is_cut() {
        let long: String = (0..2_000).map(|n| format!("{n} ")).collect();
        assert_eq!(texts(&long).join(" "), long.trim());
        let endless: String = ('\u{4e00}'..'\u{5e00}').collect();
        assert_eq!(texts(&endless).concat(), endless);
    }

    #[test]
    fn a_piece_is_named_after_its_place_and_its_text() {
        let ids = |place: &str, text: &str| -> Vec<String> {
            pieces(place, text, Timestamp(9))
                .into_iter()
                .map(|entry| entry.id)
                .collect()
        };
        assert_eq!(ids("a.md", "Brace."), ids("a.md", "Brace."));
        assert_ne!(ids("a.md", "Brace."), ids("b.md", "Brace."));
        assert_ne!(ids("a.md", "Brace."), ids("a.md", "Brace!"));
        assert_ne!(ids("a.md", "Brace."), ids("a.m", "dBrace."));
    }

    #[test]
    fn a_piece_that_comes_twice_is_one() {
        let words = "The same sentence over and over again. ".repeat(25);
        let markdown = format!("# One\n\n{words}\n\n# One\n\n{words}");
        assert_eq!(texts(&markdown).len(), 1);
    }
}
