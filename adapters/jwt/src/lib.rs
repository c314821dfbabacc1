//! Tokens (RS256) and the keys that their issuer has published: Amazon Cognito's, those of any
//! issuer with a JWKS document, and a local [`Issuer`] for development.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{Clock, Identity, TokenRefusal, TokenVerifier};

mod issuer;
mod json;
mod keys;
mod map;
mod remote;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

pub use issuer::{Issuer, IssuerError};
pub use keys::{BadKeySet, KeySet, KeySource};
pub use map::Expected;
pub use remote::RemoteKeys;

/// Verifies the ID tokens of one issuer, for one audience.
pub struct Verifier {
    expected: Expected,
    keys: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    pub fn new(expected: Expected, keys: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self {
            expected,
            keys,
            clock,
        }
    }
}

#[async_trait]
impl TokenVerifier for Verifier {
    async fn verify(&self, token: &str) -> Result<Identity, TokenRefusal> {
        let token = map::Unverified::parse(token)?;
        let keys = self
            .keys
            .keys(token.kid())
            .await
            .map_err(TokenRefusal::KeysUnavailable)?;
        token
            .verify(&keys)?
            .identity(&self.expected, self.clock.now())
    }
}
