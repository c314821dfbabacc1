//! What is certain without a model, and what is safe without one.

use super::answer::cut;
use super::finished::{measures, tells_a_workout};
use super::vocabulary::{is_of_fitness, is_question, is_small_talk, names_harm, words};
use super::{
    ContextNeeds, ConversationComplexity, LONGEST_TEXT, MemoryProcessing, ProposedMemory,
    RouterDecision, RouterMetadata, SearchType, Source, Update, UserIntent, WorkoutDetection,
    phrase,
};
use crate::Stage;
use crate::memory::{Importance, MemoryKind};

/// What a message can order outright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `/log-workout <what was done>`
    LogWorkout,
    /// `/save-memory <what to remember>`
    SaveMemory,
    /// `/forget <what to forget>`
    Forget,
    /// `/help`
    Help,
}

/// A command as people know it.
struct Entry {
    command: Command,
    word: &'static str,
    /// What is to stand behind it; nothing for one that needs nothing.
    takes: &'static str,
    does: &'static str,
    /// What is answered when nothing stands behind it, with an example.
    hint: &'static str,
}

/// Every command: what is not here is none.
const COMMANDS: [Entry; 4] = [
    Entry {
        command: Command::LogWorkout,
        word: "/log-workout",
        takes: " <what you did>",
        does: "puts a finished workout into your log",
        hint: "Tell me what you did, like this: /log-workout back squat 5x5 at 100 kg, RPE 8",
    },
    Entry {
        command: Command::SaveMemory,
        word: "/save-memory",
        takes: " <what to remember>",
        does: "has me remember something about you",
        hint: "Tell me what to remember, like this: /save-memory my left knee dislikes deep lunges",
    },
    Entry {
        command: Command::Forget,
        word: "/forget",
        takes: " <what to forget>",
        does: "has me forget what fits best",
        hint: "Tell me what to forget, like this: /forget what I said about my knee",
    },
    Entry {
        command: Command::Help,
        word: "/help",
        takes: "",
        does: "shows this list",
        hint: "",
    },
];

impl Command {
    /// Returns the command that the message begins with, and what stands behind it.
    pub fn parse(text: &str) -> Option<(Self, &str)> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let entry = COMMANDS
            .iter()
            .find(|entry| entry.word.eq_ignore_ascii_case(word))?;
        Some((entry.command, rest.trim()))
    }

    fn decide(self, rest: &str) -> RouterDecision {
        match self {
            Self::LogWorkout => RouterDecision {
                workout_detection: WorkoutDetection {
                    is_workout_log: true,
                    confidence: 1.0,
                    workout_type: None,
                    reasoning: COMMANDED.to_owned(),
                },
                memory_processing: MemoryProcessing {
                    needs_retrieval: true,
                    ..MemoryProcessing::default()
                },
                context_needs: search(&[SearchType::Workouts], COMMANDED),
                ..nothing(UserIntent::WorkoutLogging, Source::Rule, 1.0)
            },
            Self::SaveMemory => RouterDecision {
                memory_processing: MemoryProcessing {
                    is_memory_request: true,
                    memory: Some(memory(rest)),
                    confidence: 1.0,
                    reasoning: COMMANDED.to_owned(),
                    ..MemoryProcessing::default()
                },
                ..nothing(UserIntent::MemoryRequest, Source::Rule, 1.0)
            },
            Self::Forget => RouterDecision {
                memory_processing: MemoryProcessing {
                    is_forget_request: true,
                    confidence: 1.0,
                    reasoning: COMMANDED.to_owned(),
                    ..MemoryProcessing::default()
                },
                ..nothing(UserIntent::ForgetRequest, Source::Rule, 1.0)
            },
            Self::Help => nothing(UserIntent::General, Source::Rule, 1.0),
        }
    }
}

/// What a rule decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruled {
    /// What the message needs.
    pub decision: RouterDecision,
    /// What is said instead of asking any model.
    pub answer: Option<String>,
}

/// Returns the decision, where one is certain: commands, and messages of nothing but thanks,
/// assent, cheer or goodbye.
pub fn by_rule(text: &str) -> Option<Ruled> {
    match Command::parse(text) {
        Some((Command::Help, _)) => Some(answered(Command::Help)),
        Some((command, "")) => Some(answered(command)),
        Some((command, rest)) => Some(Ruled {
            decision: command.decide(rest),
            answer: None,
        }),
        None if is_small_talk(text) => Some(Ruled {
            decision: nothing(UserIntent::Acknowledgment, Source::Rule, 1.0),
            answer: None,
        }),
        None => None,
    }
}

