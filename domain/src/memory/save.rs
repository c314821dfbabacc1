//! What becomes of something that is to be remembered.

use super::fact::{Fact, tokens};
use super::words::{SAID, share_in, without_lead, words};
use super::{
    Graveyard, Importance, LONGEST, Memory, MemoryKind, MemorySource, Tombstone, asks_to_keep,
    is_instruction,
};
use crate::router::{Command, ProposedMemory, RouterDecision};
use crate::{CoachId, ConversationId, Language, MemoryId, MessageId, Opening, Timestamp, voice};

/// Where a proposed memory comes from.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    /// What the memory will be called.
    pub id: &'a MemoryId,
    /// Which coach it was said to, if it was to one.
    pub coach: Option<&'a CoachId>,
    /// In which conversation, if it was in one.
    pub conversation: Option<&'a ConversationId>,
    /// In which message, if it was in one.
    pub message: Option<&'a MessageId>,
    /// All that the athlete said there, and nothing that anybody else did.
    pub said: &'a str,
    /// When they said it.
    pub said_at: Timestamp,
    /// Whether they asked for it to be remembered.
    pub source: MemorySource,
}

impl<'a> Provenance<'a> {
    /// Returns the message that began a turn.
    pub fn of(opening: &'a Opening, id: &'a MemoryId) -> Self {
        let conversation = &opening.turn.conversation;
        let (said, source) = match Command::parse(opening.text()) {
            Some((Command::SaveMemory, rest)) => (rest, MemorySource::ExplicitRequest),
            Some((Command::LogWorkout | Command::Forget | Command::Help, _)) | None => {
                let asked = asks_to_remember(opening.text());
                let source = if asked {
                    MemorySource::ExplicitRequest
                } else {
                    MemorySource::Conversation
                };
                (opening.text(), source)
            }
        };
        Self {
            id,
            coach: Some(&conversation.coach),
            conversation: Some(&conversation.conversation),
            message: Some(&opening.user_message.id),
            said,
            said_at: opening.user_message.created,
            source,
        }
    }
}

/// Returns what a turn may promise to remember: what its decision proposes, if nothing speaks
/// against it but what is known already, which only the job can see.
pub fn promised(opening: &Opening, decision: &RouterDecision) -> Option<Memory> {
    let proposed = decision.memory_to_save()?;
    let id = MemoryId::from(&opening.turn.turn);
    let from = Provenance::of(opening, &id);
    match decide(proposed, &from, &[], &[], opening.user_message.created) {
        Saving::New(memory) => Some(memory),
        Saving::Reinforce(_) | Saving::Supersede { .. } | Saving::Refused(_) => None,
    }
}

pub(super) fn asks_to_remember(text: &str) -> bool {
    let words = tokens(text);
    words.iter().any(|word| ASKS.contains(&&*word.folded)) || asks_to_keep(text)
}

#[rustfmt::skip]
const ASKS: [&str; 20] = [
    "remember", "memorise", "memorize", "merk", "merke", "merken", "behalte", "notier", "notiere",
    "recuerda", "acuerdate", "anota", "apunta", "souviens", "retiens", "note", "lembre", "lembra",
    "guarda", "grave",
];

/// What becomes of something that is to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saving {
    /// It is new.
    New(Memory),
    /// It is known already: see [`Memory::reinforced`].
    Reinforce(MemoryId),
    /// It corrects something: both are kept, and the old one is not recalled any more.
    Supersede {
        /// What no longer holds: see [`Memory::superseded`].
        old: MemoryId,
        /// What holds instead.
        new: Memory,
    },
    /// It is not remembered.
    Refused(Unsaveable),
}

/// Why something is not remembered; the athlete sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.in_words(Language::En))]
pub enum Unsaveable {
    Nothing,
    TooLong,
    Instruction,
    Unsaid,
    Forgotten,
}

