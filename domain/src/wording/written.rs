//! A text as words that can be compared, whatever the spelling.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// What somebody wrote, taken apart once to be looked through for many phrases.
#[derive(Debug)]
pub(crate) struct Written {
    pub(super) words: Vec<Word>,
    /// Which sentences end in a question mark.
    asked: BTreeSet<u32>,
}

#[derive(Debug)]
pub(super) struct Word {
    plain: String,
    /// Other spellings that may be meant: `muede` for `mude`, `pleease` for `please`.
    others: Vec<String>,
    pub(super) sentence: u32,
    /// Commas and conjunctions set clauses apart.
    pub(super) clause: u32,
}

impl Written {
    pub(crate) fn of(text: &str) -> Self {
        let letters: Vec<char> = text.nfkd().filter(|c| !is_unseen(*c)).collect();
        let mut written = Self {
            words: Vec::new(),
            asked: BTreeSet::new(),
        };
        let (mut word, mut sentence, mut clause) = (String::new(), 0, 0);
        for (at, letter) in letters.iter().enumerate() {
            if is_apostrophe(*letter) && is_contracted(letters.get(at + 1..).unwrap_or_default()) {
                continue;
            }
            if letter.is_alphanumeric() {
                push_folded(&mut word, *letter);
                continue;
            }
            written.add(&mut word, sentence, &mut clause);
            let is_inside = letters.get(at + 1).is_some_and(|c| c.is_alphanumeric());
            let is_end = "!?;\n…".contains(*letter)
                || (matches!(letter, '.' | ':') && !is_inside)
                || (",-–—".contains(*letter) && !is_inside && written.ends_in_an_answer());
            if *letter == '?' {
                written.asked.insert(sentence);
            }
            sentence += u32::from(is_end);
            clause += u32::from(is_end || (",-–—()".contains(*letter) && !is_inside));
        }
        written.add(&mut word, sentence, &mut clause);
        written
    }

    /// Returns the words, as they are compared.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.plain.as_str())
    }

    /// Returns whether these words are asked: of a question that begins with what somebody tells of
    /// themselves, only the last clause is ("I'm pregnant, can I run?").
    pub(crate) fn asks(&self, at: &Range<usize>) -> bool {
        let Some(word) = self.words.get(at.start) else {
            return false;
        };
        let mut sentence = self.words.iter().filter(|w| w.sentence == word.sentence);
        let begins = sentence.next().unwrap_or(word);
        let ends = sentence.next_back().unwrap_or(begins);
        self.asked.contains(&word.sentence)
            && (word.clause == ends.clause || !TELLING.contains(&begins.plain.as_str()))
    }

    /// Returns whether the last word is an answer: with a comma behind it, it denies nothing that
    /// follows.
    fn ends_in_an_answer(&self) -> bool {
        let last = self.words.last();
        last.is_some_and(|word| ANSWERS.contains(&word.plain.as_str()))
    }

    fn add(&mut self, word: &mut String, sentence: u32, clause: &mut u32) {
        if word.is_empty() {
            return;
        }
        let plain = std::mem::take(word);
        let others = other_spellings(&plain);
        *clause += u32::from(CONJUNCTIONS.contains(&plain.as_str()));
        self.words.push(Word {
            plain,
            others,
            sentence,
            clause: *clause,
        });
    }
}

const ANSWERS: [&str; 9] = [
    "no", "nope", "nah", "yes", "nein", "non", "oui", "nao", "sim",
];

/// What another clause begins with.
const CONJUNCTIONS: [&str; 15] = [
    "because", "but", "cause", "cuz", "since", "though", "weil", "aber", "denn", "sondern",
    "porque", "pero", "car", "mas", "pois",
];

/// What somebody begins with who tells something of themselves.
const TELLING: [&str; 22] = [
    "i", "im", "ive", "as", "ich", "bin", "als", "yo", "estoy", "tengo", "soy", "tomo", "je", "j",
    "eu", "estou", "to", "tenho", "sou", "uso", "como", "hola",
];

/// How words are typed in haste, and what they stand for.
const TYPED: [(&str, &str); 18] = [
    ("2", "to"),
    ("brethe", "breathe"),
    ("chst", "chest"),
    ("hav", "have"),
    ("kiero", "quiero"),
    ("n", "nao"),
    ("num", "nao"),
    ("qero", "quiero"),
    ("qiero", "quiero"),
    ("ta", "esta"),
    ("to", "estou"),
    ("too", "to"),
    ("veu", "veux"),
    ("wan", "want"),
    ("wana", "wanna"),
    ("wannt", "want"),
    ("wat", "want"),
    ("wnat", "want"),
];

/// What German words that are written as one end in.
const COMPOUNDS: [&str; 11] = [
    "allergie",
    "allergien",
    "allergiker",
    "allergikerin",
    "intoleranz",
    "prothese",
    "schmerz",
    "schmerzen",
    "unvertraglichkeit",
    "urtikaria",
    "verletzung",
];

/// Returns whether what follows an apostrophe belongs to the word before it, as in "don't"; in
/// "j'ai" it is a word of its own.
fn is_contracted(behind: &[char]) -> bool {
    let rest = behind.iter().take_while(|c| c.is_alphanumeric());
    let rest: String = rest.flat_map(|c| c.to_lowercase()).collect();
    matches!(rest.as_str(), "t" | "s" | "m" | "re" | "ve" | "d")
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | 'ʼ')
}

fn push_folded(word: &mut String, letter: char) {
    for lower in letter.to_lowercase() {
        match lower {
            'ß' => word.push_str("ss"),
            'œ' => word.push_str("oe"),
            'æ' => word.push_str("ae"),
            'ø' => word.push('o'),
            other => word.push(other),
        }
    }
}

/// Accents, which stand by themselves by now, and what no eye sees.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Returns what else a word may be: what is typed so in haste, the end of a compound, with umlauts
/// that are written in two letters, and without letters that are drawn out.
fn other_spellings(plain: &str) -> Vec<String> {
    let typed = TYPED.iter().filter(|(typed, _)| *typed == plain);
    let mut others: Vec<String> = typed.map(|(_, meant)| (*meant).to_owned()).collect();
    let compounds = COMPOUNDS.iter().filter(|head| plain.len() > head.len());
    others.extend(
        compounds
            .filter(|head| plain.ends_with(*head))
            .map(|head| (*head).to_owned()),
    );
    let without_umlauts = plain
        .replace("ae", "a")
        .replace("oe", "o")
        .replace("ue", "u");
    // "Toes" would be a cough in Spanish.
    if without_umlauts != plain && plain != "toes" {
        others.push(without_umlauts);
    }
    if is_drawn_out(plain) {
        others.extend([runs_cut(plain, 2), runs_cut(plain, 1)]);
    }
    others
}

fn is_drawn_out(word: &str) -> bool {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let mut triples = letters.windows(3);
    triples.any(|triple| matches!(triple, [a, b, c] if a == b && b == c))
}

/// Returns the word with no letter more often than so in a row, where it is drawn out.
fn runs_cut(word: &str, longest: usize) -> String {
    let (mut cut, mut run) = (String::new(), Vec::new());
    for letter in word.chars().chain(['\0']) {
        if run.first().is_some_and(|first| *first != letter) {
            let kept = if run.len() > 2 { longest } else { run.len() };
            cut.extend(run.drain(..).take(kept));
            run.clear();
        }
        run.push(letter);
    }
    cut
}

impl Word {
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().map(String::as_str);
        std::iter::once(self.plain.as_str()).chain(others)
    }
}
