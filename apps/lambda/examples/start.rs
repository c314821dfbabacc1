//! Measures how a function starts: until it asks for its first invocation, and what its first turns
//! cost, beside a function in Node that loads the AWS SDK and asks for the same.
//!
//! `cargo run --release -p coach-lambda --example start -- FUNCTION FOLDER`: the program of the
//! function, and a folder in which npm has installed `@aws-sdk/client-bedrock-runtime` and
//! `@aws-sdk/client-dynamodb`.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use dynamodb::Table;
use jwt::Issuer;
use peers::bedrock::{Answers, Bedrock};
use peers::dynamodb::DynamoDb;
use peers::lambda::{Front, Lambda};
use peers::processes::cpu;
use ports::Clock;
use reqwest::Client;
use serde_json::{Value, json};
use system_clock::SystemClock;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How often each is started.
const STARTS: usize = 20;

/// A function in Node that only loads what it would need, and asks for an invocation.
const NODE: &str = "\
    const { BedrockRuntimeClient } = require('@aws-sdk/client-bedrock-runtime');\
    const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');\
    globalThis.clients = [new BedrockRuntimeClient({}), new DynamoDBClient({})];\
    require('http').get('http://' + process.env.AWS_LAMBDA_RUNTIME_API +\
        '/2018-06-01/runtime/invocation/next');";

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let function = args.next().ok_or("say which program is the function")?;
    let packages = args
        .next()
        .ok_or("say in which folder the packages of npm are")?;
    let parts = Parts::start().await?;
    let (mut ours, mut turns) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut lambda = Lambda::start().await?;
        let settings = parts.settings(&lambda);
        ours.push(start(&mut lambda, &function, &[], &settings).await?);
        turns.push(parts.two_turns(&mut lambda).await?);
    }
    let mut theirs = Vec::new();
    for _ in 0..STARTS {
        let mut lambda = Lambda::start().await?;
        let settings = [(
            "NODE_PATH",
            packages.join("node_modules").display().to_string(),
        )];
        theirs.push(start(&mut lambda, Path::new("node"), &["-e", NODE], &settings).await?);
    }
    let median = |starts: &[Start], of: fn(&Start) -> Duration| {
        let mut all: Vec<_> = starts.iter().map(of).collect();
        all.sort();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    for (name, starts) in [("function", &ours), ("Node with the AWS SDK", &theirs)] {
        let (wall, cpu) = (
            median(starts, |start| start.wall),
            median(starts, |start| start.cpu),
        );
        println!("{name}: {wall:.1?} to the first invocation, {cpu:.1?} of CPU");
    }
    for (nth, name) in ["first", "second"].iter().enumerate() {
        let mut costs: Vec<_> = turns.iter().filter_map(|turns| turns.get(nth)).collect();
        costs.sort();
        let cost = costs
            .get(costs.len() / 2)
            .copied()
            .copied()
            .unwrap_or_default();
        println!("{name} turn: {cost:.1?} of CPU");
    }
    Ok(())
}

/// What a start took until the first invocation was asked for.
struct Start {
    wall: Duration,
    cpu: Duration,
}

async fn start(
    lambda: &mut Lambda,
    program: &Path,
    args: &[&str],
    settings: &[(&str, String)],
) -> Result<Start> {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    lambda.run_with(program, args, &settings, File::create("/dev/null")?)?;
    lambda.asked(1).await;
    let wall = lambda.first_asked().ok_or("it did not start")?;
    let process = lambda.process().ok_or("it does not run")?;
    Ok(Start {
        wall,
        cpu: cpu(process)?,
    })
}

/// What the function talks to.
struct Parts {
    bedrock: Bedrock,
    dynamodb: DynamoDb,
    keys: String,
    token: String,
}

impl Parts {
    async fn start() -> Result<Self> {
        let answers = Answers {
            pace: Duration::ZERO,
            ..Answers::plausible()
        };
        let bedrock = Bedrock::start(move |request| answers.script(request)).await?;
        let dynamodb = DynamoDb::start().await?;
        let folder = tempfile::tempdir()?;
        let issuer = Issuer::open(folder.path(), "urn:test".to_owned())?;
        let hour = Duration::from_secs(3_600);
        let token = issuer.token(&"athlete".parse()?, SystemClock.now(), hour)?;
        let jwks = issuer.jwks();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let keys = format!("http://{}/jwks.json", listener.local_addr()?);
        let router = Router::new().route("/jwks.json", get(move || async move { jwks.clone() }));
        #[expect(
            clippy::disallowed_methods,
            reason = "it lives as long as this program"
        )]
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = aws_sdk_dynamodb::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_dynamodb::config::Region::new("eu-west-1"))
            .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                "id", "secret", None, None, "start",
            ))
            .endpoint_url(dynamodb.url());
        let client = aws_sdk_dynamodb::Client::from_conf(client.build());
        Table::new(client, "coach".to_owned()).create().await?;
        Ok(Self {
            bedrock,
            dynamodb,
            keys,
            token,
        })
    }

    fn settings(&self, lambda: &Lambda) -> Vec<(&'static str, String)> {
        let settings = [
            ("COACH_LLM", "bedrock"),
            ("COACH_STORE", "dynamodb"),
            ("COACH_ISSUER", "urn:test"),
            ("COACH_AUDIENCE", Issuer::AUDIENCE),
            ("COACH_JWKS_URL", &self.keys),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.bedrock.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.dynamodb.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", &lambda.url()),
            // One file, as on Lambda. Debian has a folder of some hundred, too, and all are read.
            ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
        ];
        settings
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec()
    }

    /// Has two turns on a conversation that is there; what each cost in CPU.
    async fn two_turns(&self, lambda: &mut Lambda) -> Result<Vec<Duration>> {
        let url = lambda.front(Front::Url).await?;
        let path = format!("{url}/users/athlete/coaches/strength/conversations");
        let http = Client::builder().no_proxy().build()?;
        let post = |path: String, body: Value| {
            let request = http.post(path).bearer_auth(&self.token);
            request
                .header("content-type", "application/json")
                .body(body.to_string())
                .send()
        };
        let made: Value =
            serde_json::from_slice(&post(path.clone(), json!({})).await?.bytes().await?)?;
        let id = made
            .get("conversationId")
            .and_then(Value::as_str)
            .ok_or("no conversation")?;
        let process = lambda.process().ok_or("it does not run")?;
        let mut costs = Vec::new();
        for _ in 0..2 {
            let before = cpu(process)?;
            let said = json!({ "userResponse": "How should I warm up for squats?" });
            let told = post(format!("{path}/{id}/stream"), said)
                .await?
                .text()
                .await?;
            if !told.contains(r#""type":"complete""#) {
                return Err(told.into());
            }
            costs.push(cpu(process)?.saturating_sub(before));
        }
        Ok(costs)
    }
}