impl Unsaveable {
    /// Returns what the athlete is told.
    pub fn in_words(self, language: Language) -> &'static str {
        let refusals = &voice::words(language).refusals;
        match self {
            Self::Nothing => refusals.nothing_to_remember,
            Self::TooLong => refusals.is_too_long,
            Self::Instruction => refusals.reads_like_an_instruction,
            Self::Unsaid => refusals.was_not_said,
            Self::Forgotten => refusals.was_forgotten,
        }
    }
}

/// Decides what becomes of a proposed memory.
///
/// - What an earlier try under the same id has corrected stays what is corrected.
/// - It is refused if it is empty, if it or the message around it is shaped like an instruction to
///   a model (whatever a model then takes out of that message), if it is not in the athlete's own
///   words (a third of its words must be in `from.said`), or if it was to be forgotten after it was
///   said, or is the very memory that was.
/// - It is known already if a memory says it in the same words in the same order; if that is about
///   safety, or no message said it, only word for word.
/// - It holds in place of the memory that the proposal names, if the message says so, both are
///   about the same thing, and neither is about safety.
/// - Anything else is new. It is linked to the memory that the proposal takes for the same, unless
///   a number, a side, a day, a name or a negation differs. Safety facts are constraints of high
///   importance, for every coach.
///
/// `existing` has the memories that may be meant. Those that were superseded or are another coach's
/// are passed over, as are those of one coach when the new one is for all.
pub fn decide(
    proposed: &ProposedMemory,
    from: &Provenance<'_>,
    existing: &[Memory],
    tombstones: &[Tombstone],
    now: Timestamp,
) -> Saving {
    if let Some(reason) = objection(proposed, from, tombstones) {
        return Saving::Refused(reason);
    }
    let mut new = memory(proposed, from, now);
    // An earlier try has corrected it: to look again for what is meant could find another.
    let corrected = |memory: &&Memory| memory.superseded_by.as_ref() == Some(&new.id);
    if let Some(old) = existing.iter().find(corrected) {
        let named = proposed.in_place_of.clone();
        let old = named.unwrap_or_else(|| old.id.clone());
        return Saving::Supersede { old, new };
    }
    let known: Vec<&Memory> = beside(&new, existing);
    let said = Fact::of(&new.content);
    for memory in &known {
        let is_strict = from.message.is_none() || memory.is_safety() || new.is_safety();
        if said.is_same(&Fact::of(&memory.content), is_strict) {
            return Saving::Reinforce(memory.id.clone());
        }
    }
    let named = |id: &Option<MemoryId>| {
        let is_it = |memory: &&&Memory| Some(&memory.id) == id.as_ref();
        known.iter().find(is_it).copied()
    };
    if let Some(old) = named(&proposed.in_place_of)
        && new.may_replace(old, from.said)
    {
        let old = old.id.clone();
        return Saving::Supersede { old, new };
    }
    if let Some(same) = named(&proposed.same_as)
        && new.may_be(same)
    {
        let first = same.same_as.as_ref().unwrap_or(&same.id);
        new.same_as = Some(first.clone());
    }
    Saving::New(new)
}

/// Returns those that a new memory may be about: they still hold, and for as many coaches.
fn beside<'a>(new: &Memory, existing: &'a [Memory]) -> Vec<&'a Memory> {
    let is_beside = |memory: &&Memory| {
        let is_as_wide = memory.coach.is_none() || memory.coach == new.coach;
        memory.superseded_by.is_none() && memory.id != new.id && is_as_wide
    };
    existing.iter().filter(is_beside).collect()
}

fn objection(
    proposed: &ProposedMemory,
    from: &Provenance<'_>,
    tombstones: &[Tombstone],
) -> Option<Unsaveable> {
    let is_said =
        || share_in(&without_lead(&proposed.content), from.said).is_none_or(|share| share >= SAID);
    if let Some(reason) = unfit(&proposed.content, &proposed.tags) {
        Some(reason)
    } else if is_instruction(from.said) {
        Some(Unsaveable::Instruction)
    } else if !is_said() {
        Some(Unsaveable::Unsaid)
    } else if Graveyard::of(tombstones).blocks(from.id, &proposed.content, from.said_at) {
        Some(Unsaveable::Forgotten)
    } else {
        None
    }
}

