//! A server whose model, store, index and vectors are all elsewhere: on AWS and at Pinecone, as far as it can tell.

use std::process::{Command, Output};
use std::time::Duration;

use coach_tests::masks::named;
use peers::bedrock::{Answers, Bedrock};
use peers::dynamodb::DynamoDb;
use peers::pinecone::{Index, Pinecone};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::parts::reqwest_of;
use crate::server::{Server, binary_with_aws};

/// Everything elsewhere, and the settings that lead there.
struct Elsewhere {
    index: Pinecone,
    settings: Vec<(&'static str, String)>,
    runtime: Runtime,
    _bedrock: Bedrock,
    _table: DynamoDb,
}

impl Elsewhere {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (bedrock, table, index) = runtime.block_on(async {
            let answers = Answers { pace: Duration::from_millis(1), ..Answers::plausible() };
            let index = Index { dimension: 512, key: "pinecone-canary".to_owned(), lag: 0 };
            let bedrock = Bedrock::start(move |request| answers.script(request)).await.unwrap();
            (bedrock, DynamoDb::start().await.unwrap(), Pinecone::start(index).await.unwrap())
        });
        let settings = [
            ("COACH_LLM", "bedrock"),
            ("COACH_STORE", "dynamodb"),
            ("COACH_INDEX", "pinecone"),
            ("COACH_EMBEDDER", "bedrock"),
            ("COACH_TABLE", "coach-test"),
            ("COACH_PINECONE_HOST", &index.url()),
            ("COACH_PINECONE_KEY", "pinecone-canary"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id-canary"),
            ("AWS_SECRET_ACCESS_KEY", "secret-canary"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &table.url()),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { index, settings, runtime, _bedrock: bedrock, _table: table }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Runs a command of the server to its end: its exit code, and all that it said.
    fn command(&self, options: &[&str]) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary_with_aws());
        let Output { status, stdout, stderr } =
            command.args(options).envs(self.settings()).env("COACH_DATA", folder.path()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(!said.contains("canary"), "{said}");
        (status.code(), said)
    }

    fn server(&self, options: &[&str]) -> Server {
        Server::start_of(binary_with_aws(), options, &self.settings())
    }

    /// Says something on a server, and reads what it then has: the conversation, its messages, its workouts.
    fn talk(&self, server: &Server, words: Option<&str>) -> (String, Value) {
        let http = reqwest_of(&server.token("athlete"));
        let conversation = server.conversation();
        self.runtime.block_on(async {
            let mut told = String::new();
            if let Some(words) = words {
                let body = json!({ "userResponse": words, "idempotencyKey": "k" }).to_string();
                let post = http.post(format!("{conversation}/stream")).header("content-type", "application/json");
                told = post.body(body).send().await.unwrap().text().await.unwrap();
            }
            let mut kept = Vec::new();
            let workouts = format!("{}/users/athlete/workouts", server.base);
            for url in [conversation.clone(), format!("{conversation}/messages"), workouts] {
                let text = http.get(url).send().await.unwrap().text().await.unwrap();
                kept.push(serde_json::from_str::<Value>(&text).unwrap());
            }
            (told, Value::from(kept))
        })
    }
}

/// Without the times, which differ from run to run.
fn timeless(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !name.ends_with("At") && !name.ends_with("Ms"));
            kept.map(|(name, value)| (name.clone(), timeless(value))).collect()
        }
        Value::Array(values) => values.iter().map(timeless).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Without ids either, nor the line of acknowledgment, which is drawn by the turn's id.
fn masked(kept: &Value) -> String {
    let line = kept[1]["messages"][1]["parts"][0]["content"].as_str().unwrap();
    assert!(!line.is_empty());
    let line = json!(line).to_string();
    named(&timeless(kept).to_string()).replace(line.trim_matches('"'), "<acknowledgment>")
}

#[test]
fn a_turn_with_every_part_elsewhere_is_kept_as_it_is_in_memory() {
    let elsewhere = Elsewhere::start();
    let (code, said) = elsewhere.command(&["doctor"]);
    assert_eq!((code, said.contains("no table coach-test")), (Some(1), true), "{said}");
    for _ in 0..2 {
        let (code, said) = elsewhere.command(&["table", "create"]);
        assert_eq!((code, said.as_str()), (Some(0), "the table coach-test is there\n"));
    }
    let (code, said) = elsewhere.command(&["doctor"]);
    assert_eq!((code, said.matches("ok    ").count()), (Some(0), 4), "{said}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deload.md"), "# Deload\n\nEvery fourth week is light.").unwrap();
    let (code, said) = elsewhere.command(&["index", "methodology", folder.path().to_str().unwrap()]);
    assert_eq!((code, elsewhere.index.count("methodology")), (Some(0), 1), "{said}");

    let words = "Should my knee-canary rest in a light week, for strength?";
    let mut first = elsewhere.server(&["--log", "debug"]);
    let (told, kept) = elsewhere.talk(&first, Some(words));
    assert!(told.contains("\"type\":\"complete\"") && told.contains("\"status\":\"finished\""), "{told}");
    let log = first.log();
    assert!(log.contains("turn") && !log.contains("canary") && !log.contains("Bearer"), "{log}");
    assert_eq!(first.terminate(), Some(0));

    let second = elsewhere.server(&[]);
    assert_eq!(elsewhere.talk(&second, None).1, kept);

    let in_memory = elsewhere.server(&["--store", "memory"]);
    let (_, alike) = elsewhere.talk(&in_memory, Some(words));
    assert!(masked(&kept).contains("knee-canary"), "{kept}");
    assert_eq!(masked(&kept), masked(&alike));
}

#[test]
fn what_aws_lacks_is_said_in_one_sentence() {
    let without = |missing: &str, options: &[&str]| {
        let mut command = Command::new(binary_with_aws());
        command.args(options).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-west-1");
        if !missing.is_empty() {
            command.env_remove(missing);
        }
        command.env_remove("AWS_DEFAULT_REGION").env("COACH_PINECONE_KEY", "k");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    for (missing, options, sentence) in [
        ("AWS_REGION", &["--llm", "bedrock"][..], "--llm bedrock (COACH_LLM) needs a region: AWS_REGION"),
        ("AWS_REGION", &["--store", "dynamodb"], "--store dynamodb (COACH_STORE) needs a region: AWS_REGION"),
        (
            "",
            &["--index", "pinecone", "--pinecone-host", "h", "--embedder", "bedrock", "--embedding-dimensions", "384"],
            "--embedder bedrock (COACH_EMBEDDER) makes vectors of 256, 512 or 1024 numbers: \
             --embedding-dimensions, COACH_EMBEDDING_DIMENSIONS",
        ),
    ] {
        assert_eq!(without(missing, options), format!("coach-server: {sentence}\n"));
    }
}
