//! PostgreSQL's disk without a byte left, for a while.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::time::{sleep, timeout};

use super::Field;
use super::cycle::Fault;
use crate::error::ChaosError;

/// How long it stays full, in milliseconds.
const FULL_MS: (u64, u64) = (2_000, 5_000);
/// "disk full" (PostgreSQL, appendix A).
const DISK_FULL: &str = "53100";
/// A statement that needs more room than can be left over by chance.
const PROBE: &str = "CREATE TABLE public.ballast AS
    SELECT gen_random_uuid() AS a, gen_random_uuid() AS b FROM generate_series(1, 400000)";
const PROBE_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn fill(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let disturbance = field.chronicle.disturb();
    if let Err(error) = field.servers.control("disk", "fill").await {
        field.not_injected(fault, &error.to_string());
        // Where nothing could be filled there may be nothing to free.
        let _ = field.servers.control("disk", "free").await;
        return Ok(());
    }
    let refused = is_refused(field).await;
    sleep(Duration::from_millis(
        random.random_range(FULL_MS.0..FULL_MS.1),
    ))
    .await;
    field.servers.control("disk", "free").await?;
    // Its crash recovery may have failed for want of room: then nobody starts it but us.
    field.servers.control("postgres", "start").await?;
    drop(disturbance);
    if refused {
        field.injected(fault);
        field.chronicle.recovery(fault.name()).await;
    } else {
        field.not_injected(fault, "PostgreSQL found room all the same");
    }
    let dropped = sqlx::raw_sql("DROP TABLE IF EXISTS public.ballast")
        .execute(&field.pool)
        .await;
    dropped.map(drop).map_err(ChaosError::from)
}

/// Whether PostgreSQL feels it: a statement is refused, or the server is down for want of WAL.
async fn is_refused(field: &Field) -> bool {
    let probing = timeout(PROBE_LIMIT, sqlx::raw_sql(PROBE).execute(&field.pool));
    match probing.await {
        Ok(Ok(_)) => false,
        Ok(Err(sqlx::Error::Database(error)))
            if error.code().is_some_and(|code| code == DISK_FULL) =>
        {
            true
        }
        Ok(Err(_)) | Err(_) => field.servers.control("postgres", "pid").await.is_err(),
    }
}
