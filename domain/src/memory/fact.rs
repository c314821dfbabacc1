//! A text as what it says: its words in order, and what sets one fact apart from another.

use std::collections::BTreeSet;
use std::mem;

use super::lexicon::{Sense, person, sense, unit};
use super::stem::{folded, stem};
use super::words::{is_invisible, narrow, normalised, pairs_of};

/// A text, taken apart once to be held against others.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    normalised: String,
    /// All that it says, in order, without articles and without "please remember that".
    words: Vec<String>,
    /// The words that could be meant, without their endings.
    stems: BTreeSet<String>,
    pub(super) marks: Marks,
}

/// What sets facts apart that have the same words otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) numbers: BTreeSet<Number>,
    pub(super) sides: BTreeSet<&'static str>,
    pub(super) days: BTreeSet<&'static str>,
    pub(super) hours: BTreeSet<&'static str>,
    /// As they are compared: folded.
    pub(super) names: BTreeSet<String>,
    /// Who else it is about. Whom it names need not be told to be meant, but is another.
    people: BTreeSet<&'static str>,
    pub(super) denies: bool,
    pub(super) likes: bool,
    pub(super) dislikes: bool,
    /// It denies that something is disliked, which is not yet to like it.
    pub(super) bears: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number {
    pub(super) value: String,
    pub(super) unit: Option<&'static str>,
}

impl Number {
    /// Returns whether both can be the same: one may leave its unit out.
    fn fits(&self, other: &Self) -> bool {
        let (one, another) = (self.unit, other.unit);
        self.value == other.value && (one.is_none() || another.is_none() || one == another)
    }
}

impl Fact {
    pub(super) fn of(text: &str) -> Self {
        let tokens = without_lead(tokens(text));
        let mut reading = Reading::of(&tokens);
        let mut rest = tokens.as_slice();
        while let Some((token, behind)) = rest.split_first() {
            let taken = reading.read(token, behind.first());
            rest = behind.get(taken..).unwrap_or_default();
        }
        let Reading {
            words,
            stems,
            mut marks,
            negations,
            attitudes,
            ..
        } = reading;
        marks.set_attitudes(&negations, &attitudes);
        Self {
            normalised: normalised(text),
            words,
            stems,
            marks,
        }
    }

    /// Returns whether both are one fact, said in the same words in the same order. What is about
    /// safety is one only if it is word for word the same.
    pub(super) fn is_same(&self, other: &Self, is_safety: bool) -> bool {
        let is_equal = self.normalised == other.normalised;
        is_equal || (!is_safety && !self.words.is_empty() && self.words == other.words)
    }

    /// Returns all that it says, as one text that is equal only for what [`Self::is_same`].
    pub(super) fn whole(&self) -> String {
        if self.words.is_empty() {
            self.normalised.clone()
        } else {
            self.words.join(" ")
        }
    }

    /// Returns whether a model may take both for one fact in other words: nothing in one sets it
    /// apart from the other.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let (one, another) = (&self.marks, &other.marks);
        let numbers = |a: &Marks, b: &Marks| {
            let mut all = a.numbers.iter();
            all.all(|number| b.numbers.iter().any(|other| number.fits(other)))
        };
        numbers(one, another)
            && numbers(another, one)
            && one.sides == another.sides
            && one.days == another.days
            && one.denies == another.denies
            && one.bears == another.bears
            && one.people == another.people
            && !one.contradicts(another)
            && self.has_names_of(other)
            && other.has_names_of(self)
            && (one.hours.is_empty() || another.hours.is_empty() || one.hours == another.hours)
    }

    /// Returns whether it may be about the same thing, so that one can hold in place of the other:
    /// they share a word that could be meant, it is about the same people, no side and no name
    /// differs, and of several numbers not every one.
    pub(super) fn has_subject_of(&self, other: &Self) -> bool {
        self.stems.iter().any(|word| other.stems.contains(word))
            && self.marks.sides == other.marks.sides
            && self.marks.people == other.marks.people
            && self.has_names_of(other)
            && other.has_names_of(self)
            && !self.has_other_numbers(other)
    }

    /// Returns whether both tell several numbers, and none alike: "5k in 22:30", "10k in 46:00".
    fn has_other_numbers(&self, other: &Self) -> bool {
        let (own, others) = (&self.marks.numbers, &other.marks.numbers);
        let is_shared = |number: &Number| others.iter().any(|known| known.fits(number));
        own.len() > 1 && others.len() > 1 && !own.iter().any(is_shared)
    }

    fn has_names_of(&self, other: &Self) -> bool {
        let mut names = other.marks.names.iter();
        names.all(|name| self.marks.names.contains(name) || self.stems.contains(&stem(name)))
    }

    /// Returns how many of its words the other has, too.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let marks = self.marks.shared(&other.marks);
        self.stems.intersection(&other.stems).count() + marks
    }

    pub(super) fn stems(&self) -> &BTreeSet<String> {
        &self.stems
    }
}

