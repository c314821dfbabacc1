//! What the athlete chooses of several memories that may be meant.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::part::Part;
use super::phrases::{
    ALL, ALTHOUGH, AND, BETWEEN, DECLINED, DECLINES, EACH, EXCEPT, FILLS, MANY, MEANS_ONE,
    NEGATIONS, OR, ORDINALS, UNTIL, VERBS, YES,
};
use super::{Known, judged};
use crate::MemoryId;
use crate::memory::Memory;
use crate::memory::fact::tokens;

/// What a message says to a list of memories that was told right before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These of them.
    These(Vec<MemoryId>),
    /// None of them.
    None,
    /// It means one of them, and nobody knows which.
    Unclear,
    /// It is about something else.
    Else,
}

/// Returns which of the memories, in the order in which they were told, the message chooses: by
/// place, by words, all or none of them.
pub fn choose(text: &str, offered: &[Memory]) -> Chosen {
    let said = words_of(text);
    let words: Vec<&str> = said.iter().map(String::as_str).collect();
    if text.contains(['?', '/']) || words.is_empty() || words.len() > LONGEST {
        return Chosen::Else;
    }
    if declines(&words) {
        // "Forget it" may mean the only one.
        let is_it = offered.len() == 1 && DECLINED_IT.contains(&words.join(" ").as_str());
        return if is_it { Chosen::Unclear } else { Chosen::None };
    }
    let chosen = Answer::of(&words, offered.len()).map_or_else(
        || by_words(&words, offered),
        |answer| answer.chosen(offered.len()),
    );
    let ids = |places: BTreeSet<usize>| {
        let places = places.into_iter();
        let chosen = places.filter_map(|place| offered.get(place.checked_sub(1)?));
        chosen.map(|memory| memory.id.clone()).collect()
    };
    match chosen {
        Places::These(places) => Chosen::These(ids(places)),
        Places::Unclear => Chosen::Unclear,
        Places::Else => Chosen::Else,
    }
}

/// A longer message is about more.
const LONGEST: usize = 8;

/// What declines several, and may take the only one.
const DECLINED_IT: [&str; 6] = [
    "forget it",
    "vergiss es",
    "olvidalo",
    "oublie",
    "esquece",
    "forget that",
];

/// Which places are chosen.
enum Places {
    These(BTreeSet<usize>),
    Unclear,
    Else,
}

/// Returns the folded words, with numbers apart that are written together: "1,2", "1-3".
fn words_of(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| {
        let letter = at.and_then(|at| letters.get(at));
        letter.is_some_and(char::is_ascii_digit)
    };
    let mut apart = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let is_between = is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
        match letter {
            ',' if is_between => apart.push_str(", "),
            '-' | '–' if is_between => apart.push_str(" to "),
            '+' => apart.push_str(" and "),
            letter => apart.push(*letter),
        }
    }
    tokens(&apart)
        .into_iter()
        .map(|token| token.folded)
        .collect()
}

/// Returns whether it wants none of them: nothing but words that decline, and what is said around
/// them.
fn declines(words: &[&str]) -> bool {
    let is_in = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let declines = |word: &&str| DECLINES.contains(word);
    let fills = |word: &&str| {
        FILLS.contains(word) || EACH.contains(word) || (is_in(&EACH) && count(word).is_some())
    };
    // "No, all of them" wants all, "none of them" and "keep all" want none.
    let only_says_no = !words
        .iter()
        .any(|word| declines(word) && !NO.contains(word));
    let wants_all = only_says_no && is_in(&["all", "everything", "alle", "todas", "todos"]);
    // "Don't delete anything".
    let not = words.iter().position(|word| NEGATIONS.contains(word));
    let verb = words.iter().position(|word| VERBS.contains(word));
    let is_denied = not.zip(verb).is_some_and(|(not, verb)| not < verb);
    let is_around = |word: &&str| {
        let asks = VERBS.contains(word) || NEGATIONS.contains(word) || ALL.contains(word);
        fills(word) || declines(word) || (is_denied && (asks || *word == "do"))
    };
    DECLINED.contains(&words.join(" ").as_str())
        || (!wants_all && (is_denied || is_in(&DECLINES)) && words.iter().all(is_around))
}

/// What only says no, and perhaps not to all of them.
const NO: [&str; 8] = ["no", "nope", "nah", "nein", "ne", "nee", "non", "nao"];

