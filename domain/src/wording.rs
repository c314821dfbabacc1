//! Phrases that are looked for in what people write, whatever the spelling.
//!
//! A phrase is written in normalised words: lower case, without accents. Between its words:
//!
//! - `word` stands for itself, `word*` for all that begins like it, `one|other` for either, and of
//!   these `two_words` are one;
//! - `word?` may be missing, and `~3` stands for up to three words, whichever they are;
//! - `#` stands for a number;
//! - `@name` stands for the words of a class.
//!
//! No phrase reaches over the end of a sentence.

mod classes;
mod lists;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

pub(crate) use classes::CLASSES;

/// What somebody wrote, taken apart once to be looked through for many phrases.
#[derive(Debug)]
pub(crate) struct Written {
    words: Vec<Word>,
    /// Which sentences end in a question mark.
    asked: BTreeSet<u32>,
}

#[derive(Debug)]
struct Word {
    plain: String,
    /// Other spellings that may be meant: `muede` for `mude`, `pleease` for `please`.
    others: Vec<String>,
    sentence: u32,
}

impl Written {
    pub(crate) fn of(text: &str) -> Self {
        let letters: Vec<char> = text.nfkd().filter(|c| !is_unseen(*c)).collect();
        let mut written = Self {
            words: Vec::new(),
            asked: BTreeSet::new(),
        };
        let (mut word, mut sentence) = (String::new(), 0);
        for (at, letter) in letters.iter().enumerate() {
            if is_apostrophe(*letter) && is_contracted(letters.get(at + 1..).unwrap_or_default()) {
                continue;
            }
            if letter.is_alphanumeric() {
                push_folded(&mut word, *letter);
                continue;
            }
            written.add(&mut word, sentence);
            let is_inside = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
            let is_end = "!?;\n…".contains(*letter)
                || (matches!(letter, '.' | ':') && !is_inside(letters.get(at + 1)));
            if *letter == '?' {
                written.asked.insert(sentence);
            }
            sentence += u32::from(is_end);
        }
        written.add(&mut word, sentence);
        written
    }

    /// Returns the words, as they are compared.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.plain.as_str())
    }

    /// Returns whether these words stand in a question.
    pub(crate) fn asks(&self, at: &Range<usize>) -> bool {
        let word = self.words.get(at.start);
        word.is_some_and(|word| self.asked.contains(&word.sentence))
    }

    fn add(&mut self, word: &mut String, sentence: u32) {
        if word.is_empty() {
            return;
        }
        let plain = std::mem::take(word);
        let others = other_spellings(&plain);
        self.words.push(Word {
            plain,
            others,
            sentence,
        });
    }
}

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

