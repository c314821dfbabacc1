//! What model calls have cost, in tokens and in money.

use std::collections::BTreeMap;

use domain::price::{Prices, Tokens};
use domain::usage::{Days, ModelUsage, UsageDay};
use schemars::JsonSchema;
use serde::Serialize;

/// A user's model calls, day by day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageOfDays")]
pub(crate) struct Spending<'a> {
    /// The first day, in UTC.
    from: String,
    /// The last day, in UTC.
    to: String,
    /// The newest first; a day without calls is left out.
    days: Vec<Day<'a>>,
    /// All days together.
    total: Spent,
}

/// The model calls of one day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageOfDay")]
struct Day<'a> {
    day: &'a str,
    /// By model; calls that no model answered count for `unknown`.
    models: BTreeMap<&'a str, Spent>,
    /// All models together.
    total: Spent,
}

/// Model calls together.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageOfModels")]
struct Spent {
    #[serde(flatten)]
    usage: ModelUsage,
    /// Left out if no model has a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

/// What model calls have cost by the server's table of prices.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Cost {
    /// A decimal number, exact to its last digit, in units of the currency.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)?$"))]
    amount: String,
    /// Such as USD.
    currency: String,
    /// Whether there were calls that have no price, and so are not in it.
    partial: bool,
}

impl<'a> Spending<'a> {
    pub(crate) fn of(days: &Days, spent: &'a [UsageDay], prices: &Prices) -> Self {
        let all = spent.iter().flat_map(|day| &day.models);
        let one = |day: &'a UsageDay| Day {
            day: &day.day,
            models: day
                .models
                .iter()
                .map(|model| (model.0.as_str(), Spent::by([model], prices)))
                .collect(),
            total: Spent::by(&day.models, prices),
        };
        let days_of = spent.iter().map(one).collect();
        Self {
            from: days.from(),
            to: days.to(),
            days: days_of,
            total: Spent::by(all, prices),
        }
    }
}

impl Spent {
    fn by<'a>(
        models: impl IntoIterator<Item = (&'a String, &'a ModelUsage)>,
        prices: &Prices,
    ) -> Self {
        let models: Vec<_> = models.into_iter().collect();
        let usage = models
            .iter()
            .fold(ModelUsage::default(), |all, (_, usage)| all.plus(**usage));
        let tokens = models
            .iter()
            .map(|(name, usage)| Tokens::from((name.as_str(), *usage)));
        Self {
            usage,
            cost: prices.cost(tokens).map(Cost::from),
        }
    }
}

impl From<domain::Cost> for Cost {
    fn from(cost: domain::Cost) -> Self {
        Self {
            amount: cost.amount.to_string(),
            currency: cost.currency,
            partial: cost.partial,
        }
    }
}
