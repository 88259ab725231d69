//! Whether what this room needs answers.

use std::time::Duration;

use event_store::EventStore;
use platform::health::{CheckFailed, Health, Need};

use crate::coupon_gate::CouponGate;

/// How long PostgreSQL may take to say how far the log is.
const POSTGRES_DEADLINE: Duration = Duration::from_secs(2);
/// How long Redis may take to answer a ping.
const REDIS_DEADLINE: Duration = Duration::from_secs(1);

/// Adds the checks of this room.
pub(crate) fn add_checks(health: Health, store: &EventStore, gate: Option<&CouponGate>) -> Health {
    let asked = store.clone();
    let health = health.check("postgres", Need::Required, POSTGRES_DEADLINE, move || {
        let store = asked.clone();
        async move {
            let read = store.log().head().await;
            read.map_err(|error| CheckFailed(error.to_string()))?;
            // It may answer questions and take no commands: its standby is away, or its disk is full.
            if store.is_away() {
                return Err(CheckFailed("it takes no commands".to_owned()));
            }
            Ok(())
        }
    });
    let Some(gate) = gate.cloned() else {
        return health;
    };
    health.check("redis", Need::Degradable, REDIS_DEADLINE, move || {
        let gate = gate.clone();
        async move {
            gate.ping()
                .await
                .map_err(|error| CheckFailed(error.to_string()))
        }
    })
}
