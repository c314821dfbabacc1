//! What can go wrong with a request, and what it means.

use domain::Fault;
use ports::PortError;
use reqwest::StatusCode;
use serde::Deserialize;

const ADAPTER: &str = "pinecone";

/// It holds nothing of what the index said in words: that may quote what somebody wrote.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the answer was {status}")]
    Refused {
        status: StatusCode,
        is_of_nothing: bool,
    },
    #[error("there was no whole answer")]
    Lost(#[source] reqwest::Error),
    #[error("the answer cannot be read at line {line}, column {column}")]
    Garbled {
        line: usize,
        column: usize,
        is_cut: bool,
    },
    #[error("the answer is too long")]
    TooLong,
    #[error("the index took in another number of vectors than it was given")]
    Count,
    #[error("the index lists the same page again")]
    Pages,
    #[error("the embedder did not give one vector of the right length for each text")]
    Vectors,
}

impl Failure {
    pub(crate) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let is_of_nothing = status == StatusCode::NOT_FOUND
            && serde_json::from_slice(body).is_ok_and(|refusal: Refusal| refusal.is_of_nothing());
        Self::Refused {
            status,
            is_of_nothing,
        }
    }

    /// Returns whether the index only says that this namespace holds nothing.
    pub(crate) fn is_of_nothing(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                is_of_nothing: true,
                ..
            }
        )
    }

    /// The table.
    fn fault(&self) -> Fault {
        match self {
            Self::Refused {
                status: StatusCode::TOO_MANY_REQUESTS,
                ..
            } => Fault::Throttled,
            Self::Refused {
                status: StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT,
                ..
            } => Fault::TimedOut,
            Self::Refused {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..
            }
            | Self::TooLong => Fault::TooLong,
            Self::Refused { status, .. } if status.is_server_error() => Fault::Unavailable,
            Self::Refused { .. } | Self::Vectors => Fault::Rejected,
            Self::Lost(error) if error.is_timeout() => Fault::TimedOut,
            Self::Lost(error) if error.is_body() || error.is_decode() => Fault::Truncated,
            Self::Garbled { is_cut: true, .. } => Fault::Truncated,
            Self::Lost(_) | Self::Garbled { .. } | Self::Count | Self::Pages => Fault::Unavailable,
        }
    }

    /// Returns what to do about it, in one sentence.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Refused {
                status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
                ..
            } => "the index refuses the key: take one of the index's own project".to_owned(),
            Self::Refused {
                status: StatusCode::NOT_FOUND,
                ..
            } => {
                "there is no index at this host: take the host that the console shows for the index"
                    .to_owned()
            }
            Self::Lost(_) => {
                "the index cannot be reached: check its host, and the way from here to it"
                    .to_owned()
            }
            Self::Refused { .. }
            | Self::Garbled { .. }
            | Self::TooLong
            | Self::Count
            | Self::Pages
            | Self::Vectors => {
                format!("the index does not answer as it should: {self}")
            }
        }
    }
}

impl From<reqwest::Error> for Failure {
    /// The address stays out: it has ids in it.
    fn from(error: reqwest::Error) -> Self {
        Self::Lost(error.without_url())
    }
}

impl From<serde_json::Error> for Failure {
    /// Only its place is kept, since the error quotes what it could not read.
    fn from(error: serde_json::Error) -> Self {
        Self::Garbled {
            line: error.line(),
            column: error.column(),
            is_cut: error.is_eof(),
        }
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        Self {
            fault: failure.fault(),
            adapter: ADAPTER,
            source: Some(Box::new(failure)),
        }
    }
}

/// The shapes in which the index says why: by number, or by name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Refusal {
    Numbered { code: i64 },
    Named { error: Reason },
}

#[derive(Deserialize)]
struct Reason {
    code: String,
}

impl Refusal {
    fn is_of_nothing(&self) -> bool {
        match self {
            Self::Numbered { code } => *code == 5,
            Self::Named { error } => error.code == "NOT_FOUND",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_is_one_fault() {
        let table = [
            (400, Fault::Rejected),
            (401, Fault::Rejected),
            (402, Fault::Rejected),
            (403, Fault::Rejected),
            (404, Fault::Rejected),
            (408, Fault::TimedOut),
            (412, Fault::Rejected),
            (413, Fault::TooLong),
            (429, Fault::Throttled),
            (302, Fault::Rejected),
            (500, Fault::Unavailable),
            (502, Fault::Unavailable),
            (503, Fault::Unavailable),
            (504, Fault::TimedOut),
        ];
        for (status, fault) in table {
            assert_eq!(
                Failure::refused(StatusCode::from_u16(status).unwrap(), b"").fault(),
                fault,
                "{status}"
            );
        }
    }

    #[test]
    fn a_namespace_that_is_not_there_holds_nothing() {
        let found = |status, body: &str| Failure::refused(status, body.as_bytes()).is_of_nothing();
        assert!(found(
            StatusCode::NOT_FOUND,
            r#"{"code":5,"message":"Namespace not found","details":[]}"#
        ));
        assert!(found(
            StatusCode::NOT_FOUND,
            r#"{"error":{"code":"NOT_FOUND","message":"x"},"status":404}"#
        ));
        assert!(!found(StatusCode::NOT_FOUND, "<html>"));
        assert!(!found(StatusCode::NOT_FOUND, r#"{"code":3}"#));
        assert!(!found(StatusCode::BAD_REQUEST, r#"{"code":5}"#));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_not_quoted() {
        let error = serde_json::from_str::<u8>("\"my knee hurts\"").unwrap_err();
        assert!(error.to_string().contains("knee"));
        let error = PortError::from(Failure::from(error));
        assert!(!format!("{error:?}").contains("knee"), "{error:?}");
        assert_eq!(error.fault, Fault::Unavailable);
        let cut = serde_json::from_str::<Vec<u8>>("[1").unwrap_err();
        assert_eq!(Failure::from(cut).fault(), Fault::Truncated);
    }
}
