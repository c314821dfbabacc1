//! The events that AWS makes of a request: pure.

use http::HeaderMap;
use http::request::Parts;
use serde_json::{Map, Value, json};

/// In front of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A Function URL in the mode RESPONSE_STREAM.
    Url,
    /// A Function URL in the mode BUFFERED.
    BufferedUrl,
    /// An HTTP API of API Gateway, with a stage of this name.
    HttpApi(&'static str),
    /// A REST API of API Gateway whose response transfer mode is STREAM.
    Rest,
    /// A REST API that passes answers on when they are whole.
    BufferedRest,
}

impl Front {
    /// Returns whether it passes an answer on as it comes.
    pub(super) fn streams(self) -> bool {
        matches!(self, Self::Url | Self::Rest)
    }

    /// Returns the event that it makes of a request.
    pub(super) fn event(self, parts: &Parts, body: &[u8], id: &str) -> Value {
        match self {
            Self::Rest | Self::BufferedRest => rest(parts, body, id),
            Self::Url | Self::BufferedUrl => http(
                parts,
                body,
                id,
                "$default",
                "abc.lambda-url.eu-west-1.on.aws",
            ),
            Self::HttpApi(stage) => http(
                parts,
                body,
                id,
                stage,
                "abc.execute-api.eu-west-1.amazonaws.com",
            ),
        }
    }
}

/// Payload format 2.0, of Function URLs and HTTP APIs. Values of a header that came more than once
/// are put together with commas.
fn http(parts: &Parts, body: &[u8], id: &str, stage: &str, domain: &str) -> Value {
    let path = match stage {
        "$default" => parts.uri.path().to_owned(),
        stage => format!("/{stage}{}", parts.uri.path()),
    };
    let mut headers = Map::new();
    for name in parts.headers.keys() {
        headers.insert(
            name.to_string(),
            all(&parts.headers, name.as_str()).join(",").into(),
        );
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc",
            "domainName": domain,
            "domainPrefix": "abc",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test"
            },
            "requestId": id,
            "routeKey": "$default",
            "stage": stage,
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_u64
        },
        "body": text(body),
        "isBase64Encoded": false
    })
}

/// Payload format 1.0, of REST APIs, whose stage is no part of the path.
fn rest(parts: &Parts, body: &[u8], id: &str) -> Value {
    let (mut headers, mut all_headers) = (Map::new(), Map::new());
    for name in parts.headers.keys() {
        let values = all(&parts.headers, name.as_str());
        headers.insert(name.to_string(), values.last().cloned().into());
        all_headers.insert(name.to_string(), values.into());
    }
    let query = parts.uri.query().unwrap_or_default();
    let (mut one, mut many): (Map<String, Value>, Map<String, Value>) = Default::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        one.insert(name.to_string(), value.as_ref().into());
        let values = many.entry(name).or_insert_with(|| json!([]));
        values
            .as_array_mut()
            .into_iter()
            .for_each(|values| values.push(value.as_ref().into()));
    }
    json!({
        "resource": "/{proxy+}",
        "path": parts.uri.path(),
        "httpMethod": parts.method.as_str(),
        "headers": headers,
        "multiValueHeaders": all_headers,
        "queryStringParameters": one,
        "multiValueQueryStringParameters": many,
        "pathParameters": { "proxy": parts.uri.path().trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "domainName": "abc.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "abc",
            "httpMethod": parts.method.as_str(),
            "identity": { "sourceIp": "127.0.0.1", "userAgent": "test" },
            "path": format!("/prod{}", parts.uri.path()),
            "protocol": "HTTP/1.1",
            "requestId": id,
            "requestTimeEpoch": 1_767_225_600_000_u64,
            "resourceId": "abc",
            "resourcePath": "/{proxy+}",
            "stage": "prod"
        },
        "body": text(body),
        "isBase64Encoded": false
    })
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// Without a body, AWS gives none.
fn text(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned())
}
