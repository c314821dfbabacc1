//! What each model takes of a request, and how it wants to be asked: a table of known families,
//! settings over it, and what this process has learned.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use domain::Tier;

use crate::Settings;

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it may be told how free it is in its choice of words.
    pub temperature: bool,
    /// How it fills in a form.
    pub forms: Forms,
    /// Whether it may be told how hard to try.
    pub effort: bool,
    /// Whether it thinks before it speaks, which takes tokens of its answer.
    pub thinks: bool,
    /// Whether it may be given more tokens than the answer may have, to think in.
    pub room: bool,
    /// Whether it can be asked to keep the beginnings of prompts.
    pub cache: bool,
    /// Whether it can be asked to keep them for an hour.
    pub cache_hour: bool,
    /// The shortest beginning that it keeps, in tokens, where that is known.
    pub smallest_prefix: Option<u64>,
    /// Whether it can be asked for in another service tier than the usual one.
    pub service_tier: bool,
}

/// How a form is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// As the input of a tool that must be called.
    ForcedTool,
    /// As the text of the answer, which must follow a schema.
    Schema,
    /// As the input of a tool that may be called.
    ChosenTool,
}

impl Capabilities {
    /// What is tried with a model that nobody knows.
    const UNKNOWN: Self = Self {
        temperature: true,
        forms: Forms::ForcedTool,
        effort: false,
        thinks: false,
        room: true,
        cache: false,
        cache_hour: false,
        smallest_prefix: None,
        service_tier: true,
    };

    /// By the table alone: by what the id of a model or of an inference profile says.
    pub fn known(model: &str) -> Self {
        claude(model)
            .or_else(|| nova(model))
            .unwrap_or(Self::UNKNOWN)
    }

    /// By the table, and the settings over it.
    pub(crate) fn set(settings: &Settings, model: &str, tier: Tier) -> Self {
        let usual = Takes::default();
        let takes = settings.models.get(model).unwrap_or(&usual);
        let known = Self::known(takes.like.as_deref().unwrap_or(model));
        Self {
            temperature: takes.temperature.unwrap_or(known.temperature),
            forms: takes.forms.unwrap_or(known.forms),
            effort: takes
                .effort
                .unwrap_or(known.effort || settings.efforts.of(tier).is_some()),
            thinks: takes.thinks.unwrap_or(known.thinks),
            cache: takes.cache.or(settings.cache_points).unwrap_or(known.cache),
            cache_hour: takes.cache_hour.unwrap_or(known.cache_hour),
            smallest_prefix: takes.smallest_prefix.or(known.smallest_prefix),
            ..known
        }
    }

    /// After what the model itself has said, which counts more than what anybody else says of it.
    pub(crate) fn after(self, lessons: &BTreeSet<Lesson>) -> Self {
        lessons.iter().fold(self, |known, lesson| match lesson {
            Lesson::Temperature => Self {
                temperature: false,
                ..known
            },
            Lesson::Effort => Self {
                effort: false,
                ..known
            },
            Lesson::ForcedTool if known.forms == Forms::ForcedTool => Self {
                forms: Forms::Schema,
                ..known
            },
            Lesson::Schema if known.forms == Forms::Schema => Self {
                forms: Forms::ChosenTool,
                ..known
            },
            Lesson::ForcedTool | Lesson::Schema => known,
            Lesson::CachePoints => Self {
                cache: false,
                ..known
            },
            Lesson::CacheHour => Self {
                cache_hour: false,
                ..known
            },
            Lesson::ServiceTier => Self {
                service_tier: false,
                ..known
            },
            Lesson::Room => Self {
                room: false,
                ..known
            },
            Lesson::Thinks => Self {
                thinks: true,
                ..known
            },
        })
    }
}

/// The lines of Claude; of each, a version is newer than another if its numbers are higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Haiku,
    Sonnet,
    Opus,
}

