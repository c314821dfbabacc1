//! What is somebody else's, as a store hands it out that mixes its users up.

use domain::{Body, ConversationKey, Message, Timestamp, TurnId, TurnKey, UserScope};
use ports::{Kind, Record, RecordKey};
use serde_json::json;

/// Stands in all of it; no model may be told it.
pub(super) const FOREIGN: &str = "the-secret-of-somebody-else";

/// The turn that all of it is from.
pub(super) fn turn() -> TurnId {
    "foreign".parse().unwrap()
}

fn somebody_else() -> UserScope {
    UserScope::verified("eve".parse().unwrap())
}

/// A message of a conversation that is called like this one.
pub(super) fn message(key: &ConversationKey) -> Message {
    let conversation = ConversationKey {
        user: somebody_else(),
        ..key.clone()
    };
    Message {
        id: "foreign".parse().unwrap(),
        number: 1,
        turn: TurnKey {
            conversation,
            turn: turn(),
        },
        created: Timestamp(0),
        body: Body::User {
            text: FOREIGN.into(),
            sent: None,
            zone: None,
        },
    }
}

/// A record that is called like this one, of the kinds that enter prompts.
pub(super) fn record(at: &RecordKey) -> Option<Record> {
    let body = match at.kind {
        Kind::Memory => json!({
            "memoryId": at.id, "content": FOREIGN, "type": "context", "importance": "high",
            "coachId": null, "tags": [], "source": "conversation", "sourceMessageId": null,
            "conversationId": null, "createdAt": Timestamp(0), "lastUsedAt": null,
            "timesUsed": 0, "supersededBy": null,
        }),
        Kind::Workout => json!({
            "workoutId": at.id, "coachId": "c", "conversationId": "v", "turnId": "t",
            "discipline": "strength", "name": FOREIGN, "performedAt": Timestamp(0),
            "exercises": [], "confidence": 1.0,
        }),
        Kind::Summary => json!({ "narrative": FOREIGN, "from": 1, "through": 1 }),
        Kind::Coach | Kind::Tombstone | Kind::PersonalRecord | Kind::Usage | Kind::Safety => {
            return None;
        }
    };
    Some(Record {
        at: RecordKey {
            owner: somebody_else(),
            ..at.clone()
        },
        body: body.to_string().into_bytes(),
        version: 1,
        until: None,
    })
}
