//! Tokens that must be accepted, and tokens that must not: each refused for the reason that it is
//! made to have, so that no vector passes by an accident of another.

mod claims;
mod form;
mod header;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use domain::{Fault, Timestamp};
use ports::{Account, Identity, PortError, TokenRefusal, TokenVerifier};
use serde_json::{Value, json};

use crate::testing::{Endpoint, HandClock, KEY, NOW, OTHER, jwk, response, sign};
use crate::{Expected, KeySet, KeySource, RemoteKeys, Verifier};

const ISSUER: &str = "https://issuer.example/pool";
const AUDIENCE: &str = "client";

/// Keys that do not change, and how often they were asked for.
struct Fixed {
    keys: Option<Arc<KeySet>>,
    asked: AtomicUsize,
}

#[async_trait]
impl KeySource for Fixed {
    async fn keys(&self, _wanted: &str) -> ports::Result<Arc<KeySet>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.keys
            .clone()
            .ok_or_else(|| PortError::new("fixed", Fault::Unavailable))
    }
}

fn fixed() -> Arc<Fixed> {
    let document = json!({"keys": [jwk("key", &KEY)]}).to_string();
    let keys = Some(Arc::new(KeySet::parse(document.as_bytes()).unwrap()));
    Arc::new(Fixed {
        keys,
        asked: AtomicUsize::new(0),
    })
}

fn verifier(keys: Arc<dyn KeySource>, now: Timestamp) -> Verifier {
    let clock = HandClock::default();
    clock.set(now);
    let expected = Expected {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
    };
    Verifier::new(expected, keys, Arc::new(clock))
}

async fn verify(token: &str) -> Result<Identity, TokenRefusal> {
    verifier(fixed(), NOW).verify(token).await
}

/// Why the token is not valid; nothing if it is.
async fn refusal(token: &str) -> Option<&'static str> {
    refusal_at(NOW, token).await
}

async fn refusal_at(now: Timestamp, token: &str) -> Option<&'static str> {
    match verifier(fixed(), now).verify(token).await {
        Ok(_) => None,
        Err(TokenRefusal::Invalid(why)) => Some(why),
        Err(other) => panic!("{other}"),
    }
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": "key", "typ": "JWT"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "token_use": "id",
        "sub": "subject", "custom:user_id": "ann",
        "iat": NOW.0 / 1_000, "exp": NOW.0 / 1_000 + 3_600,
    })
}

/// The changes made; a `null` takes the member away.
fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object
}

fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Properly signed, whatever it says.
fn token_of(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    sign(&KEY, &format!("{}.{}", encode(header), encode(claims)))
}

fn with_header(changes: Value) -> String {
    token_of(with(header(), changes).to_string(), claims().to_string())
}

fn with_claims(changes: Value) -> String {
    token_of(header().to_string(), with(claims(), changes).to_string())
}

fn good() -> String {
    with_claims(json!({}))
}

#[tokio::test]
async fn a_good_token_tells_who_is_asking() {
    let identity = verify(&good()).await.unwrap();
    let (issuer, subject) = (ISSUER.to_owned(), "subject".to_owned());
    assert_eq!(identity.account, Account { issuer, subject });
    assert_eq!(identity.scope.user().as_str(), "ann");
}

#[tokio::test]
async fn what_does_not_matter_is_ignored() {
    for fine in [
        with_header(json!({"typ": null})),
        with_header(json!({"x5t": "abc", "cty": "text"})),
        with_claims(json!({
            "email": "ann@example.org", "cognito:groups": ["a", "b"], "amr": {"deep": [1.5]},
        })),
        with_claims(json!({"nbf": NOW.0 / 1_000})),
        with_claims(json!({"exp": u64::MAX})),
    ] {
        assert_eq!(refusal(&fine).await, None, "{fine}");
    }
}

#[tokio::test]
async fn without_keys_nobody_can_tell() {
    let keys = Arc::new(Fixed {
        keys: None,
        asked: AtomicUsize::new(0),
    });
    let answer = verifier(keys.clone(), NOW).verify(&good()).await;
    let Err(TokenRefusal::KeysUnavailable(error)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(error.fault, Fault::Unavailable);
    let answer = verifier(keys, NOW).verify("not.a.token").await;
    assert!(
        matches!(answer, Err(TokenRefusal::Invalid(_))),
        "what is no token needs no keys"
    );
}

#[tokio::test]
async fn the_first_token_of_a_new_key_is_accepted_and_the_old_key_stays_until_it_is_gone() {
    let endpoint = Endpoint::new(|n| {
        let keys = match n {
            0 => json!([jwk("key", &KEY)]),
            1 => json!([jwk("key", &KEY), jwk("next", &OTHER)]),
            _ => json!([jwk("next", &OTHER)]),
        };
        response("200 OK", &json!({ "keys": keys }).to_string())
    });
    let clock = Arc::new(HandClock::default());
    let keys = Arc::new(RemoteKeys::new(&endpoint.url, clock.clone()).unwrap());
    let expected = Expected {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
    };
    let verifier = Verifier::new(expected, keys, clock.clone());
    let old = with_claims(json!({"exp": NOW.0 / 1_000 + 86_400}));
    let header = with(header(), json!({"kid": "next"})).to_string();
    let new = sign(
        &OTHER,
        &format!("{}.{}", encode(header), old.split('.').nth(1).unwrap()),
    );

    assert!(verifier.verify(&old).await.is_ok());
    clock.pass(Duration::from_secs(30));
    assert!(verifier.verify(&new).await.is_ok());
    assert!(verifier.verify(&old).await.is_ok());
    assert_eq!(endpoint.asked(), 2);
    clock.pass(Duration::from_secs(3_600));
    assert!(verifier.verify(&new).await.is_ok());
    assert!(matches!(
        verifier.verify(&old).await,
        Err(TokenRefusal::Invalid("signed by an unknown key"))
    ));
}
