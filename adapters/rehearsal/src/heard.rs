//! What a prompt says, as far as an offline coach understands it.

use domain::Prompt;
use domain::prompt::Block;

/// A text, taken apart.
pub(crate) struct Heard {
    pub(crate) text: String,
    /// Its words in lower case, with a space before and behind each.
    padded: String,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Topic {
    /// As in "your recent … sessions".
    pub(crate) noun: &'static str,
    pub(crate) discipline: &'static str,
}

impl Heard {
    pub(crate) fn new(text: &str) -> Self {
        let text = without_orders(text);
        let lower = text.to_lowercase().replace('’', "'");
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .filter(|word| !word.is_empty())
            .collect();
        let padded = format!(" {} ", words.join(" "));
        Self { text, padded }
    }

    /// Returns whether one of these words or phrases is in it.
    pub(crate) fn says(&self, phrases: &[&str]) -> bool {
        phrases
            .iter()
            .any(|phrase| self.padded.contains(&format!(" {phrase} ")))
    }

    pub(crate) fn begins(&self, phrases: &[&str]) -> bool {
        phrases
            .iter()
            .any(|phrase| self.padded.starts_with(&format!(" {phrase} ")))
    }

    pub(crate) fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.padded.split_whitespace()
    }

    pub(crate) fn topic(&self) -> Option<Topic> {
        self.words().find_map(topic_of)
    }

    pub(crate) fn asks(&self) -> bool {
        self.text.contains('?')
            || self.begins(&ASKING)
            || self.says(&["tell me", "show me", "give me", "any tips"])
    }

    pub(crate) fn wants_plan(&self) -> bool {
        let plan = self.says(&["plan", "plans", "program", "programme", "training block"]);
        plan && !self.says(&["my plan was", "according to plan"])
    }

    pub(crate) fn names_harm(&self) -> bool {
        self.words()
            .any(|word| HARM.iter().any(|stem| word.starts_with(stem)))
    }

    /// Nothing but thanks or goodbye.
    pub(crate) fn takes_leave(&self) -> bool {
        let leaving = [
            "thanks",
            "thank you",
            "thx",
            "cheers",
            "bye",
            "goodbye",
            "see you",
            "good night",
        ];
        self.words().count() <= 6 && self.says(&leaving) && !self.asks()
    }
}

/// Returns the topic that a single word names.
pub(crate) fn topic_of(word: &str) -> Option<Topic> {
    let (_, noun, discipline) = TOPICS.iter().find(|(stems, ..)| {
        stems.iter().any(|stem| match stem.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => word == *stem,
        })
    })?;
    Some(Topic { noun, discipline })
}

/// Returns what the athlete says in a question to a form: the last block of data, or all if it is
/// none.
pub(crate) fn message(prompt: &Prompt) -> String {
    let block = last_block(prompt);
    let wrapped = data(block, "message").pop();
    wrapped.unwrap_or(block).to_owned()
}

/// Returns whether nothing was said before.
pub(crate) fn is_first(prompt: &Prompt) -> bool {
    data(last_block(prompt), "earlier")
        .iter()
        .all(|earlier| earlier.is_empty())
}

/// In a reply's prompt these are the athlete's words as they are.
pub(crate) fn last_block(prompt: &Prompt) -> &str {
    last_texts(prompt).next_back().unwrap_or_default()
}

/// In a reply's prompt this is what the athlete's words stand behind.
pub(crate) fn context(prompt: &Prompt) -> &str {
    last_texts(prompt)
        .rev()
        .nth(1)
        .filter(|block| block.starts_with("<context>"))
        .unwrap_or_default()
}

/// All that stands between tags of this name. Data cannot contain tags, so that a search will do.
pub(crate) fn data<'a>(block: &'a str, tag: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{tag}>\n"), format!("\n</{tag}>"));
    block
        .split(&*open)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(&*close)?.0))
        .collect()
}

/// Returns the text without `[rehearse:…]` and without a command before it.
pub(crate) fn without_orders(text: &str) -> String {
    let text = match text
        .split_once("[rehearse:")
        .and_then(|(before, rest)| Some((before, rest.split_once(']')?.1)))
    {
        Some((before, behind)) => format!("{} {}", before.trim_end(), behind.trim_start()),
        None => text.to_owned(),
    };
    let text = text.trim();
    let behind = text
        .strip_prefix('/')
        .map(|rest| rest.split_once(char::is_whitespace).unwrap_or_default().1);
    behind.unwrap_or(text).trim().to_owned()
}

