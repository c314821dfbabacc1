//! Whether the ledger has what Bedrock has told of its work, to the token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bedrock::{Bedrock, Settings, TitanEmbedder, TitanSettings};
use coach_tests::scenes::routing;
use coach_tests::{ADA, BOB, CLEO, Site, saying};
use futures::StreamExt;
use futures::stream;
use peers::bedrock::{
    Answers, Bedrock as Peer, Metered, Operation, PromptCache, Refuses, Request, Script, Step,
    refused,
};
use peers::pinecone::{Index, Pinecone as Shelf};
use pinecone::{Pinecone, Settings as IndexSettings};
use serde_json::json;

use super::{at, config};

const TURNS: usize = 500;
const AT_ONCE: usize = 16;
const USERS: [&str; 3] = [ADA, BOB, CLEO];

const TEXTS: [&str; 6] = [
    "How deep do I squat?",
    "/log-workout squats, 5 times 5 at 100 kg",
    "/save-memory I have a shellfish allergy, number",
    "Please forget that I have a shellfish allergy",
    "Is rowing good for a sore knee?",
    "thanks!",
];

/// A Bedrock of which one answer in five or so is some trouble. Whatever it tells of its cost it
/// also meters.
async fn troubled() -> Peer {
    let (asked, cache) = (AtomicUsize::new(0), PromptCache::default());
    Peer::start(move |request| {
        let count = asked.fetch_add(1, Ordering::SeqCst);
        if let Some(refusal) = refused(request, &[Refuses::Temperature, Refuses::ForcedTool]) {
            return refusal;
        }
        let [input, read, written] = if request.operation == Operation::Invoke {
            [0; 3]
        } else {
            cache.read(request)
        };
        let cost = Step::Usage([input, 7, read, written]);
        let is_embedding = request.operation == Operation::Invoke;
        match count % 31 {
            3 => Script::refuse("ThrottlingException"),
            7 => Script::refuse("ServiceUnavailableException"),
            11 | 13 | 17 if is_embedding => {
                Script::Body(json!({ "embedding": [1.0], "inputTextTokenCount": 0 }))
            }
            // Answers that are of no use, and cost what they cost.
            11 => Script::Play(vec![Step::Stop("malformed_model_output"), cost]),
            13 => Script::Play(vec![Step::Stop("end_turn"), cost]),
            17 => Script::Play(vec![
                Step::thought("Hm."),
                Step::text("Sit"),
                Step::Stop("max_tokens"),
                cost,
            ]),
            _ => well(request, cost),
        }
    })
    .await
    .unwrap()
}

fn well(request: &Request, cost: Step) -> Script {
    let Some((form, _)) = request.form() else {
        return match request.operation {
            Operation::Invoke => Script::Embed,
            Operation::Stream | Operation::Whole => Script::Play(vec![
                Step::text("Sit between your hips."),
                Step::Stop("end_turn"),
                cost,
            ]),
        };
    };
    let filled = match form.as_str() {
        "route_message" => routing(&[], true),
        "log_workout" => json!({ "refusal": "nothing measurable", "confidence": 0.5 }),
        other => Answers::plausible().forms[other].clone(),
    };
    Script::Play(vec![
        Step::text(&filled.to_string()),
        Step::Stop("end_turn"),
        cost,
    ])
}

