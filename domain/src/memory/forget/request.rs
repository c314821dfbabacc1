//! What a request to forget says, without the words that only ask.

use super::clause::{Clause, full_stops};
use super::phrases::{
    ABOUT_ME, ALL, ALTHOUGH, AND, EXCEPT, EXCEPTING, IS, KEEPS, LAUGHTER, LIGHT, ME, NEGATIONS,
    ONE_OF, OR, OVER, POINTERS, SORTS, SUBJECTS, TOLD_ME, TWO, concepts,
};
use crate::memory::fact::{Fact, Marks, Token, stems_of, tokens};
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
        for (place, token) in words.iter().enumerate() {
            for stem in stems_of(token)
                .into_iter()
                .filter(|stem| fact.stems().contains(stem))
            {
                part.take(token, stem);
            }
            // "My day shifts" are not those of the night.
            let is_of_next = words
                .get(place + 1)
                .is_some_and(|next| !is_light(&next.folded));
            if let Some(term) = part.words.last_mut().filter(|_| is_of_next) {
                term.is_sort &= term.written != "day";
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
    pub(super) fn of_reason(text: &str) -> Self {
        let mut part = Self::of(text);
        let is_over = |term: &mut Term| OVER.has_exactly(&term.written);
        part.light.extend(part.words.extract_if(.., is_over));
        part.marks.denies = false;
        part.is_statement = false;
        part
    }

    pub(super) fn is_empty(&self) -> bool {
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

fn is_light(word: &str) -> bool {
    ALL.contains(&word) || LIGHT.has(word)
}
