//! What a turn makes of memories: what it remembers and forgets, and what it tells of that.
//!
//! It is decided once, with what is known in sight, and by id. The jobs do what was decided, and
//! the reply ends with it in words.

use std::collections::BTreeMap;

use super::save::asks_to_remember;
use super::{
    Chosen, Meant, Memory, MemorySource, Provenance, Saving, Tombstone, Unsaveable, asks_to_keep,
    choose, decide, is_instruction, kept, meant,
};
use crate::job::Job;
use crate::router::{self, Command, RouterDecision};
use crate::turn::Before;
use crate::voice::{self, MemoryWords};
use crate::{
    Body, Care, Fault, JobKind, JobState, Language, MemoryId, Message, Opening, PartKind, TurnId,
};

/// What is known of an athlete when a turn decides.
#[derive(Debug)]
pub(crate) struct Known {
    /// What is remembered, the newest first; not known if it could not be read.
    pub(crate) memories: Result<Vec<Memory>, Fault>,
    /// The last turns that have told something of memories, the newest first.
    before: Vec<Before>,
    /// The turn of the last message.
    last: Option<TurnId>,
    /// The last message that told of a promise that could not be kept.
    told_late: Option<u64>,
    forgotten: Vec<Tombstone>,
    /// Which message of the conversation began which turn.
    numbers: BTreeMap<TurnId, u64>,
}

/// A decision with what it comes to, and what the athlete is told of it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) decision: RouterDecision,
    pub(crate) words: Vec<String>,
}

impl Known {
    /// Of what was read. What the turn before has asked to be remembered counts, too, while its job
    /// has not come to it.
    pub(crate) fn of(
        memories: Result<Vec<Memory>, Fault>,
        before: Vec<Before>,
        forgotten: Vec<Tombstone>,
        history: &[Message],
    ) -> Self {
        let memories = memories.map(|memories| {
            let pending = before.iter().filter_map(|before| before.pending(&memories));
            let mut all: Vec<Memory> = pending.collect();
            all.extend(memories);
            super::remembered(all, &forgotten)
        });
        let told_late = history.iter().rev().find(|message| tells_late(message));
        let told_late = told_late.map(|message| message.number);
        let last = history.last().map(|message| message.turn.turn.clone());
        let begun = history
            .iter()
            .map(|message| (message.turn.turn.clone(), message.number));
        Self {
            memories,
            before,
            last,
            told_late,
            forgotten,
            numbers: begun.collect(),
        }
    }

    /// Returns the memories that a decision about this text looks at, the nearest first.
    pub(crate) fn candidates(&self, opening: &Opening) -> Vec<Memory> {
        let coach = &opening.turn.conversation.coach;
        let memories = self.memories.as_deref().unwrap_or_default();
        let holding = memories.iter().filter(|memory| memory.holds_for(coach));
        super::candidates(opening.text(), holding)
            .into_iter()
            .cloned()
            .collect()
    }

    /// Returns the decision, if the message chooses among the memories that the turn before has
    /// named. Where it is urgent, nothing is chosen, whatever the words may be.
    pub(crate) fn chosen(&self, opening: &Opening, language: Language) -> Option<Settled> {
        if Care::floor(opening.text()).is_urgent() {
            return None;
        }
        let told = voice::of_memory(language);
        let route = self.right_before()?.closing.report.route.as_ref()?;
        let asked = &route.memory_processing;
        let memories = self.memories.as_deref().unwrap_or_default();
        let is_it = |id: &MemoryId| memories.iter().find(|memory| memory.id == *id).cloned();
        let offered: Vec<Memory> = asked.choices.iter().filter_map(is_it).collect();
        if offered.is_empty() {
            return None;
        }
        let mut decision = router::choosing(opening.text(), language);
        let processing = &mut decision.memory_processing;
        let mut chosen = choose(opening.text(), &offered);
        // Where one is gone, "the second" is another than what was told.
        if offered.len() < asked.choices.len() && matches!(chosen, Chosen::These(_)) {
            chosen = Chosen::Unclear;
        }
        let words = match chosen {
            Chosen::Else => return None,
            Chosen::None => told.none_goes.to_owned(),
            Chosen::These(ids) => {
                let words = told.forgetting(&ids, &offered);
                processing.forget = ids;
                words
            }
            Chosen::Unclear if asked.misses > 0 => told.second_miss.to_owned(),
            Chosen::Unclear => {
                processing.choices = offered.iter().map(|memory| memory.id.clone()).collect();
                processing.misses = asked.misses + 1;
                told.which(&offered)
            }
        };
        let words = self.late(told).into_iter().chain([words]);
        Some(Settled {
            decision,
            words: words.collect(),
        })
    }

    /// Returns the turn that made the last message, if it has told something of memories.
    fn right_before(&self) -> Option<&Before> {
        let is_it = |before: &&Before| Some(&before.turn.turn) == self.last.as_ref();
        self.before.first().filter(is_it)
    }

