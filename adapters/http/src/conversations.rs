//! Conversations and their messages.

use axum::http::{StatusCode, header};
use domain::{Conversation, ConversationKey, JobState, TurnKey};
use ports::{JobsOf, end_if_abandoned};
use serde_json::json;

use crate::call::{Answer, Call, json};
use crate::code::{Code, Problem};
use crate::request::{field, text_field};
use crate::routes::insert;
use crate::{library, shapes, turns};

/// The longest title, in Unicode scalar values.
const TITLE: usize = 200;

/// `POST …/conversations`
pub(crate) async fn create(call: Call) -> Answer {
    let form = call.optional_object()?;
    let title = text_field(&form, "title")?.unwrap_or_default().trim().to_owned();
    if title.chars().count() > TITLE {
        return Err(field(&format!("title is at most {TITLE} characters")));
    }
    let (user, coach) = (call.scope()?, call.coach()?);
    library::find_coach(&call, &coach).await?;
    let now = call.app.ports.clock.now();
    let key = ConversationKey { user, coach, conversation: turns::fresh_id(now)? };
    let conversation = Conversation::new(key, title, now);
    call.answered(call.app.ports.messages.create_conversation(&conversation)).await?;
    let mut response = json(StatusCode::CREATED, &shapes::conversation(&conversation));
    insert(&mut response, header::LOCATION.as_str(), &call.conversation_path(&conversation.key));
    Ok(response)
}

/// `GET …/conversations`
pub(crate) async fn list(call: Call) -> Answer {
    let (user, coach) = (call.scope()?, call.coach()?);
    let limit = call.limit(20, 100)?;
    let page = call.app.ports.messages.conversations(&user, &coach, call.query("cursor"), limit);
    let page = call.answered(page).await?;
    let items = page.items.iter().map(shapes::conversation).collect();
    Ok(json(StatusCode::OK, &shapes::list("conversations", items, page.next)))
}

/// `GET {conv}`
pub(crate) async fn read(call: Call) -> Answer {
    let key = call.conversation()?;
    let conversation = current(&call, &key).await?;
    Ok(json(StatusCode::OK, &shapes::conversation(&conversation)))
}

/// `GET {conv}/messages`: a page of the newest, or of those before the cursor.
pub(crate) async fn messages(call: Call) -> Answer {
    let key = call.conversation()?;
    let limit = call.limit(50, 200)?;
    let before = call.query("cursor").map(|cursor| cursor.parse::<u64>()).transpose();
    let before = before.map_err(|_| field("cursor is one that a list has given"))?;
    current(&call, &key).await?;
    let mut page = call.answered(call.app.ports.messages.messages(&key, before, limit)).await?;
    page.reverse();
    let next = page.first().map(|oldest| oldest.number).filter(|number| *number > 1 && page.len() == limit);
    let items = page.iter().map(shapes::message).collect();
    Ok(json(StatusCode::OK, &shapes::list("messages", items, next.map(|number| number.to_string()))))
}

/// `GET {conv}/jobs`
pub(crate) async fn jobs(call: Call) -> Answer {
    let key = call.conversation()?;
    current(&call, &key).await?;
    let mut jobs = call.answered(call.app.ports.messages.jobs(&JobsOf::Conversation(key))).await?;
    jobs.retain(|job| !matches!(job.state, JobState::Done(_) | JobState::Refused(_)));
    Ok(json(StatusCode::OK, &json!({ "jobs": jobs.iter().map(shapes::job_of_a_turn).collect::<Vec<_>>() })))
}

/// A conversation as it is, once a turn whose process is gone has been ended.
pub(crate) async fn current(call: &Call, key: &ConversationKey) -> Result<Conversation, Problem> {
    let (store, clock) = (&*call.app.ports.messages, &*call.app.ports.clock);
    let found = call.answered(store.conversation(key)).await?.ok_or(Code::ConversationNotFound)?;
    let Some(turn) = found.active.clone() else { return Ok(found) };
    if end_if_abandoned(store, clock, &TurnKey { conversation: key.clone(), turn }).await? {
        return call.answered(store.conversation(key)).await?.ok_or(Code::ConversationNotFound.into());
    }
    Ok(found)
}