/// Returns why this can be no memory, whoever said it.
fn unfit(content: &str, tags: &[String]) -> Option<Unsaveable> {
    if words(content).next().is_none() {
        Some(Unsaveable::Nothing)
    } else if content.trim().chars().count() > LONGEST {
        Some(Unsaveable::TooLong)
    } else if is_instruction(content) || tags.iter().any(|tag| is_instruction(tag)) {
        Some(Unsaveable::Instruction)
    } else {
        None
    }
}

fn memory(proposed: &ProposedMemory, from: &Provenance<'_>, now: Timestamp) -> Memory {
    let new = Memory {
        id: from.id.clone(),
        content: proposed.content.trim().to_owned(),
        kind: proposed.kind,
        importance: proposed.importance,
        coach: from.coach.filter(|_| proposed.is_coach_specific).cloned(),
        tags: proposed.tags.clone(),
        source: from.source,
        source_message_id: from.message.cloned(),
        conversation_id: from.conversation.cloned(),
        created_at: now,
        last_used_at: None,
        last_said_at: None,
        times_used: 0,
        superseded_by: None,
        safety: proposed.safety,
        same_as: None,
        last_said_in: None,
    };
    safe(new)
}

impl Memory {
    /// Returns what a turn is about to remember.
    pub(super) fn pending(
        proposed: &ProposedMemory,
        id: MemoryId,
        conversation: &ConversationId,
        said_at: Timestamp,
    ) -> Self {
        let from = Provenance {
            id: &id,
            coach: None,
            conversation: Some(conversation),
            message: None,
            said: &proposed.content,
            said_at,
            source: MemorySource::Conversation,
        };
        memory(proposed, &from, said_at)
    }
}

/// Safety facts are constraints of high importance, for every coach.
fn safe(memory: Memory) -> Memory {
    let safety = memory.safety();
    if safety.is_none() {
        return memory;
    }
    Memory {
        kind: MemoryKind::Constraint,
        importance: Importance::High,
        coach: None,
        safety,
        ..memory
    }
}

/// What the athlete changes about a memory; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryEdit {
    /// `None` leaves it as it is, as for the others.
    pub content: Option<String>,
    pub importance: Option<Importance>,
    pub tags: Option<Vec<String>>,
}

impl Memory {
    /// Returns the same, changed as its owner wants it now, unless it could not have been saved so.
    /// Other words are said now: what was forgotten before does not concern them.
    pub fn edited(&self, edit: &MemoryEdit, now: Timestamp) -> Result<Self, Unsaveable> {
        let content = edit
            .content
            .as_ref()
            .map_or_else(|| self.content.clone(), |content| content.trim().to_owned());
        let is_same = content == self.content;
        let is_about_it = || Fact::of(&content).shared(&Fact::of(&self.content)) > 0;
        let new = Self {
            last_said_at: if is_same {
                self.last_said_at
            } else {
                Some(now)
            },
            // What others say in other words was said of what it said before.
            same_as: self.same_as.clone().filter(|_| is_same),
            // A model's word was of what is no longer there.
            safety: self.safety.filter(|_| is_same || is_about_it()),
            content,
            source: if edit.content.is_some() {
                MemorySource::ExplicitRequest
            } else {
                self.source
            },
            importance: edit.importance.unwrap_or(self.importance),
            tags: edit.tags.clone().unwrap_or_else(|| self.tags.clone()),
            ..self.clone()
        };
        unfit(&new.content, &new.tags).map_or_else(|| Ok(safe(new)), Err)
    }
}
