//! Conversations and their messages.

use axum::http::{StatusCode, header};
use domain::memory::RecalledKind;
use domain::{Conversation, ConversationKey, Progress, TurnKey};
use ports::{JobsOf, RecordKey, give_way, own, records};
use serde_json::value::to_raw_value;

use crate::call::{Answer, Call, insert, json};
use crate::code::Code;
use crate::forms::{ConversationEdit, NewConversation};
use crate::ids::fresh_id;
use crate::lookups::{current, find_coach, forget};
use crate::{cursor, shapes};

/// `POST …/conversations`
pub(crate) async fn create(call: Call) -> Answer {
    let title = NewConversation::parse(&call.body)?
        .title
        .unwrap_or_default();
    let (user, coach) = (call.scope()?, call.coach()?);
    find_coach(&call, &coach).await?;
    let now = call.app.ports.clock.now();
    let key = ConversationKey {
        user,
        coach,
        conversation: fresh_id(now)?,
    };
    let conversation = Conversation::new(key, title, now);
    call.answered(call.app.ports.messages.create_conversation(&conversation))
        .await?;
    let mut response = json(
        StatusCode::CREATED,
        &shapes::Conversation::from(&conversation),
    )?;
    insert(
        &mut response,
        header::LOCATION.as_str(),
        &call.conversation_path(&conversation.key),
    );
    Ok(response)
}

/// `GET …/conversations`
pub(crate) async fn list(call: Call) -> Answer {
    let (user, coach) = (call.scope()?, call.coach()?);
    let limit = call.limit(20, 100)?;
    let (list, place) = call.list("conversations")?;
    let store = &*call.app.ports.messages;
    let page = own::conversations(store, &user, &coach, place, limit);
    let page = call.answered(page).await?;
    let conversations = page.items.iter().map(shapes::Conversation::from).collect();
    json(
        StatusCode::OK,
        &shapes::Conversations {
            conversations,
            next_cursor: page.next.map(|next| list.told(&next)),
        },
    )
}

/// `GET {conv}`
pub(crate) async fn read(call: Call) -> Answer {
    let key = call.conversation()?;
    let conversation = current(&call, &key).await?;
    json(StatusCode::OK, &shapes::Conversation::from(&conversation))
}

/// `PATCH {conv}`
pub(crate) async fn edit(call: Call) -> Answer {
    let key = call.conversation()?;
    let edit = ConversationEdit::parse(&call.body)?;
    if !call
        .answered(call.app.ports.messages.edit_conversation(&key, &edit))
        .await?
    {
        return Err(Code::ConversationNotFound.into());
    }
    read(call).await
}

/// `DELETE {conv}`: its summary goes last, and also when it is found alone: a deletion that failed
/// halfway can be repeated.
pub(crate) async fn delete(call: Call) -> Answer {
    let key = call.conversation()?;
    let store = &*call.app.ports.messages;
    let running = call
        .answered(own::conversation(store, &key))
        .await?
        .and_then(|found| found.active);
    if let Some(turn) = running {
        call.app
            .turns()
            .stop_here(&TurnKey {
                conversation: key.clone(),
                turn,
            })
            .await;
    }
    let found = call.answered(store.delete_conversation(&key)).await?;
    forget(&call, &RecordKey::summary_of(&key), RecalledKind::Summary).await?;
    if found {
        json(StatusCode::OK, &shapes::Done {})
    } else {
        Err(Code::ConversationNotFound.into())
    }
}

/// `GET {conv}/summary`
pub(crate) async fn summary(call: Call) -> Answer {
    let key = call.conversation()?;
    current(&call, &key).await?;
    let record = call
        .answered(call.app.ports.records.get(&RecordKey::summary_of(&key)))
        .await?;
    json(
        StatusCode::OK,
        &shapes::Summed {
            summary: record.as_ref().and_then(records::readable),
        },
    )
}

/// `GET {conv}/messages`: a page of the newest, or of those before the cursor.
pub(crate) async fn messages(call: Call) -> Answer {
    let key = call.conversation()?;
    let limit = call.limit(50, 200)?;
    let before = call
        .query("cursor")
        .map(|cursor| cursor::number(&cursor))
        .transpose()?;
    let told = 2..=current(&call, &key).await?.messages;
    if before.is_some_and(|before| !told.contains(&before)) {
        return Err(cursor::not_given());
    }
    let page = call
        .answered(own::messages(
            &*call.app.ports.messages,
            &key,
            before,
            limit,
        ))
        .await?;
    let (mut messages, mut length, mut oldest) = (Vec::new(), 0, None);
    for message in &page {
        let told = to_raw_value(&shapes::Message::from(message)).map_err(|_| Code::Internal)?;
        length += told.get().len();
        if length > LONGEST_PAGE && oldest.is_some() {
            break;
        }
        messages.push(told);
        oldest = Some(message.number);
        give_way().await;
    }
    messages.reverse();
    let next = oldest.filter(|number| *number > 1);
    json(
        StatusCode::OK,
        &shapes::Messages {
            messages,
            next_cursor: next.map(|number| number.to_string()),
        },
    )
}

/// How long the messages of a page are together, in bytes as they are sent; one alone may be
/// longer.
const LONGEST_PAGE: usize = 1024 * 1024;

/// `GET {conv}/jobs`
pub(crate) async fn jobs(call: Call) -> Answer {
    let key = call.conversation()?;
    current(&call, &key).await?;
    let mut jobs = call
        .answered(own::jobs(
            &*call.app.ports.messages,
            &JobsOf::Conversation(key),
        ))
        .await?;
    jobs.retain(|job| !matches!(job.state.progress(), Progress::Done | Progress::Refused));
    json(
        StatusCode::OK,
        &shapes::Jobs {
            jobs: jobs.iter().map(shapes::Job::of_its_turn).collect(),
        },
    )
}
