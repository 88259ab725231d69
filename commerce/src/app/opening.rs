//! Waiting for the database at the start: processes and their database come up in any order, and a database
//! that restarts must not take every process with it.

use std::time::Duration;

use event_store::{StoreError, with_causes};
use platform::shutdown::CancellationToken;

use crate::error::CommerceError;

/// How soon a database that is away is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Opens something in the database as soon as that is there; `None` when the stop comes first.
///
/// # Errors
/// The database answers, and has not been migrated.
pub(super) async fn when_there<T>(
    stop: &CancellationToken,
    open: impl AsyncFn() -> Result<T, StoreError>,
) -> Result<Option<T>, CommerceError> {
    let mut waited = false;
    loop {
        let error = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            opened = open() => match opened {
                Ok(opened) => {
                    if waited {
                        tracing::info!("the database is there: starting");
                    }
                    return Ok(Some(opened));
                }
                Err(error) => error,
            },
        };
        if error.is_of_the_statement() {
            return Err(CommerceError::NotMigrated { source: error });
        }
        if !std::mem::replace(&mut waited, true) {
            let error = with_causes(&error);
            tracing::warn!(
                error,
                "waiting for the database before anything is served: {error}"
            );
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(RETRY_INTERVAL) => {}
        }
    }
}
