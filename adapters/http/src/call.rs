//! One request, checked step by step before anything is looked up for it.

use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, request};
use axum::response::Response;
use bytes::Bytes;
use domain::{CoachId, ConversationKey, Timestamp, TurnId, TurnKey, UserScope};
use futures::future::{Either, select};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use ports::{AfterTurn, Cursor, Stay};
use serde::Serialize;

use crate::app::{App, Within};
use crate::code::Code;
use crate::cursor::List;
use crate::problem::{Problem, field};

/// U+FEFF in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);

/// A request whose caller and path are known, and its body read.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) within: Option<Within>,
    pub(crate) arrived: Timestamp,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// Made by verifying the token; a route without access control has none.
    pub(crate) scope: Option<UserScope>,
    pub(crate) body: Bytes,
    /// What the server can be told to be: the OpenAPI document.
    pub(crate) document: &'static LazyLock<String>,
}

pub(crate) type Answer = Result<Response, Problem>;

impl Call {
    /// Returns the caller, who is also the user that the path names.
    pub(crate) fn scope(&self) -> Result<UserScope, Problem> {
        self.scope
            .clone()
            .ok_or_else(|| Code::MissingAuthHeader.into())
    }

    pub(crate) fn coach(&self) -> Result<CoachId, Problem> {
        self.id("coachId")
    }

    pub(crate) fn conversation(&self) -> Result<ConversationKey, Problem> {
        Ok(ConversationKey {
            user: self.scope()?,
            coach: self.coach()?,
            conversation: self.id("conversationId")?,
        })
    }

    pub(crate) fn turn(&self) -> Result<TurnKey, Problem> {
        Ok(TurnKey {
            conversation: self.conversation()?,
            turn: self.id::<TurnId>("turnId")?,
        })
    }

    pub(crate) fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        id(&self.path, name)
    }

    /// Returns how long the process stays with what this request begins. Jobs hold an answer open
    /// that goes out piece by piece, and no other.
    pub(crate) fn stay(&self, is_streamed: bool) -> Stay {
        let Some(within) = &self.within else {
            return Stay::default();
        };
        let after = if is_streamed && within.streams {
            AfterTurn::TriedOnce
        } else {
            AfterTurn::Left
        };
        Stay {
            after,
            until: Some(within.until),
        }
    }

    /// Waits for what a store answers, but not for long.
    pub(crate) async fn answered<T>(
        &self,
        work: impl Future<Output = ports::Result<T>> + Send,
    ) -> Result<T, Problem> {
        Ok(self.app.ports.clock.answered(work).await?)
    }

    /// Returns a parameter of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        let mut parameters = form_urlencoded::parse(query);
        let (_, value) = parameters.find(|(key, _)| key == name)?;
        Some(value.into_owned())
    }

    /// Returns how many items a list may have.
    pub(crate) fn limit(&self, usual: usize, most: usize) -> Result<usize, Problem> {
        match self.query("limit") {
            None => Ok(usual),
            Some(limit) => match limit.parse() {
                Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
                Ok(_) | Err(_) => Err(field(&format!("limit is a number from 1 to {most}"))),
            },
        }
    }

    /// Returns the list of this name that the path leads to, and where in it the client is.
    pub(crate) fn list(&self, name: &str) -> Result<(List, Option<Cursor>), Problem> {
        let list = List::new(name, self.path.iter().map(|(_, id)| id.as_str()));
        let place = match self.query("cursor") {
            Some(cursor) => Some(list.place(&cursor)?),
            None => None,
        };
        Ok((list, place))
    }

    /// Returns what a parameter of the query means that is one of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(said) = self.query(name) else {
            return Ok(None);
        };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == said) {
            return Ok(Some(*meant));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err(field(&format!("{name} is {}", known.join(" or "))))
    }

    pub(crate) fn header(&self, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the address of a conversation, below which its turns are.
    pub(crate) fn conversation_path(&self, key: &ConversationKey) -> String {
        let ConversationKey {
            user,
            coach,
            conversation,
        } = key;
        format!("/users/{user}/coaches/{coach}/conversations/{conversation}")
    }
}

pub(crate) fn id<T: std::str::FromStr>(
    path: &[(String, String)],
    name: &str,
) -> Result<T, Problem> {
    let named = path.iter().find(|(key, _)| key == name);
    if let Some((_, value)) = named
        && let Ok(id) = value.parse()
    {
        return Ok(id);
    }
    let rule = Code::InvalidId.message();
    Err(Problem::from(Code::InvalidId).saying(format!("{name}: {rule}")))
}

/// Returns the one bearer token of a request, from either of the two headers that may carry it.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let names = [
        header::AUTHORIZATION,
        HeaderName::from_static("x-coach-authorization"),
    ];
    let values = names
        .iter()
        .flat_map(|name| headers.get_all(name))
        .filter_map(|value| value.to_str().ok());
    // A proxy that signs its own requests brings another scheme in `Authorization`.
    let mut tokens = values.filter_map(|value| {
        value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token)
    });
    let token = tokens
        .next()
        .filter(|token| !token.is_empty())
        .ok_or(Code::MissingAuthHeader)?;
    if tokens.next().is_some() {
        return Err(
            Problem::from(Code::InvalidToken).saying("The request carries more than one token.")
        );
    }
    Ok(token)
}

/// Reads a body of at most `limit` bytes, sent as JSON.
pub(crate) async fn body(
    app: &App,
    parts: &request::Parts,
    body: Body,
    limit: usize,
) -> Result<Bytes, Problem> {
    let length = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > limit) {
        return Err(Code::PayloadTooLarge.into());
    }
    let read = Box::pin(Limited::new(body, limit).collect());
    let clock = &*app.ports.clock;
    let body = match select(read, clock.sleep_until(clock.now() + BODY)).await {
        Either::Left((Ok(body), _)) => body.to_bytes(),
        Either::Left((Err(error), _)) if error.is::<LengthLimitError>() => {
            return Err(Code::PayloadTooLarge.into());
        }
        Either::Left((Err(_), _)) => {
            return Err(Problem::from(Code::InvalidJson).saying("The body was cut off."));
        }
        Either::Right(_) => return Err(Code::RequestTimeout.into()),
    };
    let json = parts.headers.get(header::CONTENT_TYPE).is_none_or(is_json);
    let coded = parts
        .headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(is_coding);
    if !body.is_empty() && (!json || coded) {
        return Err(Code::UnsupportedMediaType.into());
    }
    // Some write a mark of the byte order before UTF-8 that needs none.
    Ok(if body.starts_with(BOM) {
        body.slice(BOM.len()..)
    } else {
        body
    })
}

/// Returns whether a body comes in another form than its own.
fn is_coding(content_encoding: &HeaderValue) -> bool {
    let Ok(coding) = content_encoding.to_str() else {
        return true;
    };
    let coding = coding.trim();
    !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")
}

fn is_json(content_type: &HeaderValue) -> bool {
    let essence = content_type
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Answers with JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let mut text = serde_json::to_string(value).map_err(|_| Code::Internal)?;
    // It may wait long for a client that does not read.
    text.shrink_to_fit();
    Ok(typed(status, "application/json", text))
}

pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header; what cannot be one is left out.
pub(crate) fn insert(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}
