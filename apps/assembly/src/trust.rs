//! Whose tokens are taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use domain::UserId;
use futures::future::{BoxFuture, FutureExt, ready};
use jwt::{Expected, Issuer, IssuerError, KeySource, RemoteKeys, Verifier};
use ports::{Clock, TokenVerifier};
use system_clock::SystemClock;

use crate::error::{StartError, told};

/// What the tokens of the local issuer say about who made them.
const LOCAL_ISSUER: &str = "urn:coach-stream:local";

/// The id of no key: whoever asks for it wants to know all there are.
const NO_KEY: &str = "";

#[derive(Debug, Args)]
pub struct Trust {
    /// Where the server keeps the signing key of the local issuer.
    #[arg(long, env = "COACH_DATA", value_name = "DIR", default_value = ".coach")]
    pub data: PathBuf,

    /// Take tokens of this issuer instead of the local one; needs --audience and --jwks-url.
    #[arg(long, env = "COACH_ISSUER", value_name = "URL", requires_all = ["audience", "jwks_url"],
          value_parser = NonEmptyStringValueParser::new())]
    pub issuer: Option<String>,

    /// The audience (client id) that tokens must be for.
    #[arg(long, env = "COACH_AUDIENCE", value_name = "ID", requires = "issuer",
          value_parser = NonEmptyStringValueParser::new())]
    pub audience: Option<String>,

    /// Where the issuer publishes its keys.
    #[arg(long, env = "COACH_JWKS_URL", value_name = "URL", requires = "issuer")]
    pub jwks_url: Option<String>,
}

/// Who verifies tokens.
pub struct Trusted {
    pub verifier: Arc<dyn TokenVerifier>,
    /// The local issuer, if it is whose tokens are taken.
    pub issuer: Option<Arc<Issuer>>,
    /// Reads the keys before the first token comes.
    pub connect: BoxFuture<'static, ()>,
}

impl Trust {
    pub fn about(&self) -> String {
        match &self.issuer {
            Some(issuer) => format!("of {issuer}"),
            None => match load(&self.data) {
                Err(StartError::Issuer {
                    source: IssuerError::NoKey,
                    ..
                }) => {
                    let data = self.data.display();
                    format!(
                        "of the local issuer; there is no key in {data} yet, a server makes one"
                    )
                }
                _ => format!("of the local issuer, key in {}", self.data.display()),
            },
        }
    }

    /// Returns who verifies tokens. The local issuer's keys are here: no connection is needed to
    /// have them.
    pub fn verifier(&self, clock: &Arc<dyn Clock>) -> Result<Trusted, StartError> {
        let by = |expected, keys| Arc::new(Verifier::new(expected, keys, clock.clone()));
        let Some((expected, url)) = self.elsewhere() else {
            let issuer = Issuer::open(&self.data, LOCAL_ISSUER.to_owned());
            let issuer = Arc::new(issuer.map_err(|source| unusable(&self.data, source))?);
            return Ok(Trusted {
                verifier: by(issuer.expected(), issuer.clone()),
                issuer: Some(issuer),
                connect: ready(()).boxed(),
            });
        };
        let keys = Arc::new(keys(url, clock)?);
        let asked = keys.clone();
        Ok(Trusted {
            verifier: by(expected, keys),
            issuer: None,
            connect: async move { _ = asked.keys(NO_KEY).await }.boxed(),
        })
    }

    /// Returns what keeps tokens from being verified, each in a sentence.
    pub async fn check(&self, clock: &Arc<dyn Clock>) -> Vec<String> {
        let trouble = match self.elsewhere() {
            None => match load(&self.data) {
                // A server would make one.
                Ok(_)
                | Err(StartError::Issuer {
                    source: IssuerError::NoKey,
                    ..
                }) => None,
                Err(error) => Some(error.to_string()),
            },
            Some((_, url)) => match keys(url, clock) {
                Err(error) => Some(error.to_string()),
                Ok(keys) => keys.keys(NO_KEY).await.err().map(|error| {
                    format!(
                        "the keys at {url} (--jwks-url, COACH_JWKS_URL) cannot be read: {}",
                        told(&error)
                    )
                }),
            },
        };
        trouble.into_iter().collect()
    }

    /// Returns whether tokens are another issuer's.
    pub fn is_elsewhere(&self) -> bool {
        self.issuer.is_some()
    }

    fn elsewhere(&self) -> Option<(Expected, &str)> {
        let (issuer, audience) = (self.issuer.clone()?, self.audience.clone()?);
        Some((Expected { issuer, audience }, self.jwks_url.as_deref()?))
    }
}

/// Returns a token of the local issuer whose key is in this directory: only a server makes one.
pub fn token_of(data: &Path, user: &UserId, ttl: Duration) -> Result<String, StartError> {
    token(&load(data)?, data, user, ttl)
}

/// Returns a token for a user, valid for so long.
pub fn token(
    issuer: &Issuer,
    data: &Path,
    user: &UserId,
    ttl: Duration,
) -> Result<String, StartError> {
    issuer
        .token(user, SystemClock.now(), ttl)
        .map_err(|source| unusable(data, source))
}

/// Returns the local issuer with the key that is there: only a server makes one.
fn load(data: &Path) -> Result<Issuer, StartError> {
    Issuer::load(data, LOCAL_ISSUER.to_owned()).map_err(|source| unusable(data, source))
}

fn keys(url: &str, clock: &Arc<dyn Clock>) -> Result<RemoteKeys, StartError> {
    RemoteKeys::new(url, clock.clone()).map_err(|error| StartError::Keys(error.to_string()))
}

fn unusable(data: &Path, source: jwt::IssuerError) -> StartError {
    StartError::Issuer {
        directory: data.display().to_string(),
        source,
    }
}