async fn play(peer: &Peer) -> Site {
    let key = "key".to_owned();
    let index = Shelf::start(Index {
        dimension: 512,
        key,
        lag: 0,
    })
    .await
    .unwrap();
    let titan = TitanSettings {
        endpoint: Some(peer.url()),
        ..TitanSettings::default()
    };
    let settings = IndexSettings::new(&index.url(), "key".parse().unwrap());
    let index_adapter =
        Pinecone::new(&settings, Arc::new(TitanEmbedder::new(&config(), titan))).unwrap();
    let models = Settings {
        reply: "us.amazon.nova-pro-v1:0".to_owned(),
        ..at(peer)
    };
    let mut site = Site::new(|model| model).asking(Arc::new(Bedrock::new(&config(), models)));
    site.app.ports.index = Arc::new(index_adapter);
    // A job that failed is tried again by a later turn, and at once by none: this takes no minutes.
    let site = &site
        .set(|settings| settings.turns_per_user = 100)
        .trying_once();
    stream::iter(0..AT_ONCE)
        .for_each_concurrent(AT_ONCE, async |number| {
            let user = USERS[number % USERS.len()];
            let path = site.conversation_of(user, "strength").await;
            let client = site.client().showing(Some(user));
            for turn in 0..TURNS.div_ceil(AT_ONCE) {
                let text = format!("{} {number} {turn}", TEXTS[(turn + number) % TEXTS.len()]);
                client
                    .stream(&format!("{path}/stream"), &[], &saying(&text))
                    .await
                    .rest()
                    .await;
                if turn % 9 == 0 {
                    remember_by_hand(
                        site,
                        user,
                        &format!("I train on day {number} at {turn} o'clock"),
                    )
                    .await;
                }
            }
        })
        .await;
    site.settled().await;
    drop(index);
    site.clone()
}

/// What is embedded when a memory is made, changed and deleted without a turn.
async fn remember_by_hand(site: &Site, user: &str, content: &str) {
    let client = site.client().showing(Some(user));
    let memory = json!({ "content": content, "type": "fact", "importance": "low" });
    let made = client
        .post(&format!("/users/{user}/memories"), &memory)
        .await;
    if made.status == 201 {
        let path = made.header("location").to_owned();
        client
            .patch(&path, &json!({ "content": format!("{content} sharp") }))
            .await;
        client.delete(&path).await;
    }
}

/// What the ledgers of all users say of each model.
async fn ledger(site: &Site) -> BTreeMap<String, Metered> {
    let mut all: BTreeMap<String, Metered> = BTreeMap::new();
    for user in USERS {
        let told = site
            .client()
            .showing(Some(user))
            .get(&format!("/users/{user}/usage"))
            .await
            .json();
        for day in told["days"].as_array().unwrap() {
            for (model, spent) in day["models"].as_object().unwrap() {
                let tokens = |name: &str| spent[name].as_u64().unwrap();
                let sum = all.entry(model.clone()).or_default();
                sum.asked += tokens("attempts");
                sum.input += tokens("inputTokens");
                sum.output += tokens("outputTokens");
                sum.cache_read += tokens("cacheReadTokens");
                sum.cache_write += tokens("cacheWriteTokens");
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_hundreds_of_turns_with_faults_the_ledger_is_what_the_peer_has_metered() {
    let peer = troubled().await;
    let site = play(&peer).await;
    let (metered, charged) = (peer.meter(), ledger(&site).await);
    let sum = |all: &BTreeMap<String, Metered>| all.values().map(|model| model.asked).sum::<u64>();
    eprintln!(
        "{TURNS} turns, {} requests\nmetered {metered:#?}\ncharged {charged:#?}",
        sum(&metered)
    );
    assert_eq!(
        sum(&charged),
        sum(&metered),
        "every request is an attempt of a call"
    );
    let told = |model: &Metered| {
        [
            model.input,
            model.output,
            model.cache_read,
            model.cache_write,
        ]
    };
    // A machine that is slow enough gives up an answer that is on its way. Nobody has told what
    // that cost: it is estimated, and no model's.
    let has_given_up = charged
        .get("unknown")
        .is_some_and(|unknown| unknown.input > 0);
    for (model, metered) in &metered {
        let (charged, metered) = (told(&charged[model]), told(metered));
        let is_less = charged
            .iter()
            .zip(metered)
            .all(|(charged, most)| *charged <= most);
        assert!(
            charged == metered || has_given_up && is_less,
            "{model}: {charged:?} instead of {metered:?}"
        );
    }
    assert!(metered["amazon.titan-embed-text-v2:0"].input > 0 && metered.len() == 3);
}
