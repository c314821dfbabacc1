use super::*;
use crate::memory::{FORGOTTEN, Tombstone, is_forgotten};

const KNEE: &str = "Left knee hurts in deep lunges";

fn tombstone() -> Tombstone {
    Tombstone::of(&memory("gone", KNEE), Timestamp(NOW.0 + 1))
}

/// A conversation of so many messages of about so many letters each, of which every fifth says it.
fn telling(messages: u64, letters: usize) -> Vec<Message> {
    let said = |number: u64| {
        let filler = "word ".repeat(letters * (1 + number as usize * 7 % 3) / 10);
        let says = if number.is_multiple_of(5) {
            format!("{KNEE}. ")
        } else {
            String::new()
        };
        format!("[{number}] {filler}. {says}")
    };
    let made = |number: u64| {
        let text = said(number);
        if number % 2 == 1 {
            athlete(number, &text)
        } else {
            reply(number, &text)
        }
    };
    (1..=messages).map(made).collect()
}

fn prompt(loaded: &Loaded) -> Prompt {
    let number = loaded.history.last().map_or(1, |last| last.number + 1);
    Prompt::reply(
        &coach(),
        loaded,
        None,
        &all(),
        &opening(number, "[now]", None, NOW),
    )
    .0
}

fn with(forgotten: Vec<Tombstone>, history: &[Message]) -> Loaded {
    let newest = history.last().map_or(1, |last| last.number);
    let last = history[history.len().saturating_sub(LONGEST_HISTORY)..].to_vec();
    Loaded {
        forgotten,
        ..loaded(last, Some(summary("SUMMARY", newest)))
    }
}

/// Each text of the history, and whether it stands for what was forgotten.
fn texts(prompt: &Prompt) -> Vec<&str> {
    prompt
        .messages
        .iter()
        .flat_map(|message| &message.blocks)
        .filter_map(Block::text)
        .collect()
}

#[test]
fn only_what_is_recent_enough_to_be_sent_is_looked_through() {
    let long = with(vec![tombstone()], &telling(60, 8_000)).without_forgotten();
    let letters: usize = long
        .history
        .iter()
        .map(|message| message.content().len())
        .sum();
    assert!(
        letters <= 4 * MOST_HISTORY_TOKENS as usize + 1_000,
        "{letters} letters are left"
    );
    let huge = with(vec![tombstone()], &[athlete(7, &"word ".repeat(32_000))]).without_forgotten();
    assert_eq!(
        huge.history
            .iter()
            .map(|message| (message.number, message.content().len()))
            .collect::<Vec<_>>(),
        [(7, 0)]
    );
    let all = with(Vec::new(), &telling(60, 8_000));
    assert_eq!(
        all.clone().without_forgotten(),
        all,
        "nothing is forgotten, and nothing looked for"
    );
}

#[test]
fn what_was_forgotten_is_in_no_prompt_and_moves_nothing_else() {
    for letters in [10, 300, 2_000, 9_000, 40_000] {
        for messages in (2..=150).step_by(4) {
            let history = telling(messages, letters);
            let before = prompt(&with(Vec::new(), &history));
            let after = prompt(&with(vec![tombstone()], &history).without_forgotten());
            let (before, after) = (texts(&before), texts(&after));
            assert_eq!(
                before.len(),
                after.len(),
                "{messages} messages of {letters} letters"
            );
            for (before, after) in before.iter().zip(&after) {
                let says_it = is_forgotten(before, NOW, &[tombstone()]);
                assert_eq!(*after, if says_it { FORGOTTEN } else { *before });
            }
        }
    }
}

#[test]
fn a_short_message_that_was_forgotten_takes_no_other_out_of_a_full_history() {
    let of = |number: u64| match number {
        40.. => "x".repeat(2_250),
        _ if number % 2 == 1 => "vegan".to_owned(),
        _ => "ok".to_owned(),
    };
    let history: Vec<Message> = (1..=60)
        .map(|number| athlete(number, &of(number)))
        .collect();
    let vegan = Tombstone::of(&memory("gone", "vegan"), Timestamp(NOW.0 + 1));
    let before = prompt(&with(Vec::new(), &history));
    let after = prompt(&with(vec![vegan], &history).without_forgotten());
    assert_eq!(texts(&before).len(), texts(&after).len());
    assert!(texts(&after).contains(&FORGOTTEN) && !texts(&after).contains(&"vegan"));
}

#[test]
fn the_router_is_told_the_beginnings_of_messages_without_what_was_forgotten() {
    let asked = |history: &[Message]| {
        let earlier = router::earlier(history, &[tombstone()]);
        router::question("hi", &earlier, false, &[]).prompt.text()
    };
    let filler = |letters: usize| "word ".repeat(letters / 5);
    // The sentence begins before the place where the text is cut, at it, and far behind it.
    for before in (500..620).step_by(3) {
        let text = format!("{}. {KNEE}. {}", filler(before), filler(30_000));
        let asked = asked(&[athlete(1, &text)]);
        let (_, told) = asked.split_once("athlete: ").unwrap();
        let says_some = KNEE.split(' ').filter(|word| told.contains(*word)).count();
        assert!(
            told.starts_with(FORGOTTEN) || says_some == 0,
            "{before}: {told}"
        );
        assert!(before >= 600 || told.starts_with(FORGOTTEN), "{before}");
    }
    let unbroken = format!(
        "{} left knee hurts in deep lunges {}",
        filler(590),
        filler(30_000)
    );
    assert!(
        asked(&[athlete(1, &unbroken)]).contains(FORGOTTEN),
        "one sentence, however long"
    );
    let asked = asked(&telling(60, 8_000));
    assert_eq!(
        (asked.matches(FORGOTTEN).count(), asked.contains("knee")),
        (0, false),
        "not sent, not looked for"
    );
}
