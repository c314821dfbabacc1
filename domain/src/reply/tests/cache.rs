use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

/// All that is said up to each cache point: what a model may have kept.
fn prefixes(prompt: &Prompt) -> Vec<Vec<(Option<Speaker>, &str)>> {
    let system = prompt.system.iter().map(|block| (None, block));
    let said = prompt.messages.iter().flat_map(|message| {
        message
            .blocks
            .iter()
            .map(|block| (Some(message.speaker), block))
    });
    let mut texts = Vec::new();
    let mut prefixes = Vec::new();
    for (speaker, block) in system.chain(said) {
        match block.text() {
            Some(text) => texts.push((speaker, text)),
            None => prefixes.push(texts.clone()),
        }
    }
    prefixes.push(texts);
    prefixes
}

fn hashes(prompt: &Prompt) -> Vec<u64> {
    let hash = |prefix: &Vec<(Option<Speaker>, &str)>| {
        let mut hasher = DefaultHasher::new();
        prefix.hash(&mut hasher);
        hasher.finish()
    };
    prefixes(prompt).iter().map(hash).collect()
}

/// The tokens of the longest prefix that a model has kept of the previous prompt, and that the next
/// begins with.
fn read_from_cache(previous: &Prompt, next: &Prompt) -> u64 {
    let all = prefixes(next).pop().unwrap();
    let mut kept = prefixes(previous);
    kept.pop();
    let common = kept.iter().filter(|prefix| all.starts_with(prefix));
    let tokens =
        |prefix: &Vec<(_, &str)>| estimated_tokens(prefix.iter().map(|(_, text)| text.len()).sum());
    common.map(tokens).max().unwrap_or(0)
}

fn share(prompts: &[Prompt]) -> f64 {
    let read: u64 = prompts
        .windows(2)
        .map(|pair| read_from_cache(&pair[0], &pair[1]))
        .sum();
    let all: u64 = prompts.iter().map(Prompt::estimated_tokens).sum();
    read as f64 / all as f64
}

/// The context and the instructions first, and the history behind them.
fn context_first(prompt: &Prompt) -> Prompt {
    let mut other = prompt.clone();
    let last = other.messages.last_mut().unwrap();
    let context = last.blocks.remove(last.blocks.len() - 2);
    assert!(context.text().unwrap().starts_with("<context>"));
    other.system.insert(0, context);
    other
}

struct Played {
    prompts: Vec<Prompt>,
    /// The first message that each sends.
    starts: Vec<u64>,
}

/// So many turns of a conversation, in which the time, the memories and the summary change all the
/// while.
fn played(turns: u64, asked: usize, answered: usize) -> Played {
    let words = |number: u64, tokens: usize| {
        let tokens = tokens / 2 + tokens * (number as usize * 7919 % 101) / 100;
        format!("message {number}: {}", "word ".repeat(tokens * 4 / 5))
    };
    let mut played = Played {
        prompts: Vec::new(),
        starts: Vec::new(),
    };
    let mut told: Vec<Message> = Vec::new();
    let mut summed: Option<Summary> = None;
    for turn in 1..=turns {
        let number = turn * 2 - 1;
        let now = Timestamp(NOW.0 + turn * 173_000);
        let memories = (0..3).map(|n| {
            memory(
                &format!("m{n}"),
                &format!("known since turn {}: trains at dawn", turn - n.min(turn)),
            )
        });
        let workouts = if turn % 3 == 0 {
            vec![workout("w", &format!("Run {turn}"), now)]
        } else {
            vec![]
        };
        let hits = vec![hit(
            RecalledKind::Methodology,
            "h",
            None,
            &format!("advice {turn}: easy days easy, hard days hard"),
        )];
        let opening = opening(number, &words(number, asked), Some("Europe/Berlin"), now);
        let history = told[told.len().saturating_sub(LONGEST_HISTORY)..].to_vec();
        let loaded = loaded(history, summed.clone());
        let gathered = gathered(memories.collect(), workouts, hits);
        played
            .prompts
            .push(Prompt::reply(&coach(), &loaded, Some(&gathered), &all(), &opening).0);
        let prompt = played.prompts.last().unwrap().text();
        let (_, from_the_first) = prompt.split_once("message ").unwrap();
        let (first, _) = from_the_first.split_once(':').unwrap();
        played.starts.push(first.parse().unwrap());
        told.push(athlete(number, &words(number, asked)));
        told.push(reply(number + 1, &words(number + 1, answered)));
        let saved = number + 1;
        if crate::summary::due(
            summed.as_ref().map_or(0, |summary| summary.through),
            saved,
            &all(),
        ) {
            let narrative = format!("Summed up after {saved}. {}", "Ann squats. ".repeat(40));
            summed = summary(&narrative, saved).in_place_of(summed);
        }
    }
    played
}

