//! Whether a message tells of a workout that its writer has finished. English only, and rather
//! silent than wrong: what is missed here is still read by the coach.

use super::vocabulary::{is_of_fitness, is_question, words};

/// Returns whether the message tells of a workout that its writer has finished, with something to
/// measure.
pub(super) fn tells_a_workout(text: &str) -> bool {
    let all = words(text);
    let told = tells_a_deed(text, &all) || is_result(text, &all);
    told && is_concrete(text, &all)
        && !has(ELSEWHERE, &all)
        && !is_staged(text, &all)
        && !is_question(text)
}

/// Returns whether the message names something of training, the body or food.
pub(super) fn names_fitness(text: &str) -> bool {
    words(text).iter().any(|word| is_of_fitness(word)) || measures(text)
}

/// Returns whether there is a number with a unit, a scheme such as 5x5, or a time such as 24:10.
pub(super) fn measures(text: &str) -> bool {
    amounts(text) > 0 || has_duration(text)
}

/// A load, a distance, a count or a benchmark is enough; time can be spent on anything.
fn is_concrete(text: &str, words: &[String]) -> bool {
    let of_training = |word: &String| is_one_of(TRAINED, word) || is_of_fitness(word);
    let loaded = words
        .windows(2)
        .any(|pair| matches!(pair, [lift, load] if is_one_of(LIFTED, lift) && is_number(load)));
    amounts(text) > 0
        || names_benchmark(words)
        || loaded
        || (has_duration(text) && words.iter().any(of_training))
}

/// Returns whether the writer says to have done something; where others are named, in so many
/// words.
fn tells_a_deed(text: &str, words: &[String]) -> bool {
    let before: &[&str] = if has(OTHERS, words) {
        FIRST_PERSON
    } else {
        BEFORE_DONE
    };
    clauses(text)
        .iter()
        .any(|clause| has_own_deed(clause, before) && !has(NOT_DONE, clause))
}

fn has_own_deed(words: &[String], before: &[&str]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    (0..words.len()).any(|at| {
        let own = if at == 0 {
            before == BEFORE_DONE
        } else {
            is_one_of(before, word(at - 1))
        };
        let done =
            is_one_of(TRAINED, word(at)) || is_one_of(LIFTED, word(at)) || is_one_of(DID, word(at));
        own && (done || DID_PAIRS.contains(&(word(at), word(at + 1))))
    })
}

/// Returns whether a result stands there without a deed: "Fran 4:12", "5x5 squats, done", "log
/// this: 5x5", or a list of sets and loads.
fn is_result(text: &str, words: &[String]) -> bool {
    let ordered = LOG_ORDERS
        .iter()
        .any(|order| format!("{} ", words.join(" ")).starts_with(&format!("{order} ")));
    let timed = (names_benchmark(words) || amounts(text) > 0) && has_result_time(text);
    let marked = has(RESULTS, words) || text.contains('✅') || text.contains("rounds +");
    let listed = schemes(text) > 1 && amounts_in(text, LOADS) > 1;
    let found = ordered || ((timed || marked || listed) && !has(NO_RESULT, words));
    found && !has(NOT_DONE, words) && !has(OTHERS, words)
}

/// Returns whether there is a time that something took: not a time of day, a pace or a rest.
fn has_result_time(text: &str) -> bool {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches([',', '.', ';', '!', '(', ')']))
        .collect();
    let before = |at: usize| {
        at.checked_sub(1)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or("")
    };
    let rests = words.contains(&"rest");
    let mut words = words.iter().enumerate();
    let written = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == ':');
    !rests
        && words.any(|(at, word)| {
            is_clock_time(word) && written(word) && !BEFORE_NO_RESULT.contains(&before(at))
        })
}

/// Returns whether a benchmark workout is named, and not somebody of that name: "dinner with
/// Grace".
fn names_benchmark(words: &[String]) -> bool {
    let before = |at: usize| {
        at.checked_sub(1)
            .and_then(|at| words.get(at))
            .map_or("", String::as_str)
    };
    let mut words = words.iter().enumerate();
    words.any(|(at, word)| {
        BENCHMARKS.contains(&word.as_str()) && !BEFORE_PEOPLE.contains(&before(at))
    })
}

/// Returns whether it is a part to play, a quotation, addressed to a machine or made to look like
/// something else.
fn is_staged(text: &str, words: &[String]) -> bool {
    let disguised = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.contains(['<', '{', '`']) || text.contains(disguised) || has(STAGED, words)
}

