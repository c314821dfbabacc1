//! The templates as CloudFormation sees them, after the transformation: a mistake in what SAM makes
//! of them shows itself nowhere else.

use std::process::Command;

use coach_tests::of_python;
use serde_json::{Value, json};

use super::{of_type, text, transformed};

const TEMPLATES: [&str; 3] = ["template.yaml", "cloudfront.yaml", "managed-instances.yaml"];

/// What `*` stands for where it stands, and why it must.
const STARS: &[(&str, &str)] = &[
    // Whoever knows the address may call: the program verifies the token.
    ("CoachUrlPublicPermissions", "*"),
    ("CoachURLInvokeAllowPublicAccess", "*"),
    // The profile chooses the region; the condition lets nothing but the profile through.
    (
        "Access",
        "arn:${AWS::Partition}:bedrock:*::foundation-model/${ReplyModel}",
    ),
    (
        "Access",
        "arn:${AWS::Partition}:bedrock:*::foundation-model/${FastModel}",
    ),
    // Users and accounts are what comes behind these; the conditions keep to them.
    ("Access", "U#*"),
    ("Access", "I#*"),
    ("SweepRole", "J#*"),
    ("SweepRole", "T#*"),
    // The stage of an API is not known before the API; it has only one.
    ("HttpApiPermission", "${Here}:${HttpApi}/*/$default"),
];

#[test]
fn the_transformed_templates_have_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for name in TEMPLATES {
        let Some(template) = transformed(name, &[]) else {
            return;
        };
        let file = folder.path().join(name.replace("yaml", "json"));
        std::fs::write(&file, template.to_string()).unwrap();
        for region in ["us-east-1", "eu-west-1", "ap-southeast-2"] {
            let mut lint = Command::new(of_python("cfn-lint"));
            let output = lint.arg("-t").arg(&file).args(["-r", region]).output();
            let output = output.unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{name} in {region}:\n{said}");
        }
    }
}

#[test]
fn a_template_is_short_enough_to_be_deployed_without_a_bucket() {
    for name in TEMPLATES {
        let bytes = text(&format!("apps/lambda/{name}")).len();
        assert!(bytes < 50_000, "{name} has {bytes} bytes of 51,200");
    }
}

#[test]
fn every_function_url_streams_and_may_be_called_and_has_no_cors_of_its_own() {
    for name in ["template.yaml", "managed-instances.yaml"] {
        let Some(template) = transformed(name, &[]) else {
            return;
        };
        let expected = json!({
            "TargetFunctionArn": { "Ref": "Coach" },
            "AuthType": "NONE",
            "InvokeMode": "RESPONSE_STREAM",
        });
        assert_eq!(
            of_type(&template, "AWS::Lambda::Url"),
            [("CoachUrl", &expected)]
        );
        let of_everybody: Vec<&Value> = of_type(&template, "AWS::Lambda::Permission")
            .into_iter()
            .map(|(_, permission)| permission)
            .filter(|permission| permission["Principal"] == "*")
            .collect();
        let by_url = json!({
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionName": { "Ref": "Coach" },
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        });
        let through_url = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": { "Ref": "Coach" },
            "Principal": "*",
            "InvokedViaFunctionUrl": true,
        });
        assert_eq!(of_everybody, [&by_url, &through_url], "{name}");
        assert!(!template.to_string().contains("\"Cors\""), "{name}");
    }
}

