//! The clause of a message that asks for something to be forgotten, and what stands around it.

use super::part::Part;
use super::phrases::{
    ALTHOUGH, CORRECTIONS, EXCEPT, KEEPING, KEEPS, NEGATIONS, OFTEN, TOLD, VERBS, WANTS, WISHES,
};
use crate::memory::lexicon::sense;
use crate::memory::stem::folded;

/// What stands around the verb that asks.
#[derive(Default)]
pub(super) struct Clause {
    pub(super) before: String,
    pub(super) behind: String,
    /// What is meant stands before the verb.
    pub(super) is_turned: bool,
    /// It tells or asks whether something was forgotten, or takes back what it asks for.
    pub(super) is_doubtful: bool,
}

impl Clause {
    /// Of the first sentence that has such a verb; all of it if none has.
    pub(super) fn of(text: &str) -> Self {
        let (mut before, mut is_told) = (String::new(), false);
        let sentences = sentences(text);
        for (place, sentence) in sentences.iter().enumerate() {
            let sentence = Sentence::of(sentence);
            let Some(at) = (0..sentence.words.len()).find(|at| sentence.asks(*at)) else {
                is_told |= (0..sentence.words.len()).any(|at| sentence.is_verb(at));
                before.push_str(&sentence.words.join(" "));
                before.push('\n');
                continue;
            };
            let (ahead, rest) = sentence.words.split_at(at);
            let is_last = rest.len() == 1 || rest.first().is_some_and(|verb| verb.ends_with(','));
            let (ahead, rest) = (ahead.join(" "), rest.get(1..).unwrap_or_default().join(" "));
            let later = sentences.get(place + 1..).unwrap_or_default();
            let rest = later
                .iter()
                .filter(|sentence| begins_exception(sentence))
                .fold(rest, |rest, sentence| format!("{rest}, {sentence}"));
            let is_doubtful = is_corrected(&format!("{rest} {}", later.join(" ")));
            // "Kannst du mein Knie vergessen": what is meant stands before the verb.
            let is_turned = is_last && !Part::of_reason(&ahead).is_empty();
            let behind = if is_turned {
                ahead
            } else {
                before.push_str(&ahead);
                rest
            };
            return Self {
                before,
                behind,
                is_turned,
                is_doubtful,
            };
        }
        Self {
            behind: text.to_owned(),
            is_doubtful: is_told || is_corrected(text),
            ..Self::default()
        }
    }
}

/// Returns whether a sentence says what is kept of what was asked before it.
fn begins_exception(sentence: &str) -> bool {
    let first = sentence
        .split_whitespace()
        .next()
        .map(folded)
        .unwrap_or_default();
    [&EXCEPT[..], &ALTHOUGH, &KEEPS]
        .iter()
        .any(|list| list.contains(&first.as_str()))
}

/// Returns whether it takes back what was said right before: "no, I meant the other one".
fn is_corrected(text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| folded(word.trim_matches(|c: char| !c.is_alphanumeric())))
        .collect();
    let text = format!(" {} ", words.join(" "));
    CORRECTIONS.iter().any(|phrase| {
        let said = text.match_indices(&format!(" {phrase} ")).next();
        said.is_some_and(|(at, said)| !text.get(at + said.len()..).unwrap_or("").starts_with("it "))
    })
}

