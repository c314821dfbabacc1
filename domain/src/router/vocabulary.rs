//! What words give away: small talk, questions, fitness. English, but for thanks and
//! goodbyes; what is not recognised is left to the router, or gets the safe default.

/// Returns whether the message is nothing but thanks, assent, cheer or goodbye.
///
/// "Great" alone may answer the coach's question, and "yes" agrees to something: both are left to
/// the router.
pub(super) fn is_small_talk(text: &str) -> bool {
    let text = text.trim();
    if text.chars().count() > 60 || text.contains(QUESTION_MARKS) {
        return false;
    }
    let (drawn, written): (Vec<char>, Vec<char>) = text
        .chars()
        .partition(|c| REACTIONS.contains(c) || modifies(*c));
    let written: String = written.into_iter().collect();
    if written.trim().is_empty() {
        return drawn.iter().any(|c| REACTIONS.contains(c));
    }
    if written
        .chars()
        .any(|c| !c.is_alphabetic() && !c.is_whitespace() && !".,!¡;:)(-…'’、。!".contains(c))
    {
        return false;
    }
    let words = words(&written);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    small_talk_in(&words).unwrap_or(false)
}

/// Returns whether the message asks for an answer, with a question mark or without.
pub(super) fn is_question(text: &str) -> bool {
    text.contains(QUESTION_MARKS) || text.split(['.', ',', ';', ':', '!', '\n']).any(asks)
}

/// Returns whether the word is of training, the body or food.
pub(super) fn is_of_fitness(word: &str) -> bool {
    FITNESS_WORDS.contains(&word) || FITNESS_STEMS.iter().any(|stem| word.starts_with(stem))
}

