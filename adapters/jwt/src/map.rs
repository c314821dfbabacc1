//! From a token, the issuer's keys and the time to an identity, or a refusal.
//!
//! The steps cannot be taken out of order: only an [`Unverified`] token becomes [`Claims`], and
//! only by its signature.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Timestamp, UserId, UserScope};
use ports::{Account, Identity, TokenRefusal};
use serde_json::{Map, Value};

use crate::json;
use crate::keys::KeySet;

/// Whose tokens are accepted, and for whom they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `iss`. For Cognito: `https://cognito-idp.{region}.amazonaws.com/{pool}`.
    pub issuer: String,
    /// `aud`. For Cognito: the app client's id.
    pub audience: String,
}

const LONGEST: usize = 16 * 1024;
const LEEWAY: Duration = Duration::from_secs(60);

/// Header parameters that would change how the token is read, or bring a key along.
const NEVER: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5c", "x5u"];

/// A token of which nothing is known but which key it claims to be signed by.
pub(crate) struct Unverified<'t> {
    kid: String,
    signed: &'t str,
    claims: &'t str,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, TokenRefusal> {
        if token.len() > LONGEST {
            return Err(invalid("longer than 16 KiB"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(invalid("not three parts"))?;
        let (header, claims) = signed.split_once('.').ok_or(invalid("not three parts"))?;
        if claims.contains('.') {
            return Err(invalid("not three parts"));
        }
        let header = decode(header).ok_or(invalid("the header is not base64url"))?;
        let header =
            json::object(&header).map_err(|_| invalid("the header is not a proper object"))?;
        let kid = key_of(&header)?.to_owned();
        let signature = decode(signature).ok_or(invalid("the signature is not base64url"))?;
        Ok(Self {
            kid,
            signed,
            claims,
            signature,
        })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn verify(self, keys: &KeySet) -> Result<Claims, TokenRefusal> {
        let key = keys
            .key(&self.kid)
            .ok_or(invalid("signed by an unknown key"))?;
        key.verify_sig(self.signed.as_bytes(), &self.signature)
            .map_err(|_| invalid("the signature is wrong"))?;
        let claims = decode(self.claims).ok_or(invalid("the claims are not base64url"))?;
        json::object(&claims)
            .map(Claims)
            .map_err(|_| invalid("the claims are not a proper object"))
    }
}

/// What the issuer has signed.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn identity(
        &self,
        expected: &Expected,
        now: Timestamp,
    ) -> Result<Identity, TokenRefusal> {
        if self.text("iss") != Some(&expected.issuer) {
            return Err(invalid("of another issuer"));
        }
        if self.text("aud") != Some(&expected.audience) {
            return Err(invalid("for another audience"));
        }
        if self.text("token_use") != Some("id") {
            return Err(invalid("not an ID token"));
        }
        self.judge_times(now)?;
        let subject = self
            .text("sub")
            .filter(|sub| !sub.is_empty())
            .ok_or(invalid("no subject"))?;
        let user: UserId = self
            .text("custom:user_id")
            .and_then(|id| id.parse().ok())
            .ok_or(TokenRefusal::MissingUserId)?;
        let account = Account {
            issuer: expected.issuer.clone(),
            subject: subject.to_owned(),
        };
        Ok(Identity {
            account,
            scope: UserScope::verified(user),
        })
    }

    fn judge_times(&self, now: Timestamp) -> Result<(), TokenRefusal> {
        let expires = self.time("exp")?.ok_or(invalid("no expiry"))?;
        let issued = self.time("iat")?.ok_or(invalid("no time of issue"))?;
        let begins = self.time("nbf")?.unwrap_or(issued);
        if now >= expires + LEEWAY {
            return Err(invalid("expired"));
        }
        if now + LEEWAY < issued.max(begins) {
            return Err(invalid("not valid yet"));
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, TokenRefusal> {
        let Some(claim) = self.0.get(name) else {
            return Ok(None);
        };
        let seconds = claim
            .as_u64()
            .ok_or(invalid("a time is not a whole number of seconds"))?;
        Ok(Some(Timestamp(0) + Duration::from_secs(seconds)))
    }
}

fn key_of(header: &Map<String, Value>) -> Result<&str, TokenRefusal> {
    if NEVER.iter().any(|name| header.contains_key(*name)) {
        return Err(invalid("a header parameter that is never accepted"));
    }
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(invalid("another algorithm than RS256"));
    }
    if header.get("typ").is_some_and(|typ| typ != "JWT") {
        return Err(invalid("another type than JWT"));
    }
    header
        .get("kid")
        .and_then(Value::as_str)
        .ok_or(invalid("names no key"))
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn invalid(why: &'static str) -> TokenRefusal {
    TokenRefusal::Invalid(why)
}
