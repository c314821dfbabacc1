//! What prompts no longer say, because the athlete wanted it forgotten.
//!
//! The log of messages is the athlete's own and stays as it is. What is told to a model is not: a message, a summary or
//! a memory that is older than a tombstone, and says what that stands for, does not enter a prompt any more.

use super::words::Trace;
use super::{Memory, Tombstone};
use crate::conversation::{PartKind, Said};
use crate::{Body, Message, Recalled, Summary, Timestamp};

/// What stands in a prompt for a message that said it.
pub const FORGOTTEN: &str = "(Left out: the athlete wanted this to be forgotten.)";

/// How much of what was forgotten a sentence must have to say it.
const SAYS: f32 = 0.6;

/// Whether somebody said then what was to be forgotten later: one of the sentences has most of its words.
pub fn is_forgotten(text: &str, said_at: Timestamp, tombstones: &[Tombstone]) -> bool {
    let younger: Vec<&Tombstone> = tombstones.iter().filter(|tombstone| tombstone.forgotten_at >= said_at).collect();
    let is_said = |sentence: &str| {
        let sentence = Trace::of(sentence);
        younger.iter().any(|tombstone| tombstone.trace.share_in(&sentence) >= SAYS)
    };
    !younger.is_empty() && sentences(text).any(is_said)
}

/// The messages as prompts may say them: one fixed line stands for each that says what was forgotten later.
pub fn told(messages: Vec<Message>, tombstones: &[Tombstone]) -> Vec<Message> {
    let told = messages.into_iter().map(|message| {
        let said = message.for_history();
        if said.is_some_and(|said| is_forgotten(&said, message.created, tombstones)) {
            blotted(message)
        } else {
            message
        }
    });
    told.collect()
}

/// The summary, unless it says what was forgotten later; then it is to be made again.
pub fn still_told(summary: Summary, tombstones: &[Tombstone]) -> Option<Summary> {
    let says = summary.texts().any(|text| is_forgotten(text, summary.made_at, tombstones));
    (!says).then_some(summary)
}

/// The memories that may be recalled.
pub fn remembered(memories: Vec<Memory>, tombstones: &[Tombstone]) -> Vec<Memory> {
    let remembered = memories.into_iter();
    remembered.filter(|memory| !tombstones.iter().any(|tombstone| tombstone.covers(memory))).collect()
}

/// The hits that may be recalled. When their texts were made is not known: they may not say it at all.
pub fn recallable(hits: Vec<Recalled>, tombstones: &[Tombstone]) -> Vec<Recalled> {
    let is_shared = |hit: &Recalled| hit.owner.is_none();
    hits.into_iter().filter(|hit| is_shared(hit) || !is_forgotten(&hit.text, Timestamp(0), tombstones)).collect()
}

fn blotted(message: Message) -> Message {
    let body = match message.body {
        Body::User { sent, zone, .. } => Body::User { text: FORGOTTEN.into(), sent, zone },
        Body::Assistant { ending, .. } => {
            let said = Said { kind: PartKind::Reply, stage: None, text: FORGOTTEN.into() };
            Body::Assistant { ending, said: [said].into() }
        }
    };
    Message { body, ..message }
}

