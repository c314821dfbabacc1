//! What a server says when it begins.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::demo::Demo;
use crate::page::{Off, Page};

/// What there is to say.
pub(crate) struct Banner<'a> {
    pub(crate) address: SocketAddr,
    /// What stands where.
    pub(crate) parts: &'a [(&'a str, String)],
    pub(crate) page: &'a Result<Page, Off>,
    pub(crate) rehearses: bool,
    pub(crate) demo: Option<&'a Demo>,
}

impl Banner<'_> {
    /// Says it. Nobody has to listen: a closed output is no error.
    pub(crate) fn say(&self) {
        _ = std::io::stdout().write_all(self.text().as_bytes());
    }

    fn text(&self) -> String {
        let here = reachable(self.address);
        let everywhere = if self.address.ip().is_unspecified() {
            " and on all addresses of this machine"
        } else {
            ""
        };
        let mut said = format!("Coach Stream listens on http://{here}/{everywhere}\n");
        let page = match self.page {
            Ok(_) => format!("http://{here}/, for browsers on this machine"),
            Err(off) => format!("off: {off}"),
        };
        for (name, about) in self
            .parts
            .iter()
            .map(|(name, about)| (*name, about))
            .chain([("page", &page)])
        {
            said.push_str(&format!("  {name:<7} {about}\n"));
        }
        if self.rehearses {
            said.push_str(REHEARSAL);
        }
        if !self.address.ip().to_canonical().is_loopback() {
            said.push_str(PLAIN);
        }
        if let Some(demo) = self.demo {
            let how = if self.page.is_ok() {
                "Open the page in a browser, or paste this"
            } else {
                "Paste this"
            };
            said.push_str(&format!("{how}:\n\n{}\n\n", demo.command(here)));
        }
        said
    }
}

const REHEARSAL: &str = "\
A rehearsal does not think: it makes its answers up from what it hears, to show the rest at work.
How to have a model that thinks: docs/settings.md
";

const PLAIN: &str = "\
Careful: other machines can connect, by HTTP without encryption. Everybody on the way can read \
what is
said, and take the tokens. Let it be a network that you trust, or put a proxy that speaks TLS \
before it.
";

/// An address that reaches this server from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(address: &str, page: Result<Page, Off>, rehearses: bool) -> String {
        let parts = [("model", "one".to_owned())];
        let address = address.parse().unwrap();
        Banner {
            address,
            parts: &parts,
            page: &page,
            rehearses,
            demo: None,
        }
        .text()
    }

    fn page() -> Page {
        Page {
            user: "ada".parse().unwrap(),
            token: "t".to_owned(),
            rehearses: true,
        }
    }

    #[test]
    fn what_only_this_machine_reaches_needs_no_warning() {
        for (address, here) in [
            ("127.0.0.1:80", "http://127.0.0.1:80/"),
            ("127.0.0.2:80", "http://127.0.0.2:80/"),
            ("[::1]:80", "http://[::1]:80/"),
        ] {
            let expected = format!(
                "Coach Stream listens on {here}\n  model   one\n  page    {here}, for browsers on \
                this machine\n"
            );
            assert_eq!(said(address, Ok(page()), false), expected);
        }
    }

    #[test]
    fn what_others_reach_is_said_to_be_plain_and_without_a_page() {
        for (address, here) in [
            (
                "0.0.0.0:80",
                "http://127.0.0.1:80/ and on all addresses of this machine",
            ),
            (
                "[::]:80",
                "http://[::1]:80/ and on all addresses of this machine",
            ),
            ("192.0.2.1:80", "http://192.0.2.1:80/"),
        ] {
            let said = said(address, Err(Off::ForOthers), false);
            assert!(
                said.starts_with(&format!("Coach Stream listens on {here}\n")),
                "{said}"
            );
            assert!(
                said.contains("  page    off: ") && said.ends_with(PLAIN) && !said.contains("Open"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_rehearsal_is_said_not_to_think() {
        assert!(said("127.0.0.1:80", Ok(page()), true).contains("does not think"));
        assert!(!said("127.0.0.1:80", Ok(page()), false).contains("rehearsal"));
    }
}