fn claude(model: &str) -> Option<Capabilities> {
    let (_, name) = model.split_once("anthropic.claude-")?;
    let (line, version) = version(name)?;
    let is_of_today = version >= (5, 0) || line == Line::Opus && version >= (4, 7);
    let cache = version >= (3, 7)
        || version == (3, 5) && (line == Line::Haiku || name.contains("20241022"));
    let smallest_prefix = match (line, version) {
        (Line::Sonnet, (4, 6)) => Some(2_048),
        (Line::Haiku, (4, 5)) | (Line::Opus, (4, 5 | 6)) => Some(4_096),
        (Line::Sonnet | Line::Opus, _) if version <= (4, 5) => Some(1_024),
        (Line::Haiku | Line::Sonnet | Line::Opus, _) => None,
    };
    Some(Capabilities {
        temperature: !is_of_today,
        forms: if version >= (5, 0) && line != Line::Haiku {
            Forms::Schema
        } else {
            Forms::ForcedTool
        },
        effort: is_of_today,
        thinks: is_of_today,
        cache,
        cache_hour: version >= (4, 5),
        smallest_prefix: smallest_prefix.filter(|_| cache),
        ..Capabilities::UNKNOWN
    })
}

/// Returns the line and the version of a name such as `sonnet-4-6`, `haiku-4-5-20251001-v1:0` or
/// `3-7-sonnet-20250219-v1:0`.
fn version(name: &str) -> Option<(Line, (u32, u32))> {
    let parts: Vec<&str> = name.split('-').collect();
    let line = parts.iter().find_map(|part| match *part {
        "haiku" => Some(Line::Haiku),
        "sonnet" => Some(Line::Sonnet),
        "opus" => Some(Line::Opus),
        _ => None,
    })?;
    // What has more digits is a date.
    let mut numbers = parts
        .iter()
        .filter(|part| part.len() <= 2)
        .filter_map(|part| part.parse().ok());
    let major = numbers.next()?;
    Some((line, (major, numbers.next().unwrap_or(0))))
}

fn nova(model: &str) -> Option<Capabilities> {
    let (_, name) = model.split_once("amazon.nova-")?;
    let smallest_prefix = match name.split('-').next() {
        Some("micro" | "lite") => Some(1_536),
        Some("pro") => Some(1_024),
        _ => None,
    };
    Some(Capabilities {
        cache: true,
        smallest_prefix,
        ..Capabilities::UNKNOWN
    })
}

/// What the settings say that a model takes. What they leave open is as the table says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Takes {
    /// The model that it is, where its id does not say so.
    pub like: Option<String>,
    /// Whether it takes a temperature.
    pub temperature: Option<bool>,
    /// How it fills in a form.
    pub forms: Option<Forms>,
    /// Whether it takes an effort.
    pub effort: Option<bool>,
    /// Whether it thinks before it speaks.
    pub thinks: Option<bool>,
    /// Whether it keeps the beginnings of prompts.
    pub cache: Option<bool>,
    /// Whether it keeps them for an hour, if it is asked to.
    pub cache_hour: Option<bool>,
    /// The shortest beginning that it keeps, in tokens.
    pub smallest_prefix: Option<u64>,
}

/// Written as `like:anthropic.claude-sonnet-4-6,temperature:no,forms:schema,effort:yes`, and so on
/// with `thinks:no`, `cache:2048` and `cache-hour:yes`.
impl FromStr for Takes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut takes = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part
                .split_once(':')
                .ok_or_else(|| format!("{part} is no name with a value"))?;
            match name {
                "like" => takes.like = Some(value.to_owned()),
                "temperature" => takes.temperature = Some(yes_or_no(value)?),
                "effort" => takes.effort = Some(yes_or_no(value)?),
                "thinks" => takes.thinks = Some(yes_or_no(value)?),
                "cache-hour" => takes.cache_hour = Some(yes_or_no(value)?),
                "forms" => takes.forms = Some(forms(value)?),
                "cache" => {
                    takes.smallest_prefix = value.parse().ok();
                    takes.cache = Some(takes.smallest_prefix.is_some() || yes_or_no(value)?);
                }
                _ => return Err(format!("{name} is none of: {NAMES}")),
            }
        }
        Ok(takes)
    }
}

