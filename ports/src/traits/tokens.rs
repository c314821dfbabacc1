use async_trait::async_trait;
use domain::UserScope;

use super::{Account, PortError};

/// Finds out who is asking.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Verifies a bearer token, and returns whose it is. Checks its signature first, by a key that
    /// its issuer has published, then its issuer, audience, use and times. Believes nothing in it,
    /// and acts on nothing, before that.
    ///
    /// - The header names a key of the issuer and no algorithm but the one that the key is for;
    ///   `none` is no algorithm.
    /// - A key that is embedded in the token, or that it points to, is never used.
    /// - Every token that is not valid is [`Invalid`](TokenRefusal::Invalid): the reason is for the
    ///   log. A valid one that names no user is [`MissingUserId`](TokenRefusal::MissingUserId).
    /// - If the keys cannot be had, so that nobody knows, it is
    ///   [`KeysUnavailable`](TokenRefusal::KeysUnavailable).
    async fn verify(&self, token: &str) -> Result<Identity, TokenRefusal>;
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account that the token is of.
    pub account: Account,
    /// Whose data the caller may see.
    pub scope: UserScope,
}

/// Why nobody knows who is asking.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// Not a token that we accept. The reason is for the log, not for the caller.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// A valid token of somebody who has no user id with us.
    #[error("the token carries no usable custom:user_id")]
    MissingUserId,
    /// The issuer's keys cannot be had at the moment.
    #[error("the issuer's keys cannot be read")]
    KeysUnavailable(#[source] PortError),
}
