//! Coaches, workouts, and the little that needs no caller.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::{Coach, CoachId, RecordId, Timestamp, Workout};
use ports::{Kind, Record, RecordKey, records};
use serde_json::{Value, json};

use crate::call::{Answer, Call, json, typed};
use crate::code::{Code, Problem};
use crate::request::field;
use crate::shapes;

/// The user's own coach of this id, or else the one that everybody has.
pub(crate) async fn find_coach(call: &Call, coach: &CoachId) -> Result<Arc<Coach>, Problem> {
    let at = RecordKey { owner: call.scope()?, kind: Kind::Coach, id: RecordId::from(coach) };
    if let Some(own) = call.app.ports.records.get(&at).await? {
        return Ok(Arc::new(records::read(&own)?));
    }
    let shipped = call.app.settings.coaches.iter().find(|shipped| shipped.id == *coach);
    shipped.cloned().ok_or_else(|| Code::CoachConfigNotFound.into())
}

/// `GET /users/{u}/coaches`
pub(crate) async fn coaches(call: Call) -> Answer {
    let own = call.app.ports.records.list(&call.scope()?, Kind::Coach, None, 100).await?;
    let mut coaches: Vec<Coach> = own.items.iter().map(records::read).collect::<Result<_, _>>()?;
    for shipped in &call.app.settings.coaches {
        if !coaches.iter().any(|own| own.id == shipped.id) {
            coaches.push(Coach::clone(shipped));
        }
    }
    Ok(json(StatusCode::OK, &json!({ "coaches": coaches })))
}

/// `GET /users/{u}/coaches/{c}`
pub(crate) async fn coach(call: Call) -> Answer {
    let coach = find_coach(&call, &call.coach()?).await?;
    Ok(json(StatusCode::OK, &json!(*coach)))
}

/// `GET /users/{u}/workouts`
pub(crate) async fn workouts(call: Call) -> Answer {
    let limit = call.limit(20, 100)?;
    let (from, to) = (time(&call, "from")?, time(&call, "to")?);
    let page = call.app.ports.records.list(&call.scope()?, Kind::Workout, call.query("cursor"), limit).await?;
    let within = |workout: &Workout| {
        from.is_none_or(|from| workout.performed_at >= from) && to.is_none_or(|to| workout.performed_at <= to)
    };
    let workouts: Vec<Workout> = page.items.iter().map(workout).collect::<Result<_, _>>()?;
    let items: Vec<Value> = workouts.iter().filter(|workout| within(workout)).map(|workout| json!(workout)).collect();
    Ok(json(StatusCode::OK, &shapes::list("workouts", items, page.next)))
}

/// `GET /health`
pub(crate) async fn health(call: Call) -> Answer {
    let running = call.app.feeds.len();
    Ok(json(StatusCode::OK, &json!({ "status": "ok", "runningTurns": running })))
}

/// `GET /.well-known/jwks.json`
pub(crate) async fn jwks(call: Call) -> Answer {
    let keys = call.app.settings.jwks.clone().ok_or(Code::NotFound)?;
    Ok(typed(StatusCode::OK, "application/json", keys))
}

fn workout(record: &Record) -> Result<Workout, Problem> {
    Ok(records::read(record)?)
}

fn time(call: &Call, name: &str) -> Result<Option<Timestamp>, Problem> {
    let parsed = call.query(name).map(|text| text.parse()).transpose();
    parsed.map_err(|_| field(&format!("{name} is an RFC 3339 time")))
}
