//! Logging the workout that the athlete has told.

use domain::call::CallKind;
use domain::memory::{self, RecalledKind};
use domain::workout::{self, Logging, Refusal};
use domain::{Outcome, RecordId, Workout};
use serde_json::{Value, json};

use super::{Tried, Useless, Work};
use crate::application::answer::say_what_was_dropped;
use crate::application::remember::forgotten;
use crate::{Expect, IndexEntry, Kind, Ports, RecordKey, Result, newest, records};

/// How many workouts a new one is measured against.
const HISTORY: usize = 200;

/// Extracts the workout from the athlete's own words of this turn, and stores it under the turn's
/// id, with the records in it.
pub(super) async fn log(work: &mut Work<'_>) -> Tried {
    let id = RecordId::from(&work.opening.turn.turn);
    let at = RecordKey {
        owner: work.owner().clone(),
        kind: Kind::Workout,
        id,
    };
    // What an earlier try has stored stands, even if the model would now refuse it.
    if work.attempts > 1 {
        let earlier = work
            .ports
            .clock
            .answered(work.ports.records.get(&at))
            .await?;
        if let Some(earlier) = earlier {
            return let_find(work, &at, &records::read(&earlier)?, &[]).await;
        }
    }
    if !work.opening.is_readable() {
        return Ok(Outcome::Dead(super::UNREADABLE.to_owned()));
    }
    // It may have been forgotten since the last try. Before the model is asked, like the rest, so
    // that a store in trouble costs no call.
    let said = vec![work.opening.user_message.clone()];
    if memory::told(said.clone(), &forgotten(work.ports, work.owner()).await?) != said {
        return Ok(Outcome::Refused("this was to be forgotten".to_owned()));
    }
    let history: Vec<Workout> = newest(work.ports, work.owner(), Kind::Workout, HISTORY).await?;
    let opening = work.opening.clone();
    let extraction = workout::extraction(opening.text(), opening.when(), opening.zone());
    let by_command = workout::was_commanded(opening.text());
    let logging = Logging {
        turn: &opening.turn,
        by_command,
        when: opening.when(),
        zone: opening.zone(),
    };
    let check = |answer: &str| {
        workout::check(answer, &logging).map_err(|refusal| match refusal {
            Refusal::Malformed(reason) => Useless::Malformed(reason),
            Refusal::Refused(reason) => Useless::Refused(reason),
        })
    };
    let (mut workout, dropped) = match work.ask(CallKind::Extraction, extraction, check).await? {
        Ok(checked) => checked,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    workout.records = workout::records(&workout, &history);
    let stored = store_once(work.ports, &at, workout).await?;
    say_what_was_dropped(&work.opening.turn, "workout", &dropped);
    let_find(work, &at, &stored, &dropped).await
}

/// Lets a stored workout be found by every coach, and tells of it. Its entry is removed if somebody
/// has deleted the workout meanwhile: they may have been at the index before us.
async fn let_find(work: &Work<'_>, at: &RecordKey, workout: &Workout, dropped: &[String]) -> Tried {
    let entry = IndexEntry {
        kind: RecalledKind::Workout,
        id: workout.id.to_string(),
        coach: None,
        text: workout.in_words(),
        created: workout.performed_at,
        tags: Vec::new(),
    };
    index(work, at, &entry).await?;
    Ok(Outcome::Done(told(workout, dropped)))
}

async fn index(work: &Work<'_>, at: &RecordKey, entry: &IndexEntry) -> Result<()> {
    let ports = work.ports;
    ports
        .clock
        .answered(ports.index.upsert(&at.owner, entry, work.bill))
        .await?;
    if ports.clock.answered(ports.records.get(at)).await?.is_none() {
        ports
            .clock
            .answered(ports.index.delete(&at.owner, entry.kind, &entry.id))
            .await?;
    }
    Ok(())
}

/// Stores what a try has found, unless an earlier try of the same job has stored something already.
async fn store_once(ports: &Ports, at: &RecordKey, workout: Workout) -> Result<Workout> {
    let clock = &*ports.clock;
    if clock
        .answered(
            ports
                .records
                .put(at, &records::body(&workout)?, None, Expect::Absent),
        )
        .await?
    {
        return Ok(workout);
    }
    match clock.answered(ports.records.get(at)).await? {
        Some(earlier) => records::read(&earlier),
        None => Ok(workout),
    }
}

fn told(workout: &Workout, dropped: &[String]) -> Value {
    let Workout {
        id,
        name,
        discipline,
        records,
        ..
    } = workout;
    let mut told =
        json!({ "workoutId": id, "name": name, "discipline": discipline, "records": records });
    if let (false, Some(told)) = (dropped.is_empty(), told.as_object_mut()) {
        told.insert("dropped".to_owned(), json!(dropped));
    }
    told
}
