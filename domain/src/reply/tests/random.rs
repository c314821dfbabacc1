use proptest::prelude::*;

use super::*;

/// Who speaks, whether it failed, and how long it is: mostly as people talk, sometimes huge or
/// blank.
fn said() -> impl Strategy<Value = (bool, bool, usize)> {
    let size =
        prop_oneof![1 => Just(0), 12 => 1..900usize, 6 => 900..4_000usize, 1 => 4_000..50_000usize];
    (any::<bool>(), prop::bool::weighted(0.1), size)
}

fn made((number, (user, failed, size)): (u64, (bool, bool, usize))) -> Message {
    let text = if size == 0 {
        " \n".to_owned()
    } else {
        format!("[{number}] {}", "x".repeat(size))
    };
    match (user, failed) {
        (true, _) => athlete(number, &text),
        (false, false) => reply(number, &text),
        (false, true) => {
            let said = Said {
                kind: PartKind::Reply,
                stage: None,
                text: text.into(),
            };
            message(
                number,
                Body::Assistant {
                    ending: Ending::Failed(TurnError::Deadline),
                    said: [said].into(),
                },
            )
        }
    }
}

/// The number of the first message, and the messages.
fn history() -> impl Strategy<Value = (u64, Vec<(bool, bool, usize)>)> {
    (
        1..500u64,
        prop::collection::vec(said(), 0..=LONGEST_HISTORY),
    )
}

fn prompt(history: &[Message]) -> (Prompt, ContextReport) {
    let number = history.last().map_or(1, |last| last.number + 1);
    let summary = Some(summary("SUMMARY", number));
    Prompt::reply(
        &coach(),
        &loaded(history.to_vec(), summary),
        None,
        &all(),
        &opening(number, "[now]", None, NOW),
    )
}

/// The texts of the history as they are sent, without the summary.
fn sent(prompt: &Prompt) -> Vec<&str> {
    let blocks = prompt
        .messages
        .iter()
        .flat_map(|message| &message.blocks)
        .filter_map(Block::text);
    blocks
        .filter(|text| text.starts_with('[') && *text != "[now]")
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        max_shrink_iters: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_prompt_alternates_from_the_athlete_to_the_athlete_within_its_budget(
        (first, said) in history()
    ) {
        let history: Vec<Message> = (first..).zip(said).map(made).collect();
        let (prompt, report) = prompt(&history);
        for (at, message) in prompt.messages.iter().enumerate() {
            prop_assert_eq!(message.speaker == Speaker::User, at % 2 == 0);
            let mut texts = message.blocks.iter().filter_map(Block::text);
            prop_assert!(texts.all(|text| !text.trim().is_empty()));
            prop_assert!(message.blocks.iter().any(|block| block.text().is_some()));
        }
        prop_assert_eq!(prompt.messages.len() % 2, 1);
        let last = prompt.messages.last().unwrap();
        let end: Vec<_> = last.blocks.iter().rev().take(2).map(Block::text).collect();
        prop_assert_eq!(end[0], Some("[now]"));
        prop_assert!(end[1].is_some_and(|text| text.starts_with("<context>")));
        let sent = sent(&prompt);
        prop_assert_eq!(sent.len(), report.history_messages);
        let tokens: u64 = sent.iter().map(|text| estimated_tokens(text.len())).sum();
        prop_assert!(tokens <= MOST_HISTORY_TOKENS);
    }

    #[test]
    fn the_newest_are_sent_without_a_gap_and_no_fewer_than_the_rule_says(
        (first, said) in history()
    ) {
        let history: Vec<Message> = (first..).zip(said).map(made).collect();
        let prompt = prompt(&history).0;
        let sent = sent(&prompt);
        let told: Vec<(&Message, String)> =
            history.iter().filter_map(|message| Some((message, message.for_history()?))).collect();
        let (left_out, newest) = told.split_at(told.len() - sent.len());
        let newest = newest.iter().map(|(_, text)| text);
        prop_assert!(newest.eq(&sent), "it is not the newest that are sent");

        let full = |from: usize| {
            let texts = told[from..].iter().map(|(_, text)| text);
            let tokens: u64 = texts.map(|text| estimated_tokens(text.len())).sum();
            let last = history.last().map_or(0, |last| last.number);
            let span = told.get(from).map_or(0, |(message, _)| last - message.number + 1);
            (tokens as f64 / 12_000.0).max(span as f64 / 60.0)
        };
        let is_question = |message: &Message| matches!(message.body, Body::User { .. });
        let earlier = left_out.iter().rposition(|(message, _)| is_question(message));
        let is_full = |earlier| full(left_out.len()) >= 0.6 || full(earlier) > 1.0;
        prop_assert!(earlier.is_none_or(is_full));
    }

    #[test]
    fn a_growing_history_never_takes_back_what_it_has_cut(
        said in prop::collection::vec(said(), 60..150)
    ) {
        let all: Vec<Message> = (1..).zip(said).map(made).collect();
        let mut start = 0;
        for end in (2..all.len()).step_by(2) {
            let newest = all[end.saturating_sub(LONGEST_HISTORY)..end].to_vec();
            let sent = history::sent(&loaded(newest, None)).1;
            let number = |text: &str| text[1..text.find(']').unwrap()].parse::<u64>().unwrap();
            let first = sent.first().map_or(start, |(_, text)| number(text));
            prop_assert!(first >= start, "{} after {}", first, start);
            start = first;
        }
    }

    #[test]
    fn nothing_of_anybody_else_is_in_a_prompt(
        owners in prop::array::uniform2(prop::sample::select(vec!["ann", "bob", "Ann"])),
        kind in prop::sample::select(vec![
            RecalledKind::Memory,
            RecalledKind::Workout,
            RecalledKind::Summary,
            RecalledKind::Methodology,
        ]),
    ) {
        let canary = |owner: &str, what: &str| {
            let whose = if owner == "ann" { "OWN" } else { "CANARY" };
            format!("{whose}-{what}")
        };
        let [whose_message, whose_hit] = owners;
        let mut message = athlete(3, &canary(whose_message, "history"));
        message.turn.conversation.user = scope(whose_message);
        let opening = opening(5, "Hi", None, NOW);
        let loaded = loaded(vec![message], None).of(&opening.turn.conversation);
        let hit = hit(kind, "h", Some(whose_hit), &canary(whose_hit, "hit"));
        let gathered = gathered(vec![], vec![], vec![hit]);
        let prompt = Prompt::reply(&coach(), &loaded, Some(&gathered), &all(), &opening).0;
        let text = prompt.text();
        prop_assert!(!text.contains("CANARY"), "{}", text);
        prop_assert_eq!(text.contains("OWN-history"), whose_message == "ann");
        prop_assert_eq!(text.contains("OWN-hit"), whose_hit == "ann");
    }
}
