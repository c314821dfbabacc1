//! Coaches, workouts, and the little that needs no caller.

use std::sync::Arc;

use axum::http::StatusCode;
use domain::memory::RecalledKind;
use domain::{Coach, CoachId, RecordId, Timestamp, UserScope, Workout};
use ports::{Cursor, Expect, Kind, Pace, RecordKey, records};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;

use crate::call::{Answer, Call, json, typed};
use crate::code::{Code, Problem};
use crate::request::field;
use crate::{conversations, forms, shapes, turns};

/// How many coaches of one's own are listed.
const COACHES: usize = 100;

/// How many pages of records are read for one page of an answer that leaves some out.
const PAGES: usize = 10;

/// How many steps it takes to read a letter of a record and judge it, as [`Pace`] counts them.
const STEPS: usize = 4;

/// The user's own coach of this id, or else the one that everybody has.
pub(crate) async fn find_coach(call: &Call, coach: &CoachId) -> Result<Arc<Coach>, Problem> {
    let at = RecordKey {
        owner: call.scope()?,
        kind: Kind::Coach,
        id: RecordId::from(coach),
    };
    let own = call.answered(call.app.ports.records.get(&at)).await?;
    if let Some(own) = own.as_ref().and_then(records::readable) {
        return Ok(Arc::new(own));
    }
    let shipped = call
        .app
        .settings
        .coaches
        .iter()
        .find(|shipped| shipped.id == *coach);
    shipped
        .cloned()
        .ok_or_else(|| Code::CoachConfigNotFound.into())
}

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
    if let Some(turn) = conversations::running(&call, &at.owner, &coach).await? {
        return Err(turns::busy(&call, &turn));
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

/// Removes a record and what the index holds of it; whether there was one before. Repeated after a
/// failure, it removes what is left.
pub(crate) async fn forget(
    call: &Call,
    at: &RecordKey,
    indexed_as: RecalledKind,
) -> Result<bool, Problem> {
    let (records, index) = (&call.app.ports.records, &*call.app.ports.index);
    // What was seen was there: a store's deletion whose first answer was lost finds nothing.
    let is_seen = call.answered(records.get(at)).await?.is_some();
    let is_found = call.answered(records.delete(at)).await?;
    call.answered(index.delete(&at.owner, indexed_as, at.id.as_str()))
        .await?;
    Ok(is_seen || is_found)
}

/// A page of records, the newest first, without those that cannot be read or are not to be shown;
/// and where the list goes on.
pub(crate) async fn page<T: DeserializeOwned>(
    call: &Call,
    owner: &UserScope,
    kind: Kind,
    mut cursor: Option<Cursor>,
    limit: usize,
    is_shown: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, Option<Cursor>), Problem> {
    let (mut items, mut length, mut pace) = (Vec::new(), 0, Pace::default());
    for _ in 0..PAGES {
        let page = call
            .answered(
                call.app
                    .ports
                    .records
                    .list(owner, kind, None, cursor, limit - items.len()),
            )
            .await?;
        for record in &page.items {
            items.extend(records::readable(record).filter(&is_shown));
            length += record.body.len();
            pace.did(STEPS * record.body.len()).await;
        }
        cursor = page.next;
        if cursor.is_none() || items.len() == limit || length >= ports::PAGE {
            break;
        }
    }
    Ok((items, cursor))
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
