//! What is logged, and where.

use std::io::IsTerminal;

use clap::ValueEnum;
use metrics::requests::Requests;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::aws::QUIET;
use crate::error::StartError;

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object, for programs that collect logs.
    Json,
}

/// Lets the log begin, on the error output. However little is logged, it is known for which request
/// something is done.
pub(crate) fn begin(filter: &str, format: LogFormat) -> Result<(), StartError> {
    let mut filter = EnvFilter::builder().parse(filter)?;
    for quiet in QUIET {
        filter = filter.add_directive(quiet.parse()?);
    }
    let ansi = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            lines.with_current_span(false).boxed()
        }
    };
    registry()
        .with(Requests.only())
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}

/// A filter as `EnvFilter` takes it. Left alone, it takes every other word for the name of a crate,
/// and logs nothing of all the rest: a word alone must be a level here, and what is not named is
/// logged at `info`.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let mut filter = parts
        .iter()
        .map(|part| directive(part))
        .collect::<Result<Vec<_>, _>>()?;
    if filter.is_empty() {
        return Err(unknown("nothing"));
    }
    if filter
        .iter()
        .all(|directive| directive.contains(['=', '[']))
    {
        filter.insert(0, "info".to_owned());
    }
    let filter = filter.join(",");
    EnvFilter::builder()
        .parse(&filter)
        .map_err(|_| unknown(text))?;
    Ok(filter)
}

/// One part of a filter: a level, or whose it is and a level. Spans are for `EnvFilter` to judge.
fn directive(part: &str) -> Result<String, String> {
    if part.contains(['[', ']', '{', '}']) {
        return Ok(part.to_owned());
    }
    match part.split_once('=') {
        Some((target, level_of_it)) if !target.trim().is_empty() => {
            Ok(format!("{}={}", target.trim(), level(level_of_it)?))
        }
        _ => level(part),
    }
}

fn level(word: &str) -> Result<String, String> {
    let word = word.trim();
    let known = if word.eq_ignore_ascii_case("warning") {
        "warn"
    } else {
        word
    };
    // The empty word is one for the library.
    let level = known
        .parse::<LevelFilter>()
        .ok()
        .filter(|_| !known.is_empty());
    level
        .map(|level| level.to_string())
        .ok_or_else(|| unknown(word))
}

fn unknown(word: &str) -> String {
    format!(
        "`{word}` is no level: say error, warn, info, debug, trace or off, \
         or also the level of one crate, such as info,coach_http=debug"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_understood_however_it_is_written() {
        for (text, filter_of_it) in [
            ("info", "info"),
            ("WARN", "warn"),
            ("warning", "warn"),
            ("Warning", "warn"),
            ("off", "off"),
            ("3", "info"),
            (" debug , ", "debug"),
            ("warn,coach_http=DEBUG", "warn,coach_http=debug"),
            ("coach_http = Warning", "info,coach_http=warn"),
            (
                "coach_http=debug,hyper=off",
                "info,coach_http=debug,hyper=off",
            ),
            (
                "coach_http[request]=debug",
                "info,coach_http[request]=debug",
            ),
            (
                "aws_smithy_runtime=trace,error",
                "aws_smithy_runtime=trace,error",
            ),
        ] {
            assert_eq!(filter(text).as_deref(), Ok(filter_of_it), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_level_is_refused_with_an_example() {
        for text in [
            "",
            " ",
            ",",
            "verbose",
            "infos",
            "coach_http",
            "info,loud",
            "coach_http=",
            "a=b=c",
            "=info",
            "a=[b",
        ] {
            let refusal = filter(text).expect_err(text);
            assert!(
                refusal.contains("info,coach_http=debug"),
                "{text:?}: {refusal}"
            );
        }
    }
}
