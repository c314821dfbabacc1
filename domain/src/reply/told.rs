//! What a model may be told of what was read: nothing of anybody else, and nothing that the
//! athlete wanted forgotten.

use super::history::recent;
use crate::memory::SafetyFacts;
use crate::memory::{self, Tombstone};
use crate::turn::{Gathered, Loaded};
use crate::{ConversationKey, Message};

impl Loaded {
    /// Returns the same without messages of any other conversation, whatever a store has answered.
    pub(crate) fn of(mut self, conversation: &ConversationKey) -> Self {
        let is_own = |message: &Message| message.turn.conversation == *conversation;
        self.history.retain(is_own);
        self
    }

    /// Returns the same as a model may be told it. Only what is recent enough to be sent is looked
    /// through.
    pub(crate) fn without_forgotten(self) -> Self {
        if self.forgotten.is_empty() {
            return self;
        }
        let safety = SafetyFacts {
            facts: memory::remembered(self.safety.facts, &self.forgotten),
            ..self.safety
        };
        let summary = self
            .summary
            .and_then(|summary| memory::still_told(*summary, &self.forgotten))
            .map(Box::new);
        let history = memory::told(recent(self.history), &self.forgotten);
        Self {
            history,
            summary,
            safety,
            ..self
        }
    }
}

impl Gathered {
    /// Returns the same as a model may be told it.
    pub(crate) fn without(self, forgotten: &[Tombstone]) -> Self {
        Self {
            memories: memory::remembered(self.memories, forgotten),
            workouts: memory::logged(self.workouts, forgotten),
            recalled: memory::recallable(self.recalled, forgotten),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
