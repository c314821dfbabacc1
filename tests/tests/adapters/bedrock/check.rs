//! What an operator is told.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use bedrock::{Bedrock, Findings, Settings, Standing, TitanEmbedder, TitanSettings};
use peers::bedrock::{Answers, Bedrock as Peer, Refuses, Request, Script, refused};
use serde_json::json;

use super::{at, config, named};

/// A Bedrock where all is well, but for the models that are answered otherwise.
async fn peer(other: impl Fn(&str) -> Option<Script> + Send + Sync + 'static) -> Peer {
    let well = Answers {
        forms: BTreeMap::from([("greet", json!({ "word": "Hi" }))]),
        prose: "Hi".to_owned(),
        ..Answers::default()
    };
    Peer::start(move |request: &Request| {
        other(&request.model).unwrap_or_else(|| well.script(request))
    })
    .await
    .unwrap()
}

async fn told(peer: &Peer) -> Vec<String> {
    let models = Settings {
        reply: "big".to_owned(),
        second_reply: Some("other".to_owned()),
        fast: "small".to_owned(),
        ..at(peer)
    };
    let mut told = Bedrock::new(&config(), models)
        .check(named, &[])
        .await
        .troubles;
    let titan = TitanSettings {
        endpoint: Some(peer.url()),
        ..TitanSettings::default()
    };
    told.extend(TitanEmbedder::new(&config(), titan).check("TITAN").await);
    told
}

#[tokio::test]
async fn where_all_is_well_nothing_is_said_and_every_model_was_asked_once() {
    let peer = peer(|_| None).await;
    assert_eq!(told(&peer).await, Vec::<String>::new());
    let asked: Vec<_> = peer
        .requests()
        .into_iter()
        .map(|request| request.model)
        .collect();
    assert_eq!(
        asked,
        ["big", "other", "small", "amazon.titan-embed-text-v2:0"]
    );
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
    let [big, small, titan] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        big.contains("the model big may not be asked") && big.contains("bedrock:InvokeModel"),
        "{big}"
    );
    assert!(
        small.contains("the model small does not take the call"),
        "{small}"
    );
    assert!(
        titan.contains("amazon.titan-embed-text-v2:0")
            && titan.contains("no vector of the right length"),
        "{titan}"
    );
}

#[tokio::test]
async fn without_credentials_or_a_peer_that_is_said() {
    let gone = peer(|_| None).await;
    let settings = at(&gone);
    drop(gone);
    tokio::task::yield_now().await;
    let told = Bedrock::new(&config(), settings.clone())
        .check(named, &[])
        .await
        .troubles;
    assert!(
        told.len() == 2
            && told
                .iter()
                .all(|told| told.contains("the connection failed")),
        "{told:?}"
    );
    let nobody = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"));
    let told = Bedrock::new(&nobody.build(), settings)
        .check(named, &[])
        .await
        .troubles;
    assert!(
        told.len() == 2 && told.iter().all(|told| told.contains("credentials")),
        "{told:?}"
    );
}

/// What is said of a Bedrock whose models are answered like this, the notes after the troubles.
async fn found(peer: &Peer, change: impl FnOnce(&mut Settings), coaches: &[Standing]) -> Findings {
    let mut settings = at(peer);
    change(&mut settings);
    Bedrock::new(&config(), settings)
        .check(named, coaches)
        .await
}

#[tokio::test]
async fn a_model_that_is_withdrawn_or_not_for_this_account_is_told_with_what_to_set() {
    for (kind, message, says) in [
        (
            "ValidationException",
            "The provided model identifier is invalid.",
            "is not there, or has been withdrawn",
        ),
        (
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
            "has been withdrawn",
        ),
        (
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy.",
            "is legacy",
        ),
        (
            "AccessDeniedException",
            "You don't have access to the model.",
            "may not be asked",
        ),
        (
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn't supported. Retry with an \
            inference profile.",
            "inference profile",
        ),
    ] {
        let peer = peer(move |model| {
            model
                .contains("sonnet")
                .then(|| Script::refuse_saying(kind, message))
        })
        .await;
        let Findings { troubles, .. } = found(&peer, |_| {}, &[]).await;
        let [trouble] = troubles.as_slice() else {
            panic!("{troubles:?}")
        };
        assert!(
            trouble.contains(says) && trouble.contains("set REPLY to"),
            "{trouble}"
        );
    }
}

