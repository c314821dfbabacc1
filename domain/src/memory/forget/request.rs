//! What a request to forget says, without the words that only ask.

use super::clause::{Clause, full_stops};
use super::part::{OWN, Part, STATES, Term};
use super::phrases::{
    ABOUT_ME, ALL, ALTHOUGH, AND, EXCEPT, EXCEPTING, IS, KEEPS, LAUGHTER, ME, NEGATIONS, ONE_OF,
    OR, POINTERS, SUBJECTS, TOLD_ME,
};
use crate::memory::fact::{Token, tokens};
use crate::memory::stem::folded;
use crate::router::Command;

/// A request to forget, taken apart.
#[derive(Debug)]
pub(super) struct Request {
    /// It means what was saved last.
    pub(super) points: bool,
    /// It means all that is known of the athlete.
    pub(super) is_everything: bool,
    pub(super) whole: Part,
    /// What is coordinated; one if nothing is.
    pub(super) parts: Vec<Part>,
    /// What is to be kept of what would be meant.
    pub(super) kept: Vec<Part>,
    /// It takes something back, or is told rather than asked for.
    pub(super) is_doubtful: bool,
    /// Its parts are said to be one or the other.
    pub(super) is_either: bool,
}

impl Request {
    pub(super) fn of(request: &str) -> Self {
        let rest = match Command::parse(request) {
            Some((Command::Forget, rest)) => rest,
            Some((Command::LogWorkout | Command::SaveMemory | Command::Help, _)) | None => request,
        };
        let text = Clause::of(rest);
        let words: Vec<Token> = tokens(&text.behind);
        let has = |list: &[&str]| words.iter().any(|token| list.contains(&&*token.folded));
        let (behind, kept) = without_kept(&with_commas(&text.behind));
        // What stands before the verb tells why, too: "beide Knie sind gut, bitte vergessen".
        let of: fn(&str) -> Part = if text.is_turned {
            Part::of_reason
        } else {
            Part::of
        };
        let whole = of(&behind);
        let is_bare = whole.is_empty();
        let before = Part::of_reason(&text.before);
        let about_me = words.is_empty() || has(&ABOUT_ME);
        let is_doubtful = text.is_doubtful || leaves_open(&text.behind);
        let is_either = has(&OR);
        // "I hate that plan. Forget it": what was said before it says what "it" is.
        if is_bare && !before.is_empty() && !about_me {
            let means_all = whole.means_all || before.means_all;
            let parts = parts(&text.before, Part::of_reason, has_subject);
            return Self {
                points: false,
                is_everything: false,
                whole: Part {
                    means_all,
                    ..before
                },
                parts: parts
                    .into_iter()
                    .map(|part| Part { means_all, ..part })
                    .collect(),
                kept,
                is_doubtful,
                is_either,
            };
        }
        let is_everything = is_bare
            && (is_about_me(&words)
                || whole.means_all && (about_me || words.len() < 3 || !kept.is_empty()));
        let points = is_bare && !is_everything && (words.is_empty() || has(&POINTERS));
        let each = |mut part: Part| {
            part.means_all |= whole.means_all;
            part.light.extend(before.words.iter().cloned());
            part
        };
        Self {
            points,
            is_everything,
            parts: parts(&behind, of, tells_why)
                .into_iter()
                .map(each)
                .collect(),
            whole: each(whole.clone()),
            kept,
            is_doubtful,
            is_either,
        }
    }
}

/// Returns whether nothing but the athlete is meant: "forget me", "wipe your memory of me".
fn is_about_me(words: &[Token]) -> bool {
    let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
    words.len() <= 6
        && words.last().is_some_and(|token| is(&ME, token))
        && !words.iter().any(|token| is(&TOLD_ME, token))
}

/// Returns whether it means one of several and does not say which ("one of my knees"), or goes on
/// about the other side: "the left knee, it's the right one".
fn leaves_open(text: &str) -> bool {
    let words: Vec<String> = tokens(text).into_iter().map(|token| token.folded).collect();
    let padded = format!(" {} ", words.join(" "));
    let mut pieces = text.split([',', ';', ':', '\n']);
    let asked = Part::of(pieces.next().unwrap_or_default()).marks.sides;
    let is_other = |why: &str| tells_why(why) && !Part::of(why).marks.sides.is_subset(&asked);
    ONE_OF.iter().any(|phrase| padded.contains(phrase))
        || (!asked.is_empty() && pieces.any(is_other))
}

