//! A function with everything that it talks to: Lambda, Bedrock, DynamoDB and an issuer of tokens,
//! all on loopback.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use domain::{ConversationKey, TurnId, TurnKey, UserScope};
use dynamodb::Table;
use jwt::Issuer;
use peers::bedrock::{Answers, Bedrock, Request, Script};
use peers::dynamodb::DynamoDb;
use peers::lambda::{Front, Lambda};
use ports::{Clock, MessageStore};
use serde_json::{Value, json};
use system_clock::SystemClock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const USER: &str = "athlete";

pub(crate) struct Function {
    pub(crate) lambda: Lambda,
    pub(crate) bedrock: Bedrock,
    _dynamodb: DynamoDb,
    /// The address of its Function URL.
    pub(crate) url: String,
    pub(crate) table: Table,
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) token: String,
    /// The newest turn that was seen.
    newest: Mutex<Option<TurnId>>,
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
        Self::scripted(move |request| answers.script(request)).await
    }

    /// The same, with models that answer by a script.
    pub(crate) async fn scripted(
        script: impl Fn(&Request) -> Script + Send + Sync + 'static,
    ) -> Self {
        let bedrock = Bedrock::start(script).await.unwrap();
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
        let table = table(&dynamodb);
        table.create().await.unwrap();
        Self {
            lambda,
            bedrock,
            _dynamodb: dynamodb,
            url,
            table,
            settings,
            token,
            newest: Mutex::default(),
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
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file());
        let log = log.unwrap();
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

    /// Waits until a turn is over.
    pub(crate) async fn over(&self, conversation: &str, turn: &str) {
        let path = format!("{conversation}/turns/{turn}");
        let is_over = || async {
            let seen = json_of(self.request("GET", &path).send().await.unwrap()).await;
            seen["state"] != "running"
        };
        until(is_over).await;
    }

    /// What the store has of the newest turn of a conversation, as another process sees it.
    pub(crate) async fn kept(&self, conversation: &str) -> String {
        let store = self.table.messages();
        let key = conversation_key(conversation);
        let found = store.conversation(&key).await.unwrap();
        let newest = found.and_then(|found| found.active);
        let Some(turn) = newest.or_else(|| self.newest.lock().unwrap().clone()) else {
            return String::new();
        };
        *self.newest.lock().unwrap() = Some(turn.clone());
        let turn = TurnKey {
            conversation: key,
            turn,
        };
        let found = store.turn(&turn, 0).await.unwrap();
        format!("{found:?}")
    }
}

/// The keys of what a path names.
pub(crate) fn conversation_key(path: &str) -> ConversationKey {
    ConversationKey {
        user: UserScope::verified(USER.parse().unwrap()),
        coach: "strength".parse().unwrap(),
        conversation: path.rsplit('/').next().unwrap().parse().unwrap(),
    }
}

pub(crate) fn turn_key(conversation: &str, turn: &str) -> TurnKey {
    TurnKey {
        conversation: conversation_key(conversation),
        turn: turn.parse().unwrap(),
    }
}

/// Waits until something holds, at most for a minute.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    for _ in 0..6_000 {
        if holds().await {
            return;
        }
        SystemClock
            .sleep_until(SystemClock.now() + Duration::from_millis(10))
            .await;
    }
    panic!("it never came to that");
}

/// In which states the jobs of a turn are.
pub(crate) fn job_states(turn: &Value) -> Vec<&str> {
    let jobs = turn["jobs"].as_array().unwrap().iter();
    jobs.map(|job| job["state"].as_str().unwrap()).collect()
}

/// Sends a request with a body.
pub(crate) async fn sent(request: reqwest::RequestBuilder, body: &Value) -> reqwest::Response {
    let request = request.header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

pub(crate) async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// Every word takes a millisecond, and every workout is the same.
pub(crate) fn plausible() -> Answers {
    let mut answers = Answers::plausible();
    answers.pace = Duration::from_millis(1);
    let set = json!({ "reps": 5, "weight": { "value": 100, "unit": "kg" } });
    let exercise = json!({ "name": "Back squat", "sets": [set.clone(), set] });
    let workout = json!({
        "refusal": null,
        "discipline": "strength",
        "exercises": [exercise],
        "confidence": 0.9,
    });
    answers.forms.insert("log_workout", workout);
    answers
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
fn table(dynamodb: &DynamoDb) -> Table {
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
