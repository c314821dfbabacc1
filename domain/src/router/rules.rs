//! What is certain without a model, and what is safe without one.

use super::answer::cut;
use super::command::{COMMANDS, Command};
use super::finished::{names_fitness, tells_a_workout};
use super::vocabulary::{is_question, is_small_talk};
use super::{
    ContextNeeds, ConversationComplexity, LONGEST_TEXT, MemoryProcessing, ProposedMemory,
    RouterDecision, RouterMetadata, SearchType, Source, Update, UserIntent, WorkoutDetection,
    phrase,
};
use crate::memory::{Importance, MemoryKind};
use crate::voice::{self, CommandWords};
use crate::{Care, Language, SafetyKind, Stage};

impl Command {
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
                    memory: Some(to_remember(rest)),
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
/// assent, cheer or goodbye. What is said instead of asking a model is in `language`.
pub fn by_rule(text: &str, language: Language) -> Option<Ruled> {
    let ruled = match Command::parse(text) {
        Some((Command::Help, _)) => answered(Command::Help, language),
        Some((command, "")) => answered(command, language),
        Some((command, rest)) => Ruled {
            decision: command.decide(rest),
            answer: None,
        },
        None if is_small_talk(text) => Ruled {
            decision: nothing(UserIntent::Acknowledgment, Source::Rule, 1.0),
            answer: None,
        },
        None => return None,
    };
    let decision = RouterDecision {
        language,
        ..ruled.decision.heeding(text)
    };
    Some(Ruled { decision, ..ruled })
}

/// Returns what is safe to do when no rule is certain and the router has failed: rather look up too
/// much than too little, and log only what is plainly a workout. Nothing is remembered. No more is
/// read than a router is told.
pub fn fallback(text: &str) -> RouterDecision {
    let (whole, text) = (text, cut(text, LONGEST_TEXT));
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
    let decision = RouterDecision {
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
    };
    decision.heeding(whole)
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
fn answered(command: Command, language: Language) -> Ruled {
    let hint = command.in_words(language).hint;
    let answer = if hint.is_empty() {
        help(language)
    } else {
        hint.to_owned()
    };
    Ruled {
        decision: nothing(UserIntent::General, Source::Rule, 1.0),
        answer: Some(answer),
    }
}

fn help(language: Language) -> String {
    let mut help = voice::words(language).help.to_owned();
    for (command, word) in COMMANDS {
        let CommandWords { takes, does, .. } = command.in_words(language);
        help.push_str(&format!("\n{word}{takes} {does}"));
    }
    help
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
        care: Care::None,
        language: Language::default(),
        router_metadata: RouterMetadata::of(source, confidence),
    }
}

/// Returns the decision of a message that answers which of several memories is to be forgotten.
pub(crate) fn choosing(text: &str, language: Language) -> RouterDecision {
    let decision = RouterDecision {
        language,
        memory_processing: MemoryProcessing {
            is_forget_request: true,
            confidence: 1.0,
            reasoning: CHOSEN.to_owned(),
            ..MemoryProcessing::default()
        },
        ..nothing(UserIntent::ForgetRequest, Source::Rule, 1.0)
    };
    decision.heeding(text)
}

/// Returns what is to be remembered by these very words. Whatever may harm matters most.
pub(crate) fn to_remember(content: &str) -> ProposedMemory {
    let safety = SafetyKind::floor(content);
    let (kind, importance) = match safety {
        Some(_) => (MemoryKind::Constraint, Importance::High),
        None => (MemoryKind::Context, Importance::Medium),
    };
    ProposedMemory {
        content: content.to_owned(),
        kind,
        importance,
        is_coach_specific: false,
        tags: Vec::new(),
        safety,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_decide_alone() {
        let logged = by_rule("/log-workout squats 5x5", Language::En).unwrap();
        assert_eq!(
            (logged.answer.clone(), logged.decision.logs_workout()),
            (None, true)
        );
        assert!(logged.decision.wants_gathering() && logged.decision.updates().is_empty());

        let saved = by_rule("/save-memory I train at dawn", Language::En).unwrap();
        assert_eq!(
            (saved.answer.clone(), saved.decision.logs_workout()),
            (None, false)
        );
        assert!(saved.decision.memory_to_save().is_some());
        assert_eq!(saved.decision.user_intent, UserIntent::MemoryRequest);
        assert_eq!(
            saved.decision.memory_processing.memory,
            Some(to_remember("I train at dawn"))
        );
        let importance = |text| (to_remember(text).kind, to_remember(text).importance);
        assert_eq!(
            importance("I train at dawn"),
            (MemoryKind::Context, Importance::Medium)
        );
        assert_eq!(
            importance("lunges hurt my left knee"),
            (MemoryKind::Constraint, Importance::High)
        );

        let forgotten = by_rule("/forget my knee", Language::En).unwrap();
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
            let ruled = by_rule(text, Language::En).unwrap();
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
        let help = by_rule("/HELP", Language::En).unwrap().answer.unwrap();
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
        let decision = by_rule("thanks!", Language::En).unwrap().decision;
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
            assert_eq!(by_rule(text, Language::En), None, "{text:?}");
        }
    }

    /// Text, intent, logged, searched, told.
    const BY_DEFAULT: [(&str, UserIntent, bool, bool, bool); 13] = [
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
            false,
        ),
        (
            "my knee is getting better after yesterday's session",
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
