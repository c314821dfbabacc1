//! Vectors of Titan.

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use bedrock::{TitanEmbedder, TitanSettings};
use domain::Fault;
use futures::future::{Either, select};
use peers::bedrock::{Bedrock as Peer, Operation, Script};
use ports::{Bill, Embedder};
use serde_json::json;

use super::rows::MEANINGS;
use super::wire::until;
use super::{config, playing};

fn titan(peer: &Peer, at_once: usize) -> TitanEmbedder {
    let settings = TitanSettings {
        endpoint: Some(peer.url()),
        at_once,
        ..TitanSettings::default()
    };
    TitanEmbedder::new(&config(), settings)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn near(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn each_text_has_one_vector_of_length_one_in_order() {
    let peer = playing(Script::Embed).await;
    let embedder = titan(&peer, 8);
    let said = texts(&[
        "heavy back squats",
        "back squats today",
        "a swim in the lake",
        "heavy back squats",
    ]);
    let vectors = embedder.embed(&said, &Bill::default()).await.unwrap();
    assert_eq!((vectors.len(), embedder.dimensions()), (4, 512));
    assert!(
        vectors
            .iter()
            .all(|vector| vector.len() == 512 && (near(vector, vector) - 1.0).abs() < 1e-5)
    );
    assert_eq!(vectors[0], vectors[3]);
    assert!(near(&vectors[0], &vectors[1]) > 2.0 * near(&vectors[0], &vectors[2]).abs());
    let asked = peer.requests();
    let body = |text: &str| json!({ "inputText": text, "dimensions": 512, "normalize": true });
    assert!(
        asked
            .iter()
            .all(|request| request.operation == Operation::Invoke)
    );
    assert!(
        asked
            .iter()
            .all(|request| request.model == "amazon.titan-embed-text-v2:0")
    );
    assert!(
        asked
            .iter()
            .any(|request| request.json() == body("a swim in the lake"))
    );
    assert_eq!(
        embedder.embed(&[], &Bill::default()).await.unwrap(),
        Vec::<Vec<f32>>::new()
    );
}

#[tokio::test]
async fn no_more_texts_are_on_their_way_than_the_settings_say() {
    let peer = playing(Script::Silence).await;
    let many = texts(&["squat"; 10]);
    let (embedder, bill) = (titan(&peer, 3), Bill::default());
    let seen = async {
        until(|| peer.requests().len() == 3).await;
        tokio::time::timeout(Duration::from_millis(100), pending::<()>())
            .await
            .unwrap_err();
    };
    let Either::Right(_) = select(embedder.embed(&many, &bill), pin!(seen)).await else {
        panic!("there is no answer")
    };
    assert_eq!(peer.requests().len(), 3);
    until(|| peer.hang_ups() == 3).await;
}

#[tokio::test]
async fn what_goes_wrong_is_a_fault_and_nothing_is_tried_again() {
    let known = MEANINGS.map(|(kind, fault, _)| (Script::refuse(kind), fault));
    let quota = Script::Refuse {
        status: 400,
        kind: "ServiceQuotaExceededException",
        message: String::new(),
    };
    let others = [
        (quota, Fault::Throttled),
        (Script::Cut, Fault::Unavailable),
        (
            Script::Body(json!({ "embedding": [1.0] })),
            Fault::Unavailable,
        ),
        (Script::Body(json!({})), Fault::Unavailable),
    ];
    for (script, fault) in known.into_iter().chain(others) {
        let peer = playing(script.clone()).await;
        let error = titan(&peer, 1)
            .embed(&texts(&["squat", "swim"]), &Bill::default())
            .await
            .unwrap_err();
        assert_eq!(
            (error.fault, peer.requests().len()),
            (fault, 1),
            "{script:?}"
        );
    }
}
