//! A server whose model, store, index and vectors are all elsewhere: on AWS and at Pinecone, as far
//! as it can tell.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coach_tests::masks::named;
use peers::Proxy;
use peers::bedrock::{Answers, Bedrock};
use peers::dynamodb::DynamoDb;
use peers::pinecone::{Index, Pinecone};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::parts::reqwest_of;
use crate::server::{Server, binary_with_aws};

/// Everything elsewhere, and the settings that lead there.
pub(crate) struct Elsewhere {
    index: Pinecone,
    settings: Vec<(&'static str, String)>,
    runtime: Runtime,
    _bedrock: Bedrock,
    _table: DynamoDb,
}

impl Elsewhere {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (bedrock, table, index) = runtime.block_on(async {
            let mut answers = Answers {
                pace: Duration::from_millis(1),
                ..Answers::plausible()
            };
            answers.forms.insert("log_workout", workout());
            answers.prose = REPLY.to_owned();
            let index = Index {
                dimension: 512,
                key: "pinecone-canary".to_owned(),
                lag: 0,
            };
            let bedrock = Bedrock::start(move |request| answers.script(request))
                .await
                .unwrap();
            (
                bedrock,
                DynamoDb::start().await.unwrap(),
                Pinecone::start(index).await.unwrap(),
            )
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
        let settings = settings
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec();
        Self {
            index,
            settings,
            runtime,
            _bedrock: bedrock,
            _table: table,
        }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    /// Runs a command of the server to its end: its exit code, and all that it said.
    pub(crate) fn command(&self, options: &[&str]) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary_with_aws());
        let Output {
            status,
            stdout,
            stderr,
        } = command
            .args(options)
            .envs(self.settings())
            .env("COACH_DATA", folder.path())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
        assert!(!said.contains("canary"), "{said}");
        (status.code(), said)
    }

    pub(crate) fn server(&self, options: &[&str]) -> Server {
        Server::start_of(binary_with_aws(), options, &self.settings())
    }

    /// Does something on the runtime that the peers are on.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Says something on a server, and waits for what it leaves to do: all that was told.
    fn say(&self, server: &Server, key: &str, words: &str) -> String {
        let http = reqwest_of(&server.token("athlete"));
        let conversation = server.conversation();
        let body = json!({ "userResponse": words, "idempotencyKey": key }).to_string();
        self.runtime.block_on(async {
            let post = http
                .post(format!("{conversation}/stream"))
                .header("content-type", "application/json");
            let told = post.body(body).send().await.unwrap().text().await.unwrap();
            let jobs = format!("{conversation}/turns/{}?wait=jobs", turn_of(&told));
            http.get(jobs)
                .send()
                .await
                .unwrap()
                .error_for_status()
                .unwrap();
            told
        })
    }

