//! One stretch of a sentence: its numbers, and the name that they belong to.

/// What the numbers of a clause say about one set, or several equal ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Clause {
    pub(super) sets: Option<u32>,
    pub(super) reps: Option<u32>,
    /// A number and its unit.
    pub(super) weight: Option<(f64, &'static str)>,
    /// A number and its unit.
    pub(super) distance: Option<(f64, &'static str)>,
    pub(super) seconds: Option<u32>,
    pub(super) rpe: Option<f64>,
}

/// Returns the clauses of a text in their order, each with the name that it gives, or an empty one.
pub(super) fn clauses(text: &str) -> Vec<(Clause, String)> {
    let tokens = tokens(text);
    let parts = tokens
        .split(|token| matches!(token, Token::Stop) || token.is_word(&["then", "and", "plus"]));
    parts
        .filter(|part| !part.is_empty())
        .map(|part| (Clause::of(part), name(part)))
        .collect()
}

impl Clause {
    /// Returns whether it says enough to be logged.
    pub(super) fn is_measured(&self) -> bool {
        self.reps.is_some()
            || self.weight.is_some()
            || self.distance.is_some()
            || self.seconds.is_some()
    }

    /// Takes over what it does not know itself.
    pub(super) fn fill_in(&mut self, more: Self) {
        self.sets = self.sets.or(more.sets);
        self.reps = self.reps.or(more.reps);
        self.weight = self.weight.or(more.weight);
        self.distance = self.distance.or(more.distance);
        self.seconds = self.seconds.or(more.seconds);
        self.rpe = self.rpe.or(more.rpe);
    }

    /// Returns how many equal sets it stands for; a form with more than a thousand is refused
    /// anyway.
    pub(super) fn times(&self) -> u32 {
        self.sets.unwrap_or(1).min(1_000)
    }

    pub(super) fn form(&self) -> serde_json::Value {
        let quantity = |(value, unit)| serde_json::json!({ "value": value, "unit": unit });
        serde_json::json!({
            "reps": self.reps,
            "weight": self.weight.map(quantity),
            "distance": self.distance.map(quantity),
            "durationSeconds": self.seconds,
            "rpe": self.rpe,
        })
    }

    fn of(tokens: &[Token]) -> Self {
        let mut clause = Self::default();
        let mut rest = tokens;
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            match (first, behind) {
                (Token::Word(word), [Token::Number(rpe), ..]) if word == "rpe" => {
                    clause.rpe = Some(*rpe);
                    rest = behind.get(1..).unwrap_or_default();
                }
                (Token::Word(word), _) if word == "mile" => clause.measure(1.0, "mile"),
                (Token::Clock(seconds), _) => clause.seconds = Some(*seconds),
                (Token::Number(sets), [Token::Times, Token::Number(_), ..])
                    if clause.sets.is_none() =>
                {
                    clause.sets = whole(*sets);
                }
                (Token::Number(number), [Token::Word(unit), ..]) if is_unit(unit) => {
                    clause.measure(*number, unit);
                    rest = behind.get(1..).unwrap_or_default();
                }
                (Token::Number(number), _) => clause.count(*number, tokens, behind),
                (Token::Word(_) | Token::At | Token::Times | Token::Stop, _) => {}
            }
        }
        clause
    }

    fn measure(&mut self, number: f64, unit: &str) {
        match unit {
            "kg" | "kgs" | "kilo" | "kilos" => self.weight = Some((number, "kg")),
            "lb" | "lbs" | "pound" | "pounds" => self.weight = Some((number, "lb")),
            "m" | "meter" | "meters" | "metre" | "metres" => self.distance = Some((number, "m")),
            "k" | "km" | "kms" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => {
                self.distance = Some((number, "km"));
            }
            "mi" | "mile" | "miles" => self.distance = Some((number, "mi")),
            "s" | "sec" | "secs" | "second" | "seconds" => self.add_seconds(number),
            "min" | "mins" | "minute" | "minutes" => self.add_seconds(number * 60.0),
            "h" | "hr" | "hrs" | "hour" | "hours" => self.add_seconds(number * 3600.0),
            "set" | "sets" | "round" | "rounds" => self.sets = whole(number),
            "rep" | "reps" | "times" => self.reps = whole(number),
            _ => {}
        }
    }

    fn add_seconds(&mut self, seconds: f64) {
        let more = whole(seconds.round()).unwrap_or(0);
        self.seconds = Some(self.seconds.unwrap_or(0).saturating_add(more));
    }

    /// A number without a unit: what it counts depends on what stands before it, and on what is
    /// known.
    fn count(&mut self, number: f64, all: &[Token], behind: &[Token]) {
        let before = all
            .len()
            .checked_sub(behind.len() + 2)
            .and_then(|at| all.get(at));
        match before {
            Some(Token::At) if self.weight.is_none() => self.weight = Some((number, "kg")),
            Some(Token::Times) if self.sets.is_none() && self.weight.is_none() => {
                self.sets = whole(number)
            }
            _ if self.reps.is_none() => self.reps = whole(number),
            _ => {}
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    /// A duration such as 24:30, in seconds.
    Clock(u32),
    Word(String),
    Times,
    At,
    /// The end of a clause.
    Stop,
}

impl Token {
    fn is_word(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if words.contains(&word.as_str()))
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let text = text.to_lowercase().replace('’', "'");
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_ascii_digit() {
            number(rest)
        } else if first.is_alphabetic() {
            word(rest, matches!(tokens.last(), Some(Token::Number(_))))
        } else {
            let token = match first {
                '×' | '*' => Some(Token::Times),
                '@' => Some(Token::At),
                ',' | ';' | '.' | '!' | '+' | '\n' => Some(Token::Stop),
                _ => None,
            };
            (token, first.len_utf8())
        };
        tokens.extend(token);
        rest = rest
            .get(length..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t']);
    }
    tokens
}

fn number(text: &str) -> (Option<Token>, usize) {
    let is_inside = |(at, c): (usize, char)| {
        let digit_follows = text
            .get(at + 1..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        c.is_ascii_digit() || ([':', '.'].contains(&c) && digit_follows)
    };
    let length = text
        .char_indices()
        .find(|place| !is_inside(*place))
        .map_or(text.len(), |(at, _)| at);
    let digits = text.get(..length).unwrap_or_default();
    let token = if digits.contains(':') {
        let parts = digits.split(':').map(str::parse::<u32>);
        let seconds = parts.into_iter().try_fold(0_u32, |all, part| {
            all.checked_mul(60)?.checked_add(part.ok()?)
        });
        seconds.map(Token::Clock)
    } else {
        digits.parse().ok().map(Token::Number)
    };
    (token, length)
}

/// An "x" between numbers, or behind a word and before a number, is no word.
fn word(text: &str, after_number: bool) -> (Option<Token>, usize) {
    let is_inside = |c: char| c.is_alphabetic() || c == '\'' || c == '-';
    let length = text.find(|c| !is_inside(c)).unwrap_or(text.len());
    let word = text.get(..length).unwrap_or_default().trim_end_matches('-');
    let number_follows = text
        .get(length..)
        .unwrap_or_default()
        .trim_start()
        .starts_with(|c: char| c.is_ascii_digit());
    let token = match word {
        "x" if number_follows || after_number => Token::Times,
        "at" if number_follows => Token::At,
        _ => Token::Word(word.to_owned()),
    };
    (Some(token), length)
}

/// Returns the words that name what was done, in the singular and with a capital.
fn name(tokens: &[Token]) -> String {
    let words = tokens.iter().filter_map(|token| match token {
        Token::Word(word) if !is_unit(word) && !NOISE.contains(&word.as_str()) => {
            Some(present(word))
        }
        Token::Word(_)
        | Token::Number(_)
        | Token::Clock(_)
        | Token::Times
        | Token::At
        | Token::Stop => None,
    });
    let words: Vec<&str> = words.collect();
    let name = match words.join(" ") {
        name if name == "bench" => "bench press".to_owned(),
        name => name,
    };
    let plural = name.ends_with('s') && !name.ends_with("ss");
    let name = if plural {
        name.trim_end_matches('s')
    } else {
        &name
    };
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn present(word: &str) -> &str {
    match word {
        "ran" | "running" | "jogged" => "run",
        "rowed" | "rowing" => "row",
        "rode" | "cycled" | "biked" => "ride",
        "swam" => "swim",
        "walked" => "walk",
        "hiked" => "hike",
        "squatted" => "squat",
        "benched" => "bench",
        "deadlifted" => "deadlift",
        "pressed" => "press",
        _ => word,
    }
}

fn is_unit(word: &str) -> bool {
    UNITS.contains(&word)
}

fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (0.0..=100_000.0).contains(&number)).then_some(number as u32)
}

const UNITS: [&str; 43] = [
    "kg",
    "kgs",
    "kilo",
    "kilos",
    "lb",
    "lbs",
    "pound",
    "pounds",
    "m",
    "meter",
    "meters",
    "metre",
    "metres",
    "k",
    "km",
    "kms",
    "kilometer",
    "kilometers",
    "kilometre",
    "kilometres",
    "mi",
    "mile",
    "miles",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "h",
    "hr",
    "hrs",
    "hour",
    "hours",
    "set",
    "sets",
    "rep",
    "reps",
    "round",
    "rounds",
];

/// Words around a workout that are not part of its name.
const NOISE: [&str; 79] = [
    "i",
    "i've",
    "we",
    "did",
    "done",
    "have",
    "had",
    "just",
    "got",
    "hit",
    "made",
    "managed",
    "finished",
    "completed",
    "logged",
    "trained",
    "went",
    "was",
    "were",
    "felt",
    "it",
    "that",
    "a",
    "an",
    "the",
    "my",
    "of",
    "in",
    "at",
    "for",
    "with",
    "on",
    "to",
    "by",
    "per",
    "each",
    "all",
    "some",
    "today",
    "yesterday",
    "tonight",
    "this",
    "last",
    "morning",
    "afternoon",
    "evening",
    "night",
    "noon",
    "ago",
    "day",
    "days",
    "week",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "rpe",
    "easy",
    "hard",
    "tough",
    "heavy",
    "light",
    "good",
    "great",
    "nice",
    "time",
    "times",
    "total",
    "warm",
    "warmed",
    "up",
    "after",
    "before",
    "am",
    "pm",
    "session",
];
