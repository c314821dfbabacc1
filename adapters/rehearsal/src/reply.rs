//! Words for the athlete.

mod voice;

use domain::prompt::Block;
use domain::{Care, Prompt};

use crate::dice::Dice;
use crate::heard::{Heard, context, data, last_block};
use voice::{Voice, sessions, voice};

/// A reply that follows from the prompt and the dice.
pub(crate) fn compose(prompt: &Prompt, dice: &mut Dice) -> String {
    let heard = Heard::new(last_block(prompt));
    match Care::floor(&heard.text) {
        Care::Emergency | Care::Crisis => return STOP.to_owned(),
        Care::Grief => return COMFORT.to_owned(),
        Care::None | Care::Injury | Care::Illness => {}
    }
    let system = prompt
        .system
        .iter()
        .find_map(Block::text)
        .unwrap_or_default();
    let (name, voice) = (name(system), voice(system));
    if heard.takes_leave() {
        return format!("{} {}", dice.pick(&FAREWELLS), dice.pick(voice.farewells));
    }
    let mut paragraphs = vec![opening(&heard, dice)];
    paragraphs.extend(known(context(prompt)));
    if heard.names_harm() {
        paragraphs.push(CARE.to_owned());
    }
    if heard.wants_plan() {
        paragraphs.extend(plan(&heard, voice, dice));
    } else {
        paragraphs.push(format!(
            "{} {}",
            dice.pick(voice.beliefs),
            dice.pick(voice.cues)
        ));
        paragraphs.push(format!(
            "Two things for next time:\n- {}\n- {}",
            dice.pick(voice.steps),
            dice.pick(&HABITS)
        ));
    }
    paragraphs.push(format!("{}\n{name}", dice.pick(&CLOSINGS)));
    paragraphs.join("\n\n")
}

fn opening(heard: &Heard, dice: &mut Dice) -> String {
    let quote = shortened(&heard.text, 14);
    let about = heard.topic().map_or("training", |topic| topic.noun);
    let first = dice.pick(&OPENINGS);
    if quote.is_empty() {
        format!("{first} Let's talk about your {about}.")
    } else {
        format!("{first} “{quote}”: let's talk about your {about}.")
    }
}

