//! What the coach remembers.

use axum::http::{StatusCode, header};
use domain::memory::{Graveyard, KNOWN, MemorySource, Provenance, Tombstone};
use domain::{CoachId, Memory, MemoryId, RecordId};
use ports::{Bill, Kind, RecordKey, Restored, Saved, newest, records};

use crate::call::{Answer, Call, insert, json};
use crate::code::Code;
use crate::forms::{memory_edit, new_memory};
use crate::ids::fresh_id;
use crate::lookups::{find_coach, page};
use crate::problem::{Problem, field};
use crate::shapes;

/// `GET /users/{u}/memories`
pub(crate) async fn list(call: Call) -> Answer {
    let (owner, limit) = (call.scope()?, call.limit(20, 100)?);
    let coach = call
        .query("coachId")
        .map(|coach| coach.parse::<CoachId>())
        .transpose();
    let coach = coach.map_err(|_| field("coachId is an id"))?;
    let shows_superseded = call.word("superseded", &[("true", true), ("false", false)])?;
    let shows_superseded = shows_superseded.unwrap_or_default();
    let (list, place) = call.list("memories")?;
    let forgotten = ports::tombstones(&call.app.ports, &owner).await?;
    let graveyard = Graveyard::of(&forgotten);
    let known: Vec<Memory> = newest(&call.app.ports, &owner, Kind::Memory, KNOWN).await?;
    let is_one_of_each = |memory: &Memory| {
        let first = memory.same_as.as_ref();
        let holds = |known: &Memory| Some(&known.id) == first && known.superseded_by.is_none();
        !known
            .iter()
            .any(|known| holds(known) && !graveyard.covers(known))
    };
    let is_shown = |memory: &Memory| {
        (shows_superseded || (memory.superseded_by.is_none() && is_one_of_each(memory)))
            && coach
                .as_ref()
                .is_none_or(|coach| memory.coach.as_ref().is_none_or(|own| own == coach))
            && !graveyard.covers(memory)
    };
    let (memories, next) = page(&call, &owner, Kind::Memory, place, limit, is_shown).await?;
    let next_cursor = next.map(|next| list.told(&next));
    json(
        StatusCode::OK,
        &shapes::Memories {
            memories,
            next_cursor,
        },
    )
}

/// `GET /users/{u}/memories/{memoryId}`
pub(crate) async fn read(call: Call) -> Answer {
    let memory = find(&call, &call.id("memoryId")?).await?;
    json(StatusCode::OK, &memory)
}

/// `POST /users/{u}/memories`
pub(crate) async fn create(call: Call) -> Answer {
    let (proposed, coach) = new_memory(&call.body)?;
    let (ports, owner) = (&call.app.ports, call.scope()?);
    if let Some(coach) = &coach {
        find_coach(&call, coach).await?;
    }
    let said_at = ports.clock.now();
    let id: MemoryId = fresh_id(said_at)?;
    let from = Provenance {
        id: &id,
        coach: coach.as_ref(),
        conversation: None,
        message: None,
        said: &proposed.content,
        said_at,
        source: MemorySource::ExplicitRequest,
    };
    let bill = Bill::new(&ports.clock);
    let saved = ports::remember(ports, &owner, &proposed, &from, &bill).await;
    ports::charge(ports, &owner, &bill.calls()).await;
    match saved? {
        Saved::New(memory) | Saved::Corrected(memory, _) => {
            let mut response = json(StatusCode::CREATED, &memory)?;
            let path = format!("/users/{}/memories/{}", owner.user(), memory.id);
            insert(&mut response, header::LOCATION.as_str(), &path);
            Ok(response)
        }
        Saved::Reinforced(known) => json(StatusCode::OK, &find(&call, &known).await?),
        Saved::Refused(reason) => Err(field(&format!("content: {reason}"))),
    }
}

/// `PATCH /users/{u}/memories/{memoryId}`
pub(crate) async fn edit(call: Call) -> Answer {
    let id: MemoryId = call.id("memoryId")?;
    let edit = memory_edit(&call.body)?;
    let (ports, owner) = (&call.app.ports, call.scope()?);
    let bill = Bill::new(&ports.clock);
    let edited = ports::edit(ports, &owner, &id, &edit, &bill).await;
    ports::charge(ports, &owner, &bill.calls()).await;
    let memory = edited?.ok_or(Code::RecordNotFound)?;
    let memory = memory.map_err(|reason| field(&format!("content or tags: {reason}")))?;
    json(StatusCode::OK, &memory)
}

/// `POST /users/{u}/memories/{memoryId}/restore`
pub(crate) async fn restore(call: Call) -> Answer {
    let id: MemoryId = call.id("memoryId")?;
    let (ports, owner) = (&call.app.ports, call.scope()?);
    let bill = Bill::new(&ports.clock);
    let restored = ports::restore(ports, &owner, &id, &bill).await;
    ports::charge(ports, &owner, &bill.calls()).await;
    match restored?.ok_or(Code::RecordNotFound)? {
        Restored::Now(memory) => json(StatusCode::OK, &memory),
        Restored::Holds => Err(Code::NotSuperseded.into()),
    }
}

/// `DELETE /users/{u}/memories/{memoryId}`: forgotten at once, and erased as soon as the index lets
/// go of it.
pub(crate) async fn delete(call: Call) -> Answer {
    let (ports, owner) = (call.app.ports.clone(), call.scope()?);
    let at = RecordKey {
        owner: owner.clone(),
        kind: Kind::Memory,
        id: call.id("memoryId")?,
    };
    let record = call
        .answered(ports.records.get(&at))
        .await?
        .ok_or(Code::RecordNotFound)?;
    let Some(memory) = records::readable(&record) else {
        ports::erase_unread(&ports, &at).await?;
        return json(StatusCode::OK, &shapes::Done {});
    };
    let now = ports.clock.now();
    let (id, tombstone): (RecordId, _) = (fresh_id(now)?, Tombstone::of(&memory, now));
    let bill = Bill::new(&ports.clock);
    let forgotten = ports::forget(&ports, &owner, &id, &tombstone, &bill).await;
    ports::charge(&ports, &owner, &bill.calls()).await;
    if forgotten? {
        return json(StatusCode::OK, &shapes::Done {});
    }
    let until = call.stay(false).until;
    let going_on =
        async move { ports::forget_through(&ports, &owner, &id, &tombstone, until).await };
    call.app.tasks.spawn(going_on);
    json(StatusCode::ACCEPTED, &shapes::Done {})
}

async fn find(call: &Call, id: &MemoryId) -> Result<Memory, Problem> {
    ports::memory(&call.app.ports, &call.scope()?, id)
        .await?
        .ok_or_else(|| Code::RecordNotFound.into())
}
