use super::*;
use crate::memory::{FORGOTTEN, Importance, MemoryKind, RecalledKind};
use crate::{Body, Memory, Message, Recalled, Summary, Timestamp, TurnKey, UserScope, Workout};

const KNEE: &str = "My left knee hurts";

fn memory(id: &str, content: &str) -> Memory {
    Memory {
        kind: MemoryKind::Constraint,
        importance: Importance::High,
        created_at: Timestamp(1_000),
        ..Memory::given(id, content)
    }
}

#[test]
fn nothing_that_was_forgotten_is_left_in_what_a_turn_has_read() {
    let forgotten = vec![Tombstone::of(&memory("gone", KNEE), Timestamp(2_000))];
    let body = Body::User {
        text: KNEE.into(),
        sent: None,
        zone: None,
    };
    let turn = TurnKey::of_ann("t");
    let id = "m".parse().unwrap();
    let history = vec![Message {
        id,
        number: 1,
        turn,
        created: Timestamp(1_000),
        body,
    }];
    let summary = Summary {
        narrative: KNEE.to_owned(),
        made_at: Timestamp(1_000),
        ..Summary::default()
    };
    let loaded = Loaded {
        history,
        summary: Some(Box::new(summary)),
        forgotten,
        safety: SafetyFacts::default(),
        memories: Ok(Vec::new()),
        before: Vec::new(),
    };
    let told = loaded.clone().without_forgotten();
    assert_eq!(
        (told.history[0].content().as_str(), told.summary),
        (FORGOTTEN, None)
    );
}

#[test]
fn nothing_that_was_forgotten_is_left_in_what_a_turn_has_gathered() {
    let owner = UserScope::verified("ann".parse().unwrap());
    let forgotten = [Tombstone::of(&memory("gone", KNEE), Timestamp(2_000))];
    let hit = |id: &str, text: &str| Recalled {
        kind: RecalledKind::Summary,
        id: id.to_owned(),
        owner: Some(owner.clone()),
        text: text.to_owned(),
        score: 1.0,
    };
    let memories = vec![
        memory("gone", "edited"),
        memory("twin", "my LEFT knee hurts!"),
        memory("kept", "Vegan"),
    ];
    let recalled = vec![
        hit("a", &format!("They met. {KNEE}.")),
        hit("b", "They met."),
    ];
    let workout = serde_json::json!({
        "workoutId": "w", "coachId": "c", "conversationId": "v", "turnId": "t",
        "discipline": "strength",
        "name": "Squats", "performedAt": Timestamp(1_000), "exercises": [], "notes": KNEE,
        "confidence": 1.0,
    });
    let workout: Workout = serde_json::from_value(workout).unwrap();
    let gathered = Gathered {
        memories,
        workouts: vec![workout.clone()],
        recalled,
        calls: Vec::new(),
    };
    let told = gathered.clone().without(&forgotten);
    assert_eq!(
        (told.memories, told.recalled),
        (vec![memory("kept", "Vegan")], vec![hit("b", "They met.")])
    );
    assert_eq!(
        told.workouts,
        [Workout {
            notes: None,
            ..workout
        }]
    );
    assert_eq!(gathered.clone().without(&[]), gathered);
}
