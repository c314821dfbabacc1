use std::fs;
use std::path::Path;

use domain::Prices;

use crate::error::StartError;

/// Returns the table of prices in this file; an empty one without a file.
pub(crate) fn read(file: Option<&Path>) -> Result<Prices, StartError> {
    let Some(file) = file else {
        return Ok(Prices::default());
    };
    let unusable = |reason: String| StartError::Prices {
        file: file.display().to_string(),
        reason,
    };
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Usage;

    #[test]
    fn the_example_can_be_used_and_has_prices_for_the_models_of_this_server() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/prices.example.json");
        let prices = read(Some(&example)).unwrap();
        for model in ["rehearsal-reply", "rehearsal-fast"] {
            let used = Usage {
                model: Some(model.into()),
                input_tokens: 1_000,
                ..Usage::default()
            };
            assert!(prices.cost([(&used).into()]).is_some(), "{model}");
        }
        assert_eq!(read(None).unwrap(), Prices::default());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_option_and_the_reason() {
        let wrong = |file: &Path| read(Some(file)).unwrap_err().to_string();
        let nowhere = wrong(Path::new("nowhere.json"));
        assert!(
            nowhere.starts_with(
                "the prices in nowhere.json (--prices, COACH_PRICES) cannot be used: "
            ),
            "{nowhere}"
        );
        let no_table = wrong(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        assert!(
            no_table.contains("Cargo.toml (--prices") && no_table.contains("line 1"),
            "{no_table}"
        );
    }
}
