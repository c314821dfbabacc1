//! The JSON of answers, made from the domain's words.

use domain::turn::CallRecord;
use domain::{Body, Closing, Conversation, Ending, Job, JobState, Message, Opening};
use ports::{TurnRecord, TurnState};
use serde_json::{Value, json};

use crate::code::Code;

pub(crate) fn conversation(conversation: &Conversation) -> Value {
    json!({
        "conversationId": conversation.key.conversation,
        "coachId": conversation.key.coach,
        "title": conversation.title,
        "tags": conversation.tags,
        "createdAt": conversation.created,
        "lastActivityAt": conversation.last_activity,
        "messageCount": conversation.messages,
        "activeTurnId": conversation.active,
    })
}

pub(crate) fn message(message: &Message) -> Value {
    let (role, sent) = match &message.body {
        Body::User { sent, .. } => ("user", *sent),
        Body::Assistant { .. } => ("assistant", None),
    };
    let mut json = json!({
        "messageId": message.id,
        "number": message.number,
        "role": role,
        "content": message.content(),
        "parts": message.parts(),
        "status": message.status(),
        "createdAt": message.created,
        "turnId": message.turn,
    });
    if let (Some(sent), Some(object)) = (sent, json.as_object_mut()) {
        object.insert("sentAt".to_owned(), json!(sent));
    }
    json
}

/// What a list of model calls has cost together, and each of them.
pub(crate) fn usage<'a>(calls: impl Iterator<Item = &'a CallRecord> + Clone) -> Value {
    let sum = |tokens: fn(&CallRecord) -> u64| calls.clone().map(tokens).sum::<u64>();
    json!({
        "inputTokens": sum(|call| call.usage.input_tokens),
        "outputTokens": sum(|call| call.usage.output_tokens),
        "cacheReadTokens": sum(|call| call.usage.cache_read_tokens),
        "cacheWriteTokens": sum(|call| call.usage.cache_write_tokens),
        "estimated": calls.clone().any(|call| call.usage.estimated),
        "calls": calls.collect::<Vec<_>>(),
    })
}

pub(crate) fn job(job: &Job) -> Value {
    let (state, extra) = match &job.state {
        JobState::Due(_) => ("pending", None),
        JobState::Claimed(_) => ("running", None),
        JobState::Done(result) => ("done", Some(("result", result.clone()))),
        JobState::Refused(reason) => ("refused", Some(("reason", json!(reason)))),
        JobState::Dead(reason) => ("dead", Some(("reason", json!(reason)))),
    };
    let mut json = json!({ "kind": job.kind, "state": state, "attempts": job.attempts });
    if let (Some((name, value)), Some(object)) = (extra, json.as_object_mut()) {
        object.insert(name.to_owned(), value);
    }
    json
}

pub(crate) fn job_of_a_turn(of: &Job) -> Value {
    let mut json = job(of);
    if let Some(object) = json.as_object_mut() {
        object.insert("turnId".to_owned(), json!(of.turn.turn));
    }
    json
}

/// A turn as it is now.
pub(crate) fn turn(opening: &Opening, record: &TurnRecord, jobs: &[Job]) -> Value {
    let key = &opening.turn;
    let mut json = json!({
        "turnId": key.turn,
        "conversationId": key.conversation.conversation,
        "state": "running",
        "messageId": opening.assistant_message,
        "userMessageId": opening.user_message.id,
        "throughSeq": record.kept.checked_sub(1),
        "createdAt": record.created,
        "finishedAt": null,
        "jobs": jobs.iter().map(job).collect::<Vec<_>>(),
    });
    if let (TurnState::Ended(closing), Some(object)) = (&record.state, json.as_object_mut()) {
        let (state, error) = match closing.ending {
            Ending::Finished | Ending::Truncated | Ending::Filtered | Ending::Deadline => ("completed", None),
            Ending::Stopped => ("stopped", None),
            Ending::Failed(error) => ("failed", Some(Code::from(error).as_str())),
        };
        object.insert("state".to_owned(), json!(state));
        object.insert("status".to_owned(), json!(status(closing.ending)));
        object.insert("code".to_owned(), json!(error));
        object.insert("finishedAt".to_owned(), json!(closing.at));
        object.extend(report(closing));
        let calls = closing.report.calls.iter().chain(jobs.iter().flat_map(|job| &job.calls));
        object.insert("usage".to_owned(), usage(calls));
    }
    json
}

/// The route, the context, the timings and the usage of a turn that has ended.
pub(crate) fn report(closing: &Closing) -> serde_json::Map<String, Value> {
    let report = &closing.report;
    let fields = [
        ("usage", usage(report.calls.iter())),
        ("route", json!(report.route)),
        ("context", json!(report.context)),
        ("timings", json!(report.timings)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The jobs that a turn has just left behind.
pub(crate) fn pending(closing: &Closing) -> Vec<Value> {
    closing.jobs.iter().map(|kind| json!({ "kind": kind, "state": "pending", "attempts": 0 })).collect()
}

/// The word for an ending that is told as `complete`.
pub(crate) fn status(ending: Ending) -> &'static str {
    match ending {
        Ending::Finished => "finished",
        Ending::Stopped => "stopped",
        Ending::Truncated => "truncated",
        Ending::Filtered => "filtered",
        Ending::Deadline => "deadline",
        Ending::Failed(_) => "failed",
    }
}

/// A list, and where it goes on.
pub(crate) fn list(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    json!({ name: items, "nextCursor": next })
}