/// Returns what the coach knows of the athlete, as far as it stands in the prompt.
fn known(context: &str) -> Option<String> {
    let told = [
        ("safety", "I keep in mind:"),
        ("memory", "I have not forgotten what you told me:"),
        ("workouts", "Your log has this to say:"),
        ("recalled", "This belongs here too:"),
    ];
    let lines = told.iter().filter_map(|(tag, lead)| {
        let first = data(context, tag).first()?.trim_start_matches("- ");
        Some(format!("{lead} {}.", shortened(first, 30)))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn plan(heard: &Heard, voice: &'static Voice, dice: &mut Dice) -> Vec<String> {
    let about = heard.topic().map_or("training", |topic| topic.noun);
    let intro = format!(
        "Here are four weeks for your {about}, with three sessions in each. Every session begins \
         with ten easy minutes and ends before your technique does. {}",
        dice.pick(voice.beliefs)
    );
    let start = usize::try_from(dice.roll() % 4).unwrap_or_default();
    let mut sessions = sessions(voice, heard.topic()).iter().cycle().skip(start);
    let weeks = WEEKS.iter().enumerate().map(|(week, (theme, dose))| {
        let days = DAYS.iter().zip(&mut sessions);
        let days: Vec<String> = days
            .map(|(day, session)| format!("- {day}: {session}"))
            .collect();
        format!("Week {}, {theme}: {dose}\n{}", week + 1, days.join("\n"))
    });
    let after = format!("{} {}", dice.pick(voice.cues), dice.pick(&HABITS));
    [intro].into_iter().chain(weeks).chain([after]).collect()
}

/// As the instructions introduce the coach.
fn name(system: &str) -> &str {
    system
        .strip_prefix("You are ")
        .and_then(|rest| rest.split_once(','))
        .map_or("Your coach", |(name, _)| name)
}

/// Returns the first so many words, without the full stop behind them.
fn shortened(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().take(most + 1).collect();
    match words.get(..most) {
        Some(first) if words.len() > most => format!("{}…", first.join(" ")),
        _ => words.join(" ").trim_end_matches(['.', '!']).to_owned(),
    }
}

const OPENINGS: [&str; 6] = [
    "Good that you bring this up, because it is exactly the kind of thing that decides how a \
     month goes.",
    "Thanks for being so plain about it, that makes it easy for me to be just as plain with you.",
    "I read that twice, and I think there is more in it than it looks like at first.",
    "That is worth a proper answer, so let me take it apart before I put it together again.",
    "Right, this is something that we can work with, today and not just some day.",
    "I like where this is going, and I would rather be concrete than clever about it.",
];

const HABITS: [&str; 5] = [
    "Write down how it felt, in one honest line, before you have had your shower.",
    "Go to bed half an hour earlier on the night before; nothing that I could prescribe works \
     better.",
    "Leave a little in the tank, so that the next session begins with curiosity instead of dread.",
    "Drink and eat something simple within the hour afterwards, and then leave the subject alone.",
    "If the day is bad, do half of it well; a short session counts, a skipped one does not.",
];

const CLOSINGS: [&str; 5] = [
    "How does that sit with you, and what would make it easier this week?",
    "Tell me what you think, and what stands in the way; we will adjust from there.",
    "Which part of this would you like to begin with?",
    "Does that fit into your week as it is, or shall we trim it?",
    "Try it once, and tell me afterwards what surprised you.",
];

const FAREWELLS: [&str; 4] = [
    "Any time.",
    "My pleasure.",
    "Take care of yourself.",
    "Until next time.",
];

const STOP: &str = "This is not the moment for training, and I only rehearse: I do not think. \
    Please stop here, do not stay alone with this, and let somebody help you who can be there.";

const COMFORT: &str = "I only rehearse, so I have no words that are worth it now. Training can \
    wait; be with people who know you.";

const CARE: &str = "First things first: pain that is sharp, that lasts, or that gets worse is a \
    reason to stop and to see a doctor or a physiotherapist. Until somebody has looked at it, \
    stay with what does not hurt.";

const DAYS: [&str; 3] = ["Monday", "Wednesday", "Saturday"];

/// What each week is about, and what that means for its sessions.
const WEEKS: [(&str, &str); 4] = [
    (
        "finding the level",
        "stop while it still feels easy, and note what you did.",
    ),
    (
        "adding a little",
        "one set or five minutes more than last week, and no more.",
    ),
    (
        "the hard one",
        "here it may feel like work, at eight out of ten and not above.",
    ),
    (
        "letting it sink in",
        "half of last week's amount, so that you arrive rested at the end.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ChatMessage, Speaker, coach};

    fn prompt(system: &str, context: &str, text: &str) -> Prompt {
        let blocks = vec![Block::Text(context.into()), Block::Text(text.into())];
        Prompt {
            system: vec![Block::Text(system.into()), Block::CachePoint],
            messages: vec![ChatMessage {
                speaker: Speaker::User,
                blocks,
            }],
        }
    }

    fn reply(system: &str, context: &str, text: &str, seed: u64) -> String {
        compose(&prompt(system, context, text), &mut Dice::of(seed, text))
    }

    fn length(text: &str) -> usize {
        text.split_whitespace().count()
    }

    #[test]
    fn replies_have_their_lengths_whoever_speaks_and_whatever_the_dice_say() {
        let coaches = coach::shipped()
            .into_iter()
            .map(|coach| coach.instructions());
        for system in coaches.chain([String::new(), "You are Ada, a coach.".to_owned()]) {
            for seed in 0..200 {
                let say = |text: &str| length(&reply(&system, "", text, seed));
                assert!((60..220).contains(&say("My squats feel heavy")), "{seed}");
                assert!(say("") >= 60, "{seed}");
                assert!(say("I need a running plan") >= 300, "{seed}");
                assert!((3..40).contains(&say("Thanks, see you!")), "{seed}");
            }
        }
    }

    #[test]
    fn the_same_seed_says_the_same_and_another_seed_something_else() {
        let said = |seed| reply("You are Ada, a coach.", "", "My squats feel heavy", seed);
        assert_eq!(said(1), said(1));
        let different: std::collections::BTreeSet<_> = (0..20).map(said).collect();
        assert!(different.len() > 15, "{}", different.len());
    }

    #[test]
    fn a_reply_refers_to_the_message_to_what_is_known_and_to_the_coach() {
        let context = "<context>\nNow: Friday\n<memory>\ntrains at dawn\n</memory>\n<workouts>\n\
            2026-11-18 Run: Run 5 km\n\
            </workouts>\n<recalled>\neasy days easy\n</recalled>\n</context>";
        let said = reply(
            "You are Ada Lift, a coach.",
            context,
            "My squats feel heavy [rehearse:cut]",
            3,
        );
        for part in [
            "“My squats feel heavy”",
            "your squat.",
            "trains at dawn.",
            "Run 5 km.",
            "easy days easy.",
            "\nAda Lift",
        ] {
            assert!(said.contains(part), "{part:?} in {said}");
        }
        assert!(!said.contains("rehearse") && !said.contains("doctor"));
        assert!(reply("", "", "My knee hurts", 3).contains("doctor"));
        assert!(
            !reply("", "not context: <memory>\nx\n</memory>", "Hi there", 3).contains("forgotten")
        );
    }

    #[test]
    fn nothing_is_trained_where_it_is_urgent() {
        for text in [
            "I don't want to live anymore",
            "Give me a plan, my chest hurts",
        ] {
            assert_eq!(reply("You are Ada, a coach.", "", text, 1), STOP);
        }
    }

    #[test]
    fn a_plan_trains_what_was_asked_for() {
        let said = reply(
            "You are Ada, a strength coach.",
            "",
            "Give me a running plan",
            1,
        );
        assert!(
            said.contains("jogging") && !said.contains("squat"),
            "{said}"
        );
        assert!(reply("You are Ada, a strength coach.", "", "Give me a plan", 1).contains("squat"));
    }

    #[test]
    fn coaches_have_their_own_words() {
        let said = |system: &str| reply(system, "", "What should I do today?", 5);
        let coaches: Vec<String> = coach::shipped()
            .iter()
            .map(|coach| coach.instructions())
            .collect();
        let all: std::collections::BTreeSet<_> = coaches
            .iter()
            .map(String::as_str)
            .chain(["You are Rhea Stone, a person."])
            .map(said)
            .collect();
        assert_eq!(all.len(), 4);
        for (system, word) in coaches.iter().zip(["bar", "pace", "breath"]) {
            let told: String = (0..20)
                .map(|seed| reply(system, "", "What now?", seed))
                .collect();
            assert!(told.contains(word), "{word}");
        }
    }
}
