//! How much of a long conversation a model reads from its cache, by what the turns report.
//!
//! `cargo test -p coach-tests --test http caching -- --nocapture` prints it turn by turn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coach_tests::{Site, saying, scenes};
use domain::prompt::{Block, Speaker, estimated_tokens};
use domain::{Prompt, Usage};
use futures::StreamExt;
use futures::stream::BoxStream;
use ports::{Answer, Clock, LlmStream, ModelCall, Piece, Result};
use rehearsal::{Scene, Scripted};
use serde_json::json;

const TURNS: u64 = 60;
/// Of what the athlete says and of a reply, in words.
const SAID: usize = 40;
const REPLIED: usize = 440;

/// A model that keeps a prompt up to each cache point until the next reply, and says so.
struct Caching {
    model: Scripted,
    /// What was said up to each cache point of the last reply's prompt.
    kept: Arc<Mutex<Vec<Said>>>,
}

/// Texts, with who says them; nobody says the instructions.
type Said = Vec<(Option<Speaker>, Arc<str>)>;

impl LlmStream for Caching {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        if call.answer != Answer::Prose {
            return self.model.open(call);
        }
        let mut prefixes = prefixes(&call.prompt);
        let all = prefixes.pop().unwrap();
        let mut kept = self.kept.lock().unwrap();
        let read = kept
            .iter()
            .filter(|kept| all.starts_with(kept))
            .map(tokens)
            .max()
            .unwrap_or(0);
        let cached = prefixes.last().map_or(0, tokens);
        *kept = prefixes;
        let usage = Usage {
            input_tokens: tokens(&all) - cached.max(read),
            cache_read_tokens: read,
            cache_write_tokens: cached.saturating_sub(read),
            ..Usage::default()
        };
        let counted = move |piece| match piece {
            Ok(Piece::End { reason, .. }) => Ok(Piece::End {
                reason,
                usage: usage.clone(),
            }),
            other => other,
        };
        self.model.open(call).map(counted).boxed()
    }
}

/// What is said up to each cache point, and at last all of it.
fn prefixes(prompt: &Prompt) -> Vec<Said> {
    let said = prompt.messages.iter().flat_map(|message| {
        message
            .blocks
            .iter()
            .map(|block| (Some(message.speaker), block))
    });
    let (mut all, mut prefixes) = (Said::new(), Vec::new());
    for (speaker, block) in prompt.system.iter().map(|block| (None, block)).chain(said) {
        match block {
            Block::Text(text) => all.push((speaker, text.clone())),
            Block::CachePoint => prefixes.push(all.clone()),
        }
    }
    prefixes.push(all);
    prefixes
}

fn tokens(said: &Said) -> u64 {
    estimated_tokens(said.iter().map(|(_, text)| text.len()).sum())
}

/// A route that remembers something new in every turn, and looks up what was remembered before.
fn route(turn: u64) -> Scene {
    let mut route = scenes::routing(&[], false);
    route["memoryProcessing"] = json!({
        "needsRetrieval": true, "isMemoryRequest": true, "isForgetRequest": false,
        "confidence": 0.9,
        "memory": { "content": liked(turn), "type": "preference", "importance": "high" },
    });
    Scene::saying(route.to_string())
}

fn liked(turn: u64) -> String {
    format!("I like exercise {turn}")
}

fn summary(number: u64) -> Scene {
    let form = json!({
        "narrative": format!("Summary {number}. {}", "They like many exercises. ".repeat(40)),
        "currentGoals": [], "recentProgress": [], "preferences": [], "constraints": [],
        "emotionalState": "",
        "keyInsights": [], "tags": ["exercises", "likes"],
    });
    Scene::saying(form.to_string())
}

#[tokio::test(start_paused = true)]
async fn four_fifths_of_what_the_replies_of_a_long_conversation_read_come_from_the_cache() {
    let site = Site::new(|model| model);
    let model = (1..=TURNS).fold(Scripted::new(Arc::new(site.clock)), |model, turn| {
        let reply = format!("{turn} {}", "well ".repeat(REPLIED));
        model
            .route(route(turn))
            .reply(Scene::saying(reply))
            .extract(summary(turn))
    });
    let site = site.asking(Arc::new(Caching {
        model,
        kept: Arc::default(),
    }));
    let path = site.conversation().await;
    let (mut read, mut all, mut trims, mut context) =
        (0, 0, 0, json!({ "historyMessages": 0, "memories": null }));
    for turn in 1..=TURNS {
        let text = format!("{}. {}", liked(turn), "more ".repeat(SAID));
        let events = site
            .client()
            .stream(&format!("{path}/stream"), &[], &saying(&text))
            .await
            .rest()
            .await;
        site.settled().await;
        site.clock
            .sleep_until(site.clock.now() + Duration::from_secs(100))
            .await;
        let complete = &events.last().unwrap().json;
        let call = complete["usage"]["calls"]
            .as_array()
            .unwrap()
            .last()
            .unwrap();
        let [rest, hit, written] = ["inputTokens", "cacheReadTokens", "cacheWriteTokens"]
            .map(|field| call[field].as_u64().unwrap());
        let before = std::mem::replace(&mut context, complete["context"].clone());
        let [history, last] =
            [&context, &before].map(|context| context["historyMessages"].as_u64().unwrap());
        println!(
            "{turn:>3}: {history:>3} messages; {hit:>6} read, {written:>6} written, {rest:>5} new"
        );
        (read, all) = (read + hit, all + rest + hit + written);
        trims += usize::from(history < last);
        assert_ne!(
            context["memories"], before["memories"],
            "something else is remembered in every prompt"
        );
    }
    println!(
        "{} % of {all} tokens read from the cache, {trims} trims",
        read * 100 / all
    );
    assert!(
        trims >= 2 && read * 100 >= all * 80,
        "{read} of {all}, {trims} trims"
    );
}
