//! A holder of a lease that is frozen until another has taken over, and then goes on as if nothing were.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::Field;
use super::cycle::Fault;
use crate::error::ChaosError;
use crate::process::Kind;

const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// After the takeover, so that the new holder has acted when the old one wakes.
const AFTERMATH: Duration = Duration::from_millis(1_500);

/// Whom to freeze.
pub(super) struct Holder {
    kind: Kind,
    lease: &'static str,
    /// The longest freeze: longer than the lease.
    freeze_max: Duration,
}

pub(super) const RUNNER: Holder = Holder {
    kind: Kind::Processes,
    lease: "processes",
    freeze_max: Duration::from_secs(6),
};
pub(super) const RELAY: Holder = Holder {
    kind: Kind::Followers,
    lease: "relay",
    freeze_max: Duration::from_secs(15),
};

/// Freezes the holder until its lease has another epoch, and a moment longer.
pub(super) async fn freeze(field: &Field, fault: Fault, holder: &Holder) -> Result<(), ChaosError> {
    let Ok((name, epoch)) = lease(field, holder).await else {
        field.not_injected(fault, "PostgreSQL was away");
        return Ok(());
    };
    // Both kinds begin a holder's name with its process.
    let pid = name.split('-').next().and_then(|pid| pid.parse().ok());
    let found = field
        .shop
        .of_kind(holder.kind)
        .find(|one| one.pid() == pid && pid.is_some());
    let Some(process) = found else {
        field.not_injected(fault, "its holder had just been killed");
        return Ok(());
    };
    let thaw = process.freeze();
    let started = Instant::now();
    let mut taken_over = false;
    while started.elapsed() < holder.freeze_max && !taken_over {
        sleep(LOOK_INTERVAL).await;
        taken_over = lease(field, holder).await.is_ok_and(|(_, now)| now > epoch);
    }
    if taken_over {
        sleep(AFTERMATH).await;
        field.injected(fault);
    } else {
        // The standby had been killed too.
        field.not_injected(fault, "nobody was there to take over");
    }
    let frozen_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    field.chronicle.note(
        "thaws",
        &json!({ "lease": holder.lease, "frozenMs": frozen_ms }),
    );
    drop(thaw);
    Ok(())
}

async fn lease(field: &Field, holder: &Holder) -> Result<(String, i64), ChaosError> {
    let lease = sqlx::query_as("SELECT holder, epoch FROM event_store.leases WHERE name = $1");
    let lease = lease.bind(holder.lease).fetch_optional(&field.pool).await?;
    Ok(lease.unwrap_or_default())
}
