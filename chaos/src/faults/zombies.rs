//! A holder of a lease that is frozen until another has taken over, and then goes on as if nothing were.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::Field;
use super::cycle::Fault;
use crate::error::ChaosError;
use crate::process::{Kind, Supervised};

/// How long a holder is looked for: the last one may have been killed a moment ago.
const FIND_PATIENCE: Duration = Duration::from_secs(15);
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
    freeze_max: Duration::from_secs(10),
};
pub(super) const RELAY: Holder = Holder {
    kind: Kind::Followers,
    lease: "relay",
    freeze_max: Duration::from_secs(15),
};

/// Freezes the holder until its lease has another epoch, and a moment longer.
pub(super) async fn freeze(field: &Field, fault: Fault, holder: &Holder) -> Result<(), ChaosError> {
    let Some((process, epoch)) = find(field, holder).await else {
        field.not_injected(fault, "nobody alive held the lease");
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

/// The process that holds the lease, should it live, and the lease's epoch.
async fn find<'a>(field: &'a Field, holder: &Holder) -> Option<(&'a Supervised, i64)> {
    let started = Instant::now();
    while started.elapsed() < FIND_PATIENCE {
        // PostgreSQL may be away.
        if let Ok((name, epoch)) = lease(field, holder).await {
            // Both kinds begin a holder's name with its process.
            let pid = name.split('-').next().and_then(|pid| pid.parse().ok());
            let mut processes = field.shop.of_kind(holder.kind);
            let found = processes.find(|one| pid.is_some() && one.pid() == pid);
            if let Some(process) = found {
                return Some((process, epoch));
            }
        }
        sleep(LOOK_INTERVAL).await;
    }
    None
}

async fn lease(field: &Field, holder: &Holder) -> Result<(String, i64), ChaosError> {
    let lease = sqlx::query_as("SELECT holder, epoch FROM event_store.leases WHERE name = $1");
    let lease = lease.bind(holder.lease).fetch_optional(&field.pool).await?;
    Ok(lease.unwrap_or_default())
}