/// Returns the text without the pieces that say what is kept, and those.
fn without_kept(text: &str) -> (String, Vec<Part>) {
    let (mut rest, mut kept) = (Vec::new(), Vec::new());
    let mut text = text.to_owned();
    for phrase in EXCEPTING {
        text = text.replace(phrase, " except ");
    }
    for piece in text.split([',', '\n']).flat_map(full_stops) {
        let words: Vec<&str> = piece.split_whitespace().collect();
        let bare = |word: &&str| folded(word.trim_matches(|c: char| !c.is_alphanumeric()));
        let folded: Vec<String> = words.iter().map(bare).collect();
        let is_keeping = |word: &String| KEEPS.contains(&word.as_str());
        let keeps = (0..words.len()).find(|at| is_kept_from(&folded, *at));
        let keeps = keeps.or_else(|| folded.iter().any(is_keeping).then_some(0));
        let (asked, left) = words.split_at(keeps.unwrap_or(words.len()));
        if !asked.is_empty() {
            rest.push(asked.join(" "));
        }
        let mut part = Part::of(&left.join(" "));
        part.marks.denies = false;
        if !part.is_empty() {
            kept.push(part);
        }
    }
    (rest.join(", "), kept)
}

/// Returns whether what begins at this word is kept: "except", "but not", "but keep", "all but",
/// "not the".
fn is_kept_from(words: &[String], at: usize) -> bool {
    let is = |list: &[&str], at: usize| words.get(at).is_some_and(|word| list.contains(&&**word));
    let keeps = words.get(at..).unwrap_or_default();
    let keeps = keeps.iter().any(|word| KEEPS.contains(&&**word));
    let all = (0..at).rev().find(|at| is(&ALL, *at));
    let is_all_but = all.is_some_and(|all| all + 1 == at || is(&OWN, at + 1));
    let is_but = is(&ALTHOUGH, at) && (keeps || is_all_but || is(&NEGATIONS, at + 1));
    let is_not_these = at == 0 && is(&NEGATIONS, at) && is(&OWN, at + 1) && words.len() > 2;
    // "Menos" is "less", too.
    let is_except = is(&EXCEPT, at) && (!is(&["menos"], at) || all.is_some());
    is_except || is_but || is_not_these
}

/// Takes apart what is coordinated. A part of sides, numbers and the like alone is of what the next
/// one names: "my left and my right knee".
fn parts(text: &str, of: impl Fn(&str) -> Part, is_why: fn(&str) -> bool) -> Vec<Part> {
    let mut texts: Vec<String> = Vec::new();
    let text = text.replace(" as well as ", " and ");
    for (place, piece) in text.split([',', ';', ':', '&', '+', '\n']).enumerate() {
        if place > 0 && is_why(piece) {
            continue;
        }
        let mut current: Vec<&str> = Vec::new();
        for word in piece.split_whitespace() {
            // Portuguese "é" is "is".
            if AND.contains(&&*folded(word)) && word.to_lowercase() != "é" {
                texts.push(current.join(" "));
                current.clear();
            } else {
                current.push(word);
            }
        }
        texts.push(current.join(" "));
    }
    let mut parts: Vec<Part> = texts.iter().map(|text| of(text)).collect();
    parts.retain(|part| !part.is_empty());
    let mut words: Vec<Term> = Vec::new();
    for part in parts.iter_mut().rev() {
        if part.words.is_empty() {
            part.words.clone_from(&words);
        }
        words.clone_from(&part.words);
    }
    parts
}

/// Returns whether it is a sentence of its own: "they are gone", "my left knee is the bad one".
fn tells_why(piece: &str) -> bool {
    let words = tokens(piece);
    let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
    let mut behind = words.iter().skip(1);
    let states = words.first().is_some_and(|first| is(&STATES, first));
    has_subject(piece) || (!states && behind.any(|token| is(&IS, token)))
}

/// Returns whether it begins with a pronoun that does something.
fn has_subject(piece: &str) -> bool {
    let words = tokens(piece);
    let first = words.first();
    first.is_some_and(|token| SUBJECTS.contains(&&*token.folded))
}

/// Returns the text with a comma before a sentence that has none, and says that something is over:
/// "forget Tim we aren't friends any more".
fn with_commas(text: &str) -> String {
    let parted = |word: &str| {
        let is_laughter = LAUGHTER.contains(&folded(word).as_str());
        if is_laughter {
            ",".to_owned()
        } else {
            word.to_owned()
        }
    };
    let text: Vec<String> = text.split_whitespace().map(parted).collect();
    let text = text.join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = tokens(&text)
        .into_iter()
        .map(|token| token.folded)
        .collect();
    let is_over = |word: &String| {
        ["not", "arent", "fine", "gone", "over", "anymore"].contains(&word.as_str())
    };
    let begins = |word: &&str| ["we", "it", "its", "it's", "he's", "she's"].contains(word);
    match words
        .iter()
        .rposition(|word| begins(&word.to_lowercase().as_str()))
    {
        Some(at) if at > 0 && folded.iter().any(is_over) => {
            let (before, why) = words.split_at(at);
            format!("{}, {}", before.join(" "), why.join(" "))
        }
        Some(_) | None => text,
    }
}