fn last_texts(prompt: &Prompt) -> impl DoubleEndedIterator<Item = &str> {
    prompt
        .messages
        .last()
        .into_iter()
        .flat_map(|message| &message.blocks)
        .filter_map(Block::text)
}

const ASKING: [&str; 30] = [
    "what",
    "what's",
    "how",
    "how's",
    "why",
    "when",
    "where",
    "which",
    "who",
    "should",
    "shall",
    "can",
    "could",
    "would",
    "do",
    "does",
    "did i",
    "is",
    "are",
    "am",
    "was",
    "were",
    "will",
    "have i",
    "has",
    "may",
    "help",
    "explain",
    "suggest",
    "recommend",
];

const HARM: [&str; 9] = [
    "injur", "pain", "hurt", "sprain", "strain", "tendin", "sciatica", "hernia", "surgery",
];

/// The words for each topic (an asterisk stands for any ending), what it is called, and its
/// discipline.
const TOPICS: [(&[&str], &str, &str); 17] = [
    (&["squat*"], "squat", "strength"),
    (&["deadlift*", "rdl", "rdls"], "deadlift", "strength"),
    (&["bench*"], "bench press", "strength"),
    (
        &["pull", "pullup*", "chin", "chinup*"],
        "pull-up",
        "strength",
    ),
    (&["push", "pushup*"], "push-up", "strength"),
    (&["press*", "ohp"], "press", "strength"),
    (
        &["clean", "cleans", "snatch*", "jerk*"],
        "Olympic lifting",
        "strength",
    ),
    (
        &[
            "lunge*",
            "curl*",
            "dip",
            "dips",
            "kettlebell*",
            "barbell*",
            "lift*",
            "strength",
        ],
        "strength",
        "strength",
    ),
    (
        &[
            "run",
            "runs",
            "running",
            "runner*",
            "ran",
            "jog*",
            "5k",
            "10k",
            "marathon*",
            "parkrun",
        ],
        "running",
        "cardio",
    ),
    (
        &["row", "rows", "rowed", "rowing", "rower", "erg"],
        "rowing",
        "cardio",
    ),
    (
        &["ride", "rides", "rode", "bike*", "biking", "cycl*"],
        "cycling",
        "cardio",
    ),
    (&["swim*", "swam"], "swimming", "cardio"),
    (
        &["walk*", "hike*", "hiking", "cardio", "interval*"],
        "endurance",
        "cardio",
    ),
    (
        &["yoga", "stretch*", "mobility", "flexib*", "pilates"],
        "mobility",
        "flexibility",
    ),
    (
        &[
            "fran", "cindy", "murph", "grace", "helen", "wod", "metcon", "burpee*", "crossfit",
        ],
        "conditioning",
        "hybrid",
    ),
    (
        &["sleep*", "recover*", "rest", "sore*", "deload*"],
        "recovery",
        "recovery",
    ),
    (&["handstand*", "technique", "form"], "technique", "skill"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_heard_in_their_many_forms() {
        for (text, expected) in [
            ("My SQUATS feel heavy", Some("squat")),
            ("ran 5k", Some("running")),
            ("10 push-ups", Some("push-up")),
            ("brand new shoes", None),
            ("is yoga enough?", Some("mobility")),
        ] {
            assert_eq!(
                Heard::new(text).topic().map(|topic| topic.noun),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn orders_are_not_part_of_what_is_said() {
        for (text, expected) in [
            ("Hello [rehearse:cut] there", "Hello there"),
            ("[rehearse:panic] Hello", "Hello"),
            ("Hello [rehearse:", "Hello [rehearse:"),
            ("/log-workout 5x5 squats", "5x5 squats"),
            ("/help", ""),
        ] {
            assert_eq!(without_orders(text), expected, "{text:?}");
        }
    }

    #[test]
    fn data_is_found_between_its_tags() {
        let block = "<context>\n<memory>\none\n</memory>\n<workout>\nw\n</workout>\n\
                     <memory>\ntwo\n</memory>\n</context>";
        assert_eq!(data(block, "memory"), ["one", "two"]);
        assert_eq!(data(block, "recalled"), [""; 0]);
        assert_eq!(data("<memory>\nopen", "memory"), [""; 0]);
    }
}
