//! What a user's model calls have cost.

use axum::http::StatusCode;
use domain::usage::Days;

use crate::call::{Answer, Call, json};
use crate::problem::field;
use crate::shapes;

/// `GET /users/{u}/usage`
pub(crate) async fn read(call: Call) -> Answer {
    let (from, to) = (call.query("from"), call.query("to"));
    let days = Days::new(from.as_deref(), to.as_deref(), call.app.ports.clock.now());
    let days = days.map_err(|wrong| field(&wrong.to_string()))?;
    let spent = ports::spent(&call.app.ports, &call.scope()?, &days).await?;
    json(
        StatusCode::OK,
        &shapes::Spending::of(&days, &spent, &call.app.settings.prices),
    )
}
