//! Whatever stands in front of a function, the same is answered.

use peers::lambda::Front;
use serde_json::json;

use crate::function::{Function, json_of, plausible, sent};

#[tokio::test(flavor = "multi_thread")]
async fn every_front_gives_what_the_function_answers() {
    for (front, responses) in [
        (Front::Url, "auto"),
        (Front::Rest, "auto"),
        (Front::HttpApi("$default"), "auto"),
        (Front::HttpApi("prod"), "auto"),
        (Front::BufferedUrl, "whole"),
        (Front::BufferedRest, "whole"),
        (Front::Rest, "stream"),
    ] {
        let mut function = Function::prepared(plausible()).await;
        function.run(&[("COACH_RESPONSES", responses)]);
        let url = function.lambda.front(front).await.unwrap();
        let about = format!("{front:?}, {responses}");
        let path = "/coaches/strength/conversations";
        let made = sent(function.request_by(&url, "POST", path), &json!({})).await;
        assert_eq!(made.status(), 201, "{about}: {}", function.log());
        let made = json_of(made).await;
        let conversation = format!("{path}/{}", made["conversationId"].as_str().unwrap());

        let stream = function.request_by(&url, "POST", &format!("{conversation}/stream"));
        let stream = stream.header("accept", "text/event-stream");
        let told = sent(stream, &json!({ "userResponse": "How are squats?" })).await;
        assert_eq!(told.status(), 200, "{about}");
        let kind = told.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/event-stream"), "{about}: {kind}");
        let told = told.text().await.unwrap();
        assert!(told.contains(r#""type":"complete""#), "{about}: {told}");

        sent(function.request_by(&url, "POST", path), &json!({})).await;
        let listed = function.request_by(&url, "GET", &format!("{path}?limit=1"));
        let listed = json_of(listed.send().await.unwrap()).await;
        let listed = listed["conversations"].as_array().unwrap().len();
        assert_eq!(listed, 1, "{about}: the query is lost");
        let nothing = function
            .request_by(&url, "GET", "/nowhere")
            .send()
            .await
            .unwrap();
        assert_eq!(nothing.status(), 404, "{about}");
        assert_eq!(json_of(nothing).await["code"], "NOT_FOUND", "{about}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_request_is_refused_and_the_next_one_is_answered() {
    let function = Function::start().await;
    let refused = function
        .lambda
        .invoke(json!({ "source": "aws.events" }))
        .await;
    let error = refused.expect_err("no request");
    assert!(error["errorMessage"].is_string(), "{error}");
    function.conversation().await;
}
