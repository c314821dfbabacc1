//! Many turns in simulated worlds, judged by every rule.
//!
//! `COACH_SIM_TURNS` says how many; `COACH_SEED` plays one again and tells its story.

use std::env;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use coach_tests::world::{Broken, Census, Script, Trace, judge, mix, play, shortest};

const TURNS: u64 = 120_000;
/// One in so many turns is played twice.
const TWICE: u64 = 8;

#[test]
fn every_rule_holds_in_every_world() {
    if let Some(seed) = number("COACH_SEED") {
        let script = Script::new(seed);
        println!("{}", story(&script));
        return examine(&script);
    }
    let turns = number("COACH_SIM_TURNS").unwrap_or(TURNS);
    let mut census = Census::default();
    #[expect(
        clippy::disallowed_methods,
        reason = "printed for the reader, never judged"
    )]
    let began = Instant::now();
    for turn in 0..turns {
        let script = Script::new(mix(turn));
        let trace = played(&script);
        if let Some(broken) = judge(&script, &trace) {
            fail(script, &broken);
        }
        if turn % TWICE == 0 {
            assert!(
                play(&script) == trace,
                "R3 the same seed gives another trace: {}",
                replay(script.seed)
            );
        }
        census.count(&trace);
    }
    print!("{census}");
    println!("  in {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(census.short_of(), [""; 0], "too few turns came far enough");
}

fn examine(script: &Script) {
    if let Some(broken) = judge(script, &played(script)) {
        fail(script.clone(), &broken);
    }
}

/// A panic of the turn is reported with its seed like everything else.
fn played(script: &Script) -> Trace {
    catch_unwind(AssertUnwindSafe(|| play(script)))
        .unwrap_or_else(|_| panic!("R4 a turn never panics: {}", replay(script.seed)))
}

fn fail(script: Script, Broken { rule, why }: &Broken) -> ! {
    let moves = script.moves.len();
    let script = shortest(script, rule);
    panic!(
        "{rule}: {why}\n{} of its {moves} moves are enough:\n{}{}",
        script.moves.len(),
        story(&script),
        replay(script.seed),
    )
}

fn replay(seed: u64) -> String {
    format!("COACH_SEED={seed} cargo test -p coach-tests --test turn -- --nocapture")
}

/// What the script has in it, and what happened, one stimulus a line.
fn story(script: &Script) -> String {
    let mut story = format!("{script:?}\n");
    for step in play(script).steps {
        let _ = writeln!(
            story,
            "{} {} → {:?}",
            step.now,
            short(&step.stimulus),
            step.at
        );
        for output in &step.outputs {
            let _ = writeln!(story, "    {}", short(output));
        }
    }
    story
}

fn short(what: &impl std::fmt::Debug) -> String {
    let mut text = format!("{what:?}");
    if text.len() > 160 {
        text.truncate(text.floor_char_boundary(160));
        text.push('…');
    }
    text
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}"))
    })
}
