//! A stack that is deployed by our command and the real AWS CLI, into moto; what came of it is what
//! the program needs, and no more.

use std::process::{Command, Output};

use coach_tests::{Moto, of_python};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::access::{deeds_on_the_table, table_at};
use super::policy::{Deed, Policy};
use super::stack::{copied, package};
use super::{text, transformed};

const URL: &str = "https://abcdefghijklmnop.lambda-url.us-east-1.on.aws/";

/// A coach on an AWS of our own.
struct Deployed {
    moto: Moto,
    folder: TempDir,
}

impl Deployed {
    /// Deploys the template with a pool that is there. `None` where there is no moto.
    fn with(parameters: &[&str], holding: &[&str]) -> Option<Self> {
        let mut template = transformed("template.yaml", holding)?;
        // moto makes no URLs of functions.
        template["Outputs"]["FunctionUrl"]["Value"] = json!(URL);
        let moto = Moto::start()?;
        let folder = copied();
        let file = folder.path().join("apps/lambda/template.yaml");
        std::fs::write(&file, template.to_string()).unwrap();
        let deployed = Self { moto, folder };
        deployed.aws(&["s3", "mb", "s3://packages"]);
        let zip = deployed.zip();
        deployed.aws(&["s3", "cp", &zip, "s3://packages/bootstrap.zip"]);
        let mut options = vec![
            "deploy",
            "UserPoolId=us-east-1_abc",
            "UserPoolClientId=client",
        ];
        options.extend(parameters);
        let said = told(&deployed.stack(&options));
        assert!(said.contains("Successfully created"), "{said}");
        Some(deployed)
    }

    /// A package; what is in it is no matter.
    fn zip(&self) -> String {
        let program = self.folder.path().join("bootstrap");
        std::fs::write(&program, "a program").unwrap();
        let zip = package(self.folder.path());
        let mut python = Command::new(of_python("python"));
        python.args(["-m", "zipfile", "-c"]).arg(&zip).arg(&program);
        assert!(python.status().unwrap().success());
        zip.to_str().unwrap().to_owned()
    }