/// A text on its way to a [`Fact`], word by word.
struct Reading {
    /// A capital letter tells a name here.
    names_count: bool,
    /// It is in another language than English, as far as that can be told.
    is_elsewhere: bool,
    is_portuguese: bool,
    at: usize,
    was_number: bool,
    words: Vec<String>,
    stems: BTreeSet<String>,
    marks: Marks,
    negations: Vec<usize>,
    /// Where something is liked, or not.
    attitudes: Vec<(usize, bool)>,
}

impl Reading {
    fn of(tokens: &[Token]) -> Self {
        let is_foreign = |token: &Token| sense(&token.folded) == Some(Sense::Elsewhere);
        let is_portuguese = |token: &Token| PORTUGUESE.contains(&&*token.folded);
        Self {
            names_count: capitals_are_names(tokens),
            is_elsewhere: tokens.iter().any(is_foreign),
            is_portuguese: tokens.iter().any(is_portuguese),
            at: 0,
            was_number: false,
            words: Vec::new(),
            stems: BTreeSet::new(),
            marks: Marks::default(),
            negations: Vec::new(),
            attitudes: Vec::new(),
        }
    }

    /// Takes in a word, and returns how many of the words behind it belong to it.
    fn read(&mut self, token: &Token, next: Option<&Token>) -> usize {
        self.at += 1;
        // Portuguese "dos" and "no" are "of the" and "in the".
        let is_before_number = next.is_some_and(|next| digits(&next.folded).is_some());
        let is_of = (token.folded == "dos" && (self.is_portuguese || is_before_number))
            || (token.folded == "no" && self.is_portuguese);
        let is_beside_number = self.was_number || is_before_number;
        self.was_number = false;
        if !is_of && let (Some(number), taken) = number(token, next) {
            let unit = number.unit.unwrap_or_default();
            self.words.push(format!("{}{unit}", number.value));
            self.marks.numbers.insert(number);
            self.was_number = true;
            return taken;
        }
        if token.is_capital || !ARTICLES.contains(&&*token.folded) {
            self.words.push(token.text.clone());
        }
        let is_month = token.is_capital || is_beside_number || token.begins;
        if token.folded == "may" && is_month {
            self.marks.days.insert("may");
        } else if !is_of {
            self.mark(token, next);
        }
        0
    }

    fn mark(&mut self, token: &Token, next: Option<&Token>) {
        let sense = sense(&token.folded);
        let is_small_word = sense == Some(Sense::Perhaps) && self.is_elsewhere;
        self.marks
            .people
            .extend(person(&token.folded).filter(|_| !is_small_word));
        if token.is_capital && self.names_count && sense.is_none() {
            self.marks.names.insert(token.folded.clone());
        }
        match sense {
            Some(Sense::Not) => self.negations.push(self.at),
            Some(Sense::Likes) => self.attitudes.push((self.at, true)),
            Some(Sense::Dislikes) => self.attitudes.push((self.at, false)),
            Some(Sense::Side("right")) if is_no_side(next) => {}
            Some(Sense::Side(side)) => _ = self.marks.sides.insert(side),
            Some(Sense::Day(day)) => _ = self.marks.days.insert(day),
            Some(Sense::Hour(hour)) => _ = self.marks.hours.insert(hour),
            Some(Sense::Function | Sense::Elsewhere) => {}
            Some(Sense::Perhaps) if self.is_elsewhere => {}
            Some(Sense::Number(_) | Sense::Unit(_) | Sense::Perhaps) | None => {
                self.stems.extend(stems_of(token));
            }
        }
    }
}

