//! A function with everything that it talks to: Lambda, Bedrock, DynamoDB and an issuer of tokens,
//! all on loopback.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use dynamodb::Table;
use jwt::Issuer;
use peers::bedrock::{Answers, Bedrock};
use peers::dynamodb::DynamoDb;
use peers::lambda::{Front, Lambda};
use ports::Clock;
use serde_json::{Value, json};
use system_clock::SystemClock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const USER: &str = "athlete";

pub(crate) struct Function {
    pub(crate) lambda: Lambda,
    pub(crate) bedrock: Bedrock,
    pub(crate) dynamodb: DynamoDb,
    /// The address of its Function URL.
    pub(crate) url: String,
    pub(crate) table: Table,
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) token: String,
    folder: TempDir,
    _keys: JoinSet<()>,
}

impl Function {
    /// A function that runs, with models that always have something to say.
    pub(crate) async fn start() -> Self {
        let mut function = Self::prepared(plausible()).await;
        function.run(&[]);
        function
    }

    /// A function whose process is not started yet.
    pub(crate) async fn prepared(answers: Answers) -> Self {
        let bedrock = Bedrock::start(move |request| answers.script(request))
            .await
            .unwrap();
        let dynamodb = DynamoDb::start().await.unwrap();
        let mut lambda = Lambda::start().await.unwrap();
        let url = lambda.front(Front::Url).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(folder.path(), "urn:test".to_owned()).unwrap();
        let (keys, tasks) = publish(issuer.jwks()).await;
        let now = SystemClock.now();
        let token = issuer
            .token(&USER.parse().unwrap(), now, Duration::from_secs(3_600))
            .unwrap();
        let settings = [
            ("COACH_LLM", "bedrock"),
            ("COACH_STORE", "dynamodb"),
            ("COACH_TABLE", "coach-test"),
            ("COACH_ISSUER", "urn:test"),
            ("COACH_AUDIENCE", Issuer::AUDIENCE),
            ("COACH_JWKS_URL", &keys),
            ("COACH_CORS_ORIGIN", "https://front.example"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", &lambda.url()),
        ];
        let settings = settings
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec();
        let table = table(&dynamodb).await;
        table.create().await.unwrap();
        Self {
            lambda,
            bedrock,
            dynamodb,
            url,
            table,
            settings,
            token,
            folder,
            _keys: tasks,
        }
    }

    /// Starts its process with these settings besides.
    pub(crate) fn run(&mut self, more: &[(&str, &str)]) {
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let settings: Vec<_> = settings.chain(more.iter().copied()).collect();
        let log = Stdio::from(File::create(self.log_file()).unwrap());
        self.lambda.run(&bootstrap(), &settings, log).unwrap();
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the function has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// A request that carries the token.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request_by(&self.url, method, path)
    }

    /// The same by way of another front.
    pub(crate) fn request_by(
        &self,
        url: &str,
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let method = method.parse().unwrap();
        client
            .request(method, format!("{url}/users/{USER}{path}"))
            .bearer_auth(&self.token)
    }

    /// Makes a conversation; its path below that of the user.
    pub(crate) async fn conversation(&self) -> String {
        let path = "/coaches/strength/conversations";
        let made = sent(self.request("POST", path), &json!({})).await;
        assert_eq!(made.status(), 201, "{}", self.log());
        let made = json_of(made).await;
        format!("{path}/{}", made["conversationId"].as_str().unwrap())
    }

    /// Says something; the answer streams.
    pub(crate) async fn say(&self, conversation: &str, words: &str) -> reqwest::Response {
        let request = self.request("POST", &format!("{conversation}/stream"));
        let request = request.header("accept", "text/event-stream");
        sent(request, &json!({ "userResponse": words })).await
    }

    /// What the store has of a turn, when all that it left to do is done or was given up.
    pub(crate) async fn turn(&self, conversation: &str, turn: &str) -> Value {
        let path = format!("{conversation}/turns/{turn}?wait=jobs");
        json_of(self.request("GET", &path).send().await.unwrap()).await
    }
}

/// Sends a request with a body.
pub(crate) async fn sent(request: reqwest::RequestBuilder, body: &Value) -> reqwest::Response {
    let request = request.header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

pub(crate) async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// Every word takes a millisecond.
pub(crate) fn plausible() -> Answers {
    Answers {
        pace: Duration::from_millis(1),
        ..Answers::plausible()
    }
}

/// The program that is tried: the one that was built with this test, or another.
fn bootstrap() -> PathBuf {
    let other = std::env::var_os("COACH_BOOTSTRAP");
    other.map_or_else(
        || Path::new(env!("CARGO_BIN_EXE_coach-lambda")).to_owned(),
        PathBuf::from,
    )
}

/// Publishes keys; where, and for how long.
async fn publish(jwks: String) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/jwks.json", get(move || async move { jwks.clone() }));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { _ = axum::serve(listener, router).await });
    (format!("http://{address}/jwks.json"), tasks)
}

/// The table as another process has it.
async fn table(dynamodb: &DynamoDb) -> Table {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("eu-west-1"))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
            "id", "secret", None, None, "test",
        ))
        .endpoint_url(dynamodb.url())
        .build();
    Table::new(
        aws_sdk_dynamodb::Client::from_conf(config),
        "coach-test".to_owned(),
    )
}

/// The events of an answer, with the time at which each came, in milliseconds since the first.
pub(crate) async fn events(response: reqwest::Response) -> Vec<(Duration, Value)> {
    use eventsource_stream::Eventsource;
    use futures::StreamExt;
    let began = SystemClock.now();
    let mut events = Vec::new();
    let mut stream = response.bytes_stream().eventsource();
    while let Some(event) = stream.next().await {
        let data = serde_json::from_str(&event.unwrap().data).unwrap();
        events.push((SystemClock.now().since(began), data));
    }
    events
}

/// The last event of an answer.
pub(crate) fn last(events: &[(Duration, Value)]) -> &Value {
    &events.last().unwrap().1
}

/// What was said in an answer, from beginning to end.
pub(crate) fn text(events: &[(Duration, Value)]) -> String {
    let told = events
        .iter()
        .filter_map(|(_, event)| event["content"].as_str());
    told.collect()
}
