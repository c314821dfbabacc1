//! The page at `/`, on which a person can talk with a coach.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use domain::UserId;

const PAGE: &str = include_str!("page.html");

/// Shows the page, with a token on it for whoever may have one: it is given only to a page that was
/// asked for by this machine's own name, so that no other site can have it read out by a browser.
pub(crate) fn show(demo: Option<(UserId, String)>, headers: HeaderMap) -> Response {
    let Some((user, token)) = demo.filter(|_| local(&headers)) else {
        return (StatusCode::NOT_FOUND, "The page is served on this machine only, and with the local issuer.\n")
            .into_response();
    };
    let page = PAGE.replace("{{USER}}", user.as_str()).replace("{{TOKEN}}", &token);
    let mut response = Html(page).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_shown_to_this_machine_only() {
        for (host, shown) in [
            ("127.0.0.1:8787", true),
            ("localhost:8787", true),
            ("localhost", true),
            ("[::1]:8787", true),
            ("evil.example:8787", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(local(&headers), shown, "{host}");
        }
    }
}
