//! What a request to forget says, without the words that only ask.

use super::phrases::{
    ABOUT_ME, ALL, AND, KEEPING, KEEPS, LAUGHTER, LIGHT, NEGATIONS, OVER, POINTERS, SORTS,
    SUBJECTS, TWO, VERBS, concepts,
};
use crate::memory::fact::{Fact, Marks, Token, stems_of, tokens};
use crate::memory::lexicon::sense;
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
}

/// One thing that is to be forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// What must be in the memory.
    pub(super) words: Vec<Term>,
    /// What need not be in it.
    pub(super) light: Vec<Term>,
    pub(super) marks: Marks,
    /// It says that something is so: "that I like burpees", "my allergy to nuts".
    pub(super) is_statement: bool,
    /// It means every memory that fits.
    pub(super) means_all: bool,
    /// It names several of a thing, which means every one that has its words.
    pub(super) is_plural: bool,
}

/// A word of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// As it is written, folded.
    pub(super) written: String,
    /// Without its ending.
    pub(super) stem: String,
    /// What it means, if other words mean it, too.
    pub(super) concept: Option<&'static str>,
    /// It only names a sort of thing.
    pub(super) is_sort: bool,
}

impl Part {
    pub(super) fn of(text: &str) -> Self {
        let words = tokens(text);
        let fact = Fact::of(text);
        let mut part = Self {
            marks: fact.marks.clone(),
            means_all: means_all(&words),
            ..Self::default()
        };
        let begins = |token: &&Token| !POLITE.contains(&&*token.folded);
        let first = words.iter().find(begins);
        part.is_statement = first.is_some_and(|token| STATES.contains(&&*token.folded));
        if part.means_all {
            part.marks
                .numbers
                .retain(|number| number.value != "2" || number.unit.is_some());
        }
        for token in &words {
            for stem in stems_of(token)
                .into_iter()
                .filter(|stem| fact.stems().contains(stem))
            {
                part.take(token, stem);
            }
        }
        if part.words.is_empty() {
            let means = |term: &mut Term| term.concept.is_some();
            part.words.extend(part.light.extract_if(.., means));
        }
        let names_one = |token: &Token| THINGS.contains(&&*token.folded);
        let is_own = |token: &Token| OWN.contains(&&*token.folded);
        part.is_plural &= words.iter().any(is_own) && !words.iter().any(names_one);
        part
    }

    fn take(&mut self, token: &Token, stem: String) {
        let term = Term {
            concept: concepts(&token.folded).first().copied(),
            is_sort: SORTS.has(&token.folded),
            written: token.folded.clone(),
            stem,
        };
        if is_light(&token.folded) {
            self.light.push(term);
        } else {
            self.is_plural = is_plural(&token.folded);
            self.words.push(term);
        }
    }

    /// Of a text that tells why something is to be forgotten: "my elbow is fine now".
    fn of_reason(text: &str) -> Self {
        let mut part = Self::of(text);
        let is_over = |term: &mut Term| OVER.has_exactly(&term.written);
        part.light.extend(part.words.extract_if(.., is_over));
        part.marks.denies = false;
        part.is_statement = false;
        part
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.marks.is_empty()
    }
}

impl Request {
    pub(super) fn of(request: &str) -> Self {
        let rest = match Command::parse(request) {
            Some((Command::Forget, rest)) => rest,
            Some((Command::LogWorkout | Command::SaveMemory | Command::Help, _)) | None => request,
        };
        let text = Clause::of(rest);
        let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
        let words: Vec<Token> = tokens(&text.behind);
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
        let about_me = words.is_empty() || words.iter().any(|token| is(&ABOUT_ME, token));
        // "I hate that plan. Forget it": what was said before it says what "it" is.
        if is_bare && !before.is_empty() && !about_me {
            let means_all = whole.means_all || before.means_all;
            let parts = parts(&text.before, Part::of_reason);
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
            };
        }
        let is_everything = is_bare && whole.means_all && (about_me || words.len() < 3);
        let points = is_bare
            && !is_everything
            && (words.is_empty() || words.iter().any(|token| is(&POINTERS, token)));
        let each = |mut part: Part| {
            part.means_all |= whole.means_all;
            part.light.extend(before.words.iter().cloned());
            part
        };
        Self {
            points,
            is_everything,
            parts: parts(&behind, of).into_iter().map(each).collect(),
            whole: each(whole.clone()),
            kept,
        }
    }
}

/// Returns the text without the pieces that say what is kept, and those.
fn without_kept(text: &str) -> (String, Vec<Part>) {
    let (mut rest, mut kept) = (Vec::new(), Vec::new());
    let text = text.replace(" but ", ", but ").replace(" mais ", ", mais ");
    for piece in text.split([',', '\n']).flat_map(full_stops) {
        let words = tokens(piece);
        if words.iter().any(|token| KEEPS.contains(&&*token.folded)) {
            kept.push(Part::of(piece));
        } else {
            rest.push(piece);
        }
    }
    (rest.join(", "), kept)
}

/// Returns whether every one that fits is meant: "both", "all of them", "everything about".
fn means_all(words: &[Token]) -> bool {
    let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
    let both = |token: &Token| is(&BOTH, token);
    let mut pairs = words.windows(2);
    let two = |pair: &[Token]| matches!(pair, [of, two] if is(&TWO, two) && is(&OF_TWO, of));
    let all_of = |pair: &[Token]| matches!(pair, [all, of] if is(&ALL, all) && of.folded == "of");
    words.iter().any(both)
        || pairs.any(|pair| two(pair) || all_of(pair))
        || words.iter().take(2).any(|token| is(&ALL, token))
        || words.last().is_some_and(|token| is(&ALL, token))
}

