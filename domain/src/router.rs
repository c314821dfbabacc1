//! What a message needs: one decision, made once, used by everything that follows.
//!
//! Rules decide where they are certain ([`by_rule`]); else a small model is asked ([`question`],
//! [`parse`]); if it fails, a safe default stands ([`fallback`]). Nothing decides again.

pub(crate) mod answer;
mod command;
mod finished;
mod parse;
mod phrases;
mod rules;
mod vocabulary;

use serde::{Deserialize, Serialize};

use crate::memory::{Importance, MemoryKind, RecalledKind};
use crate::{Care, Language, MemoryId, SafetyKind, Stage, Tone};

pub use command::Command;
pub(crate) use parse::numbered;
pub use parse::{Malformed, TOOL, earlier, parse, question, schema};
pub use phrases::phrase;
pub use rules::{Ruled, by_rule, fallback};
pub(crate) use rules::{choosing, to_remember};

/// Changes when a rule, the router's prompt or its parser changes what is decided.
pub const POLICY_VERSION: &str = "5";

/// How much of a message the router reads, in characters.
const LONGEST_TEXT: usize = 4_000;

/// Returns how a message is met, before anything is looked up or decided, and in which language it
/// is written, if that is clear.
pub fn tone(text: &str) -> (Tone, Option<Language>) {
    let (quiet, language) = Tone::quiet(text, vocabulary::is_small_talk(text));
    let other = || {
        if finished::names_fitness(text) {
            Tone::Keen
        } else {
            Tone::Plain
        }
    };
    (quiet.unwrap_or_else(other), language)
}

/// What a message needs, and who said so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterDecision {
    pub user_intent: UserIntent,
    pub show_contextual_updates: bool,
    pub contextual_updates: Vec<Update>,
    pub workout_detection: WorkoutDetection,
    pub memory_processing: MemoryProcessing,
    pub context_needs: ContextNeeds,
    pub conversation_title: Option<String>,
    pub conversation_complexity: ConversationComplexity,
    /// What the athlete needs more than training; at least what the message itself says.
    #[serde(default)]
    pub care: Care,
    /// What the coach's own words are in.
    #[serde(default)]
    pub language: Language,
    pub router_metadata: RouterMetadata,
}

impl RouterDecision {
    /// Returns the same with at least the care that the message itself asks for: a rule may add
    /// care, and takes none away.
    ///
    /// Then no lines are shown of what the coach is at. Of an emergency or a crisis nothing is
    /// kept: no workout, memory, title or summary, unless a command orders it.
    fn heeding(mut self, text: &str) -> Self {
        self.care = self.care.max(Care::floor(text));
        if self.care != Care::None || tone(text).0.is_quiet() {
            self.show_contextual_updates = false;
            self.contextual_updates.clear();
        }
        if self.keeps_nothing(text) {
            self.workout_detection = WorkoutDetection::default();
            self.memory_processing = MemoryProcessing {
                needs_retrieval: self.memory_processing.needs_retrieval,
                reasoning: self.memory_processing.reasoning,
                ..MemoryProcessing::default()
            };
            self.conversation_title = None;
            self.conversation_complexity = ConversationComplexity::default();
        }
        self
    }

    /// Returns whether nothing of this message is kept but the message itself.
    pub fn keeps_nothing(&self, text: &str) -> bool {
        self.care.is_urgent() && Command::parse(text).is_none()
    }

    /// Returns what is told while the reply is being opened.
    pub fn updates(&self) -> &[Update] {
        if self.show_contextual_updates {
            &self.contextual_updates
        } else {
            &[]
        }
    }

    /// Returns whether anything of what memory and index hold enters the prompt.
    pub fn wants_gathering(&self) -> bool {
        self.memory_processing.needs_retrieval || self.context_needs.needs_pinecone_search
    }

    /// Returns whether the athlete's own past training enters the prompt.
    pub fn wants_own_training(&self) -> bool {
        self.wants_search(&[SearchType::Workouts, SearchType::Progress])
    }

    /// Returns whether something of this kind that the index found enters the prompt.
    pub fn wants(&self, kind: RecalledKind) -> bool {
        match kind {
            RecalledKind::Methodology => {
                self.wants_search(&[SearchType::Methodology, SearchType::Techniques])
            }
            RecalledKind::Workout | RecalledKind::Summary => self.wants_own_training(),
            RecalledKind::Memory => self.memory_processing.needs_retrieval,
        }
    }

    fn wants_search(&self, any_of: &[SearchType]) -> bool {
        let needs = &self.context_needs;
        needs.needs_pinecone_search
            && needs
                .search_types
                .iter()
                .any(|wanted| any_of.contains(wanted))
    }

    /// Returns whether a finished workout was told that is to be logged.
    pub fn logs_workout(&self) -> bool {
        self.workout_detection.is_workout_log && self.workout_detection.confidence > 0.5
    }

