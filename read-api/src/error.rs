//! What can go wrong with a query, and what the caller is told.

use actix_web::http::StatusCode;
use platform::ApiError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The database refused or is away.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A number in the database is out of its range.
    #[error("{what} is out of range")]
    OutOfRange {
        /// Which.
        what: &'static str,
    },
}

/// What the database's refusal means to the caller.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// It is away, full or about to go: worth another attempt.
    Away,
    /// The statement took too long.
    Slow,
    /// A defect.
    Defect,
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Database(source) => match trouble(source) {
                // The health check logs that the database is away, once; here it would be a line a query.
                Trouble::Away => {
                    tracing::debug!(error = %error, "a query was not answered: {error}");
                    Self::unavailable()
                }
                Trouble::Slow => {
                    tracing::warn!(error = %error, "a query took too long: {error}");
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT")
                }
                Trouble::Defect => Self::internal(&error),
            },
            ReadError::OutOfRange { .. } => Self::internal(&error),
        }
    }
}

fn trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Trouble::Away,
        sqlx::Error::Database(error) => {
            error.code().map_or(Trouble::Defect, |code| by_state(&code))
        }
        _ => Trouble::Defect,
    }
}

/// By SQLSTATE (PostgreSQL's appendix A).
fn by_state(code: &str) -> Trouble {
    match code {
        "57014" => Trouble::Slow,
        // Serialization failure: on a replica, the primary's vacuum took what the query was reading.
        "40001" => Trouble::Away,
        _ => match code.get(..2) {
            // Connection, authorization, resources, the operator's intervention.
            Some("08" | "28" | "53" | "57") => Trouble::Away,
            _ => Trouble::Defect,
        },
    }
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn unsigned(value: i64, what: &'static str) -> Result<u64, ReadError> {
    u64::try_from(value).map_err(|_| ReadError::OutOfRange { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_by_itself_is_503_and_a_defect_is_500() {
        assert_eq!(by_state("57014"), Trouble::Slow);
        for away in ["08006", "28P01", "40001", "53300", "57P01", "57P03"] {
            assert_eq!(by_state(away), Trouble::Away, "{away}");
        }
        for defect in ["42P01", "22021", "25006", ""] {
            assert_eq!(by_state(defect), Trouble::Defect, "{defect}");
        }
        let status = |error: sqlx::Error| ApiError::from(ReadError::from(error)).status();
        assert_eq!(
            status(sqlx::Error::PoolTimedOut),
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(
            status(sqlx::Error::RowNotFound),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
