//! What prompts no longer say, because the athlete wanted it forgotten.
//!
//! The log of messages is the athlete's own and stays as it is. What is told to a model is not: a
//! message, a summary or a memory that is older than a tombstone, and says what that stands for,
//! does not enter a prompt any more.

use super::graveyard::{Graveyard, beginning};
use super::words::SAID;
use super::{Memory, Tombstone};
use crate::conversation::{PartKind, Said};
use crate::{Body, Message, Recalled, Summary, Timestamp, Workout};

/// What stands in a prompt for a message that said it.
pub const FORGOTTEN: &str = "(Left out: the athlete wanted this to be forgotten.)";

/// How much of what was forgotten a sentence must have to say it.
const SAYS: f32 = 0.6;

/// Returns whether somebody said then what was to be forgotten later: one of the sentences has most
/// of its words.
pub fn is_forgotten(text: &str, said_at: Timestamp, tombstones: &[Tombstone]) -> bool {
    Graveyard::of(tombstones).is_said_before(text, said_at, SAYS)
}

/// Returns the messages as prompts may say them: one fixed line stands for each that says what was
/// forgotten later.
///
/// What a memory was made of says it, in whatever words, and the answer to that with fewer of its
/// words than others.
pub fn told(messages: Vec<Message>, tombstones: &[Tombstone]) -> Vec<Message> {
    if tombstones.is_empty() {
        return messages;
    }
    let graveyard = Graveyard::of(tombstones);
    let told = messages.into_iter().map(|message| {
        let is_left_out = message.for_history().is_some_and(|said| {
            let is_own = |tombstone: &Tombstone| tombstone.is_from(&message.turn.turn);
            let says_own = match message.body {
                Body::User { .. } => tombstones.iter().any(is_own),
                Body::Assistant { .. } => {
                    tombstones.iter().any(is_own)
                        && graveyard.is_said(&said, SAID, |tombstone, _| is_own(tombstone))
                }
                Body::Unreadable => false,
            };
            says_own || graveyard.is_said_before(&said, message.created, SAYS)
        });
        if is_left_out {
            saying(message, FORGOTTEN)
        } else {
            message
        }
    });
    told.collect()
}

/// Returns the message for those who send only so many characters of it: what comes behind, from
/// the next sentence on, is no longer there, and need not be looked through.
pub fn shortened(message: Message, characters: usize) -> Message {
    match message.for_history() {
        Some(said) if beginning(&said, characters).len() < said.len() => {
            saying(message, beginning(&said, characters))
        }
        Some(_) | None => message,
    }
}

/// Returns the message without what it says.
pub(crate) fn silent(message: Message) -> Message {
    saying(message, "")
}

/// Returns the summary, unless it says what was forgotten later; then it is to be made again.
pub fn still_told(summary: Summary, tombstones: &[Tombstone]) -> Option<Summary> {
    let graveyard = Graveyard::of(tombstones);
    let says = summary
        .texts()
        .any(|text| graveyard.is_said_before(text, summary.made_at, SAYS));
    (!says).then_some(summary)
}

/// Returns the memories that may be recalled.
pub fn remembered(memories: Vec<Memory>, tombstones: &[Tombstone]) -> Vec<Memory> {
    let graveyard = Graveyard::of(tombstones);
    memories
        .into_iter()
        .filter(|memory| !graveyard.covers(memory))
        .collect()
}

/// Returns the hits that may be recalled. When their texts were made is not known: they may not say
/// it at all.
pub fn recallable(hits: Vec<Recalled>, tombstones: &[Tombstone]) -> Vec<Recalled> {
    let graveyard = Graveyard::of(tombstones);
    let is_told = |text: &str| !graveyard.is_said_before(text, Timestamp(0), SAYS);
    hits.into_iter()
        .filter(|hit| hit.owner.is_none() || is_told(&hit.text))
        .collect()
}

/// Returns the workouts without what says it in free text; what was done stays.
pub fn logged(workouts: Vec<Workout>, tombstones: &[Tombstone]) -> Vec<Workout> {
    let graveyard = Graveyard::of(tombstones);
    let logged = workouts.into_iter().map(|workout| {
        let is_told = |text: &String| !graveyard.is_said_before(text, workout.performed_at, SAYS);
        Workout {
            name: if is_told(&workout.name) {
                workout.name
            } else {
                UNNAMED.to_owned()
            },
            score: workout.score.filter(is_told),
            notes: workout.notes.filter(is_told),
            ..workout
        }
    });
    logged.collect()
}

/// What a workout is called without its name.
const UNNAMED: &str = "Workout";

