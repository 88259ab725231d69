//! Transactions that only the holder of the lease can commit.

use event_store::Lease;
use failpoints::failpoint;
use sqlx::{PgPool, Postgres, Transaction};

use crate::error::ProcessesError;

/// Not flushed by themselves: a crash of the database may take the newest of these transactions back, and what was
/// begun with them stays begun. Whoever reads their events again takes nothing for untried ([`crate::item::Origin`]),
/// so that only work is repeated that is recognised. The command that an action leads to is flushed, and with it
/// everything that was written before it; the last write before a silence is flushed by the reader, if it is
/// still there.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off";
const BEGIN_FLUSHED: &str = "BEGIN";

/// Begins a transaction that stays the holder's until its end: the lease's row is locked in it, so that
/// nobody can take the lease over before it is committed.
///
/// # Errors
/// The lease was taken over, or the database is away.
pub async fn begin(
    pool: &PgPool,
    lease: &Lease,
) -> Result<Transaction<'static, Postgres>, ProcessesError> {
    begin_with(BEGIN, pool, lease).await
}

/// Begins one that no crash takes back, and once it has written, nothing either that was committed before it.
pub(crate) async fn begin_flushed(
    pool: &PgPool,
    lease: &Lease,
) -> Result<Transaction<'static, Postgres>, ProcessesError> {
    begin_with(BEGIN_FLUSHED, pool, lease).await
}

async fn begin_with(
    statement: &'static str,
    pool: &PgPool,
    lease: &Lease,
) -> Result<Transaction<'static, Postgres>, ProcessesError> {
    let mut transaction = pool.begin_with(statement).await?;
    failpoint!("processes.fenced.begun", sqlx::Error::Io);
    if lease.holds(&mut transaction).await? {
        Ok(transaction)
    } else {
        Err(ProcessesError::LeaseLost)
    }
}