/// Returns what is safe to do when no rule is certain and the router has failed: rather look up too
/// much than too little, and log only what is plainly a workout. Nothing is remembered. No more is
/// read than a router is told.
pub fn fallback(text: &str) -> RouterDecision {
    let text = cut(text, LONGEST_TEXT);
    let is_workout = tells_a_workout(text);
    let is_question = is_question(text);
    let intent = match (is_workout, is_question) {
        (true, _) => UserIntent::WorkoutLogging,
        (false, true) => UserIntent::Question,
        (false, false) => UserIntent::General,
    };
    let worth_telling = is_question || (text.trim().chars().count() > SHORT && names_fitness(text));
    let at_work = if is_workout {
        Stage::WorkoutAnalysis
    } else {
        Stage::MemoryAnalysis
    };
    let told = [Stage::InitialGreeting, at_work, Stage::InsightsBrewing];
    let told = told.map(|stage| Update {
        stage,
        text: phrase(stage).to_owned(),
    });
    RouterDecision {
        show_contextual_updates: worth_telling,
        contextual_updates: if worth_telling {
            told.into()
        } else {
            Vec::new()
        },
        workout_detection: WorkoutDetection {
            is_workout_log: is_workout,
            confidence: if is_workout { 0.8 } else { 0.0 },
            workout_type: None,
            reasoning: UNROUTED.to_owned(),
        },
        memory_processing: MemoryProcessing {
            needs_retrieval: true,
            reasoning: UNROUTED.to_owned(),
            ..MemoryProcessing::default()
        },
        context_needs: if is_question {
            search(&ANY, UNROUTED)
        } else {
            ContextNeeds::default()
        },
        ..nothing(intent, Source::Default, 0.5)
    }
}

const COMMANDED: &str = "a command";
const CHOSEN: &str = "a choice among memories";
const UNROUTED: &str = "the router gave no answer";
/// Shorter messages get no updates unless they ask something, in characters.
const SHORT: usize = 15;
const ANY: [SearchType; 4] = [
    SearchType::Methodology,
    SearchType::Workouts,
    SearchType::Progress,
    SearchType::Techniques,
];

/// Returns what is said instead of obeying: how to use a command, or all of them.
fn answered(command: Command) -> Ruled {
    let hint = COMMANDS
        .iter()
        .find(|entry| entry.command == command && !entry.hint.is_empty());
    let answer = hint.map_or_else(help, |entry| entry.hint.to_owned());
    Ruled {
        decision: nothing(UserIntent::General, Source::Rule, 1.0),
        answer: Some(answer),
    }
}

fn help() -> String {
    let lines = COMMANDS.iter().map(
        |Entry {
             word, takes, does, ..
         }| format!("\n{word}{takes} {does}"),
    );
    format!(
        "Just talk to me, or begin a message with one of these:{}",
        lines.collect::<String>()
    )
}

/// No updates, no recall, no jobs.
fn nothing(user_intent: UserIntent, source: Source, confidence: f64) -> RouterDecision {
    RouterDecision {
        user_intent,
        show_contextual_updates: false,
        contextual_updates: Vec::new(),
        workout_detection: WorkoutDetection::default(),
        memory_processing: MemoryProcessing::default(),
        context_needs: ContextNeeds::default(),
        conversation_title: None,
        conversation_complexity: ConversationComplexity::default(),
        router_metadata: RouterMetadata::of(source, confidence),
    }
}

/// Returns the decision of a message that answers which of several memories is to be forgotten.
pub(crate) fn choosing() -> RouterDecision {
    RouterDecision {
        memory_processing: MemoryProcessing {
            is_forget_request: true,
            confidence: 1.0,
            reasoning: CHOSEN.to_owned(),
            ..MemoryProcessing::default()
        },
        ..nothing(UserIntent::ForgetRequest, Source::Rule, 1.0)
    }
}

/// Whatever may harm matters most.
fn memory(content: &str) -> ProposedMemory {
    let (kind, importance) = if names_harm(content) {
        (MemoryKind::Constraint, Importance::High)
    } else {
        (MemoryKind::Context, Importance::Medium)
    };
    ProposedMemory {
        content: content.to_owned(),
        kind,
        importance,
        is_coach_specific: false,
        tags: Vec::new(),
        same_as: None,
        in_place_of: None,
    }
}

