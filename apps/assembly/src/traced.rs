//! Calls to AWS say of which trace they are a part.

use std::fmt::Debug;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use metrics::requests::{self, Request};
use uuid::Uuid;

/// Where W3C Trace Context has it said.
const W3C: &str = "traceparent";

/// Where AWS has it said.
const AWS: &str = "x-amzn-trace-id";

/// Returns what sends the requests of the SDK: like the SDK's own, but each says of which trace it
/// is a part.
pub(crate) fn client() -> SharedHttpClient {
    let tls = Provider::Rustls(CryptoMode::AwsLc);
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(tls.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    });
    SharedHttpClient::new(Traced(client))
}

#[derive(Debug)]
struct Traced<T>(T);

impl<T: HttpClient> HttpClient for Traced<T> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Traced(self.0.http_connector(settings, components)))
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

impl<T: HttpConnector> HttpConnector for Traced<T> {
    fn call(&self, mut call: HttpRequest) -> HttpConnectorFuture {
        if let Some(request) = requests::current() {
            for (name, value) in headers(&request) {
                // In a Lambda the SDK names the invocation, by which loops are found.
                if call.headers().get(name).is_none() {
                    call.headers_mut().insert(name, value);
                }
            }
        }
        self.0.call(call)
    }
}

/// Returns what one call for a request says: it is a span of its own in the request's trace.
///
/// Neither header is signed: whoever is on the way may be a part of the trace, too.
fn headers(request: &Request) -> Vec<(&'static str, String)> {
    let trace = request.trace.as_deref().unwrap_or_default();
    let Some((time, rest)) = trace.split_at_checked(8) else {
        return Vec::new();
    };
    let span = format!("{:016x}", Uuid::new_v4().as_u64_pair().1);
    let sampled = u8::from(request.is_sampled);
    vec![
        (W3C, format!("00-{trace}-{span}-0{sampled}")),
        (
            AWS,
            format!("Root=1-{time}-{rest};Parent={span};Sampled={sampled}"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trace: Option<&str>, is_sampled: bool) -> Vec<(&'static str, String)> {
        headers(&Request {
            id: "r-1".to_owned(),
            trace: trace.map(str::to_owned),
            is_sampled,
        })
    }

    #[test]
    fn a_call_is_a_span_of_its_own_in_the_trace_of_its_request() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let mut spans = Vec::new();
        for (is_sampled, flag) in [(true, "1"), (false, "0"), (false, "0")] {
            let headers = of(Some(trace), is_sampled);
            let [(W3C, w3c), (AWS, aws)] = &headers[..] else {
                panic!("{headers:?}");
            };
            let span = w3c.split('-').nth(2).unwrap().to_owned();
            assert_eq!(*w3c, format!("00-{trace}-{span}-0{flag}"));
            let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736";
            assert_eq!(*aws, format!("{root};Parent={span};Sampled={flag}"));
            assert!(span.len() == 16 && !spans.contains(&span), "{span}");
            spans.push(span);
        }
    }

    #[test]
    fn without_a_trace_nothing_is_said() {
        assert_eq!((of(None, true), of(Some("4bf9"), true)), (vec![], vec![]));
    }
}
