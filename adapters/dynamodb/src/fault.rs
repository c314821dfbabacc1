//! What an error of the SDK is to the domain.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use domain::Fault;
use ports::PortError;

/// An error without its words, which may quote an item.
pub(crate) fn failed<E: ProvideErrorMetadata>(error: SdkError<E, HttpResponse>) -> PortError {
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let request = error
        .raw_response()
        .and_then(RequestId::request_id)
        .unwrap_or("none")
        .to_owned();
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .map(str::to_owned);
    let (fault, what) = match &error {
        SdkError::TimeoutError(_) => (Fault::TimedOut, "no answer in time"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            (Fault::TimedOut, "no connection in time")
        }
        SdkError::DispatchFailure(_) => (Fault::Unavailable, "no connection, or no credentials"),
        SdkError::ResponseError(_) => (Fault::Unavailable, "an answer that cannot be read"),
        SdkError::ServiceError(_) => (of_code(code.as_deref(), status), "refused"),
        SdkError::ConstructionFailure(_) => (Fault::Rejected, "a request that cannot be made"),
        _ => (Fault::Unavailable, "an error that is not known"),
    };
    let code = code.unwrap_or_else(|| "none".to_owned());
    let source = format!(
        "{what}; code {code}, status {}, request {request}",
        status.unwrap_or_default()
    );
    PortError {
        fault,
        adapter: "dynamodb",
        source: Some(source.into()),
    }
}

/// A request that has lost against others too often.
pub(crate) fn contended() -> PortError {
    let source = Some("others were faster each time".into());
    PortError {
        fault: Fault::Throttled,
        adapter: "dynamodb",
        source,
    }
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
        Some(
            "InternalServerError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ServiceUnavailableException",
        ) => Fault::Unavailable,
        _ => match status {
            Some(429) => Fault::Throttled,
            Some(500..) | None => Fault::Unavailable,
            Some(_) => Fault::Rejected,
        },
    }
}

/// Has the SDK repeat, after its own pauses, what was refused only because another transaction was
/// at the item: left to itself, it takes that for final.
#[derive(Debug)]
pub(crate) struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context
            .output_or_error()
            .and_then(Result::err)
            .and_then(|error| error.as_operation_error());
        let is_conflict = error.is_some_and(|error| {
            error
                .downcast_ref()
                .is_some_and(UpdateItemError::is_transaction_conflict_exception)
                || error
                    .downcast_ref()
                    .is_some_and(PutItemError::is_transaction_conflict_exception)
                || error
                    .downcast_ref()
                    .is_some_and(DeleteItemError::is_transaction_conflict_exception)
                || error.downcast_ref().is_some_and(is_only_conflict)
        });
        if is_conflict {
            RetryAction::transient_error()
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "conflicts"
    }
}

/// Returns whether a transaction may be made as it is, a little later: one whose condition fails
/// must be judged again.
fn is_only_conflict(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return false;
    };
    let codes = || {
        cancelled
            .cancellation_reasons()
            .iter()
            .filter_map(CancellationReason::code)
    };
    codes().any(|code| code == "TransactionConflict")
        && codes().all(|code| matches!(code, "TransactionConflict" | "None"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_more_than_a_status() {
        for (code, status, fault) in [
            (Some("ThrottlingException"), 400, Fault::Throttled),
            (
                Some("ProvisionedThroughputExceededException"),
                400,
                Fault::Throttled,
            ),
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