impl Marks {
    /// "Don't like" is "hate"; a negation that stands alone denies.
    fn set_attitudes(&mut self, negations: &[usize], attitudes: &[(usize, bool)]) {
        let is_near = |at: usize, not: usize| at.abs_diff(not) <= 2;
        let mut turned = BTreeSet::new();
        for (at, is_liked) in attitudes {
            let not = negations.iter().find(|not| is_near(*at, **not));
            match (is_liked, not) {
                (true, None) => self.likes = true,
                (true, Some(not)) => {
                    turned.insert(*not);
                    self.dislikes = true;
                }
                // "I don't hate it", but "I hate not training".
                (false, Some(not)) if not < at => {
                    turned.insert(*not);
                    self.bears = true;
                }
                (false, _) => self.dislikes = true,
            }
        }
        // "Ne … pas" is one negation.
        let is_left = |not: &&usize| !turned.iter().any(|gone: &usize| is_near(*gone, **not));
        self.denies = negations.iter().any(|not| is_left(&not));
    }

    /// Returns whether one likes what the other does not.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let is_against = |a: &Self, b: &Self| a.likes && !a.dislikes && b.dislikes && !b.likes;
        is_against(self, other) || is_against(other, self)
    }

    /// Returns whether all that sets this apart is in the other, too, and nothing in the other
    /// denies it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let mut numbers = self.numbers.iter();
        numbers.all(|number| other.numbers.iter().any(|known| known.fits(number)))
            && self.sides.is_subset(&other.sides)
            && self.days.is_subset(&other.days)
            && self.hours.is_subset(&other.hours)
            && (!self.denies || other.denies || other.dislikes)
            && (!self.likes || other.likes)
            && (!self.bears || other.bears)
            && (!self.dislikes || other.dislikes || other.denies)
    }

    fn shared(&self, other: &Self) -> usize {
        let mut numbers = 0;
        for number in &self.numbers {
            numbers += usize::from(other.numbers.iter().any(|known| known.fits(number)));
        }
        numbers
            + self.sides.intersection(&other.sides).count()
            + self.days.intersection(&other.days).count()
            + self.hours.intersection(&other.hours).count()
    }

    /// Returns whether it names no number, side, day or name.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
            && self.sides.is_empty()
            && self.days.is_empty()
            && self.hours.is_empty()
    }
}

/// A word as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case.
    pub(super) text: String,
    pub(super) folded: String,
    /// It begins with a capital letter, where not every word does.
    is_capital: bool,
    /// It begins a sentence.
    begins: bool,
}

/// Returns the words of a text in order, with numbers whole ("5.5", "3:30") and contractions taken
/// apart ("don't" is "do not", "l'épaule" is "l épaule").
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut begins = true;
    let seen = text.chars().filter(|c| !is_invisible(*c)).map(narrow);
    let mut letters = seen.chain(['\n']).peekable();
    while let Some(letter) = letters.next() {
        let is_apostrophe = matches!(letter, '\'' | '’' | '‘' | '`' | '´');
        let is_within_number = matches!(letter, '.' | ',' | ':' | '/')
            && word.ends_with(|last: char| last.is_ascii_digit())
            && letters.peek().is_some_and(char::is_ascii_digit);
        if letter.is_alphanumeric() || is_apostrophe || is_within_number || is_accent(letter) {
            word.push(if is_apostrophe { '\'' } else { letter });
            continue;
        }
        for part in parts(word.trim_matches('\'')) {
            let is_short = part.len() > 1 && !part.contains(char::is_lowercase);
            let is_capital = !begins && part.starts_with(char::is_uppercase) && !is_short;
            tokens.push(Token {
                begins: mem::replace(&mut begins, false),
                text: part.to_lowercase(),
                folded: folded(part),
                is_capital,
            });
        }
        word.clear();
        begins |= matches!(letter, '.' | '!' | '?' | ':' | '\n');
    }
    tokens
}