const NAMES: &str = "like, temperature, forms, effort, thinks, cache, cache-hour";

fn yes_or_no(value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("{value} is neither yes nor no")),
    }
}

fn forms(value: &str) -> Result<Forms, String> {
    match value {
        "tool" => Ok(Forms::ForcedTool),
        "schema" => Ok(Forms::Schema),
        "choice" => Ok(Forms::ChosenTool),
        _ => Err(format!("{value} is none of: tool, schema, choice")),
    }
}

/// Something that a model has shown: what it refuses, or that it thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lesson {
    Temperature,
    Effort,
    ForcedTool,
    Schema,
    CachePoints,
    CacheHour,
    ServiceTier,
    Room,
    Thinks,
}

impl Lesson {
    /// Returns what the doctor says of it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Temperature => "it refuses a temperature",
            Self::Effort => "it refuses an effort",
            Self::ForcedTool => "it refuses a tool that must be called",
            Self::Schema => "it refuses a schema for its text",
            Self::CachePoints => "it refuses cache points",
            Self::CacheHour => "it refuses to keep a prompt for an hour",
            Self::ServiceTier => "it refuses the service tier",
            Self::Room => "it refuses more tokens to think in",
            Self::Thinks => "it thinks before it speaks",
        }
    }
}

const SCHEMA: [&str; 5] = [
    "textformat",
    "outputformat",
    "jsonschema",
    "structuredoutput",
    "responseformat",
];

const FORCED_TOOL: [&str; 6] = [
    "toolchoice",
    "toolconfig",
    "tooluse",
    "forcedtool",
    "forcetool",
    "functioncall",
];

/// What a request had in it that a model may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    pub(crate) temperature: bool,
    pub(crate) effort: bool,
    pub(crate) forms: Option<Forms>,
    pub(crate) cache: bool,
    pub(crate) cache_hour: bool,
    pub(crate) service_tier: bool,
    pub(crate) room: bool,
}

impl Sent {
    /// Returns what of this a refusal names.
    pub(crate) fn refused(self, message: &str) -> Vec<Lesson> {
        let message = message.to_ascii_lowercase();
        let is_word = |word| {
            message
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .any(|part| part == word)
        };
        let squeezed: String = message
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let says = |words: &[&str]| words.iter().any(|word| squeezed.contains(word));
        let is_effort = says(&["effort"]);
        let is_hour = self.cache_hour && is_word("ttl");
        let is_schema = says(&SCHEMA);
        let named = [
            (Lesson::Effort, self.effort && is_effort),
            (Lesson::CacheHour, is_hour),
            (
                Lesson::CachePoints,
                self.cache && !is_hour && says(&["cachepoint", "cachecontrol", "caching"]),
            ),
            (
                Lesson::ServiceTier,
                self.service_tier && says(&["servicetier"]),
            ),
            (
                Lesson::Temperature,
                self.temperature && says(&["temperature"]),
            ),
            (
                Lesson::ForcedTool,
                self.forms == Some(Forms::ForcedTool) && says(&FORCED_TOOL),
            ),
            (
                Lesson::Schema,
                self.forms == Some(Forms::Schema)
                    && (is_schema || !is_effort && says(&["outputconfig", "schema"])),
            ),
            (
                Lesson::Room,
                self.room && says(&["maxtokens", "maximumtokens", "maxoutputtokens"]),
            ),
        ];
        named
            .into_iter()
            .filter_map(|(lesson, is_named)| is_named.then_some(lesson))
            .collect()
    }
}

/// What this process has learned of each model.
#[derive(Debug, Default)]
pub(crate) struct Learned(RwLock<BTreeMap<String, BTreeSet<Lesson>>>);

impl Learned {
    pub(crate) fn of(&self, model: &str) -> BTreeSet<Lesson> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(model).cloned().unwrap_or_default()
    }

    pub(crate) fn note(&self, model: &str, lessons: &[Lesson]) {
        if !lessons.is_empty() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            known.entry(model.to_owned()).or_default().extend(lessons);
        }
    }
}

#[cfg(test)]
mod tests;