/// Returns the message as if this was all that it says.
fn saying(message: Message, text: &str) -> Message {
    let body = match message.body {
        Body::User { sent, zone, .. } => Body::User {
            text: text.into(),
            sent,
            zone,
        },
        Body::Assistant { ending, .. } => {
            let said = Said {
                kind: PartKind::Reply,
                stage: None,
                text: text.into(),
            };
            Body::Assistant {
                ending,
                said: [said].into(),
            }
        }
        Body::Unreadable => Body::Unreadable,
    };
    Message { body, ..message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Trace;
    use crate::{Ending, TurnKey};

    const KNEE: &str = "Left knee hurts in deep lunges";
    const FORGOTTEN_AT: Timestamp = Timestamp(2_000);

    fn tombstone(text: &str) -> Tombstone {
        let (memory_id, trace) = ("gone".parse().unwrap(), Trace::of_memory(text));
        Tombstone {
            memory_id,
            trace,
            forgotten_at: FORGOTTEN_AT,
        }
    }

    fn message(created: u64, body: Body) -> Message {
        let (id, turn) = ("m".parse().unwrap(), TurnKey::of_ann("t"));
        Message {
            id,
            number: 1,
            turn,
            created: Timestamp(created),
            body,
        }
    }

    fn athlete(created: u64, text: &str) -> Message {
        message(
            created,
            Body::User {
                text: text.into(),
                sent: None,
                zone: None,
            },
        )
    }

    fn coach(created: u64, said: &[(PartKind, &str)]) -> Message {
        let said = said.iter().map(|(kind, text)| Said {
            kind: *kind,
            stage: None,
            text: (*text).into(),
        });
        message(
            created,
            Body::Assistant {
                ending: Ending::Finished,
                said: said.collect(),
            },
        )
    }

    #[test]
    fn a_text_says_what_was_forgotten_when_a_sentence_has_most_of_its_words() {
        for (of, text, expected) in [
            (
                KNEE,
                "Remember that my left knee hurts in deep lunges",
                true,
            ),
            (
                KNEE,
                "Good to know. Since your LEFT knee is hurting, we skip the deep lunges!",
                true,
            ),
            (
                KNEE,
                "constraints: warm up well; left knee, deep lunges",
                true,
            ),
            (KNEE, "Does my left knee look fine in a squat?", false),
            (
                KNEE,
                "Deep breaths. On the left, a pull. Then lunges. It hurts. Knee up.",
                false,
            ),
            ("vegan", "I am vegan, by the way", true),
            ("vegan", "I am vegetarian", false),
            ("Runs 5.5 km on Sundays", "On Sunday I ran 5.5 km", true),
            ("Trains at dawn", "I train in the evening", false),
            ("User dislikes burpees", "As I said, I hate burpees", true),
            ("讨厌波比跳", "你说过：我讨厌波比跳！所以不做", true),
            ("讨厌波比跳", "我讨厌长跑", false),
            ("", "anything", false),
        ] {
            assert_eq!(
                is_forgotten(text, Timestamp(1_000), &[tombstone(of)]),
                expected,
                "{of} / {text}"
            );
        }
        assert!(!is_forgotten(KNEE, Timestamp(1_000), &[]));
        assert!(is_forgotten(
            KNEE,
            FORGOTTEN_AT,
            &[tombstone("vegan"), tombstone(KNEE)]
        ));
        assert!(
            !is_forgotten(KNEE, Timestamp(2_001), &[tombstone(KNEE)]),
            "said again later, it is meant"
        );
    }

    #[test]
    fn in_a_prompt_one_line_stands_for_a_message_that_said_it() {
        let told = |message: Message| {
            let told = told(vec![message], &[tombstone(KNEE)]);
            told.first()
                .and_then(Message::for_history)
                .unwrap_or_default()
        };
        assert_eq!(
            told(athlete(1_000, &format!("Hi! {KNEE}, you know"))),
            FORGOTTEN
        );
        assert_eq!(told(athlete(1_000, "Hi!")), "Hi!");
        assert_eq!(told(athlete(3_000, KNEE)), KNEE);
        assert_eq!(
            told(coach(
                1_000,
                &[(PartKind::Reply, "So your left knee hurts in lunges.")]
            )),
            FORGOTTEN
        );
        let confirmed = [(PartKind::Reply, "Noted."), (PartKind::Confirmation, KNEE)];
        assert_eq!(
            told(coach(1_000, &confirmed)),
            "Noted.",
            "what a model is not told need not be left out"
        );
        assert_eq!(told(coach(1_000, &[(PartKind::Confirmation, KNEE)])), "");
    }

    #[test]
    fn what_a_memory_was_made_of_is_left_out_in_whatever_words_and_answers_to_it_more_readily() {
        for (memory, said, answer, harmless) in [
            (
                "User avoids jumps with burpees",
                "I can't stand burpees, they make me sick",
                "No burpees then.",
                "So be it.",
            ),
            (
                "ユーザーはバーピーが嫌い",
                "正直、バーピーだけは勘弁してほしい",
                "バーピーは外しますね。",
                "わかりました。",
            ),
            (
                "讨厌波比跳",
                "波比跳太折磨人了",
                "那我们换掉波比跳。",
                "好的，明白了。",
            ),
        ] {
            let tombstone = Tombstone {
                memory_id: "t".parse().unwrap(),
                ..tombstone(memory)
            };
            let told = |message: Message| {
                told(vec![message], std::slice::from_ref(&tombstone))[0].content()
            };
            let other = |message: Message| Message {
                turn: TurnKey::of_ann("other"),
                ..message
            };
            assert!(
                !is_forgotten(said, Timestamp(1_000), std::slice::from_ref(&tombstone)),
                "{said} has other words"
            );
            assert_eq!(told(athlete(1_000, said)), FORGOTTEN);
            assert_eq!(told(other(athlete(1_000, said))), said);
            assert_eq!(told(coach(1_000, &[(PartKind::Reply, answer)])), FORGOTTEN);
            assert_eq!(
                told(other(coach(1_000, &[(PartKind::Reply, answer)]))),
                answer
            );
            assert_eq!(told(coach(1_000, &[(PartKind::Reply, harmless)])), harmless);
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_is_told_to_no_model_and_keeps_its_place() {
        let messages = vec![
            athlete(1_000, "Hi!"),
            Message::unreadable(TurnKey::of_ann("t").conversation, 2),
            athlete(1_000, KNEE),
        ];
        let told = told(messages, &[tombstone(KNEE)]);
        let said: Vec<_> = told.iter().map(Message::for_history).collect();
        assert_eq!(
            said,
            [Some("Hi!".to_owned()), None, Some(FORGOTTEN.to_owned())]
        );
        assert_eq!(
            (told[1].number, told[1].content(), told[1].parts()),
            (2, String::new(), vec![])
        );
    }

    #[test]
    fn a_workout_keeps_what_was_done_and_not_what_it_says_besides() {
        let workout = |performed_at, name: &str, score: Option<&str>, notes: Option<&str>| {
            let workout = serde_json::json!({
                "workoutId": "w", "coachId": "c", "conversationId": "v", "turnId": "t",
                "discipline": "strength",
                "name": name, "performedAt": Timestamp(performed_at),
                "exercises": [{ "name": "Lunge" }],
                "score": score, "notes": notes, "confidence": 1.0,
            });
            serde_json::from_value::<Workout>(workout).unwrap()
        };
        let says_it = |at| workout(at, KNEE, Some(KNEE), Some(KNEE));
        let does_not = workout(1_000, "Squats", Some("5 rounds"), Some("in the rain"));
        let told = logged(
            vec![says_it(1_000), says_it(2_001), does_not.clone()],
            &[tombstone(KNEE)],
        );
        assert_eq!(
            told,
            [
                workout(1_000, "Workout", None, None),
                says_it(2_001),
                does_not
            ]
        );
    }

    #[test]
    fn a_summary_that_said_it_anywhere_is_not_told_any_more() {
        type Says = fn(&mut Summary);
        let places: [Says; 9] = [
            |told| told.narrative = format!("They met. {KNEE}. They trained."),
            |told| told.current_goals = vec![KNEE.to_owned()],
            |told| told.recent_progress = vec![KNEE.to_owned()],
            |told| told.preferences = vec![KNEE.to_owned()],
            |told| told.constraints = vec![KNEE.to_owned()],
            |told| told.key_insights = vec![KNEE.to_owned()],
            |told| told.emotional_state = KNEE.to_owned(),
            |told| told.tags = vec![KNEE.to_owned()],
            |told| {
                told.earlier = vec![crate::summary::Version {
                    words: format!("A story.\nConstraints: {KNEE}"),
                    through: 2,
                }];
            },
        ];
        for says in places {
            let mut summary = Summary {
                made_at: Timestamp(1_000),
                ..Summary::default()
            };
            says(&mut summary);
            assert_eq!(
                still_told(summary.clone(), &[tombstone(KNEE)]),
                None,
                "{summary:?}"
            );
            assert_eq!(
                still_told(summary.clone(), &[tombstone("vegan")]).as_ref(),
                Some(&summary)
            );
            let later = Summary {
                made_at: Timestamp(2_001),
                ..summary
            };
            assert_eq!(still_told(later.clone(), &[tombstone(KNEE)]), Some(later));
        }
    }

    #[test]
    fn a_hit_of_ones_own_may_not_say_it_and_what_all_share_may() {
        let hit = |owner: Option<&str>, text: &str| Recalled {
            kind: crate::memory::RecalledKind::Summary,
            id: text.to_owned(),
            owner: owner.map(|owner| crate::UserScope::verified(owner.parse().unwrap())),
            text: text.to_owned(),
            score: 1.0,
        };
        let hits = vec![
            hit(Some("ann"), KNEE),
            hit(Some("ann"), "Squats"),
            hit(None, KNEE),
        ];
        assert_eq!(recallable(hits.clone(), &[tombstone(KNEE)]), hits[1..]);
        assert_eq!(recallable(hits.clone(), &[]), hits);
    }
}