    /// Returns what a decision comes to: by id, and in words.
    pub(crate) fn settle(&self, mut decision: RouterDecision, opening: &Opening) -> Settled {
        let told = voice::words(decision.language);
        let is_command = Command::parse(opening.text()).is_some();
        let processing = &mut decision.memory_processing;
        if processing.is_forget_request && !is_command && asks_to_keep(opening.text()) {
            processing.is_forget_request = false;
            processing.forget.clear();
            // Whoever says "don't forget" is not met with silence for a model that misread it.
            if !processing.is_memory_request || processing.memory.is_none() {
                processing.is_memory_request = true;
                processing.memory = Some(router::to_remember(kept(opening.text())));
                processing.confidence = 1.0;
            }
        }
        let mut words: Vec<String> = self.late(&told.memory).into_iter().collect();
        if decision.keeps_nothing(opening.text()) {
            words.push(told.not_kept.to_owned());
            return Settled { decision, words };
        }
        if decision.memory_processing.is_forget_request {
            words.push(self.forget(&mut decision, opening));
        }
        words.extend(self.remember(&mut decision, opening));
        Settled { decision, words }
    }

    fn forget(&self, decision: &mut RouterDecision, opening: &Opening) -> String {
        let told = voice::of_memory(decision.language);
        let processing = &mut decision.memory_processing;
        let named = std::mem::take(&mut processing.forget);
        let Ok(memories) = &self.memories else {
            return told.unread.to_owned();
        };
        let last = self.last_saved(opening);
        let meant = meant(opening.text(), memories, last.as_ref());
        let Meant {
            forget, choices, ..
        } = meant;
        if meant.is_everything {
            return told.everything.to_owned();
        }
        let mut words = Vec::new();
        if !forget.is_empty() {
            words.push(told.forgetting(&forget, memories));
        }
        let is_open = choices.is_empty() && forget.is_empty();
        // What only a model takes for what is meant is asked, and so is what words leave open.
        processing.choices = if is_open { named } else { choices };
        processing.forget = forget;
        let offered = of(&processing.choices, memories);
        if !offered.is_empty() {
            words.push(told.which(&offered));
        } else if processing.forget.is_empty() {
            words.push(told.nothing_like_it(&of(&meant.nearest, memories)));
        } else if meant.is_unknown {
            words.push(told.rest_is_unknown.to_owned());
        }
        words.join("\n")
    }

    /// Returns what was saved or said again last in this conversation, by the numbers of its
    /// messages; nothing if something was forgotten since.
    fn last_saved(&self, opening: &Opening) -> Option<MemoryId> {
        let conversation = Some(&opening.turn.conversation.conversation);
        let number = |turn: Option<TurnId>| turn.and_then(|turn| self.numbers.get(&turn).copied());
        let mut here = Vec::new();
        for memory in self.memories.as_deref().unwrap_or_default() {
            let said_at = number(memory.turn());
            // What was said longer ago than the history reaches comes before all in it.
            if said_at.is_some() || memory.conversation_id.as_ref() == conversation {
                here.push((said_at, memory.said_at(), memory));
            }
        }
        let (place, at, last) = here
            .into_iter()
            .max_by_key(|(place, at, memory)| (*place, *at, &memory.id))?;
        let is_later = |tombstone: &Tombstone| {
            let gone = number(tombstone.memory_id.as_str().parse().ok());
            tombstone.forgotten_at >= at || gone > place
        };
        (!self.forgotten.iter().any(is_later)).then(|| last.id.clone())
    }

    /// Returns what is told of what is to be remembered, and leaves in the decision only what may
    /// be done.
    fn remember(&self, decision: &mut RouterDecision, opening: &Opening) -> Option<String> {
        let told = voice::of_memory(decision.language);
        let Some(proposed) = decision.memory_to_save().cloned() else {
            let dropped = &decision.router_metadata.dropped;
            let is_lost = dropped.iter().any(|name| name == "memoryProcessing.memory");
            return (is_lost && asks_to_remember(opening.text()))
                .then(|| told.cannot_use.to_owned());
        };
        let id = MemoryId::from(&opening.turn.turn);
        let from = Provenance::of(opening, &id);
        let memories = self.memories.as_deref().unwrap_or_default();
        let saving = decide(&proposed, &from, memories, &self.forgotten, from.said_at);
        let memory = decision.memory_processing.memory.as_mut()?;
        match saving {
            Saving::New(new) => {
                memory.in_place_of = None;
                memory.same_as = memory.same_as.take().filter(|_| new.same_as.is_some());
                Some(format!("{}{}", told.remembering, new.content))
            }
            Saving::Reinforce(_) => {
                Some(format!("{}{}", told.remembering, proposed.content.trim()))
            }
            Saving::Supersede { old, new } => {
                memory.same_as = None;
                let old = of(&[old], memories).pop()?;
                let promised = format!("{}{}", told.remembering, new.content);
                Some(format!("{promised}\n({}{})", told.in_place_of, old.content))
            }
            // What a model has made up was not asked for.
            Saving::Refused(Unsaveable::Unsaid) => None,
            Saving::Refused(reason) => {
                let is_asked = from.source == MemorySource::ExplicitRequest;
                // Nor is an order of a model's own.
                let is_said = reason != Unsaveable::Instruction || is_instruction(from.said);
                let reason = reason.in_words(decision.language);
                (is_asked && is_said).then(|| format!("{}{reason}.", told.cannot_remember))
            }
        }
    }

