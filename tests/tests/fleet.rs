//! Many turns in simulated fleets, judged by every rule.
//!
//! `COACH_FLEET_TURNS` says how many at least; `COACH_FLEET_SEED` plays one run again.

use std::env;
use std::ops::Range;
use std::time::Instant;

use coach_tests::fleet::{Blow, Broken, Census, Deed, Outcome, Script, What, play, shortest};
use coach_tests::world::mix;

const TURNS: u64 = 20_000;
/// One run in so many is played twice.
const TWICE: u64 = 16;
/// How many runs the search for a shorter script may take.
const SHRINKING: usize = 1_500;

#[test]
fn every_rule_holds_in_every_fleet() {
    if let Some(seed) = number("COACH_FLEET_SEED") {
        let script = Script::new(seed);
        return examine(&script, &play(&script), &replay(&script));
    }
    let turns = number("COACH_FLEET_TURNS").unwrap_or(TURNS);
    let mut census = Census::default();
    #[expect(
        clippy::disallowed_methods,
        reason = "printed for the reader, never judged"
    )]
    let began = Instant::now();
    for run in 0.. {
        let script = Script::new(mix(run));
        let outcome = play(&script);
        if outcome.broken.is_some() {
            println!("after {} turns", census.turns);
        }
        examine(&script, &outcome, &replay(&script));
        if run % TWICE == 0 {
            assert!(
                play(&script).trace == outcome.trace,
                "R3 the same seed gives another trace: {}",
                replay(&script)
            );
        }
        census.add(outcome.census);
        if census.turns >= turns {
            println!(
                "{} runs, {census}  in {:.1} s",
                run + 1,
                began.elapsed().as_secs_f64()
            );
            break;
        }
    }
    assert_eq!(census.short_of(), [""; 0], "too few turns came far enough");
}

/// Plays a script once for each await of the first worker, which is struck there.
fn struck_at_every_await(whole: &Script, heard: &[&str], blow: Blow, soon: Range<u64>) -> Census {
    let (mut census, mut taken_over) = (Census::default(), 0);
    let mut steps = 0;
    loop {
        let mut script = whole.clone();
        script.deeds.insert(
            0,
            Deed {
                at: 0,
                what: What::Strike {
                    slot: 0,
                    steps,
                    blow,
                },
            },
        );
        let outcome = play(&script);
        examine(&script, &outcome, AT_EVERY_AWAIT);
        for past in outcome.overdue {
            assert!(
                soon.contains(&past),
                "ended {past} ms past its lease\n{script}"
            );
            taken_over += 1;
        }
        let struck = outcome.census.of("trouble", "kill") + outcome.census.of("trouble", "freeze");
        census.add(outcome.census);
        if struck == 0 {
            let Script {
                packets_die,
                knows_the_dead,
                ..
            } = whole;
            println!(
                "{heard:?}: {blow:?} after 0 to {steps} polls, packets die: {packets_die}, \
                 known: {knows_the_dead}; {taken_over} turns taken over"
            );
            return census;
        }
        steps += 1;
    }
}

/// The first worker is struck before its first poll, after it, after the next, and so on.
#[test]
fn a_worker_may_die_or_freeze_at_every_await() {
    let mut all = Census::default();
    for (text, heard) in TALES {
        let whole = (0..)
            .map(|seed| Script::quiet(mix(seed), text))
            .find(|script| is_whole(script, heard))
            .unwrap();
        // A client may wait for a frozen worker before it looks elsewhere.
        // A store that knows the dead has nobody wait for their leases.
        let blows = [
            (Blow::Death, false, false, 5_001..8_000),
            (Blow::Death, true, false, 5_001..8_000),
            (Blow::Death, false, true, 0..1),
            (Blow::Death, true, true, 0..1),
            (Blow::Frost(45_000), false, true, 5_001..45_000),
        ];
        for (blow, packets_die, knows_the_dead, soon) in blows {
            let whole = Script {
                packets_die,
                knows_the_dead,
                ..whole.clone()
            };
            all.add(struck_at_every_await(&whole, heard, blow, soon));
        }
    }
    print!(
        "{}",
        all.clone().only(&["ending", "killed while", "trouble"])
    );
    let phases = [
        "admitting",
        "loading",
        "preparing",
        "replying",
        "finishing",
        "jobs",
    ];
    let missed: Vec<_> = phases
        .iter()
        .filter(|phase| all.of("killed while", phase) == 0)
        .collect();
    assert_eq!(missed, [&""; 0], "nobody died there");
    assert!(
        all.of("trouble", "kill") > 400 && all.of("trouble", "freeze") > 150,
        "few blows"
    );
}

/// What is said, and what the models do then.
const TALES: [(usize, &[&str]); 4] = [
    (1, &["route: decides", "reply: speaks", "extract: extracts"]),
    (0, &["reply: says much", "extract: extracts"]),
    (2, &["route: is slow", "reply: breaks off"]),
    (4, &[]),
];

/// Whether a script comes to a good end in which the models do just this.
fn is_whole(script: &Script, heard: &[&str]) -> bool {
    let outcome = play(script);
    examine(script, &outcome, AT_EVERY_AWAIT);
    let census = outcome.census;
    heard.iter().all(|what| census.of("model", what) == 1)
        && census.of("model", "reply: hangs") + census.of("model", "reply: falls silent") == 0
}

const AT_EVERY_AWAIT: &str = "cargo test -p coach-tests --test fleet every_await";

fn examine(script: &Script, outcome: &Outcome, again: &str) {
    let Some(Broken { rule, why }) = &outcome.broken else {
        return;
    };
    let fewer = shortest(script, rule, SHRINKING);
    let last = play(&fewer);
    panic!(
        "{rule}: {why}\nand with {} of its {} deeds: {:?}\n{fewer}\n{}\n{again}",
        fewer.deeds.len(),
        script.deeds.len(),
        last.broken,
        last.story,
    )
}

fn replay(script: &Script) -> String {
    format!(
        "COACH_FLEET_SEED={} cargo test -p coach-tests --test fleet",
        script.seed
    )
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}"))
    })
}
