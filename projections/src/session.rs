//! The connection that feeds a generation: a session of its own, which no pool hands to others.

use std::time::Duration;

use failpoints::failpoint;
use sqlx::{Connection, PgConnection, PgPool};

use crate::error::ProjectionError;
use crate::generation::Target;

/// The first half of the advisory lock of whoever feeds a generation; arbitrary, and nothing else in this
/// database takes it.
const LEAD_LOCK_CLASS: i32 = 620_201;

/// Opens a session whose unqualified table names are the generation's.
pub(crate) async fn connect(
    pool: &PgPool,
    target: &Target,
) -> Result<PgConnection, ProjectionError> {
    let options = (*pool.connect_options()).clone().options([
        ("search_path", target.schema().as_str()),
        (
            "application_name",
            &format!("commerce-projection-{}", target.projection()),
        ),
        // A commit that a crash of the server undoes is made again from the log: rows and checkpoint go
        // back together. So nobody has to wait for the disk.
        ("synchronous_commit", "off"),
        // A new generation's tables fill faster than they are analysed, and a plan that was made for an
        // empty table would be kept.
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        // A peer that vanished with its machine is given up after about 12 s.
        ("tcp_keepalives_idle", "6"),
        ("tcp_keepalives_interval", "2"),
        ("tcp_keepalives_count", "3"),
    ]);
    let connection = PgConnection::connect_with(&options).await?;
    failpoint!("projections.session.connected", sqlx::Error::Io);
    Ok(connection)
}

/// Tries to become the one that feeds the generation, for as long as the session lives. Who holds the
/// lead has it only for efficiency: exactness rests on [`Target::advance`].
pub(crate) async fn try_lead(
    connection: &mut PgConnection,
    target: &Target,
) -> Result<bool, ProjectionError> {
    Ok(
        sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
            .bind(LEAD_LOCK_CLASS)
            .bind(target.schema())
            .fetch_one(connection)
            .await?,
    )
}

/// Has the server end the session, and with it the lead, when nothing is heard from it for so long: a
/// frozen process must not keep the others from taking over.
pub(crate) async fn end_when_silent(
    connection: &mut PgConnection,
    silence: Duration,
) -> Result<(), ProjectionError> {
    let silence_ms = format!("{}ms", silence.as_millis());
    for setting in [
        "idle_session_timeout",
        "idle_in_transaction_session_timeout",
    ] {
        sqlx::query("SELECT set_config($1, $2, false)")
            .bind(setting)
            .bind(&silence_ms)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Ends a session. Nothing depends on how: the server notices in any case.
pub(crate) async fn close(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(error = %error, "a projection's session did not end cleanly");
    }
}
