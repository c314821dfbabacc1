//! What model calls cost in money, by a table that somebody else keeps.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::call::Usage;
use crate::usage::ModelUsage;

/// What each model costs; a model that is not in it has no price.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "Written")]
pub struct Prices {
    currency: String,
    models: BTreeMap<String, Price>,
}

/// What a million tokens of one model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Price {
    #[serde(deserialize_with = "decimal")]
    input: Decimal,
    #[serde(deserialize_with = "decimal")]
    output: Decimal,
    #[serde(deserialize_with = "decimal")]
    cache_read: Decimal,
    #[serde(deserialize_with = "decimal")]
    cache_write: Decimal,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Exact to the last digit.
    pub amount: Decimal,
    /// In which currency, such as USD.
    pub currency: String,
    /// Whether there is more that has no price.
    pub partial: bool,
}

/// Tokens of one model, which may not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens<'a> {
    model: Option<&'a str>,
    /// Neither read from a cache nor written to one.
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
}

impl Prices {
    /// What all these tokens cost together, as far as they have a price; `None` if none of them has
    /// one.
    pub fn cost<'a>(&self, used: impl IntoIterator<Item = Tokens<'a>>) -> Option<Cost> {
        let (mut amount, mut priced, mut partial) = (Decimal::ZERO, false, false);
        for tokens in used.into_iter().filter(|tokens| !tokens.are_none()) {
            match tokens.model.and_then(|model| self.models.get(model)) {
                Some(price) => (amount, priced) = (amount + price.of(tokens), true),
                None => partial = true,
            }
        }
        priced.then(|| Cost {
            amount: amount.normalize(),
            currency: self.currency.clone(),
            partial,
        })
    }
}

impl Price {
    fn of(&self, tokens: Tokens<'_>) -> Decimal {
        let parts = [
            (self.input, tokens.input),
            (self.output, tokens.output),
            (self.cache_read, tokens.cache_read),
            (self.cache_write, tokens.cache_write),
        ];
        parts
            .into_iter()
            .map(|(price, tokens)| price * Decimal::from(tokens) * MILLIONTH)
            .sum()
    }

    fn is_sound(&self) -> bool {
        [self.input, self.output, self.cache_read, self.cache_write]
            .iter()
            .all(|price| {
                !price.is_sign_negative() && *price <= MOST && price.normalize().scale() <= PLACES
            })
    }
}

impl Cost {
    /// The amount in millionths of the currency, rounded up.
    pub fn millionths(&self) -> u64 {
        let millionths = self.amount.checked_mul(MILLION);
        millionths
            .and_then(|exact| exact.ceil().to_u64())
            .unwrap_or(u64::MAX)
    }
}

impl Tokens<'_> {
    /// All of them together.
    pub fn sum(self) -> u64 {
        let parts = [self.input, self.output, self.cache_read, self.cache_write];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    fn are_none(self) -> bool {
        self.sum() == 0
    }
}

impl<'a> From<&'a Usage> for Tokens<'a> {
    fn from(usage: &'a Usage) -> Self {
        Self {
            model: usage.model.as_deref(),
            input: usage.input_tokens,
            output: usage.output_tokens,
            cache_read: usage.cache_read_tokens,
            cache_write: usage.cache_write_tokens,
        }
    }
}

impl<'a> From<(&'a str, &ModelUsage)> for Tokens<'a> {
    fn from((model, usage): (&'a str, &ModelUsage)) -> Self {
        Self {
            model: Some(model),
            input: usage.input_tokens,
            output: usage.output_tokens,
            cache_read: usage.cache_read_tokens,
            cache_write: usage.cache_write_tokens,
        }
    }
}

/// A table of prices as somebody has written it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    currency: String,
    /// Where the prices are from, for those who read the table.
    #[serde(default, rename = "note")]
    _note: String,
    models: BTreeMap<String, Price>,
}

/// Why a table of prices cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error("currency is a code of three capital letters, such as USD")]
    Currency,
    #[error("a price of {0} is not a number from 0 to {MOST} with at most {PLACES} decimal places")]
    Price(String),
}

impl TryFrom<Written> for Prices {
    type Error = Unusable;

    fn try_from(
        Written {
            currency,
            models,
            _note,
        }: Written,
    ) -> Result<Self, Unusable> {
        if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(Unusable::Currency);
        }
        match models.iter().find(|(_, price)| !price.is_sound()) {
            Some((model, _)) => Err(Unusable::Price(model.clone())),
            None => Ok(Self { currency, models }),
        }
    }
}

/// A number, or one that is written as a text.
fn decimal<'de, D: Deserializer<'de>>(told: D) -> Result<Decimal, D::Error> {
    let told = Value::deserialize(told)?;
    let told = told
        .as_str()
        .map_or_else(|| told.to_string(), str::to_owned);
    let read = Decimal::from_str_exact(&told).or_else(|_| Decimal::from_scientific(&told));
    read.map_err(|_| D::Error::custom(format_args!("{told} is not a number")))
}

