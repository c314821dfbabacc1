use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Which index, and how it is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The index's own host, as its page in the console shows it. `https://` may be left out;
    /// `http://` is for an index on this machine only.
    pub host: String,
    /// A key of the index's project.
    pub key: ApiKey,
    /// How near a hit must be, as the cosine of the angle between the vectors: from 0 to 1.
    pub threshold: f32,
}

impl Settings {
    /// How near a hit must be unless somebody says otherwise.
    pub const THRESHOLD: f32 = 0.3;

    /// An index with the usual threshold.
    pub fn new(host: &str, key: ApiKey) -> Self {
        Self {
            host: host.to_owned(),
            key,
            threshold: Self::THRESHOLD,
        }
    }

    /// Returns where the index is.
    pub(crate) fn url(&self) -> Result<Url, SettingsError> {
        let host = self.host.trim();
        let text = if host.contains("://") {
            host.to_owned()
        } else {
            format!("https://{host}")
        };
        let url: Url = text.parse().map_err(|_| SettingsError::Host)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        match url.scheme() {
            "https" | "http" if !is_bare || !is_anonymous || url.host_str().is_none() => {
                Err(SettingsError::Host)
            }
            "https" => Ok(url),
            "http" if is_here(&url) => Ok(url),
            "http" => Err(SettingsError::Insecure),
            _ => Err(SettingsError::Host),
        }
    }
}

/// Returns whether a URL leads to this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A key, which shows itself to nobody but the index.
#[derive(Clone)]
pub struct ApiKey(pub(crate) HeaderValue);

impl FromStr for ApiKey {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        let mut value = HeaderValue::from_str(text).map_err(|_| SettingsError::Key)?;
        value.set_sensitive(true);
        if text.is_empty() {
            Err(SettingsError::Key)
        } else {
            Ok(Self(value))
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Why an index cannot be spoken with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "the index's host must be a host, such as coach-abc1234.svc.region.pinecone.io, without a \
         path"
    )]
    Host,
    #[error("the index's host must be reached by https; only this machine itself may be without")]
    Insecure,
    #[error("the index's key is empty, or has characters that a header cannot hold")]
    Key,
    #[error("there is no HTTP client: {0}")]
    Client(#[source] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_with_in_the_clear() {
        let url = |host: &str| {
            Settings::new(host, "k".parse().unwrap())
                .url()
                .map(String::from)
        };
        assert_eq!(
            url("coach-1.svc.pinecone.io").unwrap(),
            "https://coach-1.svc.pinecone.io/"
        );
        for good in [
            "https://coach-1.svc.pinecone.io",
            "http://127.0.0.1:80",
            "http://[::1]:9",
            "http://localhost:5080/",
        ] {
            assert!(url(good).is_ok(), "{good}");
        }
        for clear in [
            "http://coach-1.svc.pinecone.io",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
        ] {
            assert!(
                matches!(url(clear), Err(SettingsError::Insecure)),
                "{clear}"
            );
        }
        for bad in [
            "",
            "https://",
            "ftp://127.0.0.1",
            "a b",
            "https://h/path",
            "https://h?x=1",
            "https://me:pw@h",
        ] {
            assert!(matches!(url(bad), Err(SettingsError::Host)), "{bad}");
        }
    }

    #[test]
    fn a_key_is_shown_nowhere() {
        let key: ApiKey = " pcsk_secret\n".parse().unwrap();
        assert_eq!(key.0, "pcsk_secret");
        let settings = Settings::new("h", key);
        assert!(!format!("{settings:?} {:?}", settings.key.0).contains("secret"));
        for bad in ["", "  ", "a\nb", "a\0"] {
            let error = bad.parse::<ApiKey>().unwrap_err();
            assert!(matches!(error, SettingsError::Key), "{bad:?}");
        }
    }
}