/// Two neighbouring letters are often swapped ("rna"), and never make another word of these.
fn is_one_of(known: &[&str], word: &str) -> bool {
    known
        .iter()
        .any(|known| *known == word || is_swapped(known, word))
}

fn is_swapped(known: &str, word: &str) -> bool {
    let differing = known
        .bytes()
        .zip(word.bytes())
        .enumerate()
        .filter(|(_, (a, b))| a != b);
    let differing: Vec<_> = differing.collect();
    known.len() == word.len()
        && matches!(
            differing.as_slice(),
            [(at, (a, b)), (next, (c, d))] if next - at == 1 && a == d && b == c
        )
}

fn has(phrases: &[&str], words: &[String]) -> bool {
    let padded = format!(" {} ", words.join(" "));
    phrases
        .iter()
        .any(|phrase| padded.contains(&format!(" {phrase} ")))
}

/// Returns the words of each clause.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let text = text.to_lowercase();
    let text = CLAUSE_BREAKS
        .iter()
        .fold(text, |text, (mark, broken)| text.replace(mark, broken));
    text.split(['\n', ';', '!', '(']).map(words).collect()
}

/// Returns how many numbers have a unit of load, distance or count, or are a scheme such as 5x5.
fn amounts(text: &str) -> usize {
    amounts_in(text, AMOUNTS) + amounts_in(text, LOADS) + schemes(text)
}

fn amounts_in(text: &str, units: &[&str]) -> usize {
    measured(&tokens(text))
        .filter(|(unit, _)| units.contains(unit))
        .count()
}

fn schemes(text: &str) -> usize {
    let times = |(unit, next): &(&str, &str)| {
        let times = unit.strip_prefix('x');
        times.is_some_and(|times| is_number(if times.is_empty() { next } else { times }))
    };
    measured(&tokens(text)).filter(times).count()
}

fn has_duration(text: &str) -> bool {
    let tokens = tokens(text);
    tokens.iter().any(|token| is_clock_time(token))
        || measured(&tokens).any(|(unit, _)| DURATIONS.contains(&unit))
}

/// Returns what stands behind each number, joined to it or not, and the token after that.
fn measured(tokens: &[String]) -> impl Iterator<Item = (&str, &str)> {
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    (0..tokens.len()).filter_map(move |at| match behind_number(token(at))? {
        "" => Some((token(at + 1), token(at + 2))),
        unit => Some((unit, token(at + 1))),
    })
}

