//! The keys behind a URL.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Fault, Timestamp};
use ports::{Clock, PortError, Result};
use reqwest::{Client, StatusCode, Url, redirect};

use crate::keys::{KeySet, KeySource};

const ADAPTER: &str = "jwks";
const PATIENCE: Duration = Duration::from_secs(3);
const LARGEST: usize = 64 * 1024;

/// How often to ask at most, whatever kids the tokens name.
const PAUSE: Duration = Duration::from_secs(30);
/// The same until there are keys at all. More than [`PATIENCE`], so that of those who wait for one
/// another's question only the first asks.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// When to ask again though nobody misses a key: the issuer may have withdrawn one.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long keys are used while the issuer does not answer.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// A JWKS document, kept in memory and read again when it must be.
pub struct RemoteKeys {
    url: Url,
    http: Client,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
    asking: tokio::sync::Mutex<()>,
}

impl RemoteKeys {
    pub fn new(url: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let url: Url = url.parse().map_err(|bad| failure(Fault::Rejected, bad))?;
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE);
        // No proxy leads back to this machine.
        let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        let http = if here { http.no_proxy() } else { http };
        let http = http.build().map_err(failed)?;
        Ok(Self {
            url,
            http,
            clock,
            memory: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        })
    }

    async fn ask(&self, now: Timestamp) {
        self.memory().begin(now);
        let answer = self.fetch().await;
        if let Err(error) = &answer {
            tracing::warn!(
                error = error as &dyn Error,
                url = %self.url,
                "the issuer's keys could not be read"
            );
        }
        self.memory().end(now, answer.map_err(|error| error.fault));
    }

    async fn fetch(&self) -> Result<KeySet> {
        let mut response = self
            .http
            .get(self.url.clone())
            .send()
            .await
            .map_err(failed)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => return Err(PortError::new(ADAPTER, Fault::Throttled)),
            status if status.is_server_error() => {
                return Err(PortError::new(ADAPTER, Fault::Unavailable));
            }
            _ => return Err(PortError::new(ADAPTER, Fault::Rejected)),
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if document.len() + chunk.len() > LARGEST {
                return Err(PortError::new(ADAPTER, Fault::TooLong));
            }
            document.extend_from_slice(&chunk);
        }
        KeySet::parse(&document).map_err(|bad| failure(Fault::Rejected, bad))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    async fn keys(&self, wanted: &str) -> Result<Arc<KeySet>> {
        let now = self.clock.now();
        let known = self
            .memory()
            .usable(now)
            .filter(|keys| keys.key(wanted).is_some());
        let _turn = match known {
            Some(keys) if self.memory().is_fresh(now) => return Ok(keys),
            // Whoever has the key does not wait for somebody else's question.
            Some(keys) => match self.asking.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(keys),
            },
            None => self.asking.lock().await,
        };
        let now = self.clock.now();
        if self.memory().may_ask(now, wanted) {
            self.ask(now).await;
        }
        self.memory().answer(now, wanted)
    }
}

/// What the issuer has told, and when.
#[derive(Default)]
struct Memory {
    keys: Option<(Arc<KeySet>, Timestamp)>,
    asked: Option<(Timestamp, Result<(), Fault>)>,
}

impl Memory {
    fn usable(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        self.keys
            .as_ref()
            .filter(|(_, read)| now.since(*read) < USABLE)
            .map(|(keys, _)| keys.clone())
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.keys
            .as_ref()
            .is_some_and(|(_, read)| is_within(FRESH, *read, now))
    }

    fn may_ask(&self, now: Timestamp, wanted: &str) -> bool {
        let pause = if self.keys.is_some() {
            PAUSE
        } else {
            FIRST_PAUSE
        };
        let known = self
            .usable(now)
            .is_some_and(|keys| keys.key(wanted).is_some());
        !(known && self.is_fresh(now))
            && self.asked.is_none_or(|(at, _)| !is_within(pause, at, now))
    }

    /// A question counts as failed until it is answered: whoever asks may be dropped.
    fn begin(&mut self, now: Timestamp) {
        self.asked = Some((now, Err(Fault::TimedOut)));
    }

    fn end(&mut self, asked: Timestamp, answer: Result<KeySet, Fault>) {
        let told = answer.map(|keys| self.keys = Some((Arc::new(keys), asked)));
        self.asked = Some((asked, told));
    }

    /// Keys without the wanted one are an answer only if the issuer itself has just given it.
    fn answer(&self, now: Timestamp, wanted: &str) -> Result<Arc<KeySet>> {
        match (self.usable(now), self.asked) {
            (Some(keys), _) if keys.key(wanted).is_some() => Ok(keys),
            (Some(keys), Some((_, Ok(())))) => Ok(keys),
            (_, Some((_, Err(fault)))) => Err(PortError::new(ADAPTER, fault)),
            (_, None | Some((_, Ok(())))) => Err(PortError::new(ADAPTER, Fault::Unavailable)),
        }
    }
}

