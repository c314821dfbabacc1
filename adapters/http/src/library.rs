//! Coaches, workouts, and the little that needs no caller.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::memory::RecalledKind;
use domain::{Coach, CoachId, RecordId, Timestamp, UserScope, Workout};
use ports::{Cursor, Expect, Kind, RecordKey, records};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;

use crate::call::{Answer, Call, json, typed};
use crate::code::{Code, Problem};
use crate::request::field;
use crate::{forms, shapes};

/// How many pages of records are read for one page of an answer that leaves some out.
const PAGES: usize = 10;

/// The user's own coach of this id, or else the one that everybody has.
pub(crate) async fn find_coach(call: &Call, coach: &CoachId) -> Result<Arc<Coach>, Problem> {
    let at = RecordKey { owner: call.scope()?, kind: Kind::Coach, id: RecordId::from(coach) };
    let own = call.answered(call.app.ports.records.get(&at)).await?;
    if let Some(own) = own.as_ref().and_then(records::readable) {
        return Ok(Arc::new(own));
    }
    let shipped = call.app.settings.coaches.iter().find(|shipped| shipped.id == *coach);
    shipped.cloned().ok_or_else(|| Code::CoachConfigNotFound.into())
}

/// `GET /users/{u}/coaches`
pub(crate) async fn coaches(call: Call) -> Answer {
    let owner = call.scope()?;
    let own = call.answered(call.app.ports.records.list(&owner, Kind::Coach, None, 100)).await?;
    let mut coaches: Vec<Coach> = own.items.iter().filter_map(records::readable).collect();
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
    let at = RecordKey { owner: call.scope()?, kind: Kind::Coach, id: RecordId::from(&coach.id) };
    call.answered(call.app.ports.records.put(&at, &records::body(&coach)?, Expect::Anything)).await?;
    json(StatusCode::OK, &coach)
}

/// `GET /users/{u}/workouts`
pub(crate) async fn workouts(call: Call) -> Answer {
    let (owner, limit) = (call.scope()?, call.limit(20, 100)?);
    let (from, to) = (time(&call, "from")?, time(&call, "to")?);
    let within = |workout: &Workout| {
        from.is_none_or(|from| workout.performed_at >= from) && to.is_none_or(|to| workout.performed_at <= to)
    };
    let (workouts, next_cursor) = page(&call, &owner, Kind::Workout, limit, within).await?;
    json(StatusCode::OK, &shapes::Workouts { workouts, next_cursor })
}

/// `GET /users/{u}/workouts/{workoutId}`
pub(crate) async fn workout(call: Call) -> Answer {
    let at = RecordKey { owner: call.scope()?, kind: Kind::Workout, id: call.id("workoutId")? };
    let record = call.answered(call.app.ports.records.get(&at)).await?;
    let workout: Workout = record.as_ref().and_then(records::readable).ok_or(Code::RecordNotFound)?;
    json(StatusCode::OK, &workout)
}

/// `DELETE /users/{u}/workouts/{workoutId}`
pub(crate) async fn delete_workout(call: Call) -> Answer {
    let at = RecordKey { owner: call.scope()?, kind: Kind::Workout, id: call.id("workoutId")? };
    if forget(&call, &at, RecalledKind::Workout).await? {
        json(StatusCode::OK, &shapes::Done {})
    } else {
        Err(Code::RecordNotFound.into())
    }
}

/// Removes a record and what the index holds of it; whether there was one. Repeated after a failure,
/// it removes what is left.
pub(crate) async fn forget(call: &Call, at: &RecordKey, indexed_as: RecalledKind) -> Result<bool, Problem> {
    let (records, index) = (&*call.app.ports.records, &*call.app.ports.index);
    let found = call.answered(records.delete(at)).await?;
    call.answered(index.delete(&at.owner, indexed_as, at.id.as_str())).await?;
    Ok(found)
}

/// A page of records, the newest first, without those that cannot be read or are not to be shown;
/// and where the list goes on.
pub(crate) async fn page<T: DeserializeOwned>(
    call: &Call,
    owner: &UserScope,
    kind: Kind,
    limit: usize,
    is_shown: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, Option<Cursor>), Problem> {
    let (mut items, mut cursor) = (Vec::new(), call.query("cursor"));
    for _ in 0..PAGES {
        let page = call.answered(call.app.ports.records.list(owner, kind, cursor, limit - items.len())).await?;
        items.extend(page.items.iter().filter_map(records::readable).filter(&is_shown));
        cursor = page.next;
        if cursor.is_none() || items.len() == limit {
            break;
        }
    }
    Ok((items, cursor))
}

/// `GET /health`
pub(crate) async fn health(call: Call) -> Answer {
    let running = call.app.feeds.len();
    json(StatusCode::OK, &shapes::Health { status: "ok", running_turns: running })
}

/// `GET /.well-known/jwks.json`
pub(crate) async fn jwks(call: Call) -> Answer {
    let keys = call.app.settings.jwks.clone().ok_or(Code::NotFound)?;
    Ok(typed(StatusCode::OK, "application/json", keys))
}

/// What [`jwks`] answers: RFC 7517.
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