/// Returns the sentences of a text, with "n'oublie" in two words.
fn sentences(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '!', '?', '…']);
    let sentences = lines.flat_map(full_stops);
    let apart = |sentence: &str| {
        let words = sentence.split_whitespace().map(|word| {
            let elided = ["n'", "N'", "n’", "N’"].iter();
            match elided.filter_map(|short| word.strip_prefix(short)).next() {
                Some(rest) => format!("ne {rest}"),
                // "Noublie" is written in a hurry.
                None if folded(word).starts_with("noubli") => {
                    format!("ne {}", word.get(1..).unwrap_or_default())
                }
                None => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    sentences
        .map(apart)
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// Takes a line apart at its full stops, but not behind a number: "am 4. Juli".
pub(super) fn full_stops(line: &str) -> Vec<&str> {
    let (mut from, mut parts) = (0, Vec::new());
    for (at, _) in line.match_indices(". ") {
        let (before, _) = line.split_at(at);
        if !before.ends_with(|last: char| last.is_ascii_digit()) {
            parts.extend(line.get(from..at));
            from = at + 1;
        }
    }
    parts.extend(line.get(from..));
    parts
}

/// The words of a sentence, as they stand and folded.
struct Sentence<'a> {
    words: Vec<&'a str>,
    folded: Vec<String>,
}

impl<'a> Sentence<'a> {
    fn of(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let bare = |word: &&str| {
            folded(word.trim_matches(|c: char| !c.is_alphanumeric())).replace('’', "'")
        };
        Self {
            folded: words.iter().map(bare).collect(),
            words,
        }
    }

    /// Returns whether the word at this place is a verb of forgetting, perhaps one letter off.
    fn is_verb(&self, at: usize) -> bool {
        let is_off = |word: &String| {
            let near = |verb: &&str| verb.len() > 5 && strsim::osa_distance(verb, word) == 1;
            word.len() > 4 && sense(word).is_none() && VERBS.iter().any(near)
        };
        self.is(at, &VERBS) || self.is(at, &TOLD) || self.folded.get(at).is_some_and(is_off)
    }

    /// Returns whether the verb at this place tells or asks what somebody has forgotten or always
    /// forgets, rather than that it be forgotten.
    fn is_told(&self, at: usize) -> bool {
        let before = |reach: usize| at.saturating_sub(reach)..at;
        let wishes = (0..at).any(|at| self.is(at, &WISHES));
        let is_participle = self.words.get(at).is_some_and(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            ["é", "és", "ée", "ées"]
                .iter()
                .any(|end| word.ends_with(end))
        });
        let has = |list: &[&str], reach: usize| before(reach).any(|at| self.is(at, list));
        let is_german = self.is(at, &["vergessen", "geloscht", "entfernt", "gestrichen"]);
        !wishes
            && (self.is(at, &TOLD)
                || is_participle
                || has(&OFTEN, 3)
                || self.begins_a_question()
                || (has(&["for"], 3) && has(&["you"], 2))
                || has(&["i", "jai", "j'ai"], 1)
                || (has(&["as", "avez", "ai", "ont"], 2))
                || (is_german && has(&["hab", "habe", "hast", "hat", "haben", "habt"], 9)))
    }

    fn begins_a_question(&self) -> bool {
        self.is(0, &["what", "which", "when", "how"]) && self.is(1, &["did", "do", "have", "has"])
    }

    fn is(&self, at: usize, list: &[&str]) -> bool {
        self.folded
            .get(at)
            .is_some_and(|word| list.contains(&word.as_str()))
    }

    /// Returns whether the word at this place asks for something to be forgotten: "forget", but not
    /// "don't forget"; "don't remember", but not "remember".
    fn asks(&self, at: usize) -> bool {
        let is_verb = self.is_verb(at) && !self.is_told(at) && !self.is_denied(at, 3);
        is_verb || (self.is(at, &KEEPING) && self.is_denied(at, 5))
    }

    /// Returns whether a "not" belongs to the word at this place: one of so many words before it,
    /// unless a comma parts them, or one right behind it.
    fn is_denied(&self, at: usize, before: usize) -> bool {
        let is_not = |at: &usize| {
            let is_short = |word: &String| word.ends_with("n't");
            self.is(*at, &NEGATIONS) || self.folded.get(*at).is_some_and(is_short)
        };
        let is_parted = |at: &usize| self.words.get(*at).is_some_and(|word| word.ends_with(','));
        // "I don't want you to forget".
        let is_unwanted = |at: usize| {
            is_not(&at) && (self.is(at + 1, &WANTS) || (at > 0 && self.is(at - 1, &WANTS)))
        };
        let is_apart =
            |at: &usize| is_parted(at) && !self.is(at + 1, &["dass", "das", "that", "que"]);
        let wanted = (at.saturating_sub(8)..at).rev();
        let mut wanted = wanted.take_while(|at| !is_apart(at));
        let mut before = (at.saturating_sub(before)..at)
            .rev()
            .take_while(|at| !is_parted(at));
        // "Vergiss nicht", "vergiss das nicht".
        let begins = |start: &str| {
            self.folded
                .get(at)
                .is_some_and(|word| word.starts_with(start))
        };
        // "Vergiss mein Knie nicht", but not "vergiss, dass ich nicht …".
        let is_told = |at: &usize| is_parted(at) || self.is(at + 1, &["dass", "dasss", "weil"]);
        let clause = (at..self.words.len())
            .find(is_told)
            .unwrap_or(self.words.len());
        let is_never = |at: usize| self.is(at, &["nicht", "nie", "nich", "niemals"]);
        let is_german = begins("verg");
        let ends_so = clause > at && is_never(clause.min(self.words.len() - 1));
        before.any(|at| is_not(&at))
            || wanted.any(is_unwanted)
            || (is_german && (ends_so || (at + 1..=clause.min(at + 3)).any(is_never)))
            || (self.is(at, &["forget"]) && self.is(at + 1, &["not"]))
            || (begins("oubli") && self.is(at + 1, &["pas", "jamais"]))
    }
}

/// Returns whether every verb of forgetting in it is denied, and there is one.
pub(super) fn keeps(text: &str) -> bool {
    let mut is_denied = false;
    for sentence in sentences(text) {
        let sentence = Sentence::of(&sentence);
        for at in (0..sentence.words.len()).filter(|at| sentence.is_verb(*at)) {
            if !sentence.is_denied(at, 3) {
                return false;
            }
            is_denied = true;
        }
    }
    is_denied
}
