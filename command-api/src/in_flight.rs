//! Which commands with an `Idempotency-Key` this process is working on, so that the same request again is
//! told to wait instead of being done twice. Other processes are kept apart by the log itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use event_store::{CommandId, Fingerprint};
use platform::ApiError;

/// When the same request may be tried again, in seconds: most commands take milliseconds.
const RETRY_AFTER_S: u32 = 1;

/// The commands under way. As many as there are requests, which the server limits.
#[derive(Clone, Default)]
pub(crate) struct InFlight {
    running: Arc<Mutex<HashMap<CommandId, Fingerprint>>>,
}

/// A command under way, until this is dropped.
pub(crate) struct Running {
    id: CommandId,
    in_flight: InFlight,
}

impl InFlight {
    /// Enters a command.
    ///
    /// # Errors
    /// 409 when it is under way already, 422 when another request with the same key is.
    pub(crate) fn enter(
        &self,
        id: CommandId,
        fingerprint: Fingerprint,
    ) -> Result<Running, ApiError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.entry(id) {
            MapEntry::Vacant(vacant) => {
                vacant.insert(fingerprint);
                Ok(Running {
                    id,
                    in_flight: self.clone(),
                })
            }
            MapEntry::Occupied(occupied) if *occupied.get() == fingerprint => {
                Err(ApiError::conflict("REQUEST_IN_PROGRESS").with_retry_after_s(RETRY_AFTER_S))
            }
            MapEntry::Occupied(_) => Err(key_reused()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self
            .in_flight
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.id);
    }
}

/// 422: the key belongs to another request.
pub(crate) fn key_reused() -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_under_way_is_refused_until_it_ends() {
        let in_flight = InFlight::default();
        let id = CommandId::from_key("alice", "k");
        let (one, other) = (Fingerprint::of(&[b"one"]), Fingerprint::of(&[b"other"]));
        let running = in_flight.enter(id, one).expect("the first");
        let again = in_flight.enter(id, one).err().expect("the second");
        assert_eq!(
            (again.status().as_u16(), again.retry_after_s()),
            (409, Some(1))
        );
        assert_eq!(
            in_flight
                .enter(id, other)
                .err()
                .expect("another")
                .status()
                .as_u16(),
            422
        );
        drop(running);
        assert!(in_flight.enter(id, other).is_ok());
    }
}
