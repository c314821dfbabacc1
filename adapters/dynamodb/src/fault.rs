//! What an error of the SDK is to the domain.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use domain::Fault;
use ports::PortError;

/// An error without its words, which may quote an item.
pub(crate) fn failed<E: ProvideErrorMetadata>(error: SdkError<E, HttpResponse>) -> PortError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request = error.raw_response().and_then(RequestId::request_id).unwrap_or("none").to_owned();
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let (fault, what) = match &error {
        SdkError::TimeoutError(_) => (Fault::TimedOut, "no answer in time"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => (Fault::TimedOut, "no connection in time"),
        SdkError::DispatchFailure(_) => (Fault::Unavailable, "no connection, or no credentials"),
        SdkError::ResponseError(_) => (Fault::Unavailable, "an answer that cannot be read"),
        SdkError::ServiceError(_) => (of_code(code.as_deref(), status), "refused"),
        SdkError::ConstructionFailure(_) => (Fault::Rejected, "a request that cannot be made"),
        _ => (Fault::Unavailable, "an error that is not known"),
    };
    let code = code.unwrap_or_else(|| "none".to_owned());
    let source = format!("{what}; code {code}, status {}, request {request}", status.unwrap_or_default());
    PortError { fault, adapter: "dynamodb", source: Some(source.into()) }
}

/// A request that has lost against others too often.
pub(crate) fn contended() -> PortError {
    let source = Some("others were faster each time".into());
    PortError { fault: Fault::Throttled, adapter: "dynamodb", source }
}

/// More than an item can hold.
pub(crate) fn too_long() -> PortError {
    PortError::new("dynamodb", Fault::TooLong)
}

/// By code, or if there is none, by status.
pub(crate) fn of_code(code: Option<&str>, status: Option<u16>) -> Fault {
    match code {
        Some(
            "ProvisionedThroughputExceededException"
            | "ProvisionedThroughputExceeded"
            | "ThrottlingException"
            | "ThrottlingError"
            | "Throttling"
            | "RequestLimitExceeded"
            | "LimitExceededException"
            | "TransactionConflictException"
            | "TransactionInProgressException",
        ) => Fault::Throttled,
        Some("InternalServerError" | "InternalFailure" | "ServiceUnavailable" | "ServiceUnavailableException") => {
            Fault::Unavailable
        }
        _ => match status {
            Some(429) => Fault::Throttled,
            Some(500..) | None => Fault::Unavailable,
            Some(_) => Fault::Rejected,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_more_than_a_status() {
        for (code, status, fault) in [
            (Some("ThrottlingException"), 400, Fault::Throttled),
            (Some("ProvisionedThroughputExceededException"), 400, Fault::Throttled),
            (Some("TransactionConflictException"), 400, Fault::Throttled),
            (Some("InternalServerError"), 500, Fault::Unavailable),
            (Some("ServiceUnavailable"), 503, Fault::Unavailable),
            (Some("ValidationException"), 400, Fault::Rejected),
            (Some("ResourceNotFoundException"), 400, Fault::Rejected),
            (Some("AccessDeniedException"), 400, Fault::Rejected),
            (None, 429, Fault::Throttled),
            (None, 502, Fault::Unavailable),
            (None, 403, Fault::Rejected),
        ] {
            assert_eq!(of_code(code, Some(status)), fault, "{code:?} {status}");
        }
        assert_eq!(of_code(None, None), Fault::Unavailable);
    }
}