#[test]
fn what_athletes_have_said_is_kept_whatever_happens_to_the_stack() {
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let table = &template["Resources"]["Table"];
    let properties = &table["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    let recovery = &properties["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(
        template["Resources"]["UserPool"]["Properties"]["DeletionProtection"],
        "ACTIVE"
    );
    // A pool without the function that it asks, or that is not allowed to ask it, signs nobody in.
    for kept in [
        "Table",
        "UserPool",
        "UserPoolClient",
        "Claims",
        "ClaimsPermission",
        "ClaimsLog",
        "ClaimsRole",
    ] {
        let resource = &template["Resources"][kept];
        assert_eq!(resource["DeletionPolicy"], "Retain", "{kept}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{kept}");
    }
}

#[test]
fn every_function_writes_into_a_log_that_is_kept_for_a_time_and_may_write_into_no_other() {
    for name in ["template.yaml", "managed-instances.yaml"] {
        let Some(template) = transformed(name, &[]) else {
            return;
        };
        let logs = of_type(&template, "AWS::Logs::LogGroup");
        let functions = of_type(&template, "AWS::Lambda::Function");
        assert_eq!(logs.len(), functions.len(), "{name}");
        for (function, properties) in functions {
            let log = properties["LoggingConfig"]["LogGroup"]["Ref"]
                .as_str()
                .unwrap();
            let group = &template["Resources"][log]["Properties"];
            assert_eq!(
                group["RetentionInDays"],
                json!({ "Ref": "LogDays" }),
                "{log}"
            );
            let role = properties["Role"]["Fn::GetAtt"][0].as_str().unwrap();
            let policies = &template["Resources"][role]["Properties"]["Policies"];
            let own = policies[0]["PolicyDocument"]["Statement"]
                .as_array()
                .unwrap();
            let writing = own
                .iter()
                .find(|statement| statement["Sid"] == "Log")
                .unwrap();
            assert_eq!(
                writing["Resource"],
                json!({ "Fn::GetAtt": [log, "Arn"] }),
                "{function}"
            );
        }
    }
}

#[test]
fn there_is_an_alarm_for_each_thing_that_somebody_must_look_at() {
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let mut alarms = Vec::new();
    for (name, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        let whom = json!([{ "Ref": "Alarms" }]);
        let told = json!({ "Fn::If": ["TellsOfAlarms", whom, { "Ref": "AWS::NoValue" }] });
        assert_eq!(alarm["AlarmActions"], told, "{name}");
        alarms.push((
            name,
            alarm["MetricName"].as_str().unwrap_or("an expression"),
        ));
    }
    assert_eq!(
        alarms,
        [
            ("ErrorsAlarm", "Errors"),
            ("FailedAlarm", "Turns"),
            ("UnavailableAlarm", "Url5xxCount"),
            ("ThrottlesAlarm", "Throttles"),
            ("SweepAlarm", "an expression"),
            ("DeadLettersAlarm", "DeadLetters"),
            ("FirstTokenAlarm", "FirstToken"),
            ("ForeignAlarm", "an expression"),
        ]
    );
    let slow = &template["Resources"]["FirstTokenAlarm"]["Properties"];
    assert_eq!(slow["ExtendedStatistic"], "p99");
}

#[test]
fn nothing_is_allowed_to_everybody_or_on_everything_that_need_not_be() {
    let mut unused: Vec<_> = STARS.to_vec();
    for name in TEMPLATES {
        let Some(template) = transformed(name, &[]) else {
            return;
        };
        let resources = template["Resources"].as_object().unwrap();
        for (resource, value) in resources {
            let kind = value["Type"].as_str().unwrap();
            if !kind.starts_with("AWS::IAM::") && kind != "AWS::Lambda::Permission" {
                continue;
            }
            for star in stars(&value["Properties"]) {
                let at = (resource.as_str(), star);
                assert!(STARS.contains(&at), "{name}: {at:?}");
                unused.retain(|known| *known != at);
            }
        }
    }
    assert_eq!(unused, [], "these stand nowhere any more");
}

/// The texts in a value that have a wild card in them.
fn stars(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text.contains(['*', '?']) => vec![text],
        Value::Array(values) => values.iter().flat_map(stars).collect(),
        Value::Object(fields) => fields.values().flat_map(stars).collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn no_secret_is_in_a_template_and_the_key_of_the_index_is_read_where_it_is_kept() {
    for name in TEMPLATES {
        let template = text(&format!("apps/lambda/{name}"));
        assert!(!template.contains("COACH_PINECONE_KEY:"), "{name}");
        assert!(!template.contains("resolve:secretsmanager"), "{name}");
    }
}

#[test]
fn the_sweep_comes_every_minute_and_nobody_may_call_it_from_outside() {
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let [(_, rule)] = of_type(&template, "AWS::Events::Rule")[..] else {
        panic!("not one rule")
    };
    assert_eq!(rule["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(
        rule["Targets"][0]["Arn"],
        json!({ "Fn::GetAtt": ["Sweep", "Arn"] })
    );
    let of_sweep = json!({ "Ref": "Sweep" });
    let callers: Vec<&Value> = of_type(&template, "AWS::Lambda::Permission")
        .into_iter()
        .filter(|(_, permission)| permission["FunctionName"] == of_sweep)
        .map(|(_, permission)| &permission["Principal"])
        .collect();
    assert_eq!(callers, ["events.amazonaws.com"]);
}

#[test]
fn on_managed_instances_the_program_has_the_same_settings() {
    let settings = |name: &str| {
        let template = transformed(name, &[])?;
        let of_coach = &template["Resources"]["Coach"]["Properties"]["Environment"]["Variables"];
        let mut names: Vec<String> = of_coach.as_object().unwrap().keys().cloned().collect();
        names.sort();
        Some(names)
    };
    assert_eq!(
        settings("managed-instances.yaml"),
        settings("template.yaml")
    );
}

#[test]
fn cloudfront_holds_nothing_back_and_keeps_nothing() {
    let Some(template) = transformed("cloudfront.yaml", &[]) else {
        return;
    };
    let config = &template["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let behaviour = &config["DefaultCacheBehavior"];
    assert_eq!(behaviour["Compress"], false);
    assert_eq!(
        behaviour["CachePolicyId"],
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    );
    assert_eq!(
        behaviour["OriginRequestPolicyId"],
        "b689b0a8-53d0-40ab-baf2-38738e2966ac"
    );
    let methods = behaviour["AllowedMethods"].as_array().unwrap();
    for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] {
        assert!(methods.contains(&json!(method)), "{method}");
    }
    let origin = &config["Origins"][0];
    assert_eq!(origin["CustomOriginConfig"]["OriginReadTimeout"], 60);
    assert_eq!(
        origin["OriginAccessControlId"],
        Value::Null,
        "it would take Authorization"
    );
}
