//! What an operator is told.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use bedrock::{Bedrock, Settings, TitanEmbedder, TitanSettings};
use peers::bedrock::{Answers, Bedrock as Peer, Request, Script};
use serde_json::json;

use super::{at, config, named};

/// A Bedrock where all is well, but for the models that are answered otherwise.
async fn peer(other: impl Fn(&str) -> Option<Script> + Send + Sync + 'static) -> Peer {
    let well = Answers {
        forms: BTreeMap::from([("greet", json!({ "word": "Hi" }))]),
        prose: "Hi".to_owned(),
        ..Answers::default()
    };
    Peer::start(move |request: &Request| other(&request.model).unwrap_or_else(|| well.script(request))).await.unwrap()
}

async fn told(peer: &Peer) -> Vec<String> {
    let models = Settings {
        reply: "big".to_owned(),
        second_reply: Some("other".to_owned()),
        fast: "small".to_owned(),
        ..at(peer)
    };
    let mut told = Bedrock::new(&config(), models).check(named, &[]).await.troubles;
    let titan = TitanSettings { endpoint: Some(peer.url()), ..TitanSettings::default() };
    told.extend(TitanEmbedder::new(&config(), titan).check("TITAN").await);
    told
}

#[tokio::test]
async fn where_all_is_well_nothing_is_said_and_every_model_was_asked_once() {
    let peer = peer(|_| None).await;
    assert_eq!(told(&peer).await, Vec::<String>::new());
    let asked: Vec<_> = peer.requests().into_iter().map(|request| request.model).collect();
    assert_eq!(asked, ["big", "other", "small", "amazon.titan-embed-text-v2:0"]);
}

#[tokio::test]
async fn each_model_that_does_not_answer_is_named_with_what_to_do() {
    let peer = peer(|model| match model {
        "big" => Some(Script::refuse("AccessDeniedException")),
        "small" => Some(Script::refuse("ValidationException")),
        "other" => None,
        _ => Some(Script::Body(json!({ "embedding": [1.0] }))),
    })
    .await;
    let told = told(&peer).await;
    let [big, small, titan] = told.as_slice() else { panic!("{told:?}") };
    assert!(big.contains("the model big may not be asked") && big.contains("bedrock:InvokeModel"), "{big}");
    assert!(small.contains("the model small does not take the call"), "{small}");
    assert!(
        titan.contains("amazon.titan-embed-text-v2:0") && titan.contains("no vector of the right length"),
        "{titan}"
    );
}

#[tokio::test]
async fn without_credentials_or_a_peer_that_is_said() {
    let gone = peer(|_| None).await;
    let settings = at(&gone);
    drop(gone);
    tokio::task::yield_now().await;
    let told = Bedrock::new(&config(), settings.clone()).check(named, &[]).await.troubles;
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("the connection failed")), "{told:?}");
    let nobody =
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
    let told = Bedrock::new(&nobody.build(), settings).check(named, &[]).await.troubles;
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("credentials")), "{told:?}");
}
