//! Conversations and their messages.

use axum::http::{StatusCode, header};
use domain::{Conversation, ConversationKey};

use crate::call::{Answer, Call, json};
use crate::code::Code;
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
    call.app.ports.messages.create_conversation(&conversation).await?;
    let mut response = json(StatusCode::CREATED, &shapes::conversation(&conversation));
    insert(&mut response, header::LOCATION.as_str(), &call.conversation_path(&conversation.key));
    Ok(response)
}

/// `GET …/conversations`
pub(crate) async fn list(call: Call) -> Answer {
    let (user, coach) = (call.scope()?, call.coach()?);
    let limit = call.limit(20, 100)?;
    let page = call.app.ports.messages.conversations(&user, &coach, call.query("cursor"), limit).await?;
    let items = page.items.iter().map(shapes::conversation).collect();
    Ok(json(StatusCode::OK, &shapes::list("conversations", items, page.next)))
}

/// `GET {conv}`
pub(crate) async fn read(call: Call) -> Answer {
    let key = call.conversation()?;
    let conversation = call.app.ports.messages.conversation(&key).await?.ok_or(Code::ConversationNotFound)?;
    Ok(json(StatusCode::OK, &shapes::conversation(&conversation)))
}

/// `GET {conv}/messages`: a page of the newest, or of those before the cursor.
pub(crate) async fn messages(call: Call) -> Answer {
    let key = call.conversation()?;
    let limit = call.limit(50, 200)?;
    let before = call.query("cursor").map(|cursor| cursor.parse::<u64>()).transpose();
    let before = before.map_err(|_| field("cursor is one that a list has given"))?;
    let store = &call.app.ports.messages;
    store.conversation(&key).await?.ok_or(Code::ConversationNotFound)?;
    let mut page = store.messages(&key, before, limit).await?;
    page.reverse();
    let next = page.first().map(|oldest| oldest.number).filter(|number| *number > 1 && page.len() == limit);
    let items = page.iter().map(shapes::message).collect();
    Ok(json(StatusCode::OK, &shapes::list("messages", items, next.map(|number| number.to_string()))))
}
