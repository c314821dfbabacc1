//! What words give away: small talk, questions, fitness, finished workouts. English only; what is
//! not recognised is left to the router, or gets the safe default.

/// Whether the message is nothing but thanks, assent, cheer or goodbye.
///
/// "Great" alone may answer the coach's question, and "yes" agrees to something: both are left to
/// the router.
pub(super) fn is_small_talk(text: &str) -> bool {
    let text = text.trim();
    if text.chars().count() > 60 || text.contains(['?', '¿']) {
        return false;
    }
    let (drawn, written): (Vec<char>, Vec<char>) = text.chars().partition(|c| REACTIONS.contains(c) || modifies(*c));
    let written: String = written.into_iter().collect();
    if written.trim().is_empty() {
        return drawn.iter().any(|c| REACTIONS.contains(c));
    }
    if written.chars().any(|c| !c.is_alphabetic() && !c.is_whitespace() && !".,!;:)(-…'’".contains(c)) {
        return false;
    }
    let words = words(&written);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    small_talk_in(&words).unwrap_or(false)
}

/// Whether the message asks for an answer, with a question mark or without.
pub(super) fn is_question(text: &str) -> bool {
    text.contains(['?', '¿']) || text.split(['.', ',', ';', ':', '!', '\n']).any(asks)
}

/// Whether the message names something of training, the body or food.
pub(super) fn names_fitness(text: &str) -> bool {
    let fitting = |word: &String| {
        FITNESS_WORDS.contains(&word.as_str()) || FITNESS_STEMS.iter().any(|stem| word.starts_with(stem))
    };
    words(text).iter().any(fitting) || measures(text)
}

/// Whether the message names an injury or something else that training must respect.
pub(super) fn names_harm(text: &str) -> bool {
    words(text).iter().any(|word| HARM_STEMS.iter().any(|stem| word.starts_with(stem)))
}

/// Whether the message tells of a workout that its writer has finished, with something to measure.
pub(super) fn tells_a_workout(text: &str) -> bool {
    let words = words(text);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let done = |at: usize| {
        let own = at == 0 || BEFORE_DONE.contains(&word(at - 1)) || starts_a_clause(text, word(at));
        DONE.contains(&word(at)) && own
    };
    let benchmark = words.iter().any(|word| BENCHMARKS.contains(&word.as_str()));
    let padded = format!(" {} ", words.join(" "));
    let otherwise = NOT_DONE.iter().any(|phrase| padded.contains(&format!(" {phrase} ")));
    (0..words.len()).any(done) && (benchmark || measures(text)) && !otherwise && !is_question(text)
}

/// Whether a phrase that is small talk by itself is among these words, and nothing that is not;
/// `None` if there is something else.
fn small_talk_in(words: &[&str]) -> Option<bool> {
    if words.is_empty() {
        return Some(false);
    }
    // Longest first, so that "thank you so much" is not read as "thank you" and a rest.
    (1..=words.len().min(6)).rev().find_map(|length| {
        let (phrase, rest) = words.split_at_checked(length)?;
        let phrase = phrase.join(" ");
        let enough = SMALL_TALK.contains(&phrase.as_str()) || is_laughter(&phrase);
        if !enough && !AROUND_SMALL_TALK.contains(&phrase.as_str()) {
            return None;
        }
        small_talk_in(rest).map(|more| more || enough)
    })
}

fn is_laughter(word: &str) -> bool {
    word.len() >= 4 && (word.contains("ha") || word.contains("he")) && word.chars().all(|c| "hae".contains(c))
}