/// An answer that has nothing but places, "all", "yes", and words between them.
#[derive(Default)]
struct Answer {
    places: BTreeSet<usize>,
    kept: BTreeSet<usize>,
    is_each: bool,
    is_but: bool,
    is_yes: bool,
    /// It says one or the other, how many of another count, or not which.
    is_unclear: bool,
    points: bool,
}

impl Answer {
    fn of(words: &[&str], many: usize) -> Option<Self> {
        let mut answer = Self::default();
        let (mut last, mut is_range, mut is_taken) = (None, false, false);
        for (at, word) in words.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| words.get(at)).copied();
            let next = words.get(at + 1).copied();
            let place = place(word, many).filter(|_| *word != "one" || is_a_place(words, at));
            let to = if answer.is_but {
                &mut answer.kept
            } else {
                &mut answer.places
            };
            if std::mem::take(&mut is_taken) {
                continue;
            } else if let Some(places) = next.and_then(|next| end(word, next, many)) {
                to.extend(places);
                is_taken = true;
            } else if let Some(count) =
                count(word).filter(|_| before.is_some_and(|it| counts(it, word)))
            {
                answer.is_each = true;
                answer.is_unclear |= count != many;
            } else if let Some(place) = place {
                let from = last
                    .filter(|_| is_range)
                    .map_or(place, |from: usize| from + 1);
                to.extend(from..=place);
                last = Some(place);
                is_range = false;
            } else if !answer.take(word, next) {
                return None;
            }
            is_range |= UNTIL.contains(word) && last.is_some();
        }
        answer.is_unclear |=
            answer.is_each && words.iter().any(|word| MANY.contains(word)) && many != 2;
        Some(answer)
    }

    /// Takes in a word that names no place; `false` if the answer is none of places then.
    fn take(&mut self, word: &str, next: Option<&str>) -> bool {
        let is_number = || next.is_some_and(|next| place(next, 0).is_some());
        if EACH.contains(&word) {
            self.is_each = true;
        } else if EXCEPT.contains(&word) || ALTHOUGH.contains(&word) || word == "not" {
            self.is_but = true;
        } else if NEGATIONS.contains(&word) && !(["no", "n"].contains(&word) && is_number()) {
            // "Das erste nicht", "the first, no, the second".
            self.is_unclear |= next.is_none() || (word == "no" && !self.places.is_empty());
            self.is_but = true;
        } else if YES.contains(&word) {
            self.is_yes = true;
        } else if OR.contains(&word) || ["either", "any"].contains(&word) {
            self.is_unclear = true;
        } else if MEANS_ONE.contains(&word) || ["that", "this"].contains(&word) {
            self.points = true;
        } else {
            return BETWEEN.contains(&word)
                || FILLS.contains(&word)
                || AND.contains(&word)
                || VERBS.contains(&word)
                || word == "no";
        }
        true
    }

    fn chosen(self, many: usize) -> Places {
        let is_out = |place: &usize| !(1..=many).contains(place);
        let says_it = self.is_yes || self.points;
        let says_both = !self.places.is_disjoint(&self.kept);
        if self.is_unclear || says_both || self.places.iter().chain(&self.kept).any(is_out) {
            return Places::Unclear;
        }
        if !self.places.is_empty() {
            return Places::These(self.places);
        }
        let all = || (1..=many).collect::<BTreeSet<usize>>();
        match (self.is_each, self.is_but) {
            (true, false) => Places::These(all()),
            (true, true) if !self.kept.is_empty() => Places::These(&all() - &self.kept),
            (false, false) if says_it && many == 1 => Places::These(all()),
            (false, false) if says_it => Places::Unclear,
            (_, true) => Places::Unclear,
            (false, false) => Places::Else,
        }
    }
}

/// Returns whether "one" is a number here, as in "one and three".
fn is_a_place(words: &[&str], at: usize) -> bool {
    let is_and = |word: Option<&&str>| word.is_some_and(|word| AND.contains(word));
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let names = before.is_some_and(|word| ["number", "option"].contains(word));
    // "One, two".
    let begins_a_list = words.get(1).is_some_and(|next| count(next).is_some());
    words.len() == 1
        || is_and(before)
        || names
        || (at == 0 && (is_and(words.get(1)) || begins_a_list))
}

/// Returns the places that "first three" or "zwei letzten" name of so many.
fn end(one: &str, other: &str, many: usize) -> Option<RangeInclusive<usize>> {
    let (end, count) = match (count(one), count(other)) {
        (None, Some(count)) => (one, count),
        (Some(count), None) => (other, count),
        _ => return None,
    };
    if FIRST.contains(&end) {
        Some(1..=count)
    } else {
        // Of too few, the first of them is no place.
        LAST.contains(&end)
            .then(|| (many + 1).saturating_sub(count)..=many)
    }
}