#[test]
fn four_fifths_of_a_long_conversation_are_read_from_the_cache_and_nothing_in_the_old_order() {
    // With a thousand tokens a turn, a step is used up in five turns: there is less to win.
    let talks = [
        (40, 400, 0.8),
        (60, 550, 0.8),
        (20, 250, 0.8),
        (15, 100, 0.8),
        (200, 800, 0.7),
    ];
    for (asked, answered, least) in talks {
        let Played { prompts, starts } = played(60, asked, answered);
        let trims = starts.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let share = share(&prompts);
        let old_order: Vec<Prompt> = prompts.iter().map(context_first).collect();
        let old_share = self::share(&old_order);
        assert!(
            trims >= 2 && share >= least,
            "{asked} + {answered} tokens a turn: {trims} trims, {share}, {starts:?}"
        );
        assert!(old_share == 0.0, "{old_share}");
    }
}

#[test]
fn between_two_trims_the_history_only_grows_although_the_summary_is_renewed() {
    let Played { prompts, starts } = played(60, 60, 550);
    assert!(starts.is_sorted(), "{starts:?}");
    for (pair, start) in prompts.windows(2).zip(starts.windows(2)) {
        let (before, after) = (prefixes(&pair[0]), prefixes(&pair[1]));
        let [first, history, _] = &before[..] else {
            continue;
        };
        assert_eq!(after[0], *first);
        assert_eq!(
            after[1].starts_with(history),
            start[0] == start[1],
            "{start:?}"
        );
    }
    let last = prompts.last().unwrap().text();
    let standing = last
        .split_once("Summed up after ")
        .unwrap()
        .1
        .split('.')
        .next()
        .unwrap()
        .parse::<u64>()
        .unwrap();
    let first = starts.last().unwrap();
    assert!(
        (first - 1..first + 5).contains(&standing),
        "the summary to {standing} stands before {first}"
    );
}

#[test]
fn neither_a_memory_nor_the_clock_changes_what_is_cached() {
    let loaded = loaded(conversation(41, 200), None);
    let made = |content: &str, now: u64, text: &str| {
        let gathered = gathered(
            vec![memory("m", content)],
            vec![workout("w", content, Timestamp(now))],
            vec![],
        );
        let opening = opening(41, text, Some("Asia/Tokyo"), Timestamp(now));
        Prompt::reply(&coach(), &loaded, Some(&gathered), &all(), &opening).0
    };
    let one = hashes(&made("trains at dawn", NOW.0, "Hi"));
    let other = hashes(&made("trains at noon", NOW.0 + 60_000, "Ho"));
    assert_eq!(one.len(), 3);
    assert_eq!(one[..2], other[..2]);
    assert_ne!(one[2], other[2]);
    let later = hashes(&made("trains at dawn", NOW.0 + 60_000, "Hi"));
    assert_eq!(
        (&one[..2], one[2] == later[2]),
        (&later[..2], false),
        "the time is told"
    );
}