/// A clock that was set back ends the time: better to ask once too often.
fn is_within(time: Duration, from: Timestamp, now: Timestamp) -> bool {
    (from..from + time).contains(&now)
}

fn failed(error: reqwest::Error) -> PortError {
    let fault = if error.is_timeout() {
        Fault::TimedOut
    } else if error.is_body() || error.is_decode() {
        Fault::Truncated
    } else if error.is_builder() {
        Fault::Rejected
    } else {
        Fault::Unavailable
    };
    failure(fault, error)
}

fn failure(fault: Fault, source: impl Error + Send + Sync + 'static) -> PortError {
    PortError {
        fault,
        adapter: ADAPTER,
        source: Some(Box::new(source)),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{FutureExt, join_all};
    use serde_json::json;

    use super::*;
    use crate::testing::{Endpoint, HandClock, KEY, OTHER, jwk, response};

    const SECOND: Duration = Duration::from_secs(1);

    fn publishing(kids: &[&str]) -> Vec<u8> {
        let keys: Vec<_> = kids.iter().map(|kid| jwk(kid, &KEY)).collect();
        response("200 OK", &json!({ "keys": keys }).to_string())
    }

    fn keys_at(endpoint: &Endpoint) -> (Arc<HandClock>, RemoteKeys) {
        let clock = Arc::new(HandClock::default());
        (
            clock.clone(),
            RemoteKeys::new(&endpoint.url, clock).unwrap(),
        )
    }

    async fn fault(keys: &RemoteKeys, kid: &str) -> Fault {
        keys.keys(kid).await.unwrap_err().fault
    }

    async fn knows(keys: &RemoteKeys, kid: &str) -> bool {
        keys.keys(kid).await.unwrap().key(kid).is_some()
    }

    #[tokio::test]
    async fn a_key_is_asked_for_once() {
        let endpoint = Endpoint::new(|_| publishing(&["a"]));
        let (clock, keys) = keys_at(&endpoint);
        for _ in 0..3 {
            assert!(knows(&keys, "a").await);
            clock.pass(SECOND * 60);
        }
        assert_eq!(endpoint.asked(), 1);
    }

    #[tokio::test]
    async fn a_new_key_is_found_by_one_question() {
        let endpoint = Endpoint::new(|n| publishing(if n == 0 { &["a"] } else { &["a", "b"] }));
        let (clock, keys) = keys_at(&endpoint);
        assert!(knows(&keys, "a").await);
        clock.pass(PAUSE);
        assert!(knows(&keys, "b").await);
        assert!(knows(&keys, "a").await);
        assert_eq!(endpoint.asked(), 2);
    }

    #[tokio::test]
    async fn a_flood_of_unknown_keys_asks_every_thirty_seconds() {
        let endpoint = Endpoint::new(|_| publishing(&["a"]));
        let (clock, keys) = keys_at(&endpoint);
        for n in 0..10_000 {
            assert!(!knows(&keys, &format!("unknown-{n}")).await);
            clock.pass(Duration::from_millis(10));
        }
        assert_eq!(
            endpoint.asked(),
            4,
            "at 0, 30, 60 and 90 seconds out of 100"
        );
    }

    #[tokio::test]
    async fn those_who_miss_a_key_at_the_same_time_ask_together() {
        for (answer, is_answer) in [
            (publishing(&["a"]), true),
            (response("500 Oops", ""), false),
        ] {
            let endpoint = Endpoint::new(move |_| answer.clone());
            let (_, keys) = keys_at(&endpoint);
            let answers = join_all((0..50).map(|_| keys.keys("a"))).await;
            assert!(answers.iter().all(|answer| answer.is_ok() == is_answer));
            assert_eq!(endpoint.asked(), 1);
        }
    }

    #[tokio::test]
    async fn known_keys_go_on_for_a_day_without_the_issuer() {
        let endpoint = Endpoint::new(|n| {
            if n == 0 {
                publishing(&["a"])
            } else {
                response("503 Sorry", "")
            }
        });
        let (clock, keys) = keys_at(&endpoint);
        assert!(knows(&keys, "a").await);
        for _ in 0..23 {
            clock.pass(SECOND * 3_600);
            assert!(knows(&keys, "a").await);
            assert_eq!(
                fault(&keys, "b").await,
                Fault::Unavailable,
                "nobody can say whether it is a key"
            );
        }
        assert_eq!(endpoint.asked(), 24, "once an hour, for both");
        clock.pass(SECOND * 3_599);
        assert!(knows(&keys, "a").await);
        clock.pass(SECOND);
        assert_eq!(fault(&keys, "a").await, Fault::Unavailable);
    }

    #[tokio::test]
    async fn a_key_that_its_issuer_withdrew_is_gone_within_an_hour() {
        let endpoint = Endpoint::new(|n| publishing(if n == 0 { &["a", "b"] } else { &["b"] }));
        let (clock, keys) = keys_at(&endpoint);
        assert!(knows(&keys, "a").await);
        clock.pass(FRESH);
        assert!(!knows(&keys, "a").await);
    }

    #[tokio::test]
    async fn an_issuer_that_comes_up_late_is_found_in_seconds() {
        let endpoint = Endpoint::new(|n| {
            if n == 0 {
                response("502 Not yet", "")
            } else {
                publishing(&["a"])
            }
        });
        let (clock, keys) = keys_at(&endpoint);
        assert_eq!(fault(&keys, "a").await, Fault::Unavailable);
        clock.pass(FIRST_PAUSE - Duration::from_millis(1));
        assert_eq!(fault(&keys, "a").await, Fault::Unavailable);
        assert_eq!(endpoint.asked(), 1);
        clock.pass(Duration::from_millis(1));
        assert!(knows(&keys, "a").await);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_stop_the_asking() {
        let endpoint = Endpoint::new(|n| publishing(if n == 0 { &["a"] } else { &["b"] }));
        let (clock, keys) = keys_at(&endpoint);
        assert!(knows(&keys, "a").await);
        clock.set(Timestamp(1_000));
        assert!(knows(&keys, "b").await);
    }

    #[tokio::test]
    async fn what_is_no_key_set_is_no_answer() {
        let elsewhere = Endpoint::new(|_| publishing(&["a"]));
        let moved = format!(
            "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url
        );
        let padded = |size: usize| {
            let document = json!({"keys": [jwk("a", &KEY)]}).to_string();
            response(
                "200 OK",
                &format!("{document}{}", " ".repeat(size - document.len())),
            )
        };
        let mut secret = jwk("a", &OTHER);
        secret["d"] = json!("AQAB");
        for (answer, expected) in [
            (moved.into_bytes(), Fault::Rejected),
            (response("404 Not Found", ""), Fault::Rejected),
            (response("204 No Content", ""), Fault::Rejected),
            (response("429 Slow Down", ""), Fault::Throttled),
            (response("500 Oops", ""), Fault::Unavailable),
            (response("200 OK", "<html></html>"), Fault::Rejected),
            (response("200 OK", ""), Fault::Rejected),
            (
                response("200 OK", &json!({"keys": [secret]}).to_string()),
                Fault::Rejected,
            ),
            (padded(LARGEST + 1), Fault::TooLong),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"keys\"".to_vec(),
                Fault::Truncated,
            ),
            (b"garbage\r\n\r\n".to_vec(), Fault::Unavailable),
            (Vec::new(), Fault::Unavailable),
        ] {
            let what = String::from_utf8_lossy(&answer)
                .chars()
                .take(60)
                .collect::<String>();
            let (_, keys) = keys_at(&Endpoint::new(move |_| answer.clone()));
            assert_eq!(fault(&keys, "a").await, expected, "{what}");
        }
        assert_eq!(elsewhere.asked(), 0);
        assert!(knows(&keys_at(&Endpoint::new(move |_| padded(LARGEST))).1, "a").await);
    }

    #[tokio::test]
    async fn nobody_there_is_no_answer() {
        let clock = Arc::new(HandClock::default());
        let keys = RemoteKeys::new("http://127.0.0.1:1/", clock.clone()).unwrap();
        assert_eq!(fault(&keys, "a").await, Fault::Unavailable);
        assert!(RemoteKeys::new("not a url", clock).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_three_seconds() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let clock = Arc::new(HandClock::default());
        let keys = RemoteKeys::new(
            &format!("http://{}/", silent.local_addr().unwrap()),
            clock.clone(),
        )
        .unwrap();
        let began = tokio::time::Instant::now();
        let waiting = (0..5).map(|_| fault(&keys, "a"));
        assert_eq!(join_all(waiting).await, [Fault::TimedOut; 5]);
        assert!(
            began.elapsed() <= PATIENCE + Duration::from_millis(10),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn a_question_that_was_dropped_counts_as_one_that_failed() {
        let endpoint = Endpoint::new(|_| publishing(&["a"]));
        let (clock, keys) = keys_at(&endpoint);
        assert!(keys.keys("a").now_or_never().is_none());
        assert_eq!(fault(&keys, "a").await, Fault::TimedOut);
        clock.pass(FIRST_PAUSE);
        assert!(knows(&keys, "a").await);
    }
}