    /// A command that reaches this AWS and no other.
    fn command(&self, program: &str) -> Command {
        let tools = of_python("aws");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", tools.parent().unwrap().display());
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("AWS_ENDPOINT_URL", self.moto.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_REGION", "us-east-1")
            .env_remove("AWS_PROFILE");
        command
    }

    fn stack(&self, options: &[&str]) -> Output {
        let program = self.folder.path().join("apps/lambda/stack");
        let mut command = self.command(program.to_str().unwrap());
        command.args(options).output().unwrap()
    }

    fn aws(&self, options: &[&str]) -> Value {
        let mut command = self.command("aws");
        let output = command.args(options).output().unwrap();
        assert!(output.status.success(), "{options:?}: {}", told(&output));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// All that a function of the stack may do.
    fn policy_of(&self, role: &str) -> Policy {
        let mut statements = Vec::new();
        let policies = self.aws(&["iam", "list-policies", "--scope", "Local"]);
        for policy in policies["Policies"].as_array().unwrap() {
            let arn = policy["Arn"].as_str().unwrap();
            let version = ["--policy-arn", arn, "--version-id", "v1"];
            let read = self.aws(&[&["iam", "get-policy-version"][..], &version].concat());
            let document = &read["PolicyVersion"]["Document"]["Statement"];
            statements.extend(document.as_array().unwrap().clone());
        }
        let roles = self.aws(&["iam", "list-roles"]);
        let name = roles["Roles"].as_array().unwrap().iter().find_map(|found| {
            let name = found["RoleName"].as_str().unwrap();
            name.contains(role).then(|| name.to_owned())
        });
        let named = ["--role-name", &name.unwrap(), "--policy-name", "own"];
        let own = self.aws(&[&["iam", "get-role-policy"][..], &named].concat());
        // moto writes it as Python does.
        let document = own["PolicyDocument"].as_str().unwrap().replace('\'', "\"");
        let document: Value = serde_json::from_str(&document).unwrap();
        statements.extend(document["Statement"].as_array().unwrap().clone());
        Policy(statements)
    }
}

fn told(output: &Output) -> String {
    let [said, complained] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{said}{complained}")
}

#[tokio::test]
async fn what_is_deployed_is_what_the_program_needs_and_allows_no_more() {
    let Some(deployed) = Deployed::with(&[], &["ReplyHasProfile", "FastHasProfile"]) else {
        return;
    };
    let mut flaws = table_at(&deployed.moto.url()).check().await;
    // moto makes tables of templates without one; `table.rs` compares it.
    flaws.retain(|flaw| !flaw.contains("time to live"));
    assert_eq!(flaws, Vec::<String>::new());
    let [coach, sweep] = ["CoachRole", "SweepRole"].map(|role| deployed.policy_of(role));
    the_table_may_be_used_as_it_is(&coach, &sweep).await;
    the_models_may_be_asked_and_no_others(&coach);
    the_settings_are_those_that_were_given(&deployed);
    let template = deployed.folder.path().join("apps/lambda/template.yaml");
    // moto knows outputs only of stacks that were made at once, without a set of changes.
    deployed.aws(&[
        "cloudformation",
        "create-stack",
        "--stack-name=coach-other",
        &format!("--template-body=file://{}", template.display()),
        "--capabilities=CAPABILITY_IAM",
        "--parameters",
        "ParameterKey=Stage,ParameterValue=other",
        "ParameterKey=UserPoolId,ParameterValue=us-east-1_abc",
        "ParameterKey=UserPoolClientId,ParameterValue=client",
    ]);
    the_outputs_are_those_that_clients_read(&deployed);
    a_stack_goes_only_when_somebody_says_so(&deployed);
}

async fn the_table_may_be_used_as_it_is(coach: &Policy, sweep: &Policy) {
    let deeds = deeds_on_the_table().await;
    let mut used: Vec<String> = Vec::new();
    let mut partitions: Vec<&str> = Vec::new();
    for deed in &deeds {
        let is_of_everybody = deed.resource.ends_with("/index/due");
        assert!(sweep.allows(deed), "the sweep may not {deed:?}");
        assert_eq!(coach.allows(deed), !is_of_everybody, "{deed:?}");
        used.push(deed.action.clone());
        partitions.extend(deed.context[0].1.iter().map(|key| &key[..2]));
    }
    partitions.sort_unstable();
    partitions.dedup();
    assert_eq!(partitions, ["I#", "J#", "T#", "U#"], "all were tried");
    used.sort();
    used.dedup();
    assert_eq!(coach.actions("dynamodb:"), used);
    assert_eq!(sweep.actions("dynamodb:"), used);
    let of_users = deeds.iter().find(|deed| deed.action == "dynamodb:GetItem");
    for (change, what) in [("X#ann", "another kind of key"), ("J#1", "a shard")] {
        let mut deed = of_users.unwrap().clone();
        deed.context[0].1 = vec![change.to_owned()];
        assert!(!sweep.allows(&deed), "{what}");
    }
}

/// Which permission each call of the SDK needs.
const CALLS: [(&str, &str); 4] = [
    ("converse", "bedrock:InvokeModel"),
    ("converse_stream", "bedrock:InvokeModelWithResponseStream"),
    ("invoke_model", "bedrock:InvokeModel"),
    ("count_tokens", "bedrock:CountTokens"),
];

fn the_models_may_be_asked_and_no_others(coach: &Policy) {
    let mut needed: Vec<&str> = Vec::new();
    let code: String = ["lib", "titan"]
        .map(|file| text(&format!("adapters/bedrock/src/{file}.rs")))
        .concat();
    for (call, action) in CALLS {
        if code.contains(&format!(".{call}()\n")) {
            needed.push(action);
        }
    }
    needed.sort_unstable();
    needed.dedup();
    assert_eq!(coach.actions("bedrock:"), needed);

    let profile =
        |id: &str| format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{id}");
    let model = |region: &str, id: &str| format!("arn:aws:bedrock:{region}::foundation-model/{id}");
    let reply = "anthropic.claude-sonnet-4-6";
    let by_reply = profile(&format!("global.{reply}"));
    let by_fast = profile("us.amazon.nova-micro-v1:0");
    for (resource, by, allowed) in [
        (by_reply.clone(), None, true),
        (by_fast.clone(), None, true),
        (profile("global.anthropic.claude-opus-4-6"), None, false),
        (model("us-east-1", reply), Some(&by_reply), true),
        (model("eu-west-3", reply), Some(&by_reply), true),
        // The global profile has an ARN without a region.
        (model("", reply), Some(&by_reply), true),
        (
            model("us-west-2", "amazon.nova-micro-v1:0"),
            Some(&by_fast),
            true,
        ),
        (model("us-east-1", reply), None, false),
        (model("us-east-1", reply), Some(&by_fast), false),
        (
            model("us-east-1", "amazon.titan-embed-text-v2:0"),
            None,
            false,
        ),
    ] {
        let mut context = Vec::new();
        if let Some(by) = by {
            context.push(("bedrock:InferenceProfileArn".to_owned(), vec![by.clone()]));
        }
        for action in [
            "bedrock:InvokeModel",
            "bedrock:InvokeModelWithResponseStream",
        ] {
            let deed = Deed {
                action: action.to_owned(),
                resource: resource.clone(),
                context: context.clone(),
            };
            assert_eq!(coach.allows(&deed), allowed, "{deed:?}");
        }
    }
}

fn the_settings_are_those_that_were_given(deployed: &Deployed) {
    let settings = |function: &str| {
        let named = ["--function-name", function];
        let read = deployed.aws(&[&["lambda", "get-function-configuration"][..], &named].concat());
        read["Environment"]["Variables"].clone()
    };
    let coach = settings("coach-prod");
    for (name, value) in [
        ("COACH_ROLE", "api"),
        ("COACH_STAGE", "prod"),
        ("COACH_TABLE", "coach-prod"),
        ("COACH_SWEEP_FUNCTION", "coach-prod-sweep"),
        ("COACH_REPLY_MODEL", "global.anthropic.claude-sonnet-4-6"),
        ("COACH_FAST_MODEL", "us.amazon.nova-micro-v1:0"),
        ("COACH_AUDIENCE", "client"),
        (
            "COACH_ISSUER",
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
        ),
        (
            "COACH_JWKS_URL",
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc/.well-known/jwks.json",
        ),
    ] {
        assert_eq!(coach[name], value, "{name}");
    }
    // What was not given is not there: an empty setting is a wrong one.
    for absent in ["COACH_CORS_ORIGIN", "COACH_PRICES", "COACH_PINECONE_HOST"] {
        assert_eq!(coach[absent], Value::Null, "{absent}");
    }
    let mut sweep = settings("coach-prod-sweep");
    assert_eq!(sweep["COACH_ROLE"], "sweep");
    let mut coach = coach;
    for (settings, own) in [
        (
            &mut coach,
            &["COACH_ROLE", "COACH_RESPONSES", "COACH_SWEEP_FUNCTION"][..],
        ),
        (&mut sweep, &["COACH_ROLE"][..]),
    ] {
        for name in own {
            settings.as_object_mut().unwrap().remove(*name);
        }
    }
    assert_eq!(coach, sweep, "they work on the same");
}

fn the_outputs_are_those_that_clients_read(deployed: &Deployed) {
    let output = deployed.stack(&["outputs", "--stage", "other"]);
    assert!(output.status.success(), "{}", told(&output));
    let written = std::fs::read(deployed.folder.path().join("coach_outputs.json")).unwrap();
    let expected = json!({
        "coachConversationStreamingApi": { "functionUrl": URL },
        "region": "us-east-1",
        "userPoolId": "us-east-1_abc",
        "userPoolClientId": "client",
    });
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written, expected);
    // What is not whole is not written.
    for (stage, complaint) in [("third", "cannot be read"), ("prod", "is it deployed?")] {
        let output = deployed.stack(&["outputs", "--stage", stage, "--out", "none.json"]);
        let said = told(&output);
        assert!(
            !output.status.success() && said.contains(complaint),
            "{said}"
        );
        let left = std::fs::read_dir(deployed.folder.path()).unwrap();
        let mut names = left.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert!(!names.any(|name| name.starts_with("none.json")), "{stage}");
    }
}

fn a_stack_goes_only_when_somebody_says_so(deployed: &Deployed) {
    let named = ["--stage", "other"];
    let output = deployed.stack(&[&["teardown"][..], &named].concat());
    let said = told(&output);
    assert!(!output.status.success(), "{said}");
    for word in [
        "table coach-other",
        "pool us-east-1_abc",
        "nothing was removed",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    deployed.aws(&[
        "cloudformation",
        "describe-stacks",
        "--stack-name",
        "coach-other",
    ]);
    let output = deployed.stack(&[&["teardown", "--yes"][..], &named].concat());
    let said = told(&output);
    assert!(said.contains("removed coach-other\n"), "{said}");
    let output = deployed.stack(&[&["teardown", "--yes"][..], &named].concat());
    let said = told(&output);
    assert!(said.contains("there is no stack coach-other"), "{said}");
}

#[tokio::test]
async fn an_index_brings_its_key_and_its_vectors_and_a_stack_is_changed_by_what_is_given() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:pinecone-AbCdEf";
    let secret = format!("PineconeKeySecret={arn}");
    let given = [
        &secret,
        "PineconeHost=coach-abc.svc.pinecone.io",
        "CorsOrigin=https://app.example",
        "ReplyProfile=none",
    ];
    let holding = ["UsesPinecone", "FastHasProfile"];
    let Some(deployed) = Deployed::with(&given, &holding) else {
        return;
    };
    let coach = deployed.policy_of("CoachRole");
    for (action, resource, allowed) in [
        ("secretsmanager:GetSecretValue", arn, true),
        ("secretsmanager:GetSecretValue", &format!("{arn}2"), false),
        (
            "bedrock:InvokeModel",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0",
            true,
        ),
        // Without a profile a model is asked by its own name, in this region.
        (
            "bedrock:InvokeModelWithResponseStream",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
            true,
        ),
        (
            "bedrock:InvokeModelWithResponseStream",
            "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-6",
            false,
        ),
    ] {
        let deed = Deed {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: Vec::new(),
        };
        assert_eq!(coach.allows(&deed), allowed, "{deed:?}");
    }
    let named = ["--function-name", "coach-prod"];
    let read = deployed.aws(&[&["lambda", "get-function-configuration"][..], &named].concat());
    let settings = &read["Environment"]["Variables"];
    for (name, value) in [
        ("COACH_INDEX", "pinecone"),
        ("COACH_PINECONE_HOST", "coach-abc.svc.pinecone.io"),
        ("COACH_PINECONE_KEY_SECRET", arn),
        ("COACH_EMBEDDER", "bedrock"),
        ("COACH_CORS_ORIGIN", "https://app.example"),
        ("COACH_REPLY_MODEL", "anthropic.claude-sonnet-4-6"),
    ] {
        assert_eq!(settings[name], value, "{name}");
    }
}
