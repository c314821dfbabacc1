//! What a model may keep of a prompt is the same to the byte in every process, wherever that runs.

use std::env;
use std::process::Command;

use coach_tests::{ADA, Site, saying};
use domain::Prompt;
use domain::prompt::Block;
use ports::Answer;
use sha2::{Digest, Sha256};

/// Set in the second process, which prints instead of comparing.
const PRINT: &str = "COACH_PRINT_PREFIXES";
const NAME: &str = "prefixes::both_cached_prefixes_are_the_same_in_another_process_elsewhere";

/// What is said up to each cache point, hashed.
fn prefixes(prompt: &Prompt) -> Vec<String> {
    let mut hash = Sha256::new();
    let mut prefixes = Vec::new();
    let said = prompt.messages.iter().flat_map(|message| {
        message
            .blocks
            .iter()
            .map(move |block| (Some(message.speaker), block))
    });
    for (speaker, block) in prompt.system.iter().map(|block| (None, block)).chain(said) {
        match block {
            Block::Text(text) => hash.update(format!("{speaker:?} {} {text}", text.len())),
            Block::CachePoint => prefixes.push(hex::encode(hash.clone().finalize())),
        }
    }
    prefixes
}

/// The hashes of the last prompt of a conversation with each of the shipped coaches.
async fn told() -> Vec<String> {
    let mut told = Vec::new();
    for coach in ["strength", "endurance", "mobility"] {
        let (site, model) = Site::rehearsing();
        let stream = format!("{}/stream", site.conversation_of(ADA, coach).await);
        for text in [
            "Remember that my left knee hurts",
            "I did 5x5 back squats at 100 kg today",
            "Hello there",
            "How do I squat deeper?",
        ] {
            site.client()
                .stream(&stream, &[], &saying(text))
                .await
                .rest()
                .await;
            site.settled().await;
        }
        let asked = model.asked_after(0);
        let last = asked
            .iter()
            .rfind(|call| call.answer == Answer::Prose)
            .unwrap();
        let [system, history] = &prefixes(&last.prompt)[..] else {
            panic!("two cache points")
        };
        told.push(format!("{coach}: {system} {history}"));
    }
    told
}

#[tokio::test(start_paused = true)]
async fn both_cached_prefixes_are_the_same_in_another_process_elsewhere() {
    let here = told().await;
    if env::var_os(PRINT).is_some() {
        return here
            .iter()
            .for_each(|line| println!("\nprefixes of {line}"));
    }
    let distinct: std::collections::BTreeSet<&String> = here.iter().collect();
    assert_eq!(distinct.len(), 3);
    for (zone, locale) in [
        ("Pacific/Kiritimati", "tr_TR.UTF-8"),
        ("America/St_Johns", "C"),
    ] {
        let elsewhere = Command::new(env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
            .envs([
                (PRINT, "1"),
                ("TZ", zone),
                ("LANG", locale),
                ("LC_ALL", locale),
                ("LANGUAGE", "tr"),
            ])
            .output()
            .unwrap();
        let printed = String::from_utf8(elsewhere.stdout).unwrap();
        let there: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("prefixes of "))
            .collect();
        assert_eq!(
            there,
            here,
            "in {zone} with {locale}: {}",
            String::from_utf8_lossy(&elsewhere.stderr)
        );
    }
}
