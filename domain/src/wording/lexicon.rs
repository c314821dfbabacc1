//! Many phrases that are looked for at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::classes::Classes;
use super::lists;
use super::written::{Word, Written};

/// Phrases, each with what it says and the code of its language.
#[derive(Debug)]
pub(crate) struct Lexicon<T> {
    phrases: Vec<Phrase<T>>,
    /// Which of them are looked for where this word is.
    by_word: HashMap<&'static str, Vec<usize>>,
    /// Which are looked for where a word begins like one of these stems, by their first letters.
    by_stem: HashMap<String, Vec<(&'static str, usize)>>,
    /// Which are looked for where a number is.
    by_number: Vec<usize>,
}

#[derive(Debug)]
struct Phrase<T> {
    pieces: Vec<Piece>,
    says: (T, &'static str),
    /// How many words stand before the one by which it is looked for, at least and at most.
    before: (usize, usize),
}

/// How much of a stem is looked up, in letters; none is shorter.
pub(super) const KEY: usize = 2;

#[derive(Debug)]
enum Piece {
    OneOf(Choices),
    Gap(usize),
    /// A gap that ends with the clause.
    ShortGap(usize),
}

/// Of these one is there, which is of one word or of several.
#[derive(Debug, Default)]
struct Choices {
    words: HashSet<&'static str>,
    stems: Vec<&'static str>,
    has_number: bool,
    longer: Vec<Vec<Term>>,
    is_needed: bool,
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

impl<T> Found<T> {
    /// Returns whether its last word is one of those of the other phrase: it is then said in
    /// another sense.
    pub(crate) fn ends_inside<U>(&self, other: &Found<U>) -> bool {
        other.at.contains(&self.at.end.saturating_sub(1))
    }
}

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

    fn add(&mut self, phrase: &'static str, says: (T, &'static str), classes: &Classes) {
        let pieces: Vec<Piece> = phrase
            .split_whitespace()
            .map(|word| Piece::of(word, classes))
            .collect();
        let (place, terms) = rarest(&pieces);
        let (mut least, mut most) = (0, 0);
        for piece in pieces.iter().take(place) {
            let (fewest, longest) = piece.length();
            least += fewest;
            most += longest;
        }
        let within = terms.iter().map(|(_, before)| *before);
        least += within.clone().min().unwrap_or(0);
        most += within.max().unwrap_or(0);
        let number = self.phrases.len();
        for (term, _) in terms {
            match term {
                Term::Whole(word) => self.by_word.entry(word).or_default().push(number),
                Term::Stem(stem) => {
                    let key = stem.chars().take(KEY).collect();
                    self.by_stem.entry(key).or_default().push((stem, number));
                }
                Term::Number => self.by_number.push(number),
            }
        }
        self.phrases.push(Phrase {
            pieces,
            says,
            before: (least, most),
        });
    }

    /// Returns every phrase that is in it, by where it begins.
    pub(crate) fn find(&self, written: &Written) -> Vec<Found<(T, &'static str)>> {
        let mut found = Vec::new();
        for (at, number) in self.beginnings(written) {
            let Some((phrase, word)) = self.phrases.get(number).zip(written.words.get(at)) else {
                continue;
            };
            if let Some(end) = end_of(&phrase.pieces, &written.words, at, word.sentence) {
                found.push(Found {
                    says: phrase.says,
                    at: at..end,
                });
            }
        }
        found
    }

    /// Returns where which phrases may begin: where the word is by which they are looked for.
    fn beginnings(&self, written: &Written) -> BTreeSet<(usize, usize)> {
        let mut beginnings = BTreeSet::new();
        for (at, word) in written.words.iter().enumerate() {
            for number in self.looked_for_at(word) {
                let Some(Phrase { before, .. }) = self.phrases.get(number) else {
                    continue;
                };
                let (least, most) = *before;
                let Some(last) = at.checked_sub(least) else {
                    continue;
                };
                let starts = at.saturating_sub(most)..=last;
                beginnings.extend(starts.map(|start| (start, number)));
            }
        }
        beginnings
    }

