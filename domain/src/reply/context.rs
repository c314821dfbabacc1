//! What was looked up for one turn: it stands before the athlete's words, once.

use jiff::Zoned;

use super::gather::MEMORY_TOKENS;
use crate::memory::SafetyFacts;
use crate::memory::{Recalled, RecalledKind};
use crate::prompt::{Room, data, neutral, one_line};
use crate::router::RouterDecision;
use crate::router::answer::cut;
use crate::turn::{ContextReport, Gathered, Opening, RecalledReport};
use crate::{Workout, ZoneName};

/// Returns the block, and a report of what went in. Each kind has its own budget; items enter
/// whole, the first of those that were gathered first.
pub(super) fn block(
    safety: &SafetyFacts,
    gathered: Option<&Gathered>,
    decision: &RouterDecision,
    opening: &Opening,
) -> (String, ContextReport) {
    let mut parts = vec![format!("Now: {}", opening.when().in_words(opening.zone()))];
    // In every prompt, whatever was decided and whatever could be looked up.
    let (told, safety) = safety.told();
    parts.extend(told);
    let mut report = ContextReport {
        safety,
        ..ContextReport::default()
    };
    if let Some(gathered) = gathered {
        parts.extend(memories(gathered, decision, &mut report));
        // What stands among the workouts need not be told again as a hit.
        let workouts = workouts(gathered, decision, opening.zone(), &mut report);
        parts.extend(recalled(gathered, decision, opening, &mut report));
        parts.extend(workouts);
    }
    (
        format!("<context>\n{}\n</context>", parts.join("\n")),
        report,
    )
}

// In tokens.
const RECALLED: u64 = 1_500;
const WORKOUTS: u64 = 1_200;

// In characters.
const LONGEST_MEMORY: usize = 500;
const LONGEST_RECALLED: usize = 2_000;
const LONGEST_WORKOUT: usize = 600;

/// Returns the memories that are wanted, without saying again what the safety facts have said.
fn memories(
    gathered: &Gathered,
    decision: &RouterDecision,
    report: &mut ContextReport,
) -> Vec<String> {
    let mut room = Room(MEMORY_TOKENS);
    let mut told = Vec::new();
    let is_wanted = decision.wants(RecalledKind::Memory);
    for memory in gathered.memories.iter().filter(|_| is_wanted) {
        let id = memory.id.to_string();
        if report.safety.told.contains(&id) {
            report.memories.push(id);
            continue;
        }
        let line = item("memory", &memory.content, LONGEST_MEMORY);
        if let Some(line) = line.filter(|line| room.takes(line)) {
            report.memories.push(id);
            told.push(line);
        }
    }
    told
}

fn recalled(
    gathered: &Gathered,
    decision: &RouterDecision,
    opening: &Opening,
    report: &mut ContextReport,
) -> Vec<String> {
    let user = &opening.turn.conversation.user;
    let mut room = Room(RECALLED);
    let told = gathered.recalled.iter().filter_map(|hit| {
        let Recalled {
            kind,
            id,
            owner,
            text,
            score,
        } = hit;
        let named = hit.named().to_owned();
        let is_allowed = owner.as_ref().is_none_or(|owner| owner == user);
        let is_told = match kind {
            RecalledKind::Memory => report.memories.contains(id),
            RecalledKind::Workout => report.workouts.contains(id),
            RecalledKind::Summary | RecalledKind::Methodology => false,
        };
        if !is_allowed || is_told || !decision.wants(*kind) {
            return None;
        }
        let told = item("recalled", text, LONGEST_RECALLED).filter(|told| room.takes(told))?;
        report.recalled.push(RecalledReport {
            kind: *kind,
            id: named,
            score: *score,
        });
        Some(told)
    });
    told.collect()
}

/// Returns the last workouts, the newest first, under the weeks in which the athlete did them.
fn workouts(
    gathered: &Gathered,
    decision: &RouterDecision,
    zone: Option<&ZoneName>,
    report: &mut ContextReport,
) -> Option<String> {
    let mut newest_first: Vec<&Workout> = gathered
        .workouts
        .iter()
        .filter(|_| decision.wants_own_training())
        .collect();
    newest_first.sort_by_key(|workout| std::cmp::Reverse(workout.performed_at));
    let mut room = Room(WORKOUTS);
    let mut lines: Vec<String> = Vec::new();
    let mut last_week = String::new();
    for workout in newest_first {
        let done = workout.performed_at.zoned(zone);
        let week = week(&done);
        let line = format!(
            "- {}, {}",
            done.strftime("%a %-d %b"),
            cut(&one_line(&workout.what()), LONGEST_WORKOUT)
        );
        let told = if week == last_week {
            line
        } else {
            format!("{week}\n{line}")
        };
        if room.takes(&told) {
            report.workouts.push(workout.id.to_string());
            lines.push(told);
            last_week = week;
        }
    }
    (!lines.is_empty()).then(|| data("workouts", &lines.join("\n")))
}

/// An ISO week: it begins on a Monday, and belongs to the year that its Thursday is in.
fn week(day: &Zoned) -> String {
    let week = day.date().iso_week_date();
    format!("Week {} of {}", week.week(), week.year())
}

fn item(tag: &str, text: &str, longest: usize) -> Option<String> {
    let text = neutral(text);
    let text = cut(text.trim(), longest);
    (!text.is_empty()).then(|| data(tag, text))
}
