//! The page at `/`, on which a person can talk with a coach.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::Extension;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use domain::UserId;
use http_adapter::{Code, refusing};

use crate::config::Config;
use crate::demo::Demo;
use crate::serve::Peer;

const PAGE: &str = include_str!("page.html");

/// What the page is told: who talks, and whether a rehearsal answers.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) user: UserId,
    pub(crate) token: String,
    pub(crate) rehearses: bool,
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    /// It is not wanted.
    Unwanted,
    /// There is no token to put on it.
    WithoutToken,
    /// Others than this machine can connect.
    ForOthers,
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unwanted => "by --page false (COACH_PAGE)",
            Self::WithoutToken => {
                "it needs a token of the local issuer, and another's are taken (--issuer)"
            }
            Self::ForOthers => {
                "other machines can connect, and it has a token on it; \
                 it is on with --listen 127.0.0.1:8787"
            }
        })
    }
}

impl Page {
    /// Returns the page of a server that listens here, or why it has none.
    pub(crate) fn of(
        config: &Config,
        address: SocketAddr,
        rehearses: bool,
        demo: Option<&Demo>,
    ) -> Result<Self, Off> {
        let Demo { user, token, .. } = demo.ok_or(Off::WithoutToken)?;
        if !config.page {
            return Err(Off::Unwanted);
        }
        if !is_this_machine(address.ip()) {
            return Err(Off::ForOthers);
        }
        Ok(Self {
            user: user.clone(),
            token: token.clone(),
            rehearses,
        })
    }
}

/// Shows the page to who may see it.
pub(crate) fn route(page: Option<Page>) -> MethodRouter {
    let show = move |Extension(Peer(peer)): Extension<Peer>, request: Request| {
        let page = page.clone().filter(|_| is_from_here(peer.ip(), &request));
        async move { page.map_or_else(nothing, |page| shown(&page)) }
    };
    get(show).fallback_service(refusing(Code::MethodNotAllowed))
}

fn nothing() -> Response {
    let why = "The page is for a browser on the server's own machine, with no proxy between them, \
               and for the tokens of the local issuer. \
               The server says at its start whether it has one, and if not why.\n";
    (StatusCode::NOT_FOUND, why).into_response()
}

fn shown(page: &Page) -> Response {
    let rehearses = if page.rehearses { "true" } else { "false" };
    let page = PAGE
        .replace("{{USER}}", page.user.as_str())
        .replace("{{TOKEN}}", &page.token)
        .replace("{{REHEARSES}}", rehearses);
    let mut response = Html(page).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                  connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Returns whether a browser on this machine asks, by this machine's own name: the page has a token
/// on it, which neither another site may have read out by a browser, nor who comes through a proxy
/// here.
///
/// A proxy on this machine that hides all that it does cannot be told from a browser.
fn is_from_here(peer: IpAddr, request: &Request) -> bool {
    let headers = request.headers();
    // Proxies ask by HTTP/1.0 unless they are told otherwise; browsers never do.
    is_this_machine(peer)
        && names_this_machine(headers)
        && request.version() >= Version::HTTP_11
        && !headers.keys().any(is_of_a_proxy)
}

fn is_this_machine(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Returns whether the one host that was asked for is this machine.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers
        .get_all(header::HOST)
        .iter()
        .filter_map(|host| host.to_str().ok());
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    if let Ok(address) = host.parse::<SocketAddr>() {
        return is_this_machine(address.ip());
    }
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .map_or(host, |(name, _)| name);
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(is_this_machine)
}

/// Returns whether this header is one that proxies add. Browsers by themselves send none of `x-…`.
fn is_of_a_proxy(name: &HeaderName) -> bool {
    let name = name.as_str();
    let known = [
        "forwarded",
        "via",
        "client-ip",
        "true-client-ip",
        "cdn-loop",
        "proxy-authorization",
    ];
    known.contains(&name)
        || ["x-", "cf-", "fastly-", "fly-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    /// A request as a browser sends it, but for its host and these headers.
    fn request(host: &str, headers: &[(&str, &str)]) -> Request {
        let usual = [
            ("host", host),
            ("user-agent", "Mozilla/5.0"),
            ("sec-fetch-site", "none"),
            ("dnt", "1"),
        ];
        let headers = usual.iter().chain(headers);
        let request = headers.fold(Request::builder(), |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(Body::empty()).unwrap()
    }

    fn here() -> IpAddr {
        "127.0.0.1".parse().unwrap()
    }

    #[test]
    fn the_token_is_shown_to_this_machine_only() {
        for (host, shown) in [
            ("127.0.0.1:8787", true),
            ("localhost:8787", true),
            ("LOCALHOST", true),
            ("localhost", true),
            ("[::1]:8787", true),
            ("[::1]", true),
            ("127.0.0.2:8787", true),
            ("evil.example:8787", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil.example:localhost", false),
            ("192.0.2.1:8787", false),
            ("0.0.0.0:8787", false),
            ("", false),
        ] {
            assert_eq!(is_from_here(here(), &request(host, &[])), shown, "{host}");
        }
        for (peer, shown) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.1", false),
        ] {
            assert_eq!(
                is_from_here(peer.parse().unwrap(), &request("localhost", &[])),
                shown,
                "{peer}"
            );
        }
    }

    #[test]
    fn a_proxy_that_rewrites_the_host_is_not_given_the_token() {
        for header in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Real-IP",
            "Via",
            "X-Envoy-External-Address",
            "CF-Connecting-IP",
            "True-Client-IP",
        ] {
            let request = request("127.0.0.1:8787", &[(header, "127.0.0.1")]);
            assert!(!is_from_here(here(), &request), "{header}");
        }
        let mut old = request("127.0.0.1:8787", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert!(
            !is_from_here(here(), &old),
            "a proxy that says nothing at all"
        );
        assert!(
            !is_from_here(here(), &request("localhost", &[("host", "evil.example")])),
            "two hosts"
        );
    }
}
