//! English.

use super::table::{CommandWords, MemoryWords, Refusals, Words};

pub(super) const WORDS: Words = Words {
    plain: [
        "I hear you.",
        "On it.",
        "Right, I'm with you.",
        "Copy that.",
        "Okay, let's dig in.",
    ],
    keen: [
        "Alright, let's work.",
        "Got it, let's go.",
        "Good, let's get after it.",
        "Let's make this count.",
    ],
    thanks: "You're welcome.",
    goodbye: "Take care.",
    injury: "Thanks for telling me.",
    illness: "Thank you for telling me.",
    grief: "I'm so sorry.",
    emergency: "This comes before any training.",
    crisis: "I'm glad you told me.",
    emergency_help: "Stop now. If it is happening now or getting worse, call your local \
        emergency number, and do not wait alone.",
    crisis_help: "You do not have to carry this alone. If you might harm yourself, or are in \
        danger, call your local emergency number now, or somebody you trust, and stay with them.",
    not_kept: "I have not logged or remembered this message; /log-workout and /save-memory do \
        that if you want it.",
    help: "Just talk to me, or begin a message with one of these:",
    log_workout: CommandWords {
        takes: " <what you did>",
        does: "puts a finished workout into your log",
        hint: "Tell me what you did, like this: /log-workout back squat 5x5 at 100 kg, RPE 8",
    },
    save_memory: CommandWords {
        takes: " <what to remember>",
        does: "has me remember something about you",
        hint: "Tell me what to remember, like this: /save-memory my left knee dislikes deep lunges",
    },
    forget: CommandWords {
        takes: " <what to forget>",
        does: "has me forget what fits best",
        hint: "Tell me what to forget, like this: /forget what I said about my knee",
    },
    list_commands: CommandWords {
        takes: "",
        does: "shows this list",
        hint: "",
    },
    memory: MemoryWords {
        remembering: "I'll remember that: ",
        in_place_of: "in place of: ",
        cannot_remember: "I can't remember that: ",
        cannot_use: "I can't remember that as it is: tell me the heart of it in at most 500 \
            characters.",
        not_remembered: "I could not remember what you told me before",
        not_forgotten: "I could not forget what you wanted forgotten before",
        forgetting: "I'll forget: ",
        shall_it_go: "Shall I forget this: ",
        yes_or_no: "Say yes or no.",
        which_goes: "Which of these shall I forget?",
        how_to_choose: "Say a number, “all” or “none”.",
        none_goes: "I have forgotten nothing.",
        nothing_like_it: "I know nothing like that, so I have forgotten nothing.",
        nearest: "The nearest that I know:",
        rest_is_unknown: "Of the rest I know nothing.",
        second_miss: "I can't tell which one you mean, so I have forgotten nothing. In the list \
            of your memories you can delete it yourself.",
        unread: "I can't look at what I remember just now, so I have forgotten nothing.",
        everything: "I can't forget everything about you from here. To have all of it erased, \
            have your account erased; single memories can be deleted in the list of them.",
        saved: "I'll remember it.",
        known: "I knew that already.",
        corrected: "I'll remember it in place of what I knew before.",
        forgotten: "It is forgotten.",
        nothing_to_forget: "I know nothing like that",
    },
    refusals: Refusals {
        is_too_long: "it is longer than 500 characters: tell me the heart of it",
        nothing_to_remember: "there is nothing in it to remember",
        reads_like_an_instruction: "this reads like an instruction to the system, not like \
            something about you",
        was_not_said: "you did not say this in your message: tell me in one message what to \
            remember",
        was_forgotten: "you asked for this to be forgotten",
    },
};