#[tokio::test]
async fn of_each_model_it_is_told_how_long_it_is_there_and_how_it_is_asked() {
    let peer = peer(|_| None).await;
    peer.tell_legacy("anthropic.claude-sonnet-4-6", "2026-12-24T00:00:00Z");
    let Findings { troubles, notes } = found(&peer, |_| {}, &[]).await;
    assert_eq!(troubles, Vec::<String>::new());
    let expected = [
        "the model global.anthropic.claude-sonnet-4-6 is legacy and will be withdrawn on \
        2026-12-24: set REPLY to a newer one",
        "global.anthropic.claude-sonnet-4-6 is asked with a temperature, prompts kept from 2048 \
        tokens on, instructions for an hour",
        "us.amazon.nova-micro-v1:0 is asked with a temperature, forms by a tool that it must call, \
        prompts kept from \
         1536 tokens on",
    ];
    assert_eq!(notes, expected);
}

#[tokio::test]
async fn what_a_model_refuses_is_found_out_and_told() {
    let well = Answers {
        forms: BTreeMap::from([("greet", json!({ "word": "Hi" }))]),
        prose: "Hi".to_owned(),
        ..Answers::default()
    };
    let refuses = &[Refuses::Temperature, Refuses::ForcedTool];
    let answer =
        move |request: &Request| refused(request, refuses).unwrap_or_else(|| well.script(request));
    let peer = Peer::start(answer).await.unwrap();
    peer.tell("new-model", json!(null));
    let Findings { troubles, notes } = found(
        &peer,
        |settings| settings.fast = "new-model".to_owned(),
        &[],
    )
    .await;
    assert_eq!(troubles, Vec::<String>::new());
    let told = "new-model is asked without a temperature, forms as text by a schema, prompts not \
    kept; it refuses a \
                temperature; it refuses a tool that must be called";
    assert_eq!(notes.last().unwrap(), told);
}

#[tokio::test]
async fn an_applications_profile_is_told_by_the_model_behind_it_and_what_to_say_of_it() {
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine";
    let peer = peer(|_| None).await;
    let model = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-5-5";
    peer.tell(profile, json!({ "models": [{ "modelArn": model }] }));
    let Findings { notes, .. } =
        found(&peer, |settings| settings.reply = profile.to_owned(), &[]).await;
    let told = "set what it takes to like:anthropic.claude-sonnet-5-5";
    assert!(
        notes
            .iter()
            .any(|note| note.contains(profile) && note.contains(told)),
        "{notes:?}"
    );
    let like = "like:anthropic.claude-sonnet-5-5".parse().unwrap();
    let set = |settings: &mut Settings| {
        settings.reply = profile.to_owned();
        settings.models = [(profile.to_owned(), like)].into();
    };
    let Findings { notes, .. } = found(&peer, set, &[]).await;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("asked without a temperature, effort low")),
        "{notes:?}"
    );
}

#[tokio::test]
async fn a_coach_whose_instructions_are_too_short_to_be_kept_is_named() {
    let standing = |coach: &str, model: Option<&str>, tokens| Standing {
        coach: coach.to_owned(),
        model: model.map(str::to_owned),
        tokens,
    };
    let coaches = [
        standing("short", None, 600),
        standing("long", None, 2_048),
        standing(
            "own",
            Some("us.anthropic.claude-haiku-4-5-20251001-v1:0"),
            2_048,
        ),
    ];
    let peer = peer(|_| None).await;
    let Findings { troubles, notes } = found(&peer, |_| {}, &coaches).await;
    let short: Vec<_> = notes
        .iter()
        .filter(|note| note.contains("the instructions of the coach"))
        .collect();
    assert!(troubles.is_empty() && short.len() == 2, "{notes:#?}");
    assert!(
        short[0].contains("short have about 600 tokens") && short[0].contains("shorter than 2048"),
        "{short:?}"
    );
    assert!(
        short[1].contains("own have about 2048 tokens") && short[1].contains("shorter than 4096"),
        "{short:?}"
    );
    assert!(
        peer.requests()
            .iter()
            .any(|request| request.model.contains("haiku")),
        "its own model is asked, too"
    );
}
