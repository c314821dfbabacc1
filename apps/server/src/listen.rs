//! Where a server listens.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::net::{TcpListener, lookup_host};

/// An address as it was given: a host, by number or name, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    host: String,
    port: u16,
}

impl Listen {
    /// Listens there: of a name with several addresses, on the first of IPv4 if there is one.
    pub(crate) async fn bind(&self) -> io::Result<TcpListener> {
        let mut addresses: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port))
            .await?
            .collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        TcpListener::bind(&addresses[..]).await
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self {
                host: address.ip().to_string(),
                port: address.port(),
            });
        }
        let named = text.rsplit_once(':').filter(|(host, _)| is_name(host));
        let address = named.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        let (host, port) = address.ok_or(
            "an address is a host and a port, such as 127.0.0.1:8787, localhost:8787 or [::1]:8787 \
             for this machine only, or 0.0.0.0:8787 for the network",
        )?;
        Ok(Self { host, port })
    }
}

/// Returns whether a host can be looked up by this name; an address is none, since it needs no
/// looking up.
fn is_name(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !host.is_empty() && host.chars().all(plain)
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for text in [
            "127.0.0.1:8787",
            "0.0.0.0:0",
            "[::1]:8787",
            "[::]:80",
            "localhost:8787",
            "my-host.example:1",
        ] {
            assert_eq!(
                text.parse::<Listen>()
                    .map(|listen| listen.to_string())
                    .as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            ":8787",
            "8787",
            "localhost",
            "127.0.0.1",
            "::1:8787",
            "[::1]",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "localhost:-1",
            "http://localhost:8787",
            "localhost:8787/",
            "a b:1",
            "*:8787",
        ] {
            let refusal = text.parse::<Listen>().expect_err(text);
            assert!(
                refusal.contains("such as 127.0.0.1:8787"),
                "{text:?}: {refusal}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_up() {
        let listener = "localhost:0"
            .parse::<Listen>()
            .unwrap()
            .bind()
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        assert!(
            address.ip().is_loopback() && address.port() > 0,
            "{address}"
        );
    }
}
