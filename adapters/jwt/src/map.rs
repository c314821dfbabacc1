//! From a token, the issuer's keys and the time to an identity, or a refusal.
//!
//! The steps cannot be taken out of order: only an [`Unverified`] token becomes [`Claims`], and
//! only by its signature.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Timestamp, UserId, UserScope};
use ports::{Account, Identity, TokenRefusal};
use serde::Deserialize;

use crate::json::{Member, Others};
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
        let header: Header = serde_json::from_slice(&header)
            .map_err(|_| invalid("the header is not a proper object"))?;
        let kid = header.key()?.to_owned();
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
        serde_json::from_slice(&claims).map_err(|_| invalid("the claims are not a proper object"))
    }
}

/// How a token says that it is signed.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    alg: Member<String>,
    #[serde(default)]
    typ: Member<String>,
    #[serde(default)]
    kid: Member<String>,
    #[serde(flatten)]
    others: Others,
}

impl Header {
    fn key(&self) -> Result<&str, TokenRefusal> {
        if self.others.has_one_of(&NEVER) {
            return Err(invalid("a header parameter that is never accepted"));
        }
        if !self.alg.is("RS256") {
            return Err(invalid("another algorithm than RS256"));
        }
        if !self.typ.is_or_absent("JWT") {
            return Err(invalid("another type than JWT"));
        }
        let kid = self.kid.known().ok_or(invalid("names no key"))?;
        Ok(kid)
    }
}

/// What the issuer has signed.
#[derive(Deserialize)]
pub(crate) struct Claims {
    #[serde(default)]
    iss: Member<String>,
    #[serde(default)]
    aud: Member<String>,
    #[serde(default)]
    token_use: Member<String>,
    #[serde(default)]
    sub: Member<String>,
    #[serde(default, rename = "custom:user_id")]
    user_id: Member<String>,
    #[serde(default)]
    exp: Member<u64>,
    #[serde(default)]
    iat: Member<u64>,
    #[serde(default)]
    nbf: Member<u64>,
    #[serde(flatten)]
    _others: Others,
}

impl Claims {
    pub(crate) fn identity(
        &self,
        expected: &Expected,
        now: Timestamp,
    ) -> Result<Identity, TokenRefusal> {
        if !self.iss.is(&expected.issuer) {
            return Err(invalid("of another issuer"));
        }
        if !self.aud.is(&expected.audience) {
            return Err(invalid("for another audience"));
        }
        if !self.token_use.is("id") {
            return Err(invalid("not an ID token"));
        }
        self.judge_times(now)?;
        let subject = self
            .sub
            .known()
            .filter(|sub| !sub.is_empty())
            .ok_or(invalid("no subject"))?;
        let user: UserId = self
            .user_id
            .known()
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
        let expires = time(&self.exp)?.ok_or(invalid("no expiry"))?;
        let issued = time(&self.iat)?.ok_or(invalid("no time of issue"))?;
        let begins = time(&self.nbf)?.unwrap_or(issued);
        if now >= expires + LEEWAY {
            return Err(invalid("expired"));
        }
        if now + LEEWAY < issued.max(begins) {
            return Err(invalid("not valid yet"));
        }
        Ok(())
    }
}

fn time(claim: &Member<u64>) -> Result<Option<Timestamp>, TokenRefusal> {
    match claim {
        Member::Is(seconds) => Ok(Some(Timestamp(0) + Duration::from_secs(*seconds))),
        Member::Other(_) => Err(invalid("a time is not a whole number of seconds")),
        Member::Absent => Ok(None),
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn invalid(why: &'static str) -> TokenRefusal {
    TokenRefusal::Invalid(why)
}
