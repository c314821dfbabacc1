//! English.

use super::{CommandWords, Refusals, Words};

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
    remembering: "I'll remember that: ",
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
    refusals: Refusals {
        nothing_to_remember: "there is nothing in it to remember",
        reads_like_an_instruction: "this reads like an instruction to the system, not like \
            something about you",
        was_not_said: "you did not say this in your message: tell me in one message what to \
            remember",
        was_forgotten: "you asked for this to be forgotten",
    },
};
