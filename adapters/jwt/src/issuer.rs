//! An issuer for development: signs tokens with a key that it keeps in a folder.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Timestamp, UserId};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::keys::{BadKeySet, KeySet, KeySource};
use crate::map::Expected;

/// Issues tokens to whoever may call it; never for use in public.
pub struct Issuer {
    url: String,
    kid: String,
    key: RsaKeyPair,
    jwks: String,
    public: Arc<KeySet>,
}

#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error("cannot read or write the signing key in {path}")]
    Storage {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("there is none; a server makes one when it starts")]
    NoKey,
    #[error("{path} holds no RSA key that can be used; delete it to have a new one made")]
    UnusableKey {
        path: PathBuf,
        #[source]
        source: KeyRejected,
    },
    #[error("the key cannot be published")]
    Unpublishable(#[from] BadKeySet),
    #[error("the cryptographic library failed")]
    Cryptography(#[from] Unspecified),
}

impl Issuer {
    /// Whom its tokens are for.
    pub const AUDIENCE: &str = "coach-local";

    /// With the key in `dir`, which is made if it is not there.
    pub fn open(dir: &Path, issuer_url: String) -> Result<Self, IssuerError> {
        match Self::load(dir, issuer_url.clone()) {
            Err(IssuerError::NoKey) => {
                make(dir)?;
                Self::load(dir, issuer_url)
            }
            loaded => loaded,
        }
    }

    /// With the key in `dir`, which must be there.
    pub fn load(dir: &Path, issuer_url: String) -> Result<Self, IssuerError> {
        let path = dir.join(KEY);
        let der = match fs::read(&path) {
            Ok(der) => der,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(IssuerError::NoKey),
            Err(source) => return Err(IssuerError::Storage { path, source }),
        };
        let key = RsaKeyPair::from_pkcs8(&der)
            .map_err(|source| IssuerError::UnusableKey { path, source })?;
        let (n, e) = public_parts(&key);
        let kid = thumbprint(&n, &e);
        let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e});
        let jwks = json!({ "keys": [jwk] }).to_string();
        let public = Arc::new(KeySet::parse(jwks.as_bytes())?);
        Ok(Self {
            url: issuer_url,
            kid,
            key,
            jwks,
            public,
        })
    }

    /// Returns what a [`Verifier`](crate::Verifier) of its tokens has to expect.
    pub fn expected(&self) -> Expected {
        Expected {
            issuer: self.url.clone(),
            audience: Self::AUDIENCE.to_owned(),
        }
    }

    /// Its JWKS document.
    pub fn jwks(&self) -> String {
        self.jwks.clone()
    }

    /// An ID token that names `user`, valid from `now` for as long as `ttl`.
    pub fn token(
        &self,
        user: &UserId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<String, IssuerError> {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"});
        let claims = json!({
            "iss": self.url,
            "aud": Self::AUDIENCE,
            "sub": format!("local-{user}"),
            "token_use": "id",
            "custom:user_id": user,
            "iat": now.0 / 1_000,
            "exp": (now + ttl).0 / 1_000,
        });
        Ok(sign(&self.key, &header, &claims)?)
    }
}

/// It needs no way to itself over the network.
#[async_trait]
impl KeySource for Issuer {
    async fn keys(&self, _wanted: &str) -> ports::Result<Arc<KeySet>> {
        Ok(self.public.clone())
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("url", &self.url)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Where the key is in its folder.
const KEY: &str = "signing-key.pk8";

fn make(dir: &Path) -> Result<(), IssuerError> {
    let path = dir.join(KEY);
    let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
    store(dir, &path, der.as_ref()).map_err(|source| IssuerError::Storage { path, source })
}

/// All or nothing, readable by its owner only; of two processes at the same time, the first wins.
fn store(dir: &Path, path: &Path, der: &[u8]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(der)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        stored => stored.map(drop).map_err(io::Error::from),
    }
}

/// Modulus and exponent, as a JWKS document has them.
pub(crate) fn public_parts(key: &RsaKeyPair) -> (String, String) {
    let public = key.public_key();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    (
        number(public.modulus().big_endian_without_leading_zero()),
        number(public.exponent().big_endian_without_leading_zero()),
    )
}

/// Returns the name of a key by RFC 7638.
fn thumbprint(n: &str, e: &str) -> String {
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

fn sign(key: &RsaKeyPair, header: &Value, claims: &Value) -> Result<String, Unspecified> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use ports::{TokenRefusal, TokenVerifier};

    use super::*;
    use crate::Verifier;
    use crate::testing::{HandClock, NOW};

    const URL: &str = "http://localhost:8080";
    const HOUR: Duration = Duration::from_secs(3_600);

    fn issuer(dir: &Path) -> Issuer {
        Issuer::open(dir, URL.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn its_token_names_the_user_for_as_long_as_it_was_asked_to() {
        let dir = tempfile::tempdir().unwrap();
        let issuer = Arc::new(issuer(dir.path()));
        let clock = Arc::new(HandClock::default());
        let verifier = Verifier::new(issuer.expected(), issuer.clone(), clock.clone());
        let ann: UserId = "ann".parse().unwrap();
        let token = issuer.token(&ann, NOW, HOUR).unwrap();
        let identity = verifier.verify(&token).await.unwrap();
        assert_eq!(
            (identity.account.subject.as_str(), identity.scope.user()),
            ("local-ann", &ann)
        );
        clock.pass(HOUR + Duration::from_secs(60));
        assert!(matches!(
            verifier.verify(&token).await,
            Err(TokenRefusal::Invalid("expired"))
        ));
    }

    #[test]
    fn its_key_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a/b");
        let (first, second) = (issuer(&below), issuer(&below));
        assert_eq!(first.jwks(), second.jwks());
        assert_ne!(first.jwks(), issuer(dir.path()).jwks());
        assert_eq!(
            fs::read_dir(&below).unwrap().count(),
            1,
            "nothing but the key is left"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        issuer(dir.path());
        let mode = fs::metadata(dir.path().join("signing-key.pk8"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn of_many_at_the_same_time_all_have_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let dir = dir.path().to_owned();
                std::thread::spawn(move || issuer(&dir).jwks())
            })
            .collect();
        let mut all: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        all.dedup();
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn no_key_is_made_for_who_only_looks_for_one() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a");
        for nowhere in [dir.path(), &below] {
            assert!(matches!(
                Issuer::load(nowhere, URL.to_owned()),
                Err(IssuerError::NoKey)
            ));
        }
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            0,
            "nothing was made"
        );
        let made = issuer(&below);
        assert_eq!(
            Issuer::load(&below, URL.to_owned()).unwrap().jwks(),
            made.jwks()
        );
        let file = below.join(KEY);
        assert!(
            matches!(
                Issuer::load(&file, URL.to_owned()),
                Err(IssuerError::Storage { .. })
            ),
            "no folder"
        );
    }

    #[test]
    fn a_file_that_is_no_key_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signing-key.pk8");
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            Issuer::open(dir.path(), URL.to_owned()),
            Err(IssuerError::UnusableKey { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"not a key");
    }

    #[test]
    fn it_publishes_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let jwks: Value = serde_json::from_str(&issuer(dir.path()).jwks()).unwrap();
        let names: Vec<_> = jwks["keys"][0]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["kty", "use", "alg", "kid", "n", "e"]);
    }

    #[test]
    fn a_key_is_named_as_in_the_example_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
                 L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4\
                 QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO\
                 pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
                 Cur-kEgU8awapJzKnqDKgw";
        assert_eq!(
            thumbprint(n, "AQAB"),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }
}