fn search(types: &[SearchType], why: &str) -> ContextNeeds {
    ContextNeeds {
        needs_pinecone_search: true,
        search_types: types.to_vec(),
        reasoning: why.to_owned(),
    }
}

/// Returns whether the message names something of training, the body or food.
fn names_fitness(text: &str) -> bool {
    words(text).iter().any(|word| is_of_fitness(word)) || measures(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_the_message_or_is_none() {
        let cases = [
            (
                "/log-workout 5x5 squats",
                Some((Command::LogWorkout, "5x5 squats")),
            ),
            (
                "/LOG-Workout\n  run\n5 km ",
                Some((Command::LogWorkout, "run\n5 km")),
            ),
            (
                "  /save-memory\tno lunges",
                Some((Command::SaveMemory, "no lunges")),
            ),
            ("/forget that", Some((Command::Forget, "that"))),
            ("/forget", Some((Command::Forget, ""))),
            ("/help me", Some((Command::Help, "me"))),
            ("/log-workouts 5x5", None),
            ("/log workout 5x5", None),
            ("/log-workout: 5x5", None),
            ("/logworkout", None),
            ("/unknown", None),
            ("/", None),
            ("", None),
            ("log-workout 5x5", None),
            ("please /log-workout 5x5", None),
            ("//help", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Command::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn commands_decide_alone() {
        let logged = by_rule("/log-workout squats 5x5").unwrap();
        assert_eq!(
            (logged.answer.clone(), logged.decision.logs_workout()),
            (None, true)
        );
        assert!(logged.decision.wants_gathering() && logged.decision.updates().is_empty());

        let saved = by_rule("/save-memory I train at dawn").unwrap();
        assert_eq!(
            (saved.answer.clone(), saved.decision.logs_workout()),
            (None, false)
        );
        assert!(saved.decision.memory_to_save().is_some());
        assert_eq!(saved.decision.user_intent, UserIntent::MemoryRequest);
        assert_eq!(
            saved.decision.memory_processing.memory,
            Some(memory("I train at dawn"))
        );
        let importance = |text| (memory(text).kind, memory(text).importance);
        assert_eq!(
            importance("I train at dawn"),
            (MemoryKind::Context, Importance::Medium)
        );
        assert_eq!(
            importance("lunges hurt my left knee"),
            (MemoryKind::Constraint, Importance::High)
        );

        let forgotten = by_rule("/forget my knee").unwrap();
        assert!(
            forgotten.decision.memory_processing.is_forget_request && forgotten.answer.is_none()
        );
        assert_eq!(forgotten.decision.router_metadata.source, Source::Rule);
    }

    #[test]
    fn help_and_empty_commands_are_answered_without_a_model() {
        for (text, answer) in [
            (
                "/help",
                "Just talk to me, or begin a message with one of these:\n",
            ),
            (
                "/help anything",
                "Just talk to me, or begin a message with one of these:\n",
            ),
            (
                "/log-workout",
                "Tell me what you did, like this: /log-workout ",
            ),
            (
                "/save-memory  ",
                "Tell me what to remember, like this: /save-memory ",
            ),
            ("/Forget\n", "Tell me what to forget, like this: /forget "),
        ] {
            let ruled = by_rule(text).unwrap();
            assert!(
                ruled
                    .answer
                    .as_deref()
                    .is_some_and(|said| said.starts_with(answer)),
                "{text:?}"
            );
            assert!(
                !ruled.decision.logs_workout() && !ruled.decision.wants_gathering(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn help_lists_every_command_with_what_it_takes_and_does() {
        let help = by_rule("/HELP").unwrap().answer.unwrap();
        for line in [
            "/log-workout <what you did> puts a finished workout into your log",
            "/save-memory <what to remember> has me remember something about you",
            "/forget <what to forget> has me forget what fits best",
            "/help shows this list",
        ] {
            assert!(help.lines().any(|said| said == line), "{line}: {help}");
            let word = line.split(' ').next().unwrap();
            assert!(Command::parse(word).is_some(), "{word}");
        }
        assert_eq!(help.lines().count(), 1 + COMMANDS.len());
    }

    #[test]
    fn small_talk_needs_nothing_and_everything_else_is_left_to_the_model() {
        let decision = by_rule("thanks!").unwrap().decision;
        assert_eq!(
            decision,
            nothing(UserIntent::Acknowledgment, Source::Rule, 1.0)
        );
        assert!(
            !decision.wants_gathering()
                && !decision.logs_workout()
                && decision.updates().is_empty()
        );
        for text in [
            "ok, what about squats?",
            "thanks, I did 5x5 squats at 100kg",
            "/unknown command",
            "hello",
            "",
        ] {
            assert_eq!(by_rule(text), None, "{text:?}");
        }
    }

    /// Text, intent, logged, searched, told.
    const BY_DEFAULT: [(&str, UserIntent, bool, bool, bool); 12] = [
        (
            "I did 5x5 back squats at 100 kg today",
            UserIntent::WorkoutLogging,
            true,
            false,
            true,
        ),
        (
            "ran 5k in 24:10",
            UserIntent::WorkoutLogging,
            true,
            false,
            false,
        ),
        (
            "how do I get a stronger bench",
            UserIntent::Question,
            false,
            true,
            true,
        ),
        ("why?", UserIntent::Question, false, true, true),
        (
            "did I beat my 5k time of 24:10?",
            UserIntent::Question,
            false,
            true,
            true,
        ),
        (
            "tomorrow I will squat 5x5 at 100 kg",
            UserIntent::General,
            false,
            false,
            true,
        ),
        (
            "my knee hurts after yesterday's session",
            UserIntent::General,
            false,
            false,
            true,
        ),
        ("squats", UserIntent::General, false, false, false),
        ("tired today", UserIntent::General, false, false, false),
        (
            "I bought a new car last weekend, it is blue",
            UserIntent::General,
            false,
            false,
            false,
        ),
        (
            "remember that I train at dawn",
            UserIntent::General,
            false,
            false,
            true,
        ),
        ("", UserIntent::General, false, false, false),
    ];

    #[test]
    fn the_safe_default_logs_searches_and_tells_as_the_text_suggests() {
        for (text, intent, logged, searched, told) in BY_DEFAULT {
            let decision = fallback(text);
            assert_eq!(decision.user_intent, intent, "{text:?}");
            assert_eq!(decision.logs_workout(), logged, "{text:?}");
            assert_eq!(
                decision.context_needs.needs_pinecone_search, searched,
                "{text:?}"
            );
            assert_eq!(!decision.updates().is_empty(), told, "{text:?}");
            assert!(
                decision.memory_processing.needs_retrieval
                    && decision.memory_processing.memory.is_none(),
                "{text:?}"
            );
            assert_eq!(decision.router_metadata.source, Source::Default, "{text:?}");
        }
    }

    #[test]
    fn the_safe_default_reads_no_more_than_a_router_is_told() {
        let deed = "I did 5x5 back squats at 100 kg today";
        let behind = |letters: usize| format!("{}. {deed}", "well ".repeat(letters / 5));
        assert!(fallback(&behind(LONGEST_TEXT - 100)).logs_workout());
        assert!(!fallback(&behind(LONGEST_TEXT)).logs_workout());
    }

    #[test]
    fn the_safe_default_tells_of_the_workout_only_when_there_is_one() {
        let stages = |text| {
            fallback(text)
                .updates()
                .iter()
                .map(|update| update.stage)
                .collect::<Vec<_>>()
        };
        let workout = [
            Stage::InitialGreeting,
            Stage::WorkoutAnalysis,
            Stage::InsightsBrewing,
        ];
        let question = [
            Stage::InitialGreeting,
            Stage::MemoryAnalysis,
            Stage::InsightsBrewing,
        ];
        assert_eq!(stages("just finished 3 rounds of burpees"), workout);
        assert_eq!(stages("what should I eat?"), question);
    }

    #[rustfmt::skip]
    #[test]
    fn fitness_is_recognised_by_its_words_and_its_measures() {
        for text in [
            "my squats", "Deadlifting", "new PR", "eat more protein", "I want to run", "25 min",
            "sore all over",
        ] {
            assert!(names_fitness(text), "{text:?}");
        }
        for text in [
            "", "hello there", "runic letters", "pressing matters", "25", "I bought a blue car",
            "coreopsis",
        ] {
            assert!(!names_fitness(text), "{text:?}");
        }
    }
}