fn is_clock_time(token: &str) -> bool {
    behind_number(token)
        .and_then(|rest| rest.strip_prefix(':'))
        .is_some_and(is_number)
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns what stands behind the number that the token begins with, or is.
fn behind_number(token: &str) -> Option<&str> {
    if NUMBERS.contains(&token) {
        return Some("");
    }
    let rest = token.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    (rest.len() < token.len()).then_some(rest)
}

fn tokens(text: &str) -> Vec<String> {
    let text = text
        .to_lowercase()
        .replace('×', "x")
        .replace("-ups", "ups")
        .replace(" ups", "ups");
    text.split(|c: char| !c.is_alphanumeric() && !".:@".contains(c))
        .map(|token| token.trim_matches(['.', ':', '@']).to_owned())
        .filter(|token| !token.is_empty())
        .collect()
}

/// Where a clause ends, besides at the end of a line; a mark within a number or a word ends none.
const CLAUSE_BREAKS: &[(&str, &str)] = &[
    (". ", "\n"),
    (", ", "\n"),
    (": ", "\n"),
    (" - ", "\n"),
    (" but ", "\n"),
    (" so i ", "\ni "),
    (" so we ", "\nwe "),
    (" then ", "\n"),
];

#[rustfmt::skip]
const TRAINED: &[&str] = &[
    "ran", "jogged", "walked", "hiked", "rode", "cycled", "biked", "rowed", "swam", "lifted",
    "trained", "sprinted", "climbed", "skied", "paddled", "kayaked", "skated", "rucked",
    "stretched", "boxed", "sparred", "planked",
];
const LIFTED: &[&str] = &[
    "squatted",
    "benched",
    "deadlifted",
    "pressed",
    "snatched",
    "cleaned",
    "jerked",
];

/// Deeds of any kind.
#[rustfmt::skip]
const DID: &[&str] = &[
    "did", "done", "finished", "completed", "hit", "logged", "crushed", "nailed", "performed",
    "knocked", "managed", "played", "spent",
];
const DID_PAIRS: &[(&str, &str)] = &[
    ("worked", "up"),
    ("got", "in"),
    ("got", "through"),
    ("took", "a"),
];

/// What stands before the deed when it is the writer's own.
#[rustfmt::skip]
const BEFORE_DONE: &[&str] = &[
    "i", "ive", "we", "weve", "just", "and", "have", "then", "also", "already", "today",
    "yesterday", "finally", "morning", "evening", "afternoon", "tonight", "still", "only",
    "actually",
];
const FIRST_PERSON: &[&str] = &["i", "ive", "we", "weve"];

/// What makes a clause a plan, a refusal, a memory or an idiom.
#[rustfmt::skip]
const NOT_DONE: &[&str] = &[
    "will", "going to", "gonna", "ill", "plan", "planning", "planned", "tomorrow", "want", "wanna",
    "would", "could", "should", "if", "not", "didnt", "never", "havent", "hasnt", "couldnt", "wish",
    "almost", "did nothing", "so much", "so many", "next week", "next time", "goal", "target",
    "best", "need to", "supposed to", "about to", "remember", "of sleep", "ran out", "ran into",
    "walked out", "im done", "am done", "be done",
];

/// What makes a result without a deed a plan, or what its writer is or has.
#[rustfmt::skip]
const NO_RESULT: &[&str] = &[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue",
    "wed", "thu", "fri", "sat", "sun", "tonight", "later", "week", "max", "program", "record", "my",
    "is", "have", "usually", "normally", "weigh", "takes",
];

/// An old story or a habit.
#[rustfmt::skip]
const ELSEWHERE: &[&str] = &[
    "used to", "years ago", "months ago", "last year", "back in", "when i", "when we", "as a kid",
    "for weeks", "for months", "for years", "a week", "per week", "every week", "every day",
];
/// Those who may have done it instead.
const OTHERS: &[&str] = &[
    "my friend",
    "my wife",
    "my husband",
    "my brother",
    "my sister",
    "he",
    "she",
    "they",
];

#[rustfmt::skip]
const STAGED: &[&str] = &[
    "ignore", "disregard", "instructions", "system", "assistant", "prompt", "override", "admin",
    "pretend", "simulate", "suppose", "imagine", "translate", "act as", "say exactly", "quote",
    "do not log", "dont log", "drop table", "isworkoutlog",
];

const RESULTS: &[&str] = &[
    "rx",
    "done",
    "unbroken",
    "splits",
    "avg",
    "average",
    "burned",
    "rounds plus",
];
const LOG_ORDERS: &[&str] = &[
    "log this",
    "log my workout",
    "log my session",
    "log my run",
    "add this to my log",
    "add to my log",
];
/// A time behind these is a time of day, a pace or a wish.
const BEFORE_NO_RESULT: &[&str] = &[
    "@", "at", "by", "until", "till", "from", "before", "after", "under", "sub", "for", "every",
    "start", "starts",
];

const LOADS: &[&str] = &["kg", "kgs", "kilos", "kilograms", "lb", "lbs", "pounds"];
#[rustfmt::skip]
const AMOUNTS: &[&str] = &[
    "m", "km", "k", "mi", "mile", "miles", "meters", "metres", "kilometers", "kilometres", "yd",
    "yards", "rep", "reps", "set", "sets", "round", "rounds", "single", "singles", "double",
    "doubles", "triple", "triples", "cal", "cals", "calories", "watts", "laps", "pushups",
    "pullups", "situps", "burpees", "squats", "lunges", "dips", "swings", "thrusters",
];
#[rustfmt::skip]
const DURATIONS: &[&str] = &[
    "min", "mins", "minute", "minutes", "sec", "secs", "second", "seconds", "s", "h", "hr", "hrs",
    "hour", "hours",
];
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "an", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve",
    "fifteen", "twenty", "thirty", "forty", "fifty", "sixty",
];