/// Variation selectors, joiners and skin tones.
fn modifies(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn asks(clause: &str) -> bool {
    let words = words(clause);
    let mut words = words.iter().map(String::as_str).skip_while(|word| LEAD_IN.contains(word));
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let turned = PRONOUNS.contains(&second) || (DETERMINERS.contains(&second) && !["did", "have"].contains(&first));
    INTERROGATIVES.contains(&first)
        || (AUXILIARIES.contains(&first) && turned)
        || (first == "when" && AUXILIARIES.contains(&second))
        || REQUESTS.contains(&(first, second))
}

fn starts_a_clause(text: &str, word: &str) -> bool {
    text.to_lowercase().split(['.', ',', ';', ':', '!', '\n', '(']).any(|clause| clause.trim_start().starts_with(word))
}

/// Whether there is a number with a unit, a scheme such as 5x5, or a time such as 24:10.
fn measures(text: &str) -> bool {
    let text = text.to_lowercase().replace('×', "x");
    let tokens: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && !".:@".contains(c)).collect();
    let tokens: Vec<&str> = tokens.iter().map(|token| token.trim_matches(['.', ':', '@'])).collect();
    let tokens: Vec<&str> = tokens.into_iter().filter(|token| !token.is_empty()).collect();
    let after = |at: usize| tokens.get(at + 1).copied().unwrap_or("");
    tokens.iter().enumerate().any(|(at, token)| {
        let digits = token.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = digits.len() < token.len();
        let unit = if digits.is_empty() { after(at) } else { digits };
        let scheme = unit.strip_prefix('x').is_some_and(|rest| {
            let count = if rest.is_empty() { after(at + usize::from(digits.is_empty())) } else { rest };
            count.starts_with(|c: char| c.is_ascii_digit())
        });
        let time = digits.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        number && (UNITS.contains(&unit) || scheme || time)
    })
}