/// In lower case, without punctuation around them and apostrophes in them.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '’'], "");
    text.split(|c: char| !c.is_alphanumeric() && c != '-')
        .map(|word| word.trim_matches('-').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Returns whether a phrase that is small talk by itself is among these words, and nothing that is
/// not; `None` if there is something else.
fn small_talk_in(words: &[&str]) -> Option<bool> {
    if words.is_empty() {
        return Some(false);
    }
    // Longest first, so that "thank you so much" is not read as "thank you" and a rest.
    (1..=words.len().min(6)).rev().find_map(|length| {
        let (phrase, rest) = words.split_at_checked(length)?;
        let phrase = phrase.join(" ");
        let phrases = [SMALL_TALK, SMALL_TALK_ELSEWHERE];
        let enough =
            phrases.iter().any(|known| known.contains(&phrase.as_str())) || is_laughter(&phrase);
        if !enough && !AROUND_SMALL_TALK.contains(&phrase.as_str()) {
            return None;
        }
        small_talk_in(rest).map(|more| more || enough)
    })
}

fn is_laughter(word: &str) -> bool {
    word.len() >= 4
        && (word.contains("ha") || word.contains("he"))
        && word.chars().all(|c| "hae".contains(c))
}

/// Variation selectors, joiners and skin tones.
fn modifies(c: char) -> bool {
    matches!(
        c,
        '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'
    )
}

fn asks(clause: &str) -> bool {
    let words = words(clause);
    let mut words = words
        .iter()
        .map(String::as_str)
        .skip_while(|word| LEAD_IN.contains(word));
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let turned = PRONOUNS.contains(&second)
        || (DETERMINERS.contains(&second) && !["did", "have"].contains(&first));
    (INTERROGATIVES.contains(&first) && (first, second) != ("what", "a"))
        || (AUXILIARIES.contains(&first) && turned)
        || (first == "when" && AUXILIARIES.contains(&second))
        || REQUESTS.contains(&(first, second))
}

const QUESTION_MARKS: [char; 4] = ['?', '¿', '？', '؟'];

const REACTIONS: &[char] = &[
    '👍', '👎', '👌', '🙏', '👏', '🙌', '💪', '🔥', '😂', '🤣', '😄', '😀', '😁', '😆', '😊', '😉',
    '😎', '🙂', '😅', '🎉', '❤', '💯', '✅', '👋', '🤝', '🥳', '🤩', '😍', '🫡',
];

#[rustfmt::skip]
const SMALL_TALK: &[&str] = &[
    "thanks", "thank you", "thank u", "thanks a lot", "thanks a bunch", "thanks so much",
    "thank you so much", "thank you very much", "many thanks", "thx", "ty", "tysm", "cheers",
    "much appreciated", "appreciate it", "i appreciate it", "appreciated", "ok", "okay", "okey",
    "k", "kk", "alright", "all right", "got it", "gotcha", "understood", "makes sense",
    "that makes sense", "sounds good", "sounds great", "fair enough", "noted", "roger",
    "roger that", "copy that", "i see", "will do", "good to know", "nice", "nice one", "cool",
    "awesome", "wow", "lol", "lmao", "haha", "hehe", "love it", "youre the best", "you rock", "bye",
    "bye bye", "goodbye", "see you", "see ya", "see you later", "see you soon", "see you tomorrow",
    "see you next week", "see you next time", "see you then", "cya", "later", "talk later",
    "talk soon", "talk to you later", "talk to you soon", "ttyl", "take care", "good night",
    "goodnight", "have a good day", "have a good one", "have a good night", "have a good weekend",
    "have a great day", "have a great weekend", "have a nice day", "have a nice weekend",
    "until next time", "catch you later", "that helps", "thnx", "thanx", "thnaks", "thankyou",
];

#[rustfmt::skip]
const AROUND_SMALL_TALK: &[&str] = &[
    "great", "perfect", "good", "super", "very", "really", "so", "much", "again", "and", "then",
    "now", "for now", "man", "mate", "buddy", "coach", "oh", "ah", "yeah", "well", "very nice",
    "for the help", "for your help", "for that", "for this", "for everything", "for the advice",
    "for the info", "for the tips", "very much", "a lot", "all", "cool", "no worries", "helpful",
    "will try", "for your time", "for the plan",
];

/// Only what nobody says in greeting or in doubt.
#[rustfmt::skip]
const SMALL_TALK_ELSEWHERE: &[&str] = &[
    "danke", "danke schön", "vielen dank", "tschüss", "gracias", "muchas gracias", "adiós", "merci",
    "merci beaucoup", "au revoir", "obrigado", "obrigada", "muito obrigado", "grazie",
    "grazie mille", "arrivederci", "bedankt", "dank je wel", "dziękuję", "tack", "спасибо", "شكرا",
    "ありがとう", "ありがとうございます", "谢谢", "謝謝", "감사합니다",
];

const LEAD_IN: &[&str] = &[
    "ok", "okay", "hey", "hi", "hello", "coach", "so", "and", "but", "well", "also", "thanks",
    "please", "then", "or",
];
const INTERROGATIVES: &[&str] = &[
    "what", "whats", "how", "hows", "why", "where", "wheres", "who", "whos", "which", "whose",
    "whom",
];

#[rustfmt::skip]
const AUXILIARIES: &[&str] = &[
    "should", "shall", "can", "could", "will", "would", "may", "might", "do", "does", "did", "is",
    "are", "am", "was", "were", "has", "have", "isnt", "arent", "dont", "doesnt", "didnt", "cant",
    "wont", "shouldnt",
];
const PRONOUNS: &[&str] = &[
    "i", "you", "we", "he", "she", "it", "they", "there", "these", "those", "anyone",
];
const DETERMINERS: &[&str] = &["my", "the", "this", "that", "your", "a", "an"];

#[rustfmt::skip]
const REQUESTS: &[(&str, &str)] = &[
    ("any", "tips"), ("any", "advice"), ("any", "ideas"), ("any", "suggestions"), ("tell", "me"),
    ("show", "me"), ("give", "me"), ("help", "me"), ("explain", "the"), ("explain", "how"),
    ("explain", "why"), ("explain", "to"), ("i", "wonder"), ("im", "wondering"), ("suggest", "a"),
    ("suggest", "me"), ("recommend", "a"), ("recommend", "me"), ("thoughts", "on"),
    ("advice", "on"), ("need", "advice"), ("wondering", "whether"), ("wondering", "if"),
];

#[rustfmt::skip]
const FITNESS_STEMS: &[&str] = &[
    "squat", "deadlift", "bench", "workout", "train", "exercis", "running", "runner", "cardio",
    "lift", "muscle", "muscular", "strength", "strong", "protein", "calorie", "diet", "nutrition",
    "macro", "recover", "sore", "injur", "stretch", "mobility", "flexib", "yoga", "pilates",
    "rowing", "cycl", "swim", "pull-up", "pullup", "push-up", "pushup", "chin-up", "plank", "lunge",
    "burpee", "kettlebell", "dumbbell", "barbell", "crossfit", "marathon", "warm-up", "warmup",
    "cooldown", "deload", "hypertroph", "fitness", "endurance", "overhead", "hamstring", "quad",
    "glute", "shoulder", "biceps", "triceps", "snatch", "thruster", "sprint", "jog", "hik",
    "interval", "athlet", "weightlift",
];

#[rustfmt::skip]
const FITNESS_WORDS: &[&str] = &[
    "run", "runs", "ran", "press", "rep", "reps", "set", "sets", "gym", "pr", "prs", "1rm", "wod",
    "amrap", "emom", "metcon", "pace", "knee", "knees", "hip", "hips", "ankle", "elbow", "wrist",
    "row", "bike", "ride", "rest", "sleep", "weight", "session", "sessions", "vo2max", "rpe", "abs",
    "core", "5k", "10k", "program", "progress", "goal", "goals", "squash", "tennis", "soccer",
    "football", "basketball", "volleyball", "badminton", "golf", "padel", "hockey", "rugby",
    "treadmill", "elliptical", "spin",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn small_talk_is_recognised_only_when_there_is_nothing_else() {
        let small = [
            "thanks", "Thanks!", "thank you!", "THANK YOU SO MUCH!!!", "thx coach", "ok", "Ok.",
            "okay, thanks", "k", "ok great, thanks", "great thanks", "got it 👍", "see you",
            "See you tomorrow!", "haha nice", "hahaha", "lol", "👍", "👍🏽", "🔥🔥🔥", "❤️", "nice!",
            "cool, will do", "bye", "good night coach", "have a great weekend!",
            "thanks for the help", "you're the best", "That makes sense, thank you.", "ok :)",
            "awesome 💪💪", "ttyl", "many thanks and see you soon", "alright then",
            "Sounds good - thanks again", "danke", "¡Gracias!", "merci beaucoup", "ありがとう!", "谢谢。",
            "شكرا",
        ];
        for text in small {
            assert!(is_small_talk(text), "{text:?}");
        }
        let more = [
            "", " ", "...", "!!!", "?", "ok?", "thanks?", "ok, what about squats?",
            "ok what about squats", "thanks, I did 5x5 squats at 100kg", "thanks 5x5", "great",
            "Perfect!", "good", "yes", "no", "no thanks", "sure", "yes thanks", "hi", "hello coach",
            "nice weather for a run", "see you at the race", "ok stop", "not ok",
            "okay so my knee hurts", "thanks but that's wrong", "🤕", "👍🤕", "ok @ 100",
            "bye bye muscles", "cool down", "later I will run", "k2", "he", "ha", "don't thank me",
            "got it wrong", "/help",
        ];
        for text in more {
            assert!(!is_small_talk(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn a_question_needs_no_question_mark() {
        let questions = [
            "why?", "how many sets", "what should I eat", "ok, what about squats",
            "hey coach how do I warm up", "should I deload", "can you build me a plan",
            "is my squat deep enough", "when should I train legs", "did I get stronger",
            "My knee hurts. Should I stop", "any tips for running", "tell me about creatine",
            "does the bike count", "thanks! how was that",
        ];
        for text in questions {
            assert!(is_question(text), "{text:?}");
        }
        let others = [
            "", "when I squat my knee hurts", "did the 5k in 25 minutes", "did my long run",
            "did 5x5", "I know what to do", "show-off", "have a nice day", "that is how I train",
            "done", "can't complain", "will do",
        ];
        for text in others {
            assert!(!is_question(text), "{text:?}");
        }
    }
}
