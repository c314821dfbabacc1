//! Whether a model is there, and for how long.

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::config::http::HttpRequest;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_types::body::SdkBody;
use domain::Timestamp;
use serde_json::Value;

use crate::Bedrock;
use crate::capabilities::Sent;
use crate::faults::Failure;

/// What Bedrock says of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    Active,
    /// It will be withdrawn: on this day, if that is known.
    Legacy(Option<String>),
    /// There is none of this name.
    Missing,
    /// Bedrock did not say.
    Untold(&'static str),
}

/// What the ids of inference profiles begin with, before the id of the model.
const PROFILES: [&str; 8] = [
    "us-gov.", "us.", "eu.", "apac.", "global.", "jp.", "au.", "ca.",
];

impl Bedrock {
    /// Returns the model that an id or an ARN means, and what Bedrock says of it.
    pub(crate) async fn lifecycle(&self, model: &str) -> (String, Lifecycle) {
        let mut name = model.rsplit('/').next().unwrap_or(model).to_owned();
        if model.contains(":application-inference-profile/") {
            let profile = self
                .told(&format!("/inference-profiles/{}", escaped(model)))
                .await;
            let behind = profile.ok().and_then(|profile| behind(&profile));
            let Some(behind) = behind else {
                return (name, Lifecycle::Untold("its profile could not be read"));
            };
            name = behind;
        }
        let name = PROFILES
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(&name)
            .to_owned();
        let lifecycle = match self
            .told(&format!("/foundation-models/{}", escaped(&name)))
            .await
        {
            Ok(told) => read(&told),
            Err(Failure {
                status: Some(404), ..
            }) => Lifecycle::Missing,
            Err(Failure {
                status: Some(401 | 403),
                ..
            }) => Lifecycle::Untold("allow bedrock:GetFoundationModel"),
            Err(_) => Lifecycle::Untold("the question was not answered"),
        };
        (name, lifecycle)
    }

    /// Returns what the control plane answers. It has the same signature as the runtime, and one
    /// question does not make up for the time that its own SDK takes to build: so an InvokeModel,
    /// whose answer may be anything, is sent elsewhere.
    async fn told(&self, path: &str) -> Result<Value, Failure> {
        let address = format!("{}{path}", self.control);
        let sent_there = move |request: &mut HttpRequest| {
            let is_set =
                request.set_method("GET").is_ok() && request.set_uri(address.as_str()).is_ok();
            debug_assert!(is_set, "the address is one");
            *request.body_mut() = SdkBody::empty();
            request.headers_mut().remove("content-length");
        };
        let request = self
            .client
            .invoke_model()
            .model_id("any")
            .body(Blob::new(Vec::new()))
            .customize();
        let answered = request.mutate_request(sent_there).send().await;
        let answered = answered.map_err(|error| Failure::of_call(&error, Sent::default()))?;
        Ok(serde_json::from_slice(answered.body.as_ref()).unwrap_or_default())
    }
}

/// Returns where Bedrock is asked about its models.
pub(crate) fn control(config: &SdkConfig, endpoint: Option<&str>) -> String {
    let region = config
        .region()
        .map_or("us-east-1", |region| region.as_ref());
    let usual = || format!("https://bedrock.{region}.amazonaws.com");
    endpoint
        .or(config.endpoint_url())
        .map_or_else(usual, |endpoint| endpoint.trim_end_matches('/').to_owned())
}

fn read(told: &Value) -> Lifecycle {
    let lifecycle = told.pointer("/modelDetails/modelLifecycle");
    let field = |name| lifecycle.and_then(|lifecycle| lifecycle.get(name));
    match field("status").and_then(Value::as_str) {
        Some("LEGACY") => Lifecycle::Legacy(field("endOfLifeTime").and_then(day)),
        Some(_) => Lifecycle::Active,
        None => Lifecycle::Untold("the answer could not be read"),
    }
}

/// Returns the day of a time that is written out, or told in seconds.
fn day(time: &Value) -> Option<String> {
    let time = match time.as_str() {
        Some(time) => time.to_owned(),
        None => Timestamp((time.as_f64()? * 1_000.0) as u64).to_string(),
    };
    Some(time.get(..10)?.to_owned())
}

/// Returns the model behind an application's own profile.
fn behind(profile: &Value) -> Option<String> {
    let arn = profile.pointer("/models/0/modelArn")?.as_str()?;
    arn.rsplit('/').next().map(str::to_owned)
}

/// As one step of a path.
fn escaped(id: &str) -> String {
    id.replace('%', "%25")
        .replace(':', "%3A")
        .replace('/', "%2F")
}