/// In lower case, without punctuation around them and apostrophes in them.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '’'], "");
    text.split(|c: char| !c.is_alphanumeric() && c != '-')
        .map(|word| word.trim_matches('-').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

const REACTIONS: &[char] = &[
    '👍', '👎', '👌', '🙏', '👏', '🙌', '💪', '🔥', '😂', '🤣', '😄', '😀', '😁', '😆', '😊', '😉', '😎', '🙂', '😅',
    '🎉', '❤', '💯', '✅', '👋', '🤝', '🥳', '🤩', '😍', '🫡',
];

#[rustfmt::skip]
const SMALL_TALK: &[&str] = &[
    "thanks", "thank you", "thank u", "thanks a lot", "thanks a bunch", "thanks so much", "thank you so much",
    "thank you very much", "many thanks", "thx", "ty", "tysm", "cheers", "much appreciated", "appreciate it",
    "i appreciate it", "appreciated", "ok", "okay", "okey", "k", "kk", "alright", "all right", "got it", "gotcha",
    "understood", "makes sense", "that makes sense", "sounds good", "sounds great", "fair enough", "noted", "roger",
    "roger that", "copy that", "i see", "will do", "good to know", "nice", "nice one", "cool", "awesome", "wow", "lol",
    "lmao", "haha", "hehe", "love it", "youre the best", "you rock", "bye", "bye bye", "goodbye", "see you", "see ya",
    "see you later", "see you soon", "see you tomorrow", "see you next week", "see you next time", "see you then",
    "cya", "later", "talk later", "talk soon", "talk to you later", "talk to you soon", "ttyl", "take care",
    "good night", "goodnight", "have a good day", "have a good one", "have a good night", "have a good weekend",
    "have a great day", "have a great weekend", "have a nice day", "have a nice weekend", "until next time",
];

#[rustfmt::skip]
const AROUND_SMALL_TALK: &[&str] = &[
    "great", "perfect", "good", "super", "very", "really", "so", "much", "again", "and", "then", "now", "for now", "man",
    "mate", "buddy", "coach", "oh", "ah", "yeah", "well", "very nice", "for the help", "for your help", "for that",
    "for this", "for everything", "for the advice", "for the info", "for the tips", "very much", "a lot", "all", "cool",
];

const LEAD_IN: &[&str] = &[
    "ok", "okay", "hey", "hi", "hello", "coach", "so", "and", "but", "well", "also", "thanks", "please", "then", "or",
];
const INTERROGATIVES: &[&str] =
    &["what", "whats", "how", "hows", "why", "where", "wheres", "who", "whos", "which", "whose", "whom"];

#[rustfmt::skip]
const AUXILIARIES: &[&str] = &[
    "should", "shall", "can", "could", "will", "would", "may", "might", "do", "does", "did", "is", "are", "am", "was",
    "were", "has", "have", "isnt", "arent", "dont", "doesnt", "didnt", "cant", "wont", "shouldnt",
];
const PRONOUNS: &[&str] = &["i", "you", "we", "he", "she", "it", "they", "there", "these", "those", "anyone"];
const DETERMINERS: &[&str] = &["my", "the", "this", "that", "your", "a", "an"];

#[rustfmt::skip]
const REQUESTS: &[(&str, &str)] = &[
    ("any", "tips"), ("any", "advice"), ("any", "ideas"), ("any", "suggestions"), ("tell", "me"), ("show", "me"),
    ("give", "me"), ("help", "me"), ("explain", "the"), ("explain", "how"), ("explain", "why"), ("explain", "to"),
    ("i", "wonder"), ("im", "wondering"), ("suggest", "a"), ("suggest", "me"), ("recommend", "a"), ("recommend", "me"),
];

#[rustfmt::skip]
const FITNESS_STEMS: &[&str] = &[
    "squat", "deadlift", "bench", "workout", "train", "exercis", "running", "runner", "cardio", "lift", "muscle",
    "muscular", "strength", "strong", "protein", "calorie", "diet", "nutrition", "macro", "recover", "sore", "injur",
    "stretch", "mobility", "flexib", "yoga", "pilates", "rowing", "cycl", "swim", "pull-up", "pullup", "push-up", "pushup",
    "chin-up", "plank", "lunge", "burpee", "kettlebell", "dumbbell", "barbell", "crossfit", "marathon", "warm-up",
    "warmup", "cooldown", "deload", "hypertroph", "fitness", "endurance", "overhead", "hamstring", "quad", "glute",
    "shoulder", "biceps", "triceps", "snatch", "thruster", "sprint", "jog", "hik", "interval", "athlet", "weightlift",
];

#[rustfmt::skip]
const FITNESS_WORDS: &[&str] = &[
    "run", "runs", "ran", "press", "rep", "reps", "set", "sets", "gym", "pr", "prs", "1rm", "wod", "amrap", "emom",
    "metcon", "pace", "knee", "knees", "hip", "hips", "ankle", "elbow", "wrist", "row", "bike", "ride", "rest", "sleep",
    "weight", "session", "sessions", "vo2max", "rpe", "abs", "core", "5k", "10k", "program", "progress", "goal", "goals",
];

#[rustfmt::skip]
const HARM_STEMS: &[&str] = &[
    "injur", "pain", "hurt", "ache", "surger", "allerg", "asthma", "pregnan", "hernia", "herniated", "sprain", "torn",
    "fractur", "concuss", "diabet", "epilep", "heart",
];

#[rustfmt::skip]
const DONE: &[&str] = &[
    "did", "done", "finished", "completed", "ran", "jogged", "walked", "hiked", "rode", "cycled", "biked", "rowed", "swam",
    "lifted", "squatted", "benched", "deadlifted", "pressed", "snatched", "trained", "hit", "logged", "crushed", "nailed",
    "performed", "knocked", "sprinted", "managed",
];

/// What stands before the deed when it is the writer's own.
#[rustfmt::skip]
const BEFORE_DONE: &[&str] = &[
    "i", "ive", "we", "weve", "just", "and", "have", "then", "also", "already", "today", "yesterday", "finally", "morning",
    "evening", "afternoon", "tonight",
];

/// What makes it a plan, a refusal, an old story or somebody else's.
#[rustfmt::skip]
const NOT_DONE: &[&str] = &[
    "will", "going to", "gonna", "ill", "plan", "planning", "planned", "tomorrow", "want to", "wanna", "would", "could",
    "should", "if", "not", "didnt", "never", "havent", "hasnt", "couldnt", "wish", "almost", "used to", "years ago",
    "months ago", "last year", "when i", "next week", "next time", "my friend", "my wife", "my husband", "my brother",
    "my sister", "he", "she", "they",
];

#[rustfmt::skip]
const UNITS: &[&str] = &[
    "kg", "kgs", "kilos", "kilograms", "lb", "lbs", "pounds", "m", "km", "k", "mi", "mile", "miles", "meters", "metres",
    "kilometers", "kilometres", "yd", "yards", "rep", "reps", "set", "sets", "round", "rounds", "min", "mins", "minute",
    "minutes", "sec", "secs", "seconds", "s", "h", "hr", "hrs", "hour", "hours", "cal", "cals", "calories", "watts", "laps",
];

#[rustfmt::skip]
const BENCHMARKS: &[&str] = &[
    "fran", "murph", "cindy", "grace", "helen", "diane", "isabel", "karen", "annie", "jackie", "kelly", "elizabeth", "dt",
    "angie", "barbara", "chelsea", "filthy-fifty", "parkrun",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn small_talk_is_recognised_only_when_there_is_nothing_else() {
        let small = [
            "thanks", "Thanks!", "thank you!", "THANK YOU SO MUCH!!!", "thx coach", "ok", "Ok.", "okay, thanks", "k",
            "ok great, thanks", "great thanks", "got it 👍", "see you", "See you tomorrow!", "haha nice", "hahaha", "lol",
            "👍", "👍🏽", "🔥🔥🔥", "❤️", "nice!", "cool, will do", "bye", "good night coach", "have a great weekend!",
            "thanks for the help", "you're the best", "That makes sense, thank you.", "ok :)", "awesome 💪💪", "ttyl",
            "many thanks and see you soon", "alright then", "Sounds good - thanks again",
        ];
        for text in small {
            assert!(is_small_talk(text), "{text:?}");
        }
        let more = [
            "", " ", "...", "!!!", "?", "ok?", "thanks?", "ok, what about squats?", "ok what about squats",
            "thanks, I did 5x5 squats at 100kg", "thanks 5x5", "great", "Perfect!", "good", "yes", "no", "no thanks", "sure",
            "yes thanks", "hi", "hello coach", "nice weather for a run", "see you at the race", "ok stop", "not ok",
            "okay so my knee hurts", "thanks but that's wrong", "🤕", "👍🤕", "ok @ 100", "bye bye muscles", "cool down",
            "later I will run", "k2", "he", "ha", "don't thank me", "got it wrong", "/help",
        ];
        for text in more {
            assert!(!is_small_talk(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn a_question_needs_no_question_mark() {
        let questions = [
            "why?", "how many sets", "what should I eat", "ok, what about squats", "hey coach how do I warm up",
            "should I deload", "can you build me a plan", "is my squat deep enough", "when should I train legs",
            "did I get stronger", "My knee hurts. Should I stop", "any tips for running", "tell me about creatine",
            "does the bike count", "thanks! how was that",
        ];
        for text in questions {
            assert!(is_question(text), "{text:?}");
        }
        let others = [
            "", "when I squat my knee hurts", "did the 5k in 25 minutes", "did my long run", "did 5x5", "I know what to do",
            "show-off", "have a nice day", "that is how I train", "done", "can't complain", "will do",
        ];
        for text in others {
            assert!(!is_question(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn fitness_is_recognised_by_its_words_and_its_measures() {
        for text in ["my squats", "Deadlifting", "new PR", "eat more protein", "I want to run", "25 min", "sore all over"] {
            assert!(names_fitness(text), "{text:?}");
        }
        for text in ["", "hello there", "runic letters", "pressing matters", "25", "I bought a blue car", "coreopsis"] {
            assert!(!names_fitness(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn a_workout_is_ones_own_and_finished_and_measured() {
        let logs = [
            "I did 5x5 squats at 100kg", "thanks, I did 5x5 squats at 100kg", "Did 3 x 10 pull-ups", "ran 5k in 24:10",
            "Just finished 20 minutes of yoga", "This morning I rowed 2000 m", "I've done 5 rounds of burpees",
            "Squatted 5×5 @ 100 kg today", "Long day. Ran 10 km", "We hiked 12.5 miles", "I did Murph", "hit 140kg on deadlift",
            "I warmed up, then benched 80 kg for 5 reps", "finished parkrun", "Leg day (did 4 sets)", "I biked for 1 hour",
            "did the 5k in 25 minutes",
        ];
        for text in logs {
            assert!(tells_a_workout(text), "{text:?}");
        }
        let others = [
            "", "did it", "I ran", "I did squats", "5x5 squats at 100kg", "I will do 5x5 at 100kg", "tomorrow I hit 140 kg",
            "did I run 5k?", "did I run 5 km", "he ran 5k in 20:00", "my friend did 5x5 at 100kg", "I didn't run 5k",
            "I never did 5x5", "I did not do 5x5", "when I did 5x5 at 100 kg my knee hurt", "I used to run, I ran 5k daily",
            "I want to have finished 3 sets", "Kipchoge ran 42 km", "I did 2 things", "I ran at 7", "should I have done 5x5",
            "I planned and did nothing for 20 minutes", "you did 5x5", "I am done with 2 of them",
        ];
        for text in others {
            assert!(!tells_a_workout(text), "{text:?}");
        }
    }

    #[test]
    fn a_measure_is_a_number_with_something_to_it() {
        for text in [
            "5x5", "5 x 5", "3 x10", "3x 10", "100kg", "100 kg.", "62.5kg", "24:10", "1:02:03", "5k", "20min", "3 sets",
        ] {
            assert!(measures(text), "{text:?}");
        }
        for text in ["", "5", "kg", "x", "5x", "5 x", "5 things", "a:b", "at 7", "xx5", "12:", "2 kgb"] {
            assert!(!measures(text), "{text:?}");
        }
    }
}