    /// Returns what has become of promises of the turns before that could not be kept, and of
    /// commands that came to more than was told: each once.
    fn late(&self, told: &MemoryWords) -> Option<String> {
        let is_untold = |before: &&Before| {
            let number = self.numbers.get(&before.turn.turn);
            number.is_none_or(|number| self.told_late.is_none_or(|late| late <= *number))
        };
        let untold = self.before.iter().filter(is_untold);
        let broken = untold.flat_map(|before| before.broken(told));
        let memories = self.memories.as_deref().unwrap_or_default();
        let replaced = self.right_before();
        let replaced = replaced.and_then(|before| before.replaced(told, memories));
        let words: Vec<String> = broken.chain(replaced).collect();
        (!words.is_empty()).then(|| words.join("\n"))
    }
}

/// Returns whether a message tells of a promise that could not be kept, in whatever language.
fn tells_late(message: &Message) -> bool {
    let Body::Assistant { said, .. } = &message.body else {
        return false;
    };
    let confirmed = said
        .iter()
        .filter(|said| said.kind == PartKind::Confirmation);
    let told = Language::ALL.map(voice::of_memory);
    let mut leads = told
        .iter()
        .flat_map(|told| [told.not_remembered, told.not_forgotten]);
    let texts: Vec<&str> = confirmed.map(|said| said.text.trim()).collect();
    leads.any(|lead| texts.iter().any(|text| text.starts_with(lead)))
}

impl Before {
    /// Returns what could not be done of what it has told.
    fn broken<'a>(&'a self, told: &'a MemoryWords) -> impl Iterator<Item = String> + 'a {
        let leads = [
            (JobKind::Memory, told.not_remembered),
            (JobKind::Forget, told.not_forgotten),
        ];
        leads.into_iter().filter_map(|(kind, words)| {
            let job = self.jobs.iter().find(|job| job.kind == kind)?;
            match &job.state {
                JobState::Refused(reason) => Some(format!("{words}: {reason}.")),
                // Why is for whoever runs the server.
                JobState::Dead(_) => Some(format!("{words}.")),
                JobState::Due(_) | JobState::Claimed(_) | JobState::Done(_) => None,
            }
        })
    }

    /// Returns what its job has replaced after a command, of which nobody could know in the turn.
    fn replaced(&self, told: &MemoryWords, memories: &[Memory]) -> Option<String> {
        let route = self.closing.report.route.as_ref()?;
        let is_known = route.memory_to_save()?.in_place_of.is_some();
        let job = self.jobs.iter().find(|job| job.kind == JobKind::Memory)?;
        let old = job.state.result()?.get("supersedes")?.as_str()?;
        let old = memories.iter().find(|memory| memory.id.as_str() == old)?;
        let words = format!("{}\n({}{})", told.corrected, told.in_place_of, old.content);
        (!is_known).then_some(words)
    }

    /// Returns what it is about to remember: its job is not done, and it is not there yet.
    fn pending(&self, memories: &[Memory]) -> Option<Memory> {
        let is_open = |job: &Job| job.kind == JobKind::Memory && job.state.due().is_some();
        let id = MemoryId::from(&self.turn.turn);
        if !self.jobs.iter().any(is_open) || memories.iter().any(|memory| memory.id == id) {
            return None;
        }
        let proposed = self.closing.report.route.as_ref()?.memory_to_save()?;
        Some(Memory::pending(
            proposed,
            id,
            &self.turn.conversation.conversation,
            self.closing.at,
        ))
    }
}

fn of(ids: &[MemoryId], memories: &[Memory]) -> Vec<Memory> {
    let is_it = |id: &MemoryId| memories.iter().find(|memory| memory.id == *id).cloned();
    ids.iter().filter_map(is_it).collect()
}

impl MemoryWords {
    fn forgetting(&self, ids: &[MemoryId], memories: &[Memory]) -> String {
        match of(ids, memories).as_slice() {
            [one] => format!("{}{}", self.forgetting, one.content),
            several => {
                let several = list(several, |_| "-".to_owned());
                format!("{}{several}", self.forgetting.trim_end())
            }
        }
    }

    fn which(&self, offered: &[Memory]) -> String {
        if let [one] = offered {
            return format!("{}{}\n{}", self.shall_it_go, one.content, self.yes_or_no);
        }
        let numbered = list(offered, |place| format!("{}.", place + 1));
        format!("{}{numbered}\n{}", self.which_goes, self.how_to_choose)
    }

    fn nothing_like_it(&self, nearest: &[Memory]) -> String {
        if nearest.is_empty() {
            return self.nothing_like_it.to_owned();
        }
        let listed = list(nearest, |_| "-".to_owned());
        format!("{} {}{listed}", self.nothing_like_it, self.nearest)
    }
}

fn list(memories: &[Memory], mark: impl Fn(usize) -> String) -> String {
    let lines = memories.iter().enumerate();
    let line = |(place, memory): (usize, &Memory)| format!("\n{} {}", mark(place), memory.content);
    lines.map(line).collect()
}
