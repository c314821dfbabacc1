//! Phrases that are looked for in what people write, whatever the spelling.
//!
//! A phrase is written in normalised words: lower case, without accents. Between its words:
//!
//! - `word` stands for itself, `word*` for all that begins like it, `one|other` for either, and of
//!   these `two_words` are one;
//! - `word?` may be missing, and `~3` stands for up to three words, whichever they are; so does
//!   `-3`, but neither those words nor the next one may be of another clause;
//! - `#` stands for a number;
//! - `@name` stands for the words of a class.
//!
//! No phrase reaches over the end of a sentence.

mod classes;
mod lexicon;
mod lists;
mod written;

pub(crate) use classes::CLASSES;
pub(crate) use lexicon::{Found, Lexicon};
pub(crate) use written::Written;

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

/// Returns what is left of `found` without what begins or ends inside of one of these.
pub(crate) fn without_touching<T, U>(found: Vec<Found<T>>, others: &[Found<U>]) -> Vec<Found<T>> {
    let is_apart = |found: &Found<T>| {
        let ends = [found.at.start, found.at.end.saturating_sub(1)];
        !others
            .iter()
            .any(|one| ends.iter().any(|end| one.at.contains(end)))
    };
    found.into_iter().filter(is_apart).collect()
}

/// Panics unless every word of a phrase can be found as it is written.
#[cfg(test)]
pub(crate) fn assert_well_written(phrase: &'static str) {
    if phrase.is_empty() || phrase.starts_with("--") || phrase.starts_with('[') {
        return;
    }
    let begins = phrase.split_whitespace().next();
    let is_word = |word: &str| !word.starts_with(['~', '-']) && !word.ends_with('?');
    assert!(
        begins.is_none_or(is_word),
        "{phrase:?} begins with what may be missing"
    );
    for choice in phrase
        .split([' ', '|', '_'])
        .filter(|choice| !choice.is_empty())
    {
        let word = choice.trim_end_matches(['*', '?']);
        if let Some(most) = choice.strip_prefix(['~', '-']) {
            assert!(most.parse::<usize>().is_ok(), "{choice:?} of {phrase:?}");
        } else if let Some(name) = choice.strip_prefix('@') {
            let is_class = CLASSES.iter().any(|(known, _)| *known == name);
            assert!(is_class, "{choice:?} of {phrase:?}");
        } else if choice != "#" {
            let written = Written::of(word);
            assert!(written.words().eq([word]), "{choice:?} of {phrase:?}");
            let is_long_enough = !choice.ends_with('*') || word.len() >= lexicon::KEY;
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
            ("no -2 pain", "no more knee pain"),
            ("want to die", "i wnat 2 die"),
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
            ("no -2 pain", "no sleep, knee pain"),
            ("no -2 pain", "no run because of pain"),
            ("no pain", "No, pain"),
        ] {
            assert!(!found(phrase, text), "{phrase:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_harmless_takes_back_only_what_stands_inside_of_it() {
        let text = Written::of("this is killing me, I want to be dead after leg day, so dead");
        let dead = Lexicon::of(&[((), "dead")], &[]).find(&text);
        let harmless = Lexicon::of(&[((), "dead after leg day")], &[]).find(&text);
        let ends_inside = |found: &&Found<_>| found.ends_inside(&harmless[0]);
        assert_eq!(dead.iter().filter(ends_inside).count(), 1);
        assert_eq!(without_inside_of(dead, &harmless).len(), 1);
    }
}