    fn looked_for_at(&self, word: &Word) -> Vec<usize> {
        let mut numbers = Vec::new();
        for spelling in word.spellings() {
            let key: String = spelling.chars().take(KEY).collect();
            let stems = self.by_stem.get(&key).into_iter().flatten();
            let stems = stems.filter(|(stem, _)| spelling.starts_with(stem));
            numbers.extend(stems.map(|(_, number)| *number));
            numbers.extend(self.by_word.get(spelling).into_iter().flatten());
        }
        if word.is(Term::Number) {
            numbers.extend(&self.by_number);
        }
        numbers
    }
}

/// Returns the piece of a phrase that is needed and of which the words are rarest: the longest ones
/// are. Of each of its choices one word is told, and how many words of the choice stand before it.
fn rarest(pieces: &[Piece]) -> (usize, Vec<(Term, usize)>) {
    let mut rarest = (0, Vec::new());
    let mut length = None;
    for (place, piece) in pieces.iter().enumerate() {
        let terms = piece.longest_words();
        let shortest = terms.iter().map(|(term, _)| term.length()).min();
        if shortest > length {
            (rarest, length) = ((place, terms), shortest);
        }
    }
    rarest
}

impl Word {
    fn is(&self, term: Term) -> bool {
        self.spellings().any(|word| match term {
            Term::Whole(whole) => word == whole,
            Term::Stem(stem) => word.starts_with(stem),
            Term::Number => begins_with_a_digit(word),
        })
    }
}

fn begins_with_a_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

impl Piece {
    fn of(word: &'static str, classes: &Classes) -> Self {
        if let Some(most) = word.strip_prefix('~') {
            return Self::Gap(most.parse().unwrap_or(1));
        }
        if let Some(most) = word.strip_prefix('-') {
            return Self::ShortGap(most.parse().unwrap_or(1));
        }
        let (word, is_needed) = match word.strip_suffix('?') {
            Some(word) => (word, false),
            None => (word, true),
        };
        let mut choices = Choices {
            is_needed,
            ..Choices::default()
        };
        for choice in word.split('|') {
            match choice.strip_prefix('@') {
                Some(name) => {
                    let class = classes.iter().filter(|(known, _)| *known == name);
                    let members = class.flat_map(|(_, members)| members.split_whitespace());
                    members.for_each(|member| choices.add(vec![Term::of(member)]));
                }
                None => choices.add(choice.split('_').map(Term::of).collect()),
            }
        }
        Self::OneOf(choices)
    }

    /// Returns of how many words it is, at least and at most.
    fn length(&self) -> (usize, usize) {
        match self {
            Self::Gap(most) | Self::ShortGap(most) => (0, *most),
            Self::OneOf(choices) => {
                let longer = choices.longer.iter().map(Vec::len);
                let least = if choices.has_one_word() { 1 } else { 2 };
                (
                    if choices.is_needed { least } else { 0 },
                    longer.max().unwrap_or(1),
                )
            }
        }
    }

    /// Returns the longest word of each choice with how many stand before it in that; nothing if it
    /// may be missing.
    fn longest_words(&self) -> Vec<(Term, usize)> {
        let Self::OneOf(choices) = self else {
            return Vec::new();
        };
        if !choices.is_needed {
            return Vec::new();
        }
        let words = choices.words.iter().map(|word| (Term::Whole(word), 0));
        let stems = choices.stems.iter().map(|stem| (Term::Stem(stem), 0));
        let number = choices.has_number.then_some((Term::Number, 0));
        let longer = choices.longer.iter().filter_map(|choice| {
            let places = choice.iter().copied().enumerate();
            let (place, term) = places.max_by_key(|(_, term)| term.length())?;
            Some((term, place))
        });
        words.chain(stems).chain(number).chain(longer).collect()
    }
}

impl Choices {
    fn add(&mut self, choice: Vec<Term>) {
        match choice.as_slice() {
            [Term::Whole(word)] => {
                self.words.insert(word);
            }
            [Term::Stem(stem)] => self.stems.push(stem),
            [Term::Number] => self.has_number = true,
            _ => self.longer.push(choice),
        }
    }

    fn has_one_word(&self) -> bool {
        !self.words.is_empty() || !self.stems.is_empty() || self.has_number
    }

    /// Returns whether a word alone is one of them.
    fn has(&self, word: &Word) -> bool {
        word.spellings().any(|spelling| {
            self.words.contains(spelling)
                || self.stems.iter().any(|stem| spelling.starts_with(stem))
                || (self.has_number && begins_with_a_digit(spelling))
        })
    }
}

impl Term {
    fn length(self) -> usize {
        match self {
            Self::Whole(word) | Self::Stem(word) => word.len(),
            Self::Number => 0,
        }
    }

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
        Piece::ShortGap(most) => {
            let clause = words.get(at.checked_sub(1)?)?.clause;
            let behind = words.get(at..).unwrap_or_default().iter();
            let within = behind.take_while(|word| word.clause == clause).count();
            let longest = within.saturating_sub(1).min(*most);
            let fits = |gap| end_of(rest, words, at + gap, sentence);
            (within > 0).then(|| (0..=longest).find_map(fits))?
        }
        Piece::OneOf(choices) => {
            let here = words.get(at).filter(|word| word.sentence == sentence);
            if here.is_some_and(|word| choices.has(word))
                && let Some(end) = end_of(rest, words, at + 1, sentence)
            {
                return Some(end);
            }
            let after = |choice: &Vec<Term>| {
                let heard = words.get(at..at + choice.len())?;
                let mut both = heard.iter().zip(choice);
                let is_it = both.all(|(word, term)| word.sentence == sentence && word.is(*term));
                is_it.then(|| end_of(rest, words, at + choice.len(), sentence))?
            };
            match choices.longer.iter().find_map(after) {
                None if !choices.is_needed => end_of(rest, words, at, sentence),
                found => found,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_phrase_begins_with_a_gap_or_with_what_may_be_missing() {
        let lexicon = Lexicon::of(&[((), "knee ~2 hurts")], &[]);
        assert!(matches!(lexicon.phrases[0].pieces[1], Piece::Gap(2)));
        assert_eq!(lexicon.find(&Written::of("")), []);
    }
}
