//! Tokens that must be accepted, and tokens that must not: each refused for the reason that it is
//! made to have, so that no vector passes by an accident of another.

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
        "iss": ISSUER, "aud": AUDIENCE, "sub": "subject", "token_use": "id", "custom:user_id": "ann",
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
        with_claims(
            json!({"email": "ann@example.org", "cognito:groups": ["a", "b"], "amr": {"deep": [1.5]}}),
        ),
        with_claims(json!({"nbf": NOW.0 / 1_000})),
        with_claims(json!({"exp": u64::MAX})),
    ] {
        assert_eq!(refusal(&fine).await, None, "{fine}");
    }
}

#[tokio::test]
async fn no_algorithm_but_rs256_is_known() {
    const WHY: Option<&str> = Some("another algorithm than RS256");
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!("rs256"),
        json!("RS256 "),
        json!("RS384"),
        json!("PS256"),
        json!("HS256"),
        json!("ES256"),
        json!(["RS256"]),
        json!(256),
        Value::Null,
    ] {
        let signed = with_header(json!({ "alg": alg }));
        assert_eq!(refusal(&signed).await, WHY, "{alg}");
        let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
        assert_eq!(refusal(&unsigned).await, WHY, "{alg} without a signature");
    }
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let der: PublicKeyX509Der<'_> = KEY.public_key().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let modulus = KEY.public_key().modulus();
    let jwk = jwk("key", &KEY);
    for secret in [
        der.as_ref(),
        KEY.public_key().as_ref(),
        pem.as_bytes(),
        modulus.big_endian_without_leading_zero(),
        jwk["n"].as_str().unwrap().as_bytes(),
        jwk.to_string().as_bytes(),
    ] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for (alg, why) in [
            ("HS256", "another algorithm than RS256"),
            ("RS256", "the signature is wrong"),
        ] {
            let signed = format!(
                "{}.{}",
                encode(with(header(), json!({"alg": alg})).to_string()),
                encode(claims().to_string())
            );
            let token = format!(
                "{signed}.{}",
                encode(hmac::sign(&secret, signed.as_bytes()))
            );
            assert_eq!(refusal(&token).await, Some(why));
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_is_never_used_and_never_looked_up() {
    let endpoint =
        Endpoint::new(|_| response("200 OK", &json!({"keys": [jwk("key", &OTHER)]}).to_string()));
    for changes in [
        json!({"jwk": jwk("key", &OTHER)}),
        json!({"jku": endpoint.url}),
        json!({"x5u": endpoint.url}),
        json!({"x5c": ["MIIB"]}),
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": []}),
        json!({"b64": true}),
        json!({"b64": false, "crit": ["b64"]}),
    ] {
        let keys = fixed();
        for token in [with_header(changes.clone()), {
            let header = with(header(), changes.clone()).to_string();
            sign(
                &OTHER,
                &format!("{}.{}", encode(header), encode(claims().to_string())),
            )
        }] {
            let answer = verifier(keys.clone(), NOW).verify(&token).await;
            assert!(
                matches!(
                    answer,
                    Err(TokenRefusal::Invalid(
                        "a header parameter that is never accepted"
                    ))
                ),
                "{changes}"
            );
        }
        assert_eq!(keys.asked.load(Ordering::SeqCst), 0);
    }
    assert_eq!(endpoint.asked(), 0);
}

#[tokio::test]
async fn the_header_names_a_known_key() {
    for (changes, why) in [
        (json!({"kid": null}), "names no key"),
        (json!({"kid": 7}), "names no key"),
        (json!({"kid": ["key"]}), "names no key"),
        (json!({"kid": ""}), "signed by an unknown key"),
        (json!({"kid": "KEY"}), "signed by an unknown key"),
        (json!({"kid": "../key"}), "signed by an unknown key"),
        (json!({"typ": "at+jwt"}), "another type than JWT"),
        (json!({"typ": "jwt"}), "another type than JWT"),
        (json!({"typ": 1}), "another type than JWT"),
    ] {
        assert_eq!(
            refusal(&with_header(changes.clone())).await,
            Some(why),
            "{changes}"
        );
    }
    let foreign = sign(&OTHER, good().rsplit_once('.').unwrap().0);
    assert_eq!(refusal(&foreign).await, Some("the signature is wrong"));
}

#[tokio::test]
async fn the_claims_are_those_of_our_issuer_for_us() {
    const ISS: &str = "of another issuer";
    const AUD: &str = "for another audience";
    const USE: &str = "not an ID token";
    const TIME: &str = "a time is not a whole number of seconds";
    let exp = NOW.0 / 1_000 + 3_600;
    for (changes, why) in [
        (json!({"iss": null}), ISS),
        (json!({"iss": "https://issuer.example/pool/"}), ISS),
        (json!({"iss": "https://issuer.example/other"}), ISS),
        (json!({"iss": "HTTPS://issuer.example/pool"}), ISS),
        (json!({"iss": ""}), ISS),
        (json!({"iss": [ISSUER]}), ISS),
        (json!({"iss": {"0": ISSUER}}), ISS),
        (json!({"aud": null}), AUD),
        (json!({"aud": "other"}), AUD),
        (json!({"aud": [AUDIENCE]}), AUD),
        (json!({"aud": [AUDIENCE, "other"]}), AUD),
        (json!({"aud": true}), AUD),
        (
            json!({"aud": null, "client_id": AUDIENCE, "token_use": "access"}),
            AUD,
        ),
        (json!({"token_use": null}), USE),
        (json!({"token_use": "access"}), USE),
        (json!({"token_use": "ID"}), USE),
        (json!({"token_use": ["id"]}), USE),
        (json!({"exp": null}), "no expiry"),
        (json!({"exp": exp.to_string()}), TIME),
        (json!({"exp": exp as f64}), TIME),
        (json!({"exp": 1e300}), TIME),
        (json!({"exp": -1}), TIME),
        (json!({"exp": true}), TIME),
        (json!({"exp": [exp]}), TIME),
        (json!({"exp": 0}), "expired"),
        (json!({"iat": null}), "no time of issue"),
        (json!({"iat": "0"}), TIME),
        (json!({"iat": 0.5}), TIME),
        (json!({"iat": u64::MAX}), "not valid yet"),
        (json!({"nbf": "0"}), TIME),
        (json!({"nbf": 0.0}), TIME),
        (json!({"nbf": exp}), "not valid yet"),
        (json!({"sub": null}), "no subject"),
        (json!({"sub": ""}), "no subject"),
        (json!({"sub": 7}), "no subject"),
    ] {
        assert_eq!(
            refusal(&with_claims(changes.clone())).await,
            Some(why),
            "{changes}"
        );
    }
    for not_null in ["exp", "iat", "nbf"] {
        let mut claims = claims();
        claims[not_null] = Value::Null;
        assert_eq!(
            refusal(&token_of(header().to_string(), claims.to_string())).await,
            Some(TIME),
            "{not_null}"
        );
    }
}

#[tokio::test]
async fn somebody_without_a_user_id_is_told_apart() {
    for id in [
        Value::Null,
        json!(""),
        json!("a b"),
        json!("a/b"),
        json!("a#b"),
        json!(7),
        json!(["ann"]),
        json!("é"),
    ] {
        let token = with_claims(json!({"custom:user_id": id}));
        assert!(
            matches!(verify(&token).await, Err(TokenRefusal::MissingUserId)),
            "{id}"
        );
        let late = with_claims(json!({"custom:user_id": id, "exp": 0}));
        assert_eq!(
            refusal(&late).await,
            Some("expired"),
            "only a valid token tells anything"
        );
    }
}

#[tokio::test]
async fn times_are_kept_to_the_millisecond_with_a_minute_of_leeway() {
    let second = NOW.0 / 1_000;
    let at = |ms: u64| Timestamp(ms);
    let expiring = with_claims(json!({"exp": second + 10}));
    assert_eq!(refusal_at(at(NOW.0 + 69_999), &expiring).await, None);
    assert_eq!(
        refusal_at(at(NOW.0 + 70_000), &expiring).await,
        Some("expired")
    );

    let early = NOW.0 - 60_000;
    assert_eq!(refusal_at(at(early), &good()).await, None);
    assert_eq!(
        refusal_at(at(early - 1), &good()).await,
        Some("not valid yet")
    );

    let waiting = with_claims(json!({"nbf": second + 100}));
    assert_eq!(refusal_at(at(NOW.0 + 40_000), &waiting).await, None);
    assert_eq!(
        refusal_at(at(NOW.0 + 39_999), &waiting).await,
        Some("not valid yet")
    );

    let long_valid = with_claims(json!({"nbf": 0}));
    assert_eq!(
        refusal_at(at(early - 1), &long_valid).await,
        Some("not valid yet"),
        "issued later all the same"
    );
}

#[tokio::test]
async fn a_name_that_appears_twice_is_refused_at_every_level() {
    let header = header().to_string();
    let claims = claims().to_string();
    let twice = |object: &str, member: &str| object.replacen('{', &format!("{{{member},"), 1);
    for member in [
        r#""alg":"none""#,
        r#""alg":"RS256""#,
        r#""kid":"other""#,
        r#""k\u0069d":"key""#,
    ] {
        let token = token_of(twice(&header, member), &claims);
        assert_eq!(
            refusal(&token).await,
            Some("the header is not a proper object"),
            "{member}"
        );
    }
    for member in [
        r#""custom:user_id":"bob""#,
        r#""custom:user_\u0069d":"bob""#,
        r#""exp":99999999999"#,
        r#""sub":"subject""#,
        r#""other":{"a":1,"a":2}"#,
        r#""other":[{"a":1,"a":2}]"#,
    ] {
        let token = token_of(&header, twice(&claims, member));
        assert_eq!(
            refusal(&token).await,
            Some("the claims are not a proper object"),
            "{member}"
        );
    }
}

#[tokio::test]
async fn a_part_that_is_no_proper_object_is_refused() {
    let deep = format!(r#"{{"a":{}"#, "[".repeat(4_000));
    for bad in [
        b"".as_slice(),
        b"null",
        b"[]",
        b"\"RS256\"",
        b"{",
        b"{}{}",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\udc00\"}",
        deep.as_bytes(),
    ] {
        let what = String::from_utf8_lossy(bad)
            .chars()
            .take(20)
            .collect::<String>();
        let headless = token_of(bad, claims().to_string());
        assert_eq!(
            refusal(&headless).await,
            Some("the header is not a proper object"),
            "{what}"
        );
        let empty = token_of(header().to_string(), bad);
        assert_eq!(
            refusal(&empty).await,
            Some("the claims are not a proper object"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn three_parts_and_nothing_else_make_a_token() {
    const PARTS: &str = "not three parts";
    const HEADER: &str = "the header is not base64url";
    const SIGNATURE: &str = "the signature is not base64url";
    let good = good();
    let [h, c, s]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let standard = STANDARD.encode(with(header(), json!({"pad": "???>>>"})).to_string());
    for (bad, why) in [
        (String::new(), PARTS),
        (".".to_owned(), PARTS),
        (h.to_owned(), PARTS),
        (format!("{h}.{c}"), PARTS),
        (format!("{good}."), PARTS),
        (format!(".{good}"), PARTS),
        (format!("{good}.{s}"), PARTS),
        (format!("{h}.{c}.{s}.{s}.{s}"), PARTS),
        (format!("{h}..{c}.{s}"), PARTS),
        ("..".to_owned(), "the header is not a proper object"),
        (format!(".{c}.{s}"), "the header is not a proper object"),
        (format!("{h}..{s}"), "the signature is wrong"),
        (format!("{h}.{c}."), "the signature is wrong"),
        (
            format!("{h}.{c}.{}", encode([0; 256])),
            "the signature is wrong",
        ),
        (
            format!("{h}.{c}.{}", encode([0xff; 256])),
            "the signature is wrong",
        ),
        (
            format!("{h}.{c}.{}", encode([0xff; 255])),
            "the signature is wrong",
        ),
        (
            format!("{h}.{c}.{}", encode([1; 257])),
            "the signature is wrong",
        ),
        (format!("{good}\n"), SIGNATURE),
        (format!("{good} "), SIGNATURE),
        (format!("{good}\0"), SIGNATURE),
        (format!("{good}="), SIGNATURE),
        (format!("{good}=="), SIGNATURE),
        (format!(" {good}"), HEADER),
        (format!("Bearer {good}"), HEADER),
        (format!("{h}=.{c}.{s}"), HEADER),
        (format!("é{good}"), HEADER),
        (
            sign(
                &KEY,
                &format!("{}.{c}", URL_SAFE.encode(r#"{"alg":"RS256","kid":"key"} "#)),
            ),
            HEADER,
        ),
        (
            sign(
                &KEY,
                &format!("{}.{c}", standard.trim_end_matches('=').replace('A', "+")),
            ),
            HEADER,
        ),
        (
            sign(&KEY, &format!("{h}.{c}=")),
            "the claims are not base64url",
        ),
        (
            sign(&KEY, &format!("{h}.{c}\n")),
            "the claims are not base64url",
        ),
    ] {
        assert_eq!(refusal(&bad).await, Some(why), "{bad:?}");
    }
}

#[tokio::test]
async fn a_token_of_more_than_16_kib_is_not_read() {
    const LIMIT: usize = 16 * 1024;
    let filler = (LIMIT - with_claims(json!({"pad": ""})).len()) * 3 / 4;
    let tokens = (filler - 2..filler + 4).map(|n| with_claims(json!({"pad": "x".repeat(n)})));
    let (fitting, longer): (Vec<_>, Vec<_>) = tokens.partition(|token| token.len() <= LIMIT);
    assert!(
        fitting.last().unwrap().len() >= LIMIT - 1 && longer[0].len() <= LIMIT + 2,
        "they are close to the limit"
    );
    for token in fitting {
        assert_eq!(refusal(&token).await, None);
    }
    for token in longer {
        assert_eq!(refusal(&token).await, Some("longer than 16 KiB"));
    }
    for huge in [
        "a".repeat(1 << 20),
        ".".repeat(1 << 20),
        with_header(json!({"pad": "x".repeat(1 << 20)})),
    ] {
        assert_eq!(refusal(&huge).await, Some("longer than 16 KiB"));
    }
}

#[tokio::test]
async fn no_single_bit_can_be_changed() {
    let good = good();
    let verifier = verifier(fixed(), NOW);
    let mut tried = 0;
    for place in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let token = String::from_utf8(bytes).unwrap();
            assert!(
                matches!(verifier.verify(&token).await, Err(TokenRefusal::Invalid(_))),
                "bit {bit} of {place}"
            );
            tried += 1;
        }
    }
    assert!(tried > 4_000);
}

#[tokio::test]
async fn without_keys_nobody_can_tell() {
    let keys = Arc::new(Fixed {
        keys: None,
        asked: AtomicUsize::new(0),
    });
    let answer = verifier(keys.clone(), NOW).verify(&good()).await;
    assert!(
        matches!(answer, Err(TokenRefusal::KeysUnavailable(error)) if error.fault == Fault::Unavailable)
    );
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