    /// All that a server has of the athlete and these turns.
    fn kept(&self, server: &Server, turns: &[String]) -> Value {
        let http = reqwest_of(&server.token("athlete"));
        let conversation = server.conversation();
        let of_conversation =
            ["", "/messages", "/summary"].map(|path| format!("{conversation}{path}"));
        let of_user = ["workouts", "memories", "usage"]
            .map(|what| format!("{}/users/athlete/{what}", server.base));
        let of_turns = turns
            .iter()
            .map(|turn| format!("{conversation}/turns/{turn}"));
        self.runtime.block_on(async {
            let mut kept = Vec::new();
            for url in of_conversation.into_iter().chain(of_user).chain(of_turns) {
                let answer = http
                    .get(url)
                    .send()
                    .await
                    .unwrap()
                    .error_for_status()
                    .unwrap();
                kept.push(serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap());
            }
            Value::from(kept)
        })
    }
}

/// What the model says.
const REPLY: &str = "Warm up well, and take the reply-canary with you.";

/// What is said to it: a question, a memory, and a workout; with the sixth message a summary is
/// due.
const WORDS: [&str; 3] = [
    "Should my knee-canary rest in a light week, for strength?",
    "/save-memory My left knee-canary hurts in deep squats",
    "/log-workout 2x5 back squats at 100 kg with the knee-canary",
];

fn workout() -> Value {
    let set = json!({ "reps": 5, "weight": { "value": 100, "unit": "kg" } });
    let exercise = json!({ "name": "Back squat", "sets": [set.clone(), set] });
    json!({ "refusal": null, "discipline": "strength", "exercises": [exercise], "confidence": 0.9 })
}

fn turn_of(told: &str) -> String {
    let (_, behind) = told.split_once("\"turnId\":\"").unwrap();
    behind.split('"').next().unwrap().to_owned()
}

/// Without times and ids, which differ from run to run, the lines that are drawn by a turn's id,
/// and the number of events: words that arrive together are one.
fn masked(kept: &Value) -> String {
    named(&timeless(kept).to_string())
}

fn timeless(value: &Value) -> Value {
    let is_time = |name: &str| {
        name.ends_with("At")
            || name.ends_with("Ms")
            || matches!(name, "ms" | "timings" | "throughSeq")
    };
    match value {
        Value::Object(fields) if fields.get("kind") == Some(&json!("acknowledgment")) => {
            json!("an acknowledgment")
        }
        Value::Object(fields) => {
            // What is in the parts is not needed once more.
            let is_told = |name: &str| name == "content" && fields.contains_key("parts");
            let kept = fields
                .iter()
                .filter(|(name, _)| !is_time(name) && !is_told(name));
            kept.map(|(name, value)| (name.clone(), timeless(value)))
                .collect()
        }
        Value::Array(values) => values.iter().map(timeless).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The table is made and the methodology loaded, and it is said what is missing until then.
fn is_set_up_by_its_commands(elsewhere: &Elsewhere) {
    let (code, said) = elsewhere.command(&["doctor"]);
    assert_eq!(
        (code, said.contains("no table coach-test")),
        (Some(1), true),
        "{said}"
    );
    let (code, said) = elsewhere.command(&["--listen", "127.0.0.1:0"]);
    assert!(
        code == Some(1) && said.contains("the store (--store, COACH_STORE) cannot be used"),
        "{said}"
    );
    for _ in 0..2 {
        let (code, said) = elsewhere.command(&["table", "create"]);
        assert_eq!(
            (code, said.as_str()),
            (Some(0), "the table coach-test is there\n")
        );
    }
    let (code, said) = elsewhere.command(&["doctor"]);
    assert_eq!(
        (code, said.matches("ok    ").count()),
        (Some(0), 4),
        "{said}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("deload.md"),
        "# Deload\n\nEvery fourth week is light.",
    )
    .unwrap();
    let (code, said) =
        elsewhere.command(&["index", "methodology", folder.path().to_str().unwrap()]);
    assert_eq!(
        (code, elsewhere.index.count("methodology")),
        (Some(0), 1),
        "{said}"
    );
}

#[test]
fn turns_with_every_part_elsewhere_are_kept_as_they_are_in_memory() {
    let elsewhere = Elsewhere::start();
    is_set_up_by_its_commands(&elsewhere);
    let mut first = elsewhere.server(&["--log", "debug", "--log-format", "json"]);
    let told = WORDS.map(|words| elsewhere.say(&first, words, words));
    for told in &told {
        assert!(
            told.contains("\"type\":\"complete\"") && told.contains("\"status\":\"finished\""),
            "{told}"
        );
        assert!(told.contains("canary"), "{told}");
    }
    let turns = told.map(|told| turn_of(&told));
    let kept = elsewhere.kept(&first, &turns);
    assert!(
        [
            &kept[2]["summary"]["narrative"],
            &kept[3]["workouts"][0]["name"]
        ]
        .iter()
        .all(|made| made.is_string())
    );
    assert!(
        kept[4]["memories"][0]["content"]
            .as_str()
            .unwrap()
            .contains("knee-canary"),
        "{kept}"
    );
    assert_eq!(
        elsewhere.index.count("user_athlete"),
        3,
        "the workout, the memory and the summary"
    );
    let (log, token) = (first.log(), first.token("athlete"));
    let signature = token.rsplit('.').next().unwrap();
    assert!(
        log.contains("turn") && !log.contains("canary") && !log.contains(signature),
        "{log}"
    );
    assert_eq!(first.terminate(), Some(0));

    let second = elsewhere.server(&[]);
    assert_eq!(elsewhere.kept(&second, &turns), kept);

    let in_memory = elsewhere.server(&["--store", "memory"]);
    let turns = WORDS.map(|words| turn_of(&elsewhere.say(&in_memory, words, words)));
    assert_eq!(masked(&kept), masked(&elsewhere.kept(&in_memory, &turns)));
}

/// What stands before a peer, and keeps the headers of what it is asked.
async fn listening(upstream: &str) -> (Proxy, Arc<Mutex<Vec<HeaderMap>>>) {
    let (proxy, heard) = (Proxy::before(upstream).await.unwrap(), Arc::default());
    let kept: Arc<Mutex<Vec<HeaderMap>>> = Arc::clone(&heard);
    proxy.judge(move |_, headers, _| {
        kept.lock().unwrap().push(headers.clone());
        None
    });
    (proxy, heard)
}

#[test]
fn calls_to_aws_are_a_part_of_the_trace_of_their_request() {
    let mut elsewhere = Elsewhere::start();
    is_set_up_by_its_commands(&elsewhere);
    let names = [
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        "AWS_ENDPOINT_URL_DYNAMODB",
    ];
    let mut heard = Vec::new();
    let mut proxies = Vec::new();
    for name in names {
        let setting = elsewhere
            .settings
            .iter_mut()
            .find(|(known, _)| *known == name);
        let (_, url) = setting.unwrap();
        let (proxy, headers) = elsewhere.runtime.block_on(listening(url));
        *url = proxy.url();
        proxies.push(proxy);
        heard.push(headers);
    }
    let server = elsewhere.server(&["--log", "off", "--index", "lexical"]);
    for headers in &heard {
        headers.lock().unwrap().clear();
    }
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let http = reqwest_of(&server.token("athlete"));
    let conversation = server.conversation();
    let told = elsewhere.run(async {
        let post = http
            .post(format!("{conversation}/stream"))
            .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
            .header("content-type", "application/json");
        let body = json!({ "userResponse": WORDS[2] }).to_string();
        post.body(body).send().await.unwrap().text().await.unwrap()
    });
    assert!(told.contains("\"complete\""), "{told}");
    for (name, headers) in names.iter().zip(heard) {
        let headers = headers.lock().unwrap();
        let mut spans = BTreeSet::new();
        for headers in headers.iter() {
            let said = |name: &str| headers[name].to_str().unwrap().to_owned();
            let (w3c, aws) = (said("traceparent"), said("x-amzn-trace-id"));
            let span = w3c.strip_prefix(&format!("00-{trace}-")).unwrap();
            let span = span.strip_suffix("-01").unwrap();
            let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736";
            assert_eq!(aws, format!("{root};Parent={span};Sampled=1"));
            assert!(!said("authorization").contains("trace"), "it is not signed");
            assert!(spans.insert(span.to_owned()), "{span} twice");
        }
        assert!(
            !spans.is_empty() && !spans.contains("00f067aa0ba902b7"),
            "{name}"
        );
    }
}

#[test]
fn what_aws_lacks_is_said_in_one_sentence() {
    let without = |missing: &str, options: &[&str]| {
        let mut command = Command::new(binary_with_aws());
        command
            .args(options)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "eu-west-1");
        if !missing.is_empty() {
            command.env_remove(missing);
        }
        command
            .env_remove("AWS_DEFAULT_REGION")
            .env("COACH_PINECONE_KEY", "k");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    for (missing, options, sentence) in [
        (
            "AWS_REGION",
            &["--llm", "bedrock"][..],
            "--llm bedrock (COACH_LLM) needs a region: AWS_REGION",
        ),
        (
            "AWS_REGION",
            &["--store", "dynamodb"][..],
            "--store dynamodb (COACH_STORE) needs a region: AWS_REGION",
        ),
        (
            "",
            &[
                "--index",
                "pinecone",
                "--pinecone-host",
                "h",
                "--embedder",
                "bedrock",
                "--embedding-dimensions",
                "384",
            ],
            "--embedder bedrock (COACH_EMBEDDER) makes vectors of 256, 512 or 1024 numbers: \
             --embedding-dimensions, COACH_EMBEDDING_DIMENSIONS",
        ),
    ] {
        assert_eq!(
            without(missing, options),
            format!("coach-server: {sentence}\n")
        );
    }
}