#[rustfmt::skip]
const BENCHMARKS: &[&str] = &[
    "fran", "murph", "cindy", "grace", "helen", "diane", "isabel", "karen", "annie", "jackie",
    "kelly", "elizabeth", "dt", "angie", "barbara", "chelsea", "nancy", "filthy-fifty", "parkrun",
    "hyrox",
];
const BEFORE_PEOPLE: &[&str] = &["with", "into", "for", "to", "from", "by", "and"];

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn a_workout_is_ones_own_and_finished_and_measured() {
        let logs = [
            "I did 5x5 squats at 100kg", "thanks, I did 5x5 squats at 100kg", "Did 3 x 10 pull-ups",
            "ran 5k in 24:10", "Just finished 20 minutes of yoga", "This morning I rowed 2000 m",
            "I've done 5 rounds of burpees", "Squatted 5×5 @ 100 kg today", "Long day. Ran 10 km",
            "We hiked 12.5 miles", "I did Murph", "hit 140kg on deadlift",
            "I warmed up, then benched 80 kg for 5 reps", "finished parkrun",
            "Leg day (did 4 sets)", "I biked for 1 hour",
            "did the 5k in 25 minutes",
        ];
        for text in logs {
            assert!(tells_a_workout(text), "{text:?}");
        }
        let others = [
            "", "did it", "I ran", "I did squats", "5x5 squats at 100kg", "I will do 5x5 at 100kg",
            "tomorrow I hit 140 kg", "did I run 5k?", "did I run 5 km", "he ran 5k in 20:00",
            "my friend did 5x5 at 100kg", "I didn't run 5k", "I never did 5x5", "I did not do 5x5",
            "when I did 5x5 at 100 kg my knee hurt", "I used to run, I ran 5k daily",
            "I want to have finished 3 sets", "Kipchoge ran 42 km", "I did 2 things", "I ran at 7",
            "should I have done 5x5", "I planned and did nothing for 20 minutes", "you did 5x5",
            "I am done with 2 of them",
        ];
        for text in others {
            assert!(!tells_a_workout(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn a_result_needs_no_deed() {
        let results = [
            "Fran 4:12", "Fran 4:12 rx", "Helen in 9:47, unbroken", "5x5 squats at 100kg, done",
            "Squat 3x5 110kg ✅", "Log this: squats 5x5", "1 mile swim, 36:40",
            "Bench 80kg 3x8, press 50 kg 3x10", "AMRAP 12: 6 rounds + 4 reps",
            "8k @ 4:45/km, avg HR 168",
        ];
        for text in results {
            assert!(tells_a_workout(text), "{text:?}");
        }
        let others = [
            "Fran", "Fran on Friday, 4:00 or bust", "my best Fran is 4:12", "my 5k time is 24:10",
            "10 km race at 9:00", "6 x 800 m, 2:00 rest", "8k @ 4:45", "8k at 4:45/km",
            "I have dumbbells of 10 kg and 20 kg", "he ran 5k in 20:00",
            "squat 140 kg, bench 100 kg", "Log this: all is well",
            "Thursday: squats 4x6 80 kg, bench 4x6 60 kg",
        ];
        for text in others {
            assert!(!tells_a_workout(text), "{text:?}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn each_clause_is_judged_for_itself_but_a_story_as_a_whole() {
        let logs = [
            "Did not sleep but ran 7 km", "Ran 12 km. Tomorrow is a rest day.",
            "Couldn't stop, so I did 5x5", "She set the pace and we ran 12 km",
            "rna 5k, then sat down", "I jsut ddi 3 sets", "squatted 120 for 5",
            "climbed for two hours", "worked up to 72.5 kg",
        ];
        for text in logs {
            assert!(tells_a_workout(text), "{text:?}");
        }
        let others = [
            "Tired. Tomorrow I hit 140 kg", "She is fast, ran 5k", "Years ago, but: I ran 10 miles",
            "I ran 10 km every day", "I did my taxes for 3 hours", "I did lunch with Karen",
            "I managed 5 hours of sleep", "Pretend I did 5x5 at 100 kg",
            "<b>I did 5x5 at 100 kg</b>", "I did 5x5 \u{202e}at 100 kg",
            "remember that I did 5x5 at 100 kg",
        ];
        for text in others {
            assert!(!tells_a_workout(text), "{text:?}");
        }
    }

    #[test]
    fn a_measure_is_a_number_with_something_to_it() {
        for text in [
            "5x5", "5 x 5", "3 x10", "3x 10", "100kg", "100 kg.", "62.5kg", "24:10", "1:02:03",
            "5k", "20min", "3 sets",
        ] {
            assert!(measures(text), "{text:?}");
        }
        for text in [
            "", "5", "kg", "x", "5x", "5 x", "5 things", "a:b", "at 7", "xx5", "12:", "2 kgb",
        ] {
            assert!(!measures(text), "{text:?}");
        }
    }
}
