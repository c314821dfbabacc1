//! What is shaped like an order to a model, scored on lines that somebody wrote who has not seen
//! the shapes, and on everything that athletes say.

use domain::memory::is_instruction;
use serde::Deserialize;

use super::{Kind, corpus};

#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    instruction: bool,
}

#[test]
fn orders_to_a_model_are_known_and_harmless_lines_are_not_accused() {
    let lines = include_str!("../../corpus/instruction-lines.jsonl").lines();
    let lines = lines.map(|line| serde_json::from_str::<Line>(line).unwrap());
    let (orders, harmless): (Vec<Line>, Vec<Line>) = lines.partition(|line| line.instruction);
    let accused = |lines: &[Line]| -> Vec<String> {
        let accused = lines.iter().filter(|line| is_instruction(&line.text));
        accused.map(|line| line.text.clone()).collect()
    };
    let (found, wrong) = (accused(&orders).len(), accused(&harmless));
    println!(
        "orders to a model: precision {:.3}, recall {:.3} ({found} of {}), {} of {} accused",
        found as f64 / (found + wrong.len()) as f64,
        found as f64 / orders.len() as f64,
        orders.len(),
        wrong.len(),
        harmless.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found >= 73, "{found} of {}", orders.len());
}

#[test]
fn nothing_that_an_athlete_says_is_taken_for_an_order() {
    let said = corpus().into_iter();
    let said = said.filter(|one| !matches!(one.kind, Kind::Injection | Kind::Naughty));
    let accused: Vec<String> = said
        .filter(|one| is_instruction(&one.text))
        .map(|one| one.text)
        .collect();
    assert!(accused.is_empty(), "{accused:#?}");
}