const FIRST: [&str; 9] = [
    "first",
    "ersten",
    "primeros",
    "primeras",
    "premiers",
    "premieres",
    "primeiros",
    "primeiras",
    "erste",
];

const LAST: [&str; 7] = [
    "last",
    "letzten",
    "ultimos",
    "ultimas",
    "derniers",
    "dernieres",
    "letzte",
];

/// Returns how many a word says that is no place.
fn count(word: &str) -> Option<usize> {
    let named = |(_, words): &&(usize, &str)| words.split(' ').any(|known| known == word);
    COUNTS.iter().find(named).map(|(count, _)| *count)
}

#[rustfmt::skip]
const COUNTS: [(usize, &str); 4] = [
    (2, "two 2 zwei dos deux dois duas beide beiden"),
    (3, "three 3 drei tres trois"),
    (4, "four 4 vier cuatro quatre quatro"),
    (5, "five 5 funf cinco cinq"),
];

/// Returns whether a number behind this word tells how many: "all three", "las dos".
fn counts(before: &str, number: &str) -> bool {
    let is_written = !number.starts_with(|c: char| c.is_ascii_digit());
    let is_many = [
        "the", "die", "los", "las", "les", "os", "as", "these", "those",
    ];
    let is_all = EACH.contains(&before) && !["both", "them"].contains(&before);
    is_all || (is_written && is_many.contains(&before))
}

/// Returns which place of so many a word names, perhaps one letter off.
fn place(word: &str, many: usize) -> Option<usize> {
    let place = |is_it: &dyn Fn(&str) -> bool| {
        let named = |(_, words): &&(usize, &str)| words.split_whitespace().any(is_it);
        ORDINALS.iter().find(named).map(|(place, _)| *place)
    };
    let is_near = |known: &str| {
        let begins_so = known.as_bytes().first() == word.as_bytes().first();
        known.len() > 4 && begins_so && strsim::osa_distance(known, word) == 1
    };
    let place = match word {
        "middle" | "mittlere" if many % 2 == 1 => Some(many / 2 + 1),
        word => {
            place(&|known| known == word).or_else(|| place(&is_near).filter(|_| word.len() > 4))
        }
    }?;
    Some(if place == usize::MAX { many } else { place })
}

/// Returns what is chosen by words: one, several that are coordinated, or all but some.
fn by_words(words: &[&str], offered: &[Memory]) -> Places {
    let known: Vec<Known<'_>> = offered.iter().map(Known::of).collect();
    let fits = |said: &str| -> BTreeSet<usize> {
        let fits = judged(&Part::of(said), &known).fits;
        let of = |id: &MemoryId| offered.iter().position(|memory| memory.id == *id);
        fits.iter().filter_map(of).map(|place| place + 1).collect()
    };
    let is_but = |word: &&str| EXCEPT.contains(word) || ALTHOUGH.contains(word);
    if let Some(at) = words.iter().position(is_but) {
        let (before, kept) = words.split_at(at);
        let kept = fits(&kept.get(1..).unwrap_or_default().join(" "));
        let is_each = before.iter().any(|word| EACH.contains(word));
        let all: BTreeSet<usize> = (1..=offered.len()).collect();
        return if is_each && kept.len() == 1 {
            Places::These(&all - &kept)
        } else {
            Places::Unclear
        };
    }
    let is_around = |word: &&str| FILLS.contains(word) || BETWEEN.contains(word);
    let bare: Vec<&str> = words
        .iter()
        .filter(|word| !is_around(word))
        .copied()
        .collect();
    let chosen = fits(&bare.join(" "));
    if chosen.len() == 1 {
        return Places::These(chosen);
    }
    let parts: Vec<BTreeSet<usize>> = bare
        .split(|word| AND.contains(word) && !OR.contains(word))
        .map(|part| fits(&part.join(" ")))
        .collect();
    if parts.len() > 1 && parts.iter().all(|part| part.len() == 1) {
        return Places::These(parts.into_iter().flatten().collect());
    }
    let means_one = |word: Option<&&str>| word.is_some_and(|word| MEANS_ONE.contains(word));
    let is_one = words.len() <= 5 && (means_one(words.first()) || means_one(words.last()));
    if is_one || !chosen.is_empty() {
        Places::Unclear
    } else {
        Places::Else
    }
}