/// Full stops within numbers end nothing.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ';', '!', '?', '…', '。']).flat_map(|line| line.split(". "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ending;

    const KNEE: &str = "Left knee hurts in deep lunges";
    const FORGOTTEN_AT: Timestamp = Timestamp(2_000);

    fn tombstone(text: &str) -> Tombstone {
        let (memory_id, trace) = ("gone".parse().unwrap(), Trace::of(text));
        Tombstone { memory_id, trace, forgotten_at: FORGOTTEN_AT }
    }

    fn message(created: u64, body: Body) -> Message {
        let (id, turn) = ("m".parse().unwrap(), "t".parse().unwrap());
        Message { id, number: 1, turn, created: Timestamp(created), body }
    }

    fn athlete(created: u64, text: &str) -> Message {
        message(created, Body::User { text: text.into(), sent: None, zone: None })
    }

    fn coach(created: u64, said: &[(PartKind, &str)]) -> Message {
        let said = said.iter().map(|(kind, text)| Said { kind: *kind, stage: None, text: (*text).into() });
        message(created, Body::Assistant { ending: Ending::Finished, said: said.collect() })
    }

    #[test]
    fn a_text_says_what_was_forgotten_when_a_sentence_has_most_of_its_words() {
        for (of, text, expected) in [
            (KNEE, "Remember that my left knee hurts in deep lunges", true),
            (KNEE, "Good to know. Since your LEFT knee is hurting, we skip the deep lunges!", true),
            (KNEE, "constraints: warm up well; left knee, deep lunges", true),
            (KNEE, "Does my left knee look fine in a squat?", false),
            (KNEE, "Deep breaths. On the left, a pull. Then lunges. It hurts. Knee up.", false),
            ("vegan", "I am vegan, by the way", true),
            ("vegan", "I am vegetarian", false),
            ("Runs 5.5 km on Sundays", "On Sunday I ran 5.5 km", true),
            ("Trains at dawn", "I train in the evening", false),
            ("", "anything", false),
        ] {
            assert_eq!(is_forgotten(text, Timestamp(1_000), &[tombstone(of)]), expected, "{of} / {text}");
        }
        assert!(!is_forgotten(KNEE, Timestamp(1_000), &[]));
        assert!(is_forgotten(KNEE, FORGOTTEN_AT, &[tombstone("vegan"), tombstone(KNEE)]));
        assert!(!is_forgotten(KNEE, Timestamp(2_001), &[tombstone(KNEE)]), "said again later, it is meant");
    }

    #[test]
    fn in_a_prompt_one_line_stands_for_a_message_that_said_it() {
        let told = |message: Message| {
            let told = told(vec![message], &[tombstone(KNEE)]);
            told.first().and_then(Message::for_history).unwrap_or_default()
        };
        assert_eq!(told(athlete(1_000, &format!("Hi! {KNEE}, you know"))), FORGOTTEN);
        assert_eq!(told(athlete(1_000, "Hi!")), "Hi!");
        assert_eq!(told(athlete(3_000, KNEE)), KNEE);
        assert_eq!(told(coach(1_000, &[(PartKind::Reply, "So your left knee hurts in lunges.")])), FORGOTTEN);
        let confirmed = [(PartKind::Reply, "Noted."), (PartKind::Confirmation, KNEE)];
        assert_eq!(told(coach(1_000, &confirmed)), "Noted.", "what a model is not told need not be left out");
        assert_eq!(told(coach(1_000, &[(PartKind::Confirmation, KNEE)])), "");
    }

    #[test]
    fn a_summary_that_said_it_anywhere_is_not_told_any_more() {
        let item = || vec![KNEE.to_owned()];
        let earlier = || vec![crate::summary::Version { words: format!("A story.\nConstraints: {KNEE}"), through: 2 }];
        let made = |summary: Summary| Summary { made_at: Timestamp(1_000), ..summary };
        for summary in [
            Summary { narrative: format!("They met. {KNEE}. They trained."), ..Summary::default() },
            Summary { current_goals: item(), ..Summary::default() },
            Summary { recent_progress: item(), ..Summary::default() },
            Summary { preferences: item(), ..Summary::default() },
            Summary { constraints: item(), ..Summary::default() },
            Summary { key_insights: item(), ..Summary::default() },
            Summary { emotional_state: KNEE.to_owned(), ..Summary::default() },
            Summary { tags: item(), ..Summary::default() },
            Summary { earlier: earlier(), ..Summary::default() },
        ] {
            let summary = made(summary);
            assert_eq!(still_told(summary.clone(), &[tombstone(KNEE)]), None, "{summary:?}");
            assert_eq!(still_told(summary.clone(), &[tombstone("vegan")]).as_ref(), Some(&summary));
            let later = Summary { made_at: Timestamp(2_001), ..summary };
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
        let hits = vec![hit(Some("ann"), KNEE), hit(Some("ann"), "Squats"), hit(None, KNEE)];
        assert_eq!(recallable(hits.clone(), &[tombstone(KNEE)]), hits[1..]);
        assert_eq!(recallable(hits.clone(), &[]), hits);
    }
}
