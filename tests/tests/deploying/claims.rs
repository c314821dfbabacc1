//! The function that says in a token whose it is.

use std::process::Command;

use coach_tests::{has, on_path};
use serde_json::{Value, json};

use super::transformed;

/// What it answers to what Cognito asks before it makes tokens.
fn answer(code: &str, event: &Value) -> Result<Value, String> {
    let run = format!(
        "{code}\nexports.handler({event}).then((answer) => console.log(JSON.stringify(answer)));"
    );
    let mut node = Command::new("node");
    let output = node.args(["--input-type=commonjs", "-e", &run]).output();
    let output = output.unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_token_says_the_sub_of_its_user_whatever_the_user_has_written() {
    if !has("node", on_path("node")) {
        return;
    }
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let claims = &template["Resources"]["Claims"]["Properties"];
    let code = claims["Code"]["ZipFile"].as_str().unwrap();
    let sub = "11111111-2222-4333-8444-555555555555";
    let event = json!({
        "version": "1",
        "triggerSource": "TokenGeneration_Authentication",
        "userName": "somebody",
        "request": {
            "userAttributes": { "sub": sub, "email": "a@example.com", "custom:user_id": "victim" },
            "groupConfiguration": {},
        },
        "response": { "claimsOverrideDetails": null },
    });
    let answer_of = answer(code, &event).unwrap();
    let claims = &answer_of["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"];
    assert_eq!(claims, &json!({ "custom:user_id": sub }));
    assert_eq!(answer_of["request"], event["request"]);
    assert!(sub.parse::<domain::UserId>().is_ok(), "it is a user's id");

    let mut nameless = event;
    nameless["request"]["userAttributes"] = json!({ "custom:user_id": "victim" });
    let refusal = answer(code, &nameless).unwrap_err();
    assert!(refusal.contains("without a sub"), "{refusal}");
}

#[test]
fn no_client_may_write_who_a_user_is() {
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let client = &template["Resources"]["UserPoolClient"]["Properties"];
    assert_eq!(client["WriteAttributes"], json!(["email"]));
    let pool = &template["Resources"]["UserPool"]["Properties"];
    assert_eq!(pool["Schema"], Value::Null, "no attribute of that name");
    let trigger = json!({ "PreTokenGeneration": { "Fn::GetAtt": ["Claims", "Arn"] } });
    assert_eq!(pool["LambdaConfig"], trigger);
    let permission = &template["Resources"]["ClaimsPermission"]["Properties"];
    assert_eq!(
        permission["SourceArn"],
        json!({ "Fn::GetAtt": ["UserPool", "Arn"] })
    );
}
