//! What was measured, as a table for people.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;

use crate::Result;
use crate::measure::{Cost, Load, Outcome, Plan};

/// What stands in a file before and behind the table.
const MARKS: [&str; 2] = ["<!-- the table begins -->\n", "<!-- the table ends -->\n"];

/// What is to be known of the machine on which was measured.
pub(crate) struct Machine {
    cores: usize,
    model: String,
    kernel: String,
    load: String,
}

impl Machine {
    /// The machine as it is now.
    pub(crate) fn now() -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let load = fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            cores: thread::available_parallelism()?.get(),
            model: model
                .map_or("unknown processor", |(_, name)| name)
                .to_owned(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

/// A row: what it is, and what each peer has.
struct Row(String, [f64; 4]);

/// The table, in Markdown; of the machine, as it was before and as it is after.
pub(crate) fn of(outcomes: &[Outcome; 4], plan: &Plan, [before, after]: [&Machine; 2]) -> String {
    let Machine {
        cores,
        model,
        kernel,
        load,
    } = before;
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let mut table = format!(
        "{cores} cores ({model}), Linux {kernel}, load {load} before and {} after, \
         {build} builds.\n\
         Rounds: {}. Short: {}. Paced: {}. Firehose: {}.\n\n\
         | | lean | sdk | ruled | asked | ruled ÷ lean | ruled ÷ sdk | asked ÷ sdk |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n",
        after.load,
        plan.rounds,
        said(plan.short),
        said(plan.paced),
        said(plan.firehose),
    );
    for Row(what, figures) in rows(outcomes) {
        let [lean, sdk, ruled, asked] = figures;
        let ratios = [ruled / lean, ruled / sdk, asked / sdk].map(|ratio| format!("{ratio:.2}"));
        let figures = figures.map(|figure| format!("{figure:.1}"));
        // Writing to a string does not fail.
        _ = writeln!(
            table,
            "| {what} | {} | {} |",
            figures.join(" | "),
            ratios.join(" | ")
        );
    }
    table
}

fn said(load: Load) -> String {
    let pace = match load.manner.pace.as_millis() {
        0 => String::new(),
        pace => format!(", one every {pace} ms"),
    };
    let (clients, times, tokens) = (load.clients, load.times, load.manner.tokens);
    format!("{clients} × {times} streams of {tokens} tokens{pace}")
}

fn rows(outcomes: &[Outcome; 4]) -> Vec<Row> {
    let row = |what: &str, figure: &dyn Fn(&Outcome) -> f64| {
        Row(what.to_owned(), outcomes.each_ref().map(figure))
    };
    let mut rows = vec![
        row("CPU of a stream of one token, µs", &|one| {
            per_stream(&one.short) / 1e3
        }),
        row("CPU of a token, paced, µs", &|one| {
            per_token(&one.paced, &one.short) / 1e3
        }),
        row("CPU of a token, firehose, µs", &|one| {
            per_token(&one.firehose, &one.short) / 1e3
        }),
    ];
    for (what, times) in [
        (
            "first event",
            (|heard| &heard.first_event) as fn(&crate::load::Heard) -> &Vec<u64>,
        ),
        ("first token", |heard| &heard.first_token),
        ("token on its way", |heard| &heard.on_the_way),
    ] {
        for percent in [50, 99] {
            let name = format!("{what}, paced, p{percent}, ms");
            rows.push(row(&name, &|one| {
                quantile(times(&one.paced.heard), percent) / 1e6
            }));
        }
    }
    let median = |numbers: Vec<u64>| quantile(&numbers, 50);
    let starts = |one: &Outcome, of: fn(&crate::process::Start) -> u64| {
        median(one.starts.iter().map(of).collect())
    };
    rows.push(row("memory at the end, MiB", &|one| {
        median(one.memory.clone()) / 1024.0
    }));
    rows.push(row("start until it answers, ms", &|one| {
        starts(one, |start| start.time) / 1e6
    }));
    rows.push(row("CPU of the start, ms", &|one| {
        starts(one, |start| start.cpu) / 1e6
    }));
    rows
}

fn per_stream(cost: &Cost) -> f64 {
    quantile(&cost.cpu_per_stream, 50)
}

/// What each token costs beyond the first, which a short stream has too.
fn per_token(cost: &Cost, short: &Cost) -> f64 {
    let tokens = cost.heard.tokens as f64 / cost.heard.streams as f64;
    (per_stream(cost) - per_stream(short)) / (tokens - 1.0)
}

/// The number that so many of a hundred do not exceed; nothing has none.
fn quantile(numbers: &[u64], percent: usize) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |number| *number as f64)
}

/// Writes the table into a file, in the place of the one that is there.
pub(crate) fn write(path: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(path)?;
    Ok(fs::write(path, with(&text, table)?)?)
}

fn with(text: &str, table: &str) -> Result<String> {
    let [begin, end] = MARKS;
    let old = text
        .split_once(begin)
        .and_then(|(head, rest)| Some((head, rest.split_once(end)?)));
    let (head, (_, tail)) = old.ok_or("the file has no place for a table")?;
    Ok(format!("{head}{begin}\n{table}\n{end}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_number_that_was_measured() {
        let numbers: Vec<u64> = (1..=200).rev().collect();
        for (percent, expected) in [(50, 100.0), (99, 198.0), (100, 200.0), (0, 1.0)] {
            assert_eq!(quantile(&numbers, percent), expected, "{percent}");
        }
        assert_eq!(quantile(&[3], 99), 3.0);
        assert!(quantile(&[], 50).is_nan());
    }

    #[test]
    fn the_table_takes_the_place_of_the_one_before_and_of_nothing_else() {
        let [begin, end] = MARKS;
        let text = format!("# Head\n\n{begin}old\n{end}\ntail\n");
        let once = with(&text, "| new |\n").unwrap();
        assert_eq!(once, format!("# Head\n\n{begin}\n| new |\n\n{end}\ntail\n"));
        assert_eq!(with(&once, "| new |\n").unwrap(), once);
        assert!(with("nothing here", "table").is_err());
    }
}
