//! Which trace a request is a part of: by W3C Trace Context, or as AWS says it.

use axum::http::HeaderMap;
use uuid::Uuid;

/// A trace: what several systems do for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Whether the caller records it.
    pub(crate) is_sampled: bool,
}

impl Trace {
    /// Returns the trace that a request says it is a part of, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let told = only(headers, "traceparent").and_then(by_w3c);
        told.or_else(|| only(headers, "x-amzn-trace-id").and_then(by_aws))
            .unwrap_or_else(Self::new)
    }

    fn new() -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string(),
            is_sampled: false,
        }
    }
}

/// Returns a header that stands there once; of several none can be the right one.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None | Some(_), _) => None,
    }
}

/// Reads a `traceparent`: version, trace, parent and flags (Trace Context, 3.2.2). What a later
/// version adds stands behind these.
fn by_w3c(header: &str) -> Option<Trace> {
    let mut parts = header.trim().split('-');
    let mut next = |digits| hex(parts.next()?, digits);
    let (version, trace, parent, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
    let is_known = version != "ff" && (version != "00" || parts.next().is_none());
    if !is_known || is_zero(trace) || is_zero(parent) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some(Trace {
        id: trace.to_owned(),
        is_sampled: flags & 1 == 1,
    })
}

/// Reads an `X-Amzn-Trace-Id`, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1`: parts
/// in any order.
fn by_aws(header: &str) -> Option<Trace> {
    let part = |wanted: &str| {
        let mut parts = header.split(';').filter_map(|part| part.split_once('='));
        let (_, value) = parts.find(|(name, _)| name.trim() == wanted)?;
        Some(value.trim())
    };
    let (time, rest) = part("Root")?.strip_prefix("1-")?.split_once('-')?;
    let id = format!("{}{}", hex(time, 8)?, hex(rest, 24)?);
    let is_sampled = part("Sampled") == Some("1");
    (!is_zero(&id)).then_some(Trace { id, is_sampled })
}

/// Returns a text if it is so many hexadecimal digits, without capitals.
fn hex(text: &str, digits: usize) -> Option<&str> {
    let is_hex = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hex && text.len() == digits).then_some(text)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(told: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    /// The trace of a request with these headers; `None` if it is a new one.
    fn told(headers_of_it: &[(&'static str, &str)]) -> Option<(String, bool)> {
        let headers = headers(headers_of_it);
        let (one, another) = (Trace::of(&headers), Trace::of(&headers));
        (one == another).then_some((one.id, one.is_sampled))
    }

    #[test]
    fn a_trace_goes_on_that_a_request_is_a_part_of() {
        for (header, is_sampled) in [
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                true,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                false,
            ),
            // Other flags say nothing of whether it is recorded.
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe",
                false,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
                true,
            ),
            // A later version, with and without something new.
            (
                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                true,
            ),
            (
                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
                true,
            ),
        ] {
            let expected = Some((TRACE.to_owned(), is_sampled));
            assert_eq!(told(&[("traceparent", header)]), expected, "{header}");
        }
    }

    #[test]
    fn what_is_no_trace_is_passed_over_and_a_new_one_begins() {
        for header in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(told(&[("traceparent", header)]), None, "{header}");
        }
        let sound = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(
            told(&[("traceparent", sound), ("traceparent", sound)]),
            None
        );
        let fresh = Trace::of(&HeaderMap::new());
        assert!(
            hex(&fresh.id, 32).is_some() && !fresh.is_sampled,
            "{fresh:?}"
        );
    }

    #[test]
    fn a_trace_of_aws_goes_on_where_no_other_is_named() {
        let whole = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";
        for (header, is_sampled) in [
            (whole, true),
            ("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736", false),
            ("Sampled=0; Root=1-4bf92f35-77b34da6a3ce929d0e0e4736", false),
            (
                "Self=1-67891234-12456789abcdef012345678;\
                 Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1;Lineage=a:0",
                true,
            ),
        ] {
            let expected = Some((TRACE.to_owned(), is_sampled));
            assert_eq!(told(&[("x-amzn-trace-id", header)]), expected, "{header}");
        }
        for header in [
            "",
            "Sampled=1",
            "Root=",
            "Root=1-4bf92f35",
            "Root=2-4bf92f35-77b34da6a3ce929d0e0e4736",
            "Root=1-4bf92f3-577b34da6a3ce929d0e0e4736",
            "Root=1-00000000-000000000000000000000000",
            "1-4bf92f35-77b34da6a3ce929d0e0e4736",
        ] {
            assert_eq!(told(&[("x-amzn-trace-id", header)]), None, "{header}");
        }
        let other = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        let both = told(&[("x-amzn-trace-id", whole), ("traceparent", other)]);
        assert_eq!(both.unwrap().0, "0af7651916cd43dd8448eb211c80319c");
        let spoilt = told(&[("x-amzn-trace-id", whole), ("traceparent", "spoilt")]);
        assert_eq!(spoilt, Some((TRACE.to_owned(), true)));
    }
}