/// Returns what else a word may be: with umlauts that are written in two letters, and without
/// letters that are drawn out.
fn other_spellings(plain: &str) -> Vec<String> {
    let mut others = Vec::new();
    let without_umlauts = plain
        .replace("ae", "a")
        .replace("oe", "o")
        .replace("ue", "u");
    if without_umlauts != plain {
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

/// Phrases, each with what it says and the code of its language.
#[derive(Debug)]
pub(crate) struct Lexicon<T> {
    phrases: Vec<(Vec<Piece>, T, &'static str)>,
    /// Which of them may begin with this word.
    by_word: HashMap<&'static str, Vec<usize>>,
    /// Which may begin with a word that begins like this.
    by_stem: HashMap<String, Vec<usize>>,
    /// Which may begin with a number.
    by_number: Vec<usize>,
}

/// How much of a stem is looked up, in letters; none is shorter.
const KEY: usize = 2;

#[derive(Debug)]
enum Piece {
    /// One of these, each of which is of one word or of several.
    OneOf {
        choices: Vec<Vec<Term>>,
        is_needed: bool,
    },
    Gap(usize),
}

#[derive(Debug, Clone, Copy)]
enum Term {
    Whole(&'static str),
    Stem(&'static str),
    Number,
}

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<T> {
    pub(crate) says: T,
    /// Which words.
    pub(crate) at: Range<usize>,
}

/// Words that are alike in what a phrase is about, by their name.
pub(crate) type Classes = [(&'static str, &'static str)];

impl<T: Copy> Lexicon<T> {
    /// Returns the phrases of these lists, each list with what its phrases say.
    pub(crate) fn of(lists: &[(T, &'static str)], classes: &Classes) -> Self {
        let mut lexicon = Self {
            phrases: Vec::new(),
            by_word: HashMap::new(),
            by_stem: HashMap::new(),
            by_number: Vec::new(),
        };
        for (says, list) in lists {
            for (language, phrase) in lists::phrases(list) {
                lexicon.add(phrase, (*says, language), classes);
            }
        }
        lexicon
    }

    fn add(&mut self, phrase: &'static str, (says, of): (T, &'static str), classes: &Classes) {
        let pieces: Vec<Piece> = phrase
            .split_whitespace()
            .map(|word| Piece::of(word, classes))
            .collect();
        let number = self.phrases.len();
        if let Some(Piece::OneOf { choices, .. }) = pieces.first() {
            for term in choices.iter().filter_map(|choice| choice.first()) {
                match term {
                    Term::Whole(word) => self.by_word.entry(word).or_default().push(number),
                    Term::Stem(stem) => {
                        let key = stem.chars().take(KEY).collect();
                        self.by_stem.entry(key).or_default().push(number);
                    }
                    Term::Number => self.by_number.push(number),
                }
            }
        }
        self.phrases.push((pieces, says, of));
    }

    /// Returns every phrase that is in it.
    pub(crate) fn find(&self, written: &Written) -> Vec<Found<(T, &'static str)>> {
        let mut found = Vec::new();
        for (at, word) in written.words.iter().enumerate() {
            for number in self.beginning_with(word) {
                let Some((pieces, says, of)) = self.phrases.get(number) else {
                    continue;
                };
                if let Some(end) = end_of(pieces, &written.words, at, word.sentence) {
                    let says = (*says, *of);
                    found.push(Found { says, at: at..end });
                }
            }
        }
        found
    }

    fn beginning_with(&self, word: &Word) -> Vec<usize> {
        let mut numbers: Vec<usize> = Vec::new();
        for spelling in word.spellings() {
            let key: String = spelling.chars().take(KEY).collect();
            numbers.extend(self.by_word.get(spelling).into_iter().flatten());
            numbers.extend(self.by_stem.get(&key).into_iter().flatten());
        }
        if word.is(Term::Number) {
            numbers.extend(&self.by_number);
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

impl Word {
    fn spellings(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().map(String::as_str);
        std::iter::once(self.plain.as_str()).chain(others)
    }

    fn is(&self, term: Term) -> bool {
        self.spellings().any(|word| match term {
            Term::Whole(whole) => word == whole,
            Term::Stem(stem) => word.starts_with(stem),
            Term::Number => word.starts_with(|c: char| c.is_ascii_digit()),
        })
    }
}

impl Piece {
    fn of(word: &'static str, classes: &Classes) -> Self {
        if let Some(most) = word.strip_prefix('~') {
            return Self::Gap(most.parse().unwrap_or(1));
        }
        let (word, is_needed) = match word.strip_suffix('?') {
            Some(word) => (word, false),
            None => (word, true),
        };
        let mut choices = Vec::new();
        for choice in word.split('|') {
            match choice.strip_prefix('@') {
                Some(name) => {
                    let class = classes.iter().filter(|(known, _)| *known == name);
                    let members = class.flat_map(|(_, members)| members.split_whitespace());
                    choices.extend(members.map(|member| vec![Term::of(member)]));
                }
                None => choices.push(choice.split('_').map(Term::of).collect()),
            }
        }
        Self::OneOf { choices, is_needed }
    }
}

impl Term {
    fn of(word: &'static str) -> Self {
        match word.strip_suffix('*') {
            _ if word == "#" => Self::Number,
            Some(stem) => Self::Stem(stem),
            None => Self::Whole(word),
        }
    }
}

/// Returns where these pieces end if they begin here; the shortest way, if there are several.
fn end_of(pieces: &[Piece], words: &[Word], at: usize, sentence: u32) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else {
        return Some(at);
    };
    match piece {
        Piece::Gap(most) => (0..=*most).find_map(|gap| end_of(rest, words, at + gap, sentence)),
        Piece::OneOf { choices, is_needed } => {
            let after = |choice: &Vec<Term>| {
                let heard = words.get(at..at + choice.len())?;
                let mut both = heard.iter().zip(choice);
                let is_it = both.all(|(word, term)| word.sentence == sentence && word.is(*term));
                is_it.then(|| end_of(rest, words, at + choice.len(), sentence))?
            };
            match choices.iter().find_map(after) {
                None if !is_needed => end_of(rest, words, at, sentence),
                found => found,
            }
        }
    }
}

/// Returns what is left of `found` without what ends inside of something harmless: its last word is
/// then said in another sense.
pub(crate) fn without_ending_in<T, U>(
    found: Vec<Found<T>>,
    harmless: &[Found<U>],
) -> Vec<Found<T>> {
    let is_meant = |found: &Found<T>| {
        let last = found.at.end.saturating_sub(1);
        !harmless.iter().any(|phrase| phrase.at.contains(&last))
    };
    found.into_iter().filter(is_meant).collect()
}

/// Returns what is left of `found` without what stands inside of something harmless as a whole: a
/// negation that is a part of what was found ("does not tolerate gluten") takes nothing back.
pub(crate) fn without_inside_of<T, U>(
    found: Vec<Found<T>>,
    harmless: &[Found<U>],
) -> Vec<Found<T>> {
    let is_meant = |found: &Found<T>| {
        let holds =
            |phrase: &Found<U>| phrase.at.start <= found.at.start && found.at.end <= phrase.at.end;
        !harmless.iter().any(holds)
    };
    found.into_iter().filter(is_meant).collect()
}

/// Panics unless every word of a phrase can be found as it is written.
#[cfg(test)]
pub(crate) fn assert_well_written(phrase: &'static str) {
    if phrase.is_empty() || phrase.starts_with("--") || phrase.starts_with('[') {
        return;
    }
    let begins = phrase.split_whitespace().next();
    let is_word = |word: &str| !word.starts_with('~') && !word.ends_with('?');
    assert!(
        begins.is_none_or(is_word),
        "{phrase:?} begins with what may be missing"
    );
    for choice in phrase
        .split([' ', '|', '_'])
        .filter(|choice| !choice.is_empty())
    {
        let word = choice.trim_end_matches(['*', '?']);
        if let Some(most) = choice.strip_prefix('~') {
            assert!(most.parse::<usize>().is_ok(), "{choice:?} of {phrase:?}");
        } else if let Some(name) = choice.strip_prefix('@') {
            let is_class = CLASSES.iter().any(|(known, _)| *known == name);
            assert!(is_class, "{choice:?} of {phrase:?}");
        } else if choice != "#" {
            let written = Written::of(word);
            assert!(written.words().eq([word]), "{choice:?} of {phrase:?}");
            let is_long_enough = !choice.ends_with('*') || word.len() >= KEY;
            assert!(is_long_enough, "{choice:?} of {phrase:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrase: &'static str, text: &str) -> bool {
        let classes = [("part", "knee knees back")];
        let lexicon = Lexicon::of(&[((), phrase)], &classes);
        !lexicon.find(&Written::of(text)).is_empty()
    }

    #[test]
    fn a_phrase_is_found_whatever_its_spelling() {
        for (phrase, text) in [
            ("dont want to live", "I DON’T   want to live."),
            ("dont want to live", "i don't want to liiiive"),
            ("mude", "ich bin müde"),
            ("mude", "ich bin muede"),
            ("mude", "ich bin mu\u{308}de"),
            ("coeur", "le cœur"),
            ("spass", "viel Spaß"),
            ("j ai", "J'ai mal"),
            ("kill myself", "ki\u{200b}ll myself"),
            ("self harm", "self-harm"),
            ("asthm*", "asthmatic"),
            ("dead|gone", "he is gone"),
            ("my ~2 @part hurts", "my left lower back hurts"),
            ("my ~2 @part hurts", "my knee hurts"),
            ("end it? all", "end all"),
            ("end it_all|life now", "end it all now"),
            ("ful", "ｆｕｌ"),
            ("over # kms", "over 5 kms"),
        ] {
            assert!(found(phrase, text), "{phrase:?} in {text:?}");
        }
        for (phrase, text) in [
            ("asthm", "asthmatic"),
            ("kill myself", "kill. Myself"),
            ("my ~1 @part hurts", "my left lower back hurts"),
            ("los", "loss"),
            ("i ll", "ill"),
            ("to die", "to. die"),
            ("ear", "heart"),
            ("ill", "I'll"),
        ] {
            assert!(!found(phrase, text), "{phrase:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_harmless_takes_back_only_what_stands_inside_of_it() {
        let text = Written::of("this is killing me, I want to be dead after leg day, so dead");
        let dead = Lexicon::of(&[((), "dead")], &[]).find(&text);
        let harmless = Lexicon::of(&[((), "dead after leg day")], &[]).find(&text);
        assert_eq!(without_ending_in(dead.clone(), &harmless).len(), 1);
        assert_eq!(without_inside_of(dead, &harmless).len(), 1);
    }

    #[test]
    fn no_phrase_begins_with_a_gap_or_with_what_may_be_missing() {
        let lexicon = Lexicon::of(&[((), "knee ~2 hurts")], &[]);
        assert!(matches!(lexicon.phrases[0].0[1], Piece::Gap(2)));
        assert_eq!(lexicon.find(&Written::of("")), []);
    }
}
