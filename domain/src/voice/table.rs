//! What there are words for.

/// The coach's own words in one language.
pub(crate) struct Words {
    /// Fits any message.
    pub(crate) plain: [&'static str; 5],
    /// Fits what is plainly of training.
    pub(crate) keen: [&'static str; 4],
    pub(crate) thanks: &'static str,
    pub(crate) goodbye: &'static str,
    pub(crate) injury: &'static str,
    pub(crate) illness: &'static str,
    pub(crate) grief: &'static str,
    pub(crate) emergency: &'static str,
    pub(crate) crisis: &'static str,
    /// What to do in an emergency, if the operator has no words for it. It names no number, for
    /// those differ from place to place.
    pub(crate) emergency_help: &'static str,
    /// The same for somebody who may harm themselves.
    pub(crate) crisis_help: &'static str,
    /// Said of an emergency or a crisis: that nothing of it was kept, and how to.
    pub(crate) not_kept: &'static str,
    /// Before the list of commands.
    pub(crate) help: &'static str,
    pub(crate) log_workout: CommandWords,
    pub(crate) save_memory: CommandWords,
    pub(crate) forget: CommandWords,
    pub(crate) list_commands: CommandWords,
    pub(crate) memory: MemoryWords,
    pub(crate) refusals: Refusals,
}

/// What is said of a command.
pub(crate) struct CommandWords {
    /// What is to stand behind it; empty if nothing is.
    pub(crate) takes: &'static str,
    pub(crate) does: &'static str,
    /// What is answered when nothing stands behind it, with an example.
    pub(crate) hint: &'static str,
}

/// What is said of what is remembered and forgotten.
pub struct MemoryWords {
    /// Before what is going to be remembered.
    pub remembering: &'static str,
    /// Before what it stands in place of.
    pub in_place_of: &'static str,
    /// Before why something is not going to be remembered.
    pub cannot_remember: &'static str,
    /// Of what cannot be kept as a model has put it.
    pub cannot_use: &'static str,
    /// Of a promise of an earlier turn that could not be kept; the reason may follow.
    pub not_remembered: &'static str,
    pub not_forgotten: &'static str,
    /// Before what is going to be forgotten.
    pub forgetting: &'static str,
    /// Before the one that may be meant.
    pub shall_it_go: &'static str,
    pub yes_or_no: &'static str,
    /// Before several that may be meant.
    pub which_goes: &'static str,
    pub how_to_choose: &'static str,
    /// Once none was chosen.
    pub none_goes: &'static str,
    pub nothing_like_it: &'static str,
    /// Before what is nearest.
    pub nearest: &'static str,
    /// Where a part of what is meant is not known.
    pub rest_is_unknown: &'static str,
    /// Where it was asked once, and is still not clear.
    pub second_miss: &'static str,
    /// Where memories cannot be read.
    pub unread: &'static str,
    /// Where all that is known is to be forgotten.
    pub everything: &'static str,
    /// What has become of it, once it is done.
    pub saved: &'static str,
    pub known: &'static str,
    pub corrected: &'static str,
    pub forgotten: &'static str,
    /// Why nothing was forgotten.
    pub nothing_to_forget: &'static str,
}

/// Why something is not done.
pub(crate) struct Refusals {
    pub(crate) is_too_long: &'static str,
    pub(crate) nothing_to_remember: &'static str,
    pub(crate) reads_like_an_instruction: &'static str,
    pub(crate) was_not_said: &'static str,
    pub(crate) was_forgotten: &'static str,
}
