//! The keys that an issuer publishes: a JWKS document, of which only what RS256 needs is taken.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::json::{Member, Others};

/// Where an issuer's keys come from.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// Returns the keys as they are now. A source that may be behind its issuer looks again before
    /// it answers with keys among which `wanted` is not; it fails only if it cannot know.
    async fn keys(&self, wanted: &str) -> ports::Result<Arc<KeySet>>;
}

/// Public keys by their `kid`: at least one, each fit to verify RS256.
pub struct KeySet(HashMap<String, ParsedPublicKey>);

/// Why a whole JWKS document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    #[error("not a proper JSON object with a list of keys")]
    Malformed,
    #[error("a key shows its private or symmetric part")]
    Private,
    #[error("two keys have the same kid")]
    Ambiguous,
    #[error("no key can verify RS256")]
    Useless,
}

/// The members of private RSA and EC keys, and of symmetric ones.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
    #[serde(flatten)]
    _others: Others,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kty: Member<String>,
    #[serde(default, rename = "use")]
    purpose: Member<String>,
    #[serde(default)]
    alg: Member<String>,
    #[serde(default)]
    kid: Member<String>,
    #[serde(default)]
    n: Member<String>,
    #[serde(default)]
    e: Member<String>,
    #[serde(flatten)]
    others: Others,
}

impl KeySet {
    /// Keys for other purposes, and weak ones, are left out.
    pub fn parse(document: &[u8]) -> Result<Self, BadKeySet> {
        let document: Document =
            serde_json::from_slice(document).map_err(|_| BadKeySet::Malformed)?;
        let mut names = HashSet::new();
        let mut keys = HashMap::new();
        for key in &document.keys {
            if key.others.has_one_of(&PRIVATE) {
                return Err(BadKeySet::Private);
            }
            let Some(kid) = key.kid.known() else {
                continue;
            };
            if !names.insert(kid) {
                return Err(BadKeySet::Ambiguous);
            }
            keys.extend(usable(key).map(|public| (kid.clone(), public)));
        }
        if keys.is_empty() {
            Err(BadKeySet::Useless)
        } else {
            Ok(Self(keys))
        }
    }

    pub(crate) fn key(&self, kid: &str) -> Option<&ParsedPublicKey> {
        self.0.get(kid)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn usable(key: &Jwk) -> Option<ParsedPublicKey> {
    let is_to_sign = key.purpose.is_or_absent("sig") && key.alg.is_or_absent("RS256");
    if !(key.kty.is("RSA") && is_to_sign) {
        return None;
    }
    let number = |member: &Member<String>| URL_SAFE_NO_PAD.decode(member.known()?).ok();
    let (n, e) = (number(&key.n)?, number(&key.e)?);
    if !(is_odd(&n)
        && (2048..=8192).contains(&bits(&n))
        && is_odd(&e)
        && (2..=32).contains(&bits(&e)))
    {
        return None;
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .ok()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte % 2 == 1)
}

fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{KEY, OTHER, jwk};

    fn parse(keys: Value) -> Result<KeySet, BadKeySet> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    /// Whether a good key with these members changed (or taken away, by `null`) is still taken.
    fn is_taken(changes: Value) -> bool {
        let mut key = jwk("changed", &OTHER);
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                key.as_object_mut().unwrap().remove(name);
            } else {
                key[name] = value.clone();
            }
        }
        let set = parse(json!([jwk("good", &KEY), key])).unwrap();
        assert!(
            set.key("good").is_some(),
            "one bad key must not spoil the others"
        );
        set.key("changed").is_some()
    }

    fn number(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn modulus(bytes: usize, first: u8, last: u8) -> String {
        let mut n = vec![0x5a; bytes];
        n[0] = first;
        n[bytes - 1] = last;
        number(&n)
    }

    #[test]
    fn every_rsa_key_for_signatures_is_taken() {
        for fine in [
            json!({}),
            json!({"use": null}),
            json!({"alg": null}),
            json!({"use": null, "alg": null}),
            json!({"x5t": "abc", "something": {"else": 1}}),
            json!({"e": number(&[3])}),
            json!({"n": modulus(256, 0x80, 1)}),
            json!({"n": modulus(1024, 0xff, 1)}),
        ] {
            assert!(is_taken(fine.clone()), "{fine}");
        }
    }

    #[test]
    fn a_key_for_another_purpose_and_a_weak_one_are_left_out() {
        let good = jwk("good", &KEY)["n"].as_str().unwrap().to_owned();
        for bad in [
            json!({"kty": null}),
            json!({"kty": "EC"}),
            json!({"kty": "oct"}),
            json!({"kty": "rsa"}),
            json!({"kty": ["RSA"]}),
            json!({"use": "enc"}),
            json!({"use": ["sig"]}),
            json!({"alg": "RS512"}),
            json!({"alg": "HS256"}),
            json!({"alg": "none"}),
            json!({"alg": 256}),
            json!({"kid": null}),
            json!({"kid": 7}),
            json!({"n": null}),
            json!({"n": 7}),
            json!({"n": ""}),
            json!({"n": format!("{good}=")}),
            json!({"n": format!("{good} ")}),
            json!({"n": modulus(128, 0x80, 1)}),
            json!({"n": modulus(256, 0x7f, 1)}),
            json!({"n": modulus(257, 0, 1)}),
            json!({"n": modulus(1025, 1, 1)}),
            json!({"n": modulus(256, 0x80, 2)}),
            json!({"e": null}),
            json!({"e": 65537}),
            json!({"e": ""}),
            json!({"e": number(&[0])}),
            json!({"e": number(&[1])}),
            json!({"e": number(&[2])}),
            json!({"e": number(&[1, 0, 0])}),
            json!({"e": number(&[0, 1, 0, 1])}),
            json!({"e": number(&[1, 0, 0, 0, 1])}),
        ] {
            assert!(!is_taken(bad.clone()), "{bad}");
        }
    }

    #[test]
    fn a_set_that_shows_a_secret_is_refused_as_a_whole() {
        for member in PRIVATE {
            let mut key = jwk("leaked", &OTHER);
            key[member] = json!("AQAB");
            assert_eq!(
                parse(json!([jwk("good", &KEY), key])).unwrap_err(),
                BadKeySet::Private,
                "{member}"
            );
        }
    }

    #[test]
    fn a_set_with_two_keys_of_one_name_is_refused_as_a_whole() {
        let mut weak = jwk("same", &OTHER);
        weak["use"] = json!("enc");
        for twin in [jwk("same", &OTHER), jwk("same", &KEY), weak] {
            for keys in [
                json!([jwk("same", &KEY), twin]),
                json!([twin, jwk("same", &KEY)]),
            ] {
                assert_eq!(parse(keys).unwrap_err(), BadKeySet::Ambiguous);
            }
        }
    }

    #[test]
    fn a_set_without_a_usable_key_is_refused() {
        for keys in [json!([]), json!([{"kty": "EC", "kid": "a"}])] {
            assert_eq!(parse(keys).unwrap_err(), BadKeySet::Useless);
        }
    }

    #[test]
    fn a_document_that_is_no_key_set_is_refused() {
        let twice = format!(r#"{{"keys":[],"keys":[{}]}}"#, jwk("good", &KEY));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":["a"]}"#,
            "<html></html>",
            &twice,
        ] {
            assert_eq!(
                KeySet::parse(bad.as_bytes()).unwrap_err(),
                BadKeySet::Malformed,
                "{bad}"
            );
        }
    }
}