const BOTH: [&str; 6] = ["both", "beide", "beiden", "ambos", "ambas", "ambdos"];

/// Before a "two" that means all of them.
#[rustfmt::skip]
const OF_TWO: [&str; 16] = [
    "the", "my", "las", "los", "mis", "mes", "les", "os", "as", "meus", "minhas", "die", "meine",
    "those", "these", "tous",
];

/// What begins a statement.
#[rustfmt::skip]
const STATES: [&str; 12] = [
    "that", "dass", "que", "i", "ich", "yo", "je", "eu", "dasss", "daß", "im", "ive",
];

#[rustfmt::skip]
const POLITE: [&str; 10] = [
    "please", "pls", "ok", "coach", "bitte", "mal", "wieder", "por", "favor", "stp",
];

/// Before several of a thing that are all meant.
#[rustfmt::skip]
const OWN: [&str; 19] = [
    "my", "the", "both", "mis", "las", "los", "mes", "les", "meus", "minhas", "os", "as", "meine",
    "die",
    "meiner", "meinen", "all", "todas", "todos",
];

#[rustfmt::skip]
const THINGS: [&str; 10] = [
    "thing", "stuff", "bit", "cosa", "sache", "ding", "truc", "chose", "histoire", "coisa",
];

/// Returns whether the word names several of a thing.
fn is_plural(folded: &str) -> bool {
    let is_one = folded.ends_with("ss") || folded.ends_with("us") || folded.ends_with("is");
    folded.len() > 2 && folded.ends_with('s') && !is_one
}

/// What stands around the verb that asks.
#[derive(Default)]
struct Clause {
    before: String,
    behind: String,
    /// What is meant stands before the verb.
    is_turned: bool,
}

impl Clause {
    /// Of the first sentence that has such a verb; all of it if none has.
    fn of(text: &str) -> Self {
        let mut before = String::new();
        for sentence in sentences(text) {
            let sentence = Sentence::of(&sentence);
            let Some(at) = (0..sentence.words.len()).find(|at| sentence.asks(*at)) else {
                before.push_str(&sentence.words.join(" "));
                before.push('\n');
                continue;
            };
            let (ahead, rest) = sentence.words.split_at(at);
            let is_last = rest.len() == 1 || rest.first().is_some_and(|verb| verb.ends_with(','));
            let (ahead, rest) = (ahead.join(" "), rest.get(1..).unwrap_or_default().join(" "));
            // "Kannst du mein Knie vergessen": what is meant stands before the verb.
            let is_turned = is_last && !Part::of_reason(&ahead).is_empty();
            return if is_turned {
                Self {
                    before,
                    behind: ahead,
                    is_turned,
                }
            } else {
                before.push_str(&ahead);
                Self {
                    before,
                    behind: rest,
                    is_turned,
                }
            };
        }
        Self {
            behind: text.to_owned(),
            ..Self::default()
        }
    }
}

/// Returns the sentences of a text, with "n'oublie" in two words.
fn sentences(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '!', '?', ';', '…']);
    let sentences = lines.flat_map(full_stops);
    let apart = |sentence: &str| {
        let words = sentence.split_whitespace().map(|word| {
            let elided = ["n'", "N'", "n’", "N’"].iter();
            match elided.filter_map(|short| word.strip_prefix(short)).next() {
                Some(rest) => format!("ne {rest}"),
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
fn full_stops(line: &str) -> Vec<&str> {
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
        self.is(at, &VERBS) || self.folded.get(at).is_some_and(is_off)
    }

    fn is(&self, at: usize, list: &[&str]) -> bool {
        self.folded
            .get(at)
            .is_some_and(|word| list.contains(&word.as_str()))
    }

    /// Returns whether the word at this place asks for something to be forgotten: "forget", but not
    /// "don't forget"; "don't remember", but not "remember".
    fn asks(&self, at: usize) -> bool {
        let is_verb = self.is_verb(at) && !self.is_denied(at, 3);
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
        let mut before = (at.saturating_sub(before)..at)
            .rev()
            .take_while(|at| !is_parted(at));
        // "Vergiss nicht", "vergiss das nicht".
        let begins = |start: &str| {
            self.folded
                .get(at)
                .is_some_and(|word| word.starts_with(start))
        };
        let reach = if begins("verg") { 3 } else { 0 };
        before.any(|at| is_not(&at))
            || (at + 1..=at + reach).any(|at| self.is(at, &["nicht", "nie", "nich"]))
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

/// Takes apart what is coordinated. A part of sides, numbers and the like alone is of what the next
/// one names: "my left and my right knee".
fn parts(text: &str, of: impl Fn(&str) -> Part) -> Vec<Part> {
    let mut texts: Vec<String> = Vec::new();
    for (place, piece) in text.split([',', ';', ':', '&', '\n']).enumerate() {
        if place > 0 && tells_why(piece) {
            continue;
        }
        let mut current: Vec<&str> = Vec::new();
        for word in piece.split_whitespace() {
            if AND.contains(&&*folded(word)) {
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

/// Returns whether it is a sentence of its own, with a subject.
fn tells_why(piece: &str) -> bool {
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

fn is_light(word: &str) -> bool {
    ALL.contains(&word) || LIGHT.has(word)
}
