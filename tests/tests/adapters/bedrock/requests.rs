//! What goes over the wire to Bedrock.

use bedrock::{Bedrock, Guardrail, Settings};
use domain::{Delivery, router};
use peers::bedrock::{Bedrock as Peer, Operation, Script};
use ports::ModelCall;
use serde_json::json;

use super::{adapter, answered, at, config, form, playing, prose};

/// The one request that a call makes of a model set up like this.
async fn sent(change: impl FnOnce(&mut Settings), call: ModelCall) -> peers::bedrock::Request {
    let peer = playing(Script::saying("Sit down.")).await;
    let mut settings = at(&peer);
    change(&mut settings);
    _ = answered(&Bedrock::new(&config(), settings), call).await;
    let [request] = <[_; 1]>::try_from(peer.requests()).unwrap();
    request
}

#[tokio::test]
async fn a_reply_is_asked_for_in_converses_own_words() {
    for (delivery, operation) in [
        (Delivery::Streamed, Operation::Stream),
        (Delivery::Whole, Operation::Whole),
    ] {
        let request = sent(|_| {}, prose(delivery)).await;
        assert_eq!(
            (request.model.as_str(), request.operation),
            ("global.anthropic.claude-sonnet-4-6", operation)
        );
        let expected = json!({
            "messages": [{ "role": "user", "content": [{ "text": "How deep?" }] }],
            "system": [
                { "text": "Be a coach." },
                { "cachePoint": { "type": "default", "ttl": "1h" } },
            ],
            "inferenceConfig": { "maxTokens": 100, "temperature": 0.5 },
        });
        assert_eq!(request.json(), expected);
    }
}

#[tokio::test]
async fn a_form_must_be_filled_in_and_is_the_same_bytes_every_time() {
    let request = sent(|_| {}, form(Delivery::Whole)).await;
    assert_eq!(request.model, "us.amazon.nova-micro-v1:0");
    let body = request.json();
    assert_eq!(
        body["toolConfig"]["toolChoice"],
        json!({ "tool": { "name": router::TOOL } })
    );
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 1);
    let schema = &body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"];
    assert_eq!(schema.to_string(), router::schema().to_string());
    for delivery in [Delivery::Whole, Delivery::Streamed] {
        assert_eq!(sent(|_| {}, form(delivery)).await.body, request.body);
    }
}

#[tokio::test]
async fn a_guardrail_checks_what_the_athlete_reads_and_nothing_else() {
    let guardrail = || {
        Some(Guardrail {
            id: "gr-1".to_owned(),
            version: "3".to_owned(),
        })
    };
    for (delivery, mode) in [
        (Delivery::Streamed, json!("sync")),
        (Delivery::Whole, json!(null)),
    ] {
        let checked = sent(|settings| settings.guardrail = guardrail(), prose(delivery))
            .await
            .json();
        let config = &checked["guardrailConfig"];
        assert_eq!(
            (&config["guardrailIdentifier"], &config["guardrailVersion"]),
            (&json!("gr-1"), &json!("3"))
        );
        // What was told cannot be taken back, so that it is checked before.
        assert_eq!(config["streamProcessingMode"], mode);
        let form = sent(|settings| settings.guardrail = guardrail(), form(delivery))
            .await
            .json();
        assert!(form["guardrailConfig"].is_null(), "{form}");
    }
}

#[tokio::test]
async fn a_coach_may_have_a_model_of_its_own() {
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine";
    let call = ModelCall {
        model: Some(profile.to_owned()),
        ..prose(Delivery::Streamed)
    };
    let request = sent(|_| {}, call).await;
    assert_eq!(request.model, profile);
    // Its id does not say whether it takes cache points.
    assert_eq!(request.json()["system"], json!([{ "text": "Be a coach." }]));
}

#[tokio::test]
async fn whoever_does_not_sign_is_refused_by_the_peer() {
    let peer: Peer = playing(Script::saying("Sit down.")).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("{}/model/m/converse", peer.url()))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), peer.requests().len()), (403, 0));
    answered(&adapter(&peer), prose(Delivery::Whole))
        .await
        .1
        .unwrap();
    assert_eq!(peer.requests().len(), 1);
}