fn is_accent(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// Takes a contraction apart.
fn parts(word: &str) -> Vec<&str> {
    if let Some((_, whole)) = CONTRACTED
        .iter()
        .find(|(short, _)| word.eq_ignore_ascii_case(short))
    {
        return whole.split(' ').collect();
    }
    match word.split_once('\'') {
        None if word.is_empty() => Vec::new(),
        None => vec![word],
        Some((verb, "t" | "T")) => vec![verb.strip_suffix(['n', 'N']).unwrap_or(verb), "not"],
        Some((own, "s" | "S")) => vec![own],
        Some((who, "m" | "M")) => vec![who, "am"],
        Some((who, "re" | "RE")) => vec![who, "are"],
        Some((who, "ve" | "VE")) => vec![who, "have"],
        Some((who, "ll" | "LL")) => vec![who, "will"],
        Some((who, "d" | "D")) => vec![who, "would"],
        Some((article, noun)) => vec![article, noun],
    }
}

const CONTRACTED: [(&str, &str); 13] = [
    ("can't", "can not"),
    ("cant", "can not"),
    ("cannot", "can not"),
    ("won't", "will not"),
    ("dont", "do not"),
    ("doesnt", "does not"),
    ("didnt", "did not"),
    ("isnt", "is not"),
    ("wasnt", "was not"),
    ("havent", "have not"),
    ("im", "i am"),
    ("ive", "i have"),
    ("it's", "it is"),
];

/// Returns the text without the words that only ask for it to be remembered.
fn without_lead(tokens: Vec<Token>) -> Vec<Token> {
    let mut from = 0;
    while let Some(rest) = tokens.get(from..) {
        let begins = |lead: &&&str| {
            let words = lead.split(' ');
            words.clone().count() <= rest.len()
                && words.zip(rest).all(|(word, token)| word == token.folded)
        };
        let Some(lead) = LEADS.iter().find(begins) else {
            break;
        };
        from += lead.split(' ').count();
    }
    let rest = tokens.get(from..).unwrap_or_default();
    if rest.is_empty() {
        tokens
    } else {
        rest.to_vec()
    }
}

/// Returns whether a capital letter tells a name here: not where most words have one, nor in
/// German.
fn capitals_are_names(tokens: &[Token]) -> bool {
    let capitals = tokens.iter().filter(|token| token.is_capital).count();
    let is_german = tokens.iter().any(|token| GERMAN.contains(&&*token.folded));
    !is_german && capitals * 2 <= tokens.len()
}

/// Returns the number that a word is, and how many of the words behind it belong to it.
fn number(token: &Token, next: Option<&Token>) -> (Option<Number>, usize) {
    let written = match sense(&token.folded) {
        Some(Sense::Number(value)) => Some((value.to_owned(), None)),
        _ => digits(&token.folded),
    };
    let Some((value, own)) = written else {
        return (None, 0);
    };
    let behind = next.and_then(|next| unit(&next.folded));
    let taken = usize::from(own.is_none() && behind.is_some());
    let unit = own.or(behind);
    (Some(Number { value, unit }), taken)
}

/// Returns a number that is written in digits, and the unit that is written to it.
fn digits(word: &str) -> Option<(String, Option<&'static str>)> {
    if !word.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let end = word.find(|c: char| c.is_alphabetic()).unwrap_or(word.len());
    let (value, behind) = word.split_at(end);
    if behind.is_empty() || ["st", "nd", "rd", "th"].contains(&behind) {
        return Some((plain(value), None));
    }
    match unit(behind) {
        Some(unit) => Some((plain(value), Some(unit))),
        None => Some((word.to_owned(), None)),
    }
}

/// "5,0" is 5, and "10,000" ten thousand.
fn plain(value: &str) -> String {
    let is_grouped = value
        .split_once(',')
        .is_some_and(|(_, behind)| behind.len() == 3);
    let value = value.replace(',', if is_grouped { "" } else { "." });
    match value.split_once('.') {
        // "2.000" may be two thousand.
        Some((whole, part)) if part.len() != 3 && part.chars().all(|c| c == '0') => {
            whole.to_owned()
        }
        _ => value,
    }
}

/// "Right now" and "all right" are no sides.
fn is_no_side(next: Option<&Token>) -> bool {
    next.is_some_and(|next| ["now", "after", "before", "away", "then"].contains(&&*next.folded))
}

/// Returns what a word is found by: itself without its ending, or pairs of letters where a script
/// has no spaces.
pub(super) fn stems_of(token: &Token) -> Vec<String> {
    let folded = token.folded.as_str();
    let pairs = pairs_of(folded);
    if !pairs.is_empty() {
        return pairs;
    }
    // "Épaulé" is done to a bar, an "épaule" is a shoulder.
    let bare = token.text.strip_suffix('s').unwrap_or(&token.text);
    if bare.ends_with('é') {
        return vec![format!("{folded}'")];
    }
    // "Pullups" are "pull-ups", and a "Nussallergie" is an allergy to nuts.
    let end = BEHIND
        .iter()
        .find(|end| folded.len() >= end.len() + 4 && folded.ends_with(**end));
    match end.and_then(|end| Some((folded.strip_suffix(end)?, end))) {
        Some((before, end)) => vec![stem(before), stem(end)],
        None => vec![stem(folded)],
    }
}

/// What is written to the word before it.
#[rustfmt::skip]
const BEHIND: [&str; 14] = [
    "ups", "up", "schmerzen", "schmerz", "allergie", "verletzung", "operation", "probleme",
    "problem", "riss", "training", "bruch", "entzundung", "unvertraglichkeit",
];

const ARTICLES: [&str; 27] = [
    "a", "an", "the", "please", "der", "die", "das", "den", "dem", "ein", "eine", "einen", "einem",
    "einer", "bitte", "el", "los", "las", "un", "una", "le", "les", "une", "um", "uma", "l",
    "that",
];

/// The longer of two that begin alike stands first.
const LEADS: [&str; 34] = [
    "please",
    "can you",
    "could you",
    "coach",
    "hey",
    "remember that",
    "remember this",
    "remember",
    "memorize that",
    "memorise that",
    "note that",
    "keep in mind that",
    "keep in mind",
    "do not forget that",
    "do not forget",
    "never forget that",
    "you should know that",
    "save that",
    "bitte",
    "merk dir dass",
    "merke dir dass",
    "merk dir",
    "merke dir",
    "denk daran dass",
    "vergiss nicht dass",
    "recuerda que",
    "no olvides que",
    "ten en cuenta que",
    "souviens toi que",
    "n oublie pas que",
    "retiens que",
    "lembre se de que",
    "lembra que",
    "nao esquecas que",
];

#[rustfmt::skip]
const GERMAN: [&str; 56] = [
    "ich", "mein", "meine", "meinen", "meinem", "meiner", "mir", "mich", "und", "nicht", "kein",
    "keine", "keinen", "ist", "habe", "beim", "vom", "zum", "zur", "fur", "auf", "mit", "wegen",
    "uber", "wurde", "heisst", "seit", "nach", "bei", "der", "das", "dem", "wird", "hat", "isst",
    "trinkt", "trainiert", "macht", "geht", "nimmt", "ohne", "eine", "jeden", "gegen", "linke",
    "rechte", "ziel", "links", "rechts", "gespielt", "fruher",
    "montags", "dienstags", "mittwochs", "donnerstags", "freitags",
];

#[rustfmt::skip]
const PORTUGUESE: [&str; 29] = [
    "eu", "meu", "minha", "meus", "minhas", "nao", "sou", "estou", "tenho", "gosto", "em", "uma",
    "aos", "treino", "esqueca", "esquece", "apague", "ombro", "joelho", "dor", "direito", "direita",
    "esquerdo", "esquerda", "voce", "sobre", "apaga", "isso", "isto",
];

#[cfg(test)]
mod tests;