    /// Returns what is to be remembered, if that is sure enough.
    pub fn memory_to_save(&self) -> Option<&ProposedMemory> {
        let asked =
            self.memory_processing.is_memory_request && self.memory_processing.confidence > 0.7;
        self.memory_processing.memory.as_ref().filter(|_| asked)
    }
}

/// What the athlete is after.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UserIntent {
    WorkoutLogging,
    MemoryRequest,
    ForgetRequest,
    Question,
    ProgressCheck,
    Acknowledgment,
    #[default]
    General,
}

/// One line that tells the athlete what the coach is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Update {
    /// What it is at; at most one line for each.
    pub stage: Stage,
    /// One sentence of at most 120 characters: no greeting, no emoji, no quotes.
    pub text: String,
}

/// Whether a finished workout is being told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkoutDetection {
    /// True for a completed workout with concrete content; never for a question, a plan or a
    /// feeling.
    pub is_workout_log: bool,
    /// From 0 to 1.
    pub confidence: f64,
    /// The discipline, when it is clear.
    #[serde(default)]
    pub workout_type: Option<Discipline>,
    /// Why, in a few words.
    #[serde(default)]
    pub reasoning: String,
}

/// Disciplines of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    Strength,
    Cardio,
    Flexibility,
    Skill,
    Competition,
    Recovery,
    Hybrid,
}

/// Whether something is to be recalled, kept or forgotten.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryProcessing {
    /// Whether what is remembered about the athlete would help to answer.
    pub needs_retrieval: bool,
    /// Whether the athlete asks for something to be remembered, or states a preference, goal,
    /// constraint or instruction.
    pub is_memory_request: bool,
    /// Whether the athlete asks for something to be forgotten.
    pub is_forget_request: bool,
    /// What to remember, in the athlete's own words.
    #[serde(default)]
    pub memory: Option<ProposedMemory>,
    /// What is forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forget: Vec<MemoryId>,
    /// Of these the athlete is to say which: the next message may choose, by their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<MemoryId>,
    /// How often the athlete was asked before, and chose none of what there was.
    #[serde(default, skip_serializing_if = "is_first")]
    pub misses: u32,
    /// From 0 to 1.
    pub confidence: f64,
    /// Why, in a few words.
    #[serde(default)]
    pub reasoning: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_first(misses: &u32) -> bool {
    *misses == 0
}

/// A memory that a message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedMemory {
    /// What to remember.
    pub content: String,
    /// What sort of thing it is.
    #[serde(rename = "type")]
    pub kind: MemoryKind,
    /// How much it matters; injuries and safety matter most.
    pub importance: Importance,
    /// Whether it concerns this coach only.
    #[serde(default)]
    pub is_coach_specific: bool,
    /// At most five words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What safety fact about the athlete it tells, if it tells one that holds now.
    #[serde(default, deserialize_with = "answer::if_known")]
    pub safety: Option<SafetyKind>,
    /// The memory that says the same in other words, if one does.
    #[serde(default)]
    pub same_as: Option<MemoryId>,
    /// The memory in whose place it holds, if the athlete has changed something.
    #[serde(default)]
    pub in_place_of: Option<MemoryId>,
}

/// What to look up before answering.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContextNeeds {
    /// Whether the index is to be searched.
    pub needs_pinecone_search: bool,
    /// What for.
    #[serde(default)]
    pub search_types: Vec<SearchType>,
    /// Why, in a few words.
    #[serde(default)]
    pub reasoning: String,
}

/// What an index can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchType {
    Methodology,
    Workouts,
    Progress,
    Techniques,
}

/// Whether the conversation should be summed up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationComplexity {
    /// Whether the message matters beyond this moment.
    pub has_complexity: bool,
    /// In which ways.
    #[serde(default)]
    pub complexity_types: Vec<ComplexityType>,
    /// Whether the summary should be renewed now.
    #[serde(default)]
    pub needs_summary: bool,
    /// From 0 to 1.
    pub confidence: f64,
}

/// What makes a message matter beyond the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComplexityType {
    Emotional,
    Goal,
    Achievement,
    Setback,
    Relationship,
    Lifestyle,
    Learning,
    Health,
    Program,
    Motivation,
    Social,
    Competition,
    Nutrition,
}

/// Who decided, and how sure it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterMetadata {
    pub confidence: f64,
    pub processing_time_ms: u64,
    pub source: Source,
    pub policy_version: String,
    /// What of the model's answer could not be used; the safe default stands for it.
    #[serde(alias = "leftOut", default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Rule,
    Model,
    Default,
}

impl Source {
    /// Returns its name, by which clients know it, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Model => "model",
            Self::Default => "default",
        }
    }
}

impl RouterMetadata {
    fn of(source: Source, confidence: f64) -> Self {
        let policy_version = POLICY_VERSION.to_owned();
        Self {
            confidence,
            processing_time_ms: 0,
            source,
            policy_version,
            dropped: Vec::new(),
        }
    }
}
