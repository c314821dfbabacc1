//! Pages of other origins.

use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use coach_tests::scenes::QUESTION;
use coach_tests::{Answer, Site, saying};
use rehearsal::Scene;

use crate::replying;

const HOME: &str = "https://coach.example";

fn site() -> Site {
    replying(Scene::saying("Sit."))
        .set(|settings| settings.cors_origins = vec![HeaderValue::from_static(HOME)])
}

async fn preflight(site: &Site, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "x-coach-authorization,content-type,idempotency-key",
        ),
    ];
    let path = "/users/ada/coaches/strength/conversations/c/stream";
    site.client()
        .showing(None)
        .ask(Method::OPTIONS, path, &headers, "")
        .await
}

#[tokio::test(start_paused = true)]
async fn a_preflight_of_an_allowed_page_says_what_it_may_send() {
    let answer = preflight(&site(), HOME).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "{}")
    );
    assert_eq!(answer.header("access-control-allow-origin"), HOME);
    let methods = answer.header("access-control-allow-methods");
    assert!(
        ["GET", "POST"]
            .iter()
            .all(|method| methods.contains(method)),
        "{methods}"
    );
    let headers = answer.header("access-control-allow-headers");
    for header in [
        "authorization",
        "x-coach-authorization",
        "content-type",
        "accept",
        "idempotency-key",
        "last-event-id",
        "traceparent",
        "cache-control",
        "x-requested-with",
        "sentry-trace",
        "baggage",
    ] {
        assert!(
            headers.split(',').any(|allowed| allowed.trim() == header),
            "{header} in {headers}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_may_send_the_headers_that_were_set_besides_the_usual_ones() {
    let site =
        site().set(|settings| settings.cors_headers = vec![HeaderName::from_static("x-client")]);
    let answer = preflight(&site, HOME).await;
    let allowed: Vec<&str> = answer
        .header("access-control-allow-headers")
        .split(',')
        .map(str::trim)
        .collect();
    assert!(
        allowed.contains(&"x-client") && allowed.contains(&"authorization"),
        "{allowed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_preflight_of_a_foreign_page_allows_it_nothing() {
    let nobody = replying(Scene::saying("Sit."));
    for (site, origin) in [
        (&site(), "https://evil.example"),
        (&site(), "null"),
        (&nobody, HOME),
    ] {
        let answer = preflight(site, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        assert!(!answer.body.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_may_read_the_headers_that_it_needs_also_of_a_refusal() {
    let site = site();
    let path = site.conversation().await;
    let sse = site
        .client()
        .stream(
            &format!("{path}/stream"),
            &[("origin", HOME)],
            &saying(QUESTION),
        )
        .await;
    let refused = site
        .client()
        .showing(None)
        .ask(Method::GET, &path, &[("origin", HOME)], "")
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    for headers in [&sse.headers, &refused.headers] {
        let exposed = headers
            .get("access-control-expose-headers")
            .unwrap()
            .to_str()
            .unwrap();
        assert_eq!(
            exposed,
            "x-turn-id,x-request-id,content-location,retry-after"
        );
        assert_eq!(headers.get("access-control-allow-origin").unwrap(), HOME);
    }
}
