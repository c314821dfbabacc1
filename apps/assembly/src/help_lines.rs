use std::fs;
use std::path::Path;

use domain::care::HelpLines;

use crate::error::StartError;

/// Returns the operator's words for somebody in danger; none without a file.
pub(crate) fn read(file: Option<&Path>) -> Result<HelpLines, StartError> {
    let Some(file) = file else {
        return Ok(HelpLines::default());
    };
    let unusable = |reason: String| StartError::HelpLines {
        file: file.display().to_string(),
        reason,
    };
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    HelpLines::read(&text).map_err(|error| unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Care, Language};

    #[test]
    fn the_example_can_be_used_and_names_no_number() {
        let example =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/help-lines.example.json");
        let lines = read(Some(&example)).unwrap();
        for care in [Care::Emergency, Care::Crisis] {
            for language in Language::ALL {
                let said = lines.words(care, language).unwrap();
                assert!(!said.contains(|c: char| c.is_ascii_digit()), "{said}");
            }
        }
        assert_eq!(read(None).unwrap(), HelpLines::default());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_option_and_the_reason() {
        let wrong = |file: &Path| read(Some(file)).unwrap_err().to_string();
        let nowhere = wrong(Path::new("nowhere.json"));
        let named =
            "the help lines in nowhere.json (--help-lines, COACH_HELP_LINES) cannot be used: ";
        assert!(nowhere.starts_with(named), "{nowhere}");
        let other = wrong(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        assert!(other.contains("line 1"), "{other}");
    }
}
