//! Whose tokens are taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::UserId;
use jwt::{Expected, Issuer, IssuerError, KeySource, RemoteKeys, Verifier};
use ports::{Clock, TokenVerifier};
use system_clock::SystemClock;

use crate::config::TokenArgs;
use crate::error::{StartError, told};

/// What the tokens of the local issuer say about who made them.
const LOCAL_ISSUER: &str = "urn:coach-stream:local";

#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// Where the server keeps the signing key of the local issuer.
    #[arg(long, env = "COACH_DATA", value_name = "DIR", default_value = ".coach")]
    pub(crate) data: PathBuf,

    /// Take tokens of this issuer instead of the local one; needs --audience and --jwks-url.
    #[arg(long, env = "COACH_ISSUER", value_name = "URL", requires_all = ["audience", "jwks_url"])]
    pub(crate) issuer: Option<String>,

    /// The audience (client id) that tokens must be for.
    #[arg(long, env = "COACH_AUDIENCE", value_name = "ID", requires = "issuer")]
    pub(crate) audience: Option<String>,

    /// Where the issuer publishes its keys.
    #[arg(long, env = "COACH_JWKS_URL", value_name = "URL", requires = "issuer")]
    pub(crate) jwks_url: Option<String>,
}

/// Who verifies tokens, and the local issuer if it is whose tokens they are.
pub(crate) type Trusted = (Arc<dyn TokenVerifier>, Option<Arc<Issuer>>);

impl Trust {
    pub(crate) fn about(&self) -> String {
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
    pub(crate) fn verifier(&self, clock: &Arc<dyn Clock>) -> Result<Trusted, StartError> {
        let (expected, keys, issuer): (_, Arc<dyn KeySource>, _) = match self.elsewhere() {
            Some((expected, url)) => (expected, Arc::new(keys(url, clock)?), None),
            None => {
                let issuer = Issuer::open(&self.data, LOCAL_ISSUER.to_owned());
                let issuer = Arc::new(issuer.map_err(|source| unusable(&self.data, source))?);
                (issuer.expected(), issuer.clone(), Some(issuer))
            }
        };
        Ok((
            Arc::new(Verifier::new(expected, keys, clock.clone())),
            issuer,
        ))
    }

    /// Returns what keeps tokens from being verified, each in a sentence.
    pub(crate) async fn check(&self, clock: &Arc<dyn Clock>) -> Vec<String> {
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
                Ok(keys) => keys.keys("").await.err().map(|error| {
                    format!(
                        "the keys at {url} (--jwks-url, COACH_JWKS_URL) cannot be read: {}",
                        told(&error)
                    )
                }),
            },
        };
        trouble.into_iter().collect()
    }

    fn elsewhere(&self) -> Option<(Expected, &str)> {
        let (issuer, audience) = (self.issuer.clone()?, self.audience.clone()?);
        Some((Expected { issuer, audience }, self.jwks_url.as_deref()?))
    }
}

/// A token of the local issuer, for somebody who asks on the command line.
pub(crate) fn print(args: &TokenArgs) -> Result<String, StartError> {
    token(
        &load(&args.data)?,
        &args.data,
        &args.user,
        Duration::from_secs(args.hours * 3_600),
    )
}

pub(crate) fn token(
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