const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const MILLIONTH: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
/// So large, and to so many places, that a product with any count of tokens is exact.
const MOST: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);
const PLACES: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prices(models: Value) -> Result<Prices, String> {
        let table = json!({ "currency": "USD", "note": "made up", "models": models });
        serde_json::from_value(table).map_err(|error| error.to_string())
    }

    fn used(model: Option<&str>, [input, output, cache_read, cache_write]: [u64; 4]) -> Tokens<'_> {
        Tokens {
            model,
            input,
            output,
            cache_read,
            cache_write,
        }
    }

    #[test]
    fn tokens_cost_what_a_million_of_their_kind_costs_to_the_last_digit() {
        let table = json!({
            "large": { "input": 3, "output": "15.00", "cacheRead": 0.3, "cacheWrite": 3.75 },
            "small": { "input": 0.035, "output": 0.14, "cacheRead": 0, "cacheWrite": 0.000001 },
        });
        let prices = prices(table).unwrap();
        let (large, small) = (Some("large"), Some("small"));
        for (used, expected) in [
            (vec![used(large, [1_000_000, 0, 0, 0])], "3"),
            (vec![used(large, [1, 1, 1, 1])], "0.00002205"),
            (vec![used(large, [1_234, 567, 89_000, 10])], "0.0389445"),
            (vec![used(small, [0, 0, 0, 1])], "0.000000000001"),
            (
                vec![used(small, [3, 0, 7, 0]), used(large, [0, 1, 0, 0])],
                "0.000015105",
            ),
            (
                vec![used(large, [u64::MAX, 0, 0, 0])],
                "55340232221128.654845",
            ),
        ] {
            let cost = prices.cost(used.clone()).unwrap();
            assert_eq!(
                (cost.amount.to_string().as_str(), cost.partial),
                (expected, false),
                "{used:?}"
            );
            assert_eq!(cost.currency, "USD");
        }
    }

    #[test]
    fn a_cost_in_millionths_is_rounded_up() {
        for (amount, millionths) in [
            ("0", 0),
            ("0.000000000001", 1),
            ("0.000001", 1),
            ("0.0000010001", 2),
            ("12.5", 12_500_000),
            ("18446744073709.551615", u64::MAX),
            ("18446744073709.551616", u64::MAX),
            ("79228162514264337593543950335", u64::MAX),
        ] {
            let cost = Cost {
                amount: amount.parse().unwrap(),
                currency: "USD".to_owned(),
                partial: false,
            };
            assert_eq!(cost.millionths(), millionths, "{amount}");
        }
    }

    #[test]
    fn what_has_no_price_is_not_guessed() {
        let prices =
            prices(json!({ "a": { "input": 1, "output": 1, "cacheRead": 1, "cacheWrite": 1 } }))
                .unwrap();
        let (priced, unpriced) = (used(Some("a"), [5, 0, 0, 0]), used(Some("b"), [5, 0, 0, 0]));
        let partial =
            |used: &[Tokens<'_>]| prices.cost(used.iter().copied()).map(|cost| cost.partial);
        assert_eq!(partial(&[]), None);
        assert_eq!(partial(&[unpriced, used(None, [5, 0, 0, 0])]), None);
        assert_eq!(partial(&[priced, unpriced]), Some(true));
        assert_eq!(
            partial(&[priced, used(None, [0; 4])]),
            Some(false),
            "nothing was used that has no price"
        );
        assert_eq!(Prices::default().cost([priced]), None);
    }

    #[test]
    fn a_table_that_cannot_be_meant_so_is_refused_with_what_is_wrong() {
        let price = |field: &str, value: Value| {
            let mut price = json!({ "input": 1, "output": 1, "cacheRead": 1, "cacheWrite": 1 });
            price[field] = value;
            prices(json!({ "a": price })).err().unwrap_or_default()
        };
        assert_eq!(price("output", json!("10000")), "");
        for (field, value, wrong) in [
            ("input", json!(-1), "a price of a is not"),
            ("input", json!(10_001), "a price of a is not"),
            ("cacheRead", json!("0.0000001"), "a price of a is not"),
            ("cacheRead", json!("free"), "free"),
            ("cache_read", json!(1), "unknown field `cache_read`"),
        ] {
            let error = price(field, value.clone());
            assert!(error.contains(wrong), "{field} {value}: {error}");
        }
        assert!(
            prices(json!({ "a": { "input": 1 } }))
                .unwrap_err()
                .contains("missing field")
        );
        let table = json!({ "currency": "$", "models": {} });
        assert!(
            serde_json::from_value::<Prices>(table)
                .unwrap_err()
                .to_string()
                .contains("currency")
        );
    }
}
