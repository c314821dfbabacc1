//! Coaches, workouts, and the little that needs no caller.

use axum::http::StatusCode;
use domain::memory::RecalledKind;
use domain::{Coach, RecordId, Timestamp, Workout};
use ports::{Expect, Kind, RecordKey, records};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::call::{Answer, Call, json, typed};
use crate::code::Code;
use crate::lookups::{busy, find_coach, forget, page, running};
use crate::problem::{Problem, field};
use crate::{forms, shapes};

/// How many coaches of one's own are listed.
const COACHES: usize = 100;

/// `GET /users/{u}/coaches`
pub(crate) async fn coaches(call: Call) -> Answer {
    let owner = call.scope()?;
    let own = records::newest_records(&call.app.ports, &owner, Kind::Coach, COACHES).await?;
    let mut coaches: Vec<Coach> = own.iter().filter_map(records::readable).collect();
    for shipped in &call.app.settings.coaches {
        if !coaches.iter().any(|own| own.id == shipped.id) {
            coaches.push(Coach::clone(shipped));
        }
    }
    json(StatusCode::OK, &shapes::Coaches { coaches })
}

/// `GET /users/{u}/coaches/{c}`
pub(crate) async fn coach(call: Call) -> Answer {
    let coach = find_coach(&call, &call.coach()?).await?;
    json(StatusCode::OK, &*coach)
}

/// `PUT /users/{u}/coaches/{c}`
pub(crate) async fn set_coach(call: Call) -> Answer {
    let coach = forms::coach(&call.body, &call.coach()?)?;
    let at = RecordKey {
        owner: call.scope()?,
        kind: Kind::Coach,
        id: RecordId::from(&coach.id),
    };
    call.answered(
        call.app
            .ports
            .records
            .put(&at, &records::body(&coach)?, None, Expect::Anything),
    )
    .await?;
    json(StatusCode::OK, &coach)
}

/// `DELETE /users/{u}/coaches/{c}`: a shipped one of that id is back; what was said with another
/// can still be read.
pub(crate) async fn delete_coach(call: Call) -> Answer {
    let (owner, coach) = (call.scope()?, call.coach()?);
    let at = RecordKey {
        owner,
        kind: Kind::Coach,
        id: RecordId::from(&coach),
    };
    let records = &call.app.ports.records;
    call.answered(records.get(&at))
        .await?
        .ok_or(Code::CoachConfigNotFound)?;
    if let Some(turn) = running(&call, &at.owner, &coach).await? {
        return Err(busy(&call, &turn));
    }
    // It was there: that a store's deletion finds nothing may only mean that its first answer was
    // lost.
    call.answered(records.delete(&at)).await?;
    json(StatusCode::OK, &shapes::Done {})
}

/// `GET /users/{u}/workouts`
pub(crate) async fn workouts(call: Call) -> Answer {
    let (owner, limit) = (call.scope()?, call.limit(20, 100)?);
    let (from, to) = (time(&call, "from")?, time(&call, "to")?);
    let within = |workout: &Workout| {
        from.is_none_or(|from| workout.performed_at >= from)
            && to.is_none_or(|to| workout.performed_at <= to)
    };
    let (list, place) = call.list("workouts")?;
    let (workouts, next) = page(&call, &owner, Kind::Workout, place, limit, within).await?;
    let next_cursor = next.map(|next| list.told(&next));
    json(
        StatusCode::OK,
        &shapes::Workouts {
            workouts,
            next_cursor,
        },
    )
}

/// `GET /users/{u}/workouts/{workoutId}`
pub(crate) async fn workout(call: Call) -> Answer {
    let at = RecordKey {
        owner: call.scope()?,
        kind: Kind::Workout,
        id: call.id("workoutId")?,
    };
    let record = call.answered(call.app.ports.records.get(&at)).await?;
    let workout: Workout = record
        .as_ref()
        .and_then(records::readable)
        .ok_or(Code::RecordNotFound)?;
    json(StatusCode::OK, &workout)
}

/// `DELETE /users/{u}/workouts/{workoutId}`
pub(crate) async fn delete_workout(call: Call) -> Answer {
    let at = RecordKey {
        owner: call.scope()?,
        kind: Kind::Workout,
        id: call.id("workoutId")?,
    };
    if forget(&call, &at, RecalledKind::Workout).await? {
        json(StatusCode::OK, &shapes::Done {})
    } else {
        Err(Code::RecordNotFound.into())
    }
}

/// `GET /health`
pub(crate) async fn health(call: Call) -> Answer {
    let running = call.app.feeds.len();
    json(
        StatusCode::OK,
        &shapes::Health {
            status: "ok",
            running_turns: running,
        },
    )
}

/// `GET /.well-known/jwks.json`
pub(crate) async fn jwks(call: Call) -> Answer {
    let keys = call.app.settings.jwks.clone().ok_or(Code::NotFound)?;
    Ok(typed(StatusCode::OK, "application/json", keys))
}

/// Returns what [`jwks`] answers: RFC 7517.
pub(crate) fn jwks_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "required": ["keys"],
        "properties": { "keys": { "type": "array", "items": { "type": "object" } } },
    })
}

fn time(call: &Call, name: &str) -> Result<Option<Timestamp>, Problem> {
    let parsed = call.query(name).map(|text| text.parse()).transpose();
    parsed.map_err(|_| field(&format!("{name} is an RFC 3339 time")))
}
