//! Text as a reader sees it.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Returns whether there is nothing in a text that anybody could see: only white space, controls,
/// format characters such as zero widths, and what is ignored where it cannot be displayed.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

fn is_unseen(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(category, GeneralCategory::Format | GeneralCategory::Control)
        || CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_see_is_blank_whatever_it_is_made_of() {
        for unseen in [
            "",
            " ",
            "\n\r\t\u{b}\u{c}",
            "\u{85}\u{2028}\u{2029}",
            "\u{a0}\u{1680}\u{2003}\u{3000}",
            "\0\u{1b}\u{7f}\u{9f}",
            "\u{200b}",
            "\u{200c}\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}",
            "\u{61c}",
            "\u{202e}",
            "\u{2069}",
            "\u{180e}",
            "\u{fff9}",
            "\u{e0041}",
            "\u{34f}",
            "\u{115f}",
            "\u{17b4}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{180b}",
            "\u{2065}",
            "\u{1d173}",
            "\u{600}",
            " \u{200b}\n\u{feff}",
        ] {
            assert!(is_blank(unseen), "{unseen:?}");
        }
    }

    #[test]
    fn a_single_character_that_can_be_seen_is_enough() {
        for seen in [
            "a",
            "0",
            ".",
            "é",
            "e\u{301}",
            "深",
            "👍",
            "👩\u{200d}🚀",
            "❤\u{fe0f}",
            "\u{301}",
            "\u{200b}a",
            "؟",
            "ㅎ",
        ] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }
}
