//! For which request something is done, as the spans of the log have it.
//!
//! The span of a request has its id, and the trace that it is a part of. [`Requests`] keeps them
//! with the span, for whoever works in it and has to name them to others: [`current`].

use std::fmt::Debug;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Span, Subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// The name of the span that a request has.
const SPAN: &str = "request";

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Its id, which the client is told.
    pub id: String,
    /// The trace that it is a part of, as 32 hexadecimal digits.
    pub trace: Option<String>,
    /// Whether its caller records this trace.
    pub is_sampled: bool,
}

/// Keeps what is known of a request with its span. It stands above a [`Registry`].
#[derive(Debug, Default)]
pub struct Requests;

impl Requests {
    /// Returns the layer, which takes notice of nothing but the spans of requests.
    pub fn only<S>(self) -> impl Layer<S> + Send + Sync
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        // Nothing else becomes dearer by it: this is asked once for each place in the code.
        let is_of_request = |metadata: &Metadata<'_>| metadata.is_span() && metadata.name() == SPAN;
        let filter = filter_fn(is_of_request).with_max_level_hint(LevelFilter::ERROR);
        self.with_filter(filter)
    }
}

/// Returns the request for which the current span works; `None` if there is none.
pub fn current() -> Option<Arc<Request>> {
    Span::current().with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        let spans = registry.span(id)?.scope();
        spans
            .into_iter()
            .find_map(|span| span.extensions().get::<Arc<Request>>().cloned())
    })?
}

impl<S> Layer<S> for Requests
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request = Request::default();
        attributes.record(&mut request);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Arc::new(request));
        }
    }
}

impl Visit for Request {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "id" => self.id = value.to_owned(),
            "trace" => self.trace = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "sampled" {
            self.is_sampled = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use tracing::{error_span, info_span};
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{EnvFilter, fmt, registry};

    use super::*;

    fn ada() -> Span {
        error_span!("request", id = "r-1", trace = "t-1", sampled = true)
    }

    #[test]
    fn whoever_works_for_a_request_knows_it_however_little_is_logged() {
        let expected = Request {
            id: "r-1".to_owned(),
            trace: Some("t-1".to_owned()),
            is_sampled: true,
        };
        for filter in ["off", "error", "trace"] {
            let log = fmt::layer().with_filter(EnvFilter::new(filter));
            let subscriber = registry().with(Requests.only()).with(log);
            tracing::subscriber::with_default(subscriber, || {
                assert_eq!(current(), None, "{filter}");
                ada().in_scope(|| {
                    let known = || current().as_deref().cloned();
                    assert_eq!(known(), Some(expected.clone()), "{filter}");
                    info_span!("turn", id = "another").in_scope(|| {
                        assert_eq!(known(), Some(expected.clone()), "{filter}");
                    });
                });
                assert_eq!(current(), None, "{filter}");
            });
        }
    }

    #[test]
    fn without_the_layer_no_request_is_known() {
        assert_eq!(ada().in_scope(current), None);
        tracing::subscriber::with_default(registry(), || {
            assert_eq!(ada().in_scope(current), None);
        });
    }
}
