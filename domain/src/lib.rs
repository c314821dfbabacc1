//! What a coaching turn is, and what it must do next.
//!
//! This crate decides and never acts: no I/O, no clock, no randomness, no async. Time is a
//! parameter, chance is a seed, and whatever must be done outside is an [`Effect`] that somebody
//! else performs. [`Turn`] is its heart; the other modules are the words that it is told in.

pub mod call;
pub mod care;
pub mod coach;
pub mod conversation;
pub mod fault;
pub mod id;
pub mod job;
pub mod language;
pub mod memory;
pub mod price;
pub mod prompt;
mod reply;
pub mod router;
pub mod safety;
pub mod summary;
pub mod time;
pub mod turn;
pub mod usage;
pub mod voice;
mod wording;
pub mod workout;

pub use call::{CallKind, CallOutcome, CallRecord, Tries, Usage};
pub use care::{Care, Tone};
pub use coach::Coach;
pub use conversation::{
    Body, Conversation, ConversationKey, Message, MessageStatus, Part, PartKind, Said, Stage,
    TurnKey,
};
pub use fault::Fault;
pub use id::{
    CoachId, ConversationId, Fence, GroupId, IdempotencyKey, InvalidId, MemoryId, MessageId,
    RecordId, TurnId, UserId, UserScope,
};
pub use job::{Job, JobKind, JobState, Outcome, Progress};
pub use language::Language;
pub use memory::{Memory, Recalled, SafetyFacts};
pub use price::{Cost, Prices};
pub use prompt::{ChatMessage, Extraction, Prompt, Speaker};
pub use router::RouterDecision;
pub use safety::SafetyKind;
pub use summary::Summary;
pub use time::{Timestamp, ZoneName};
pub use turn::{
    Attempt, Before, Closing, ContextReport, Delivery, Effect, Ending, Finish, Gathered, Heard,
    Input, Kept, Limits, Loaded, Opening, Output, Refused, ReplyCall, ReplyPlace, Report,
    StopReason, Task, Tier, Timings, Turn, TurnError, TurnEvent, Wanted,
};
pub use workout::Workout;
