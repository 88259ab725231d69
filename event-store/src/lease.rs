//! A lease: at most one holder at a time, and each takeover raises the epoch, so that a holder who slept
//! through the takeover is refused when it writes.

use std::time::Duration;

use failpoints::failpoint;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};

use crate::command::Fence;
use crate::error::StoreError;
use crate::recorded::{signed, unsigned};

/// Connections of a lease: one that is asked over, and others for when its answer does not come.
const CONNECTIONS_MAX: u32 = 3;

/// A lease that was taken. It is kept by [`Lease::renew`]ing it well within its time to live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: String,
    epoch: u64,
}

impl Lease {
    /// Connections of leases' own, to the database of the shared ones: a renewal that waited for its turn behind
    /// the work would come too late because there is much to do, and whoever took the work over would lose the
    /// lease again.
    #[must_use]
    pub fn pool(shared: &PgPool) -> PgPool {
        let options = shared.connect_options();
        PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_lazy_with(options.as_ref().clone())
    }

    /// Takes a lease that is free or has run out; `None` while another holds it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn acquire(
        pool: &PgPool,
        name: &str,
        holder: &str,
        time_to_live: Duration,
    ) -> Result<Option<Self>, StoreError> {
        failpoint!("event-store.lease.acquire.before", sqlx::Error::Io);
        let epoch: Option<i64> = sqlx::query_scalar(
            "INSERT INTO event_store.leases AS l (name, holder, epoch, expires_at)
             VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (name) DO UPDATE
                SET holder = $2, epoch = l.epoch + 1,
                    expires_at = clock_timestamp() + make_interval(secs => $3)
              WHERE l.expires_at < clock_timestamp()
             RETURNING epoch",
        )
        .bind(name)
        .bind(holder)
        .bind(time_to_live.as_secs_f64())
        .fetch_optional(pool)
        .await?;
        let Some(epoch) = epoch else { return Ok(None) };
        failpoint!("event-store.lease.acquired", sqlx::Error::Io);
        Ok(Some(Self {
            name: name.to_owned(),
            holder: holder.to_owned(),
            epoch: unsigned(epoch, "epoch")?,
        }))
    }

    /// Keeps the lease for another while; `false` when another took it over.
    ///
    /// # Errors
    /// The database is away.
    pub async fn renew(&self, pool: &PgPool, time_to_live: Duration) -> Result<bool, StoreError> {
        failpoint!("event-store.lease.renew.before", sqlx::Error::Io);
        let renewed = sqlx::query(
            "UPDATE event_store.leases
                SET expires_at = clock_timestamp() + make_interval(secs => $3)
              WHERE name = $1 AND epoch = $2",
        )
        .bind(&self.name)
        .bind(signed(self.epoch, "epoch")?)
        .bind(time_to_live.as_secs_f64())
        .execute(pool)
        .await?;
        failpoint!("event-store.lease.renew.after", sqlx::Error::Io);
        Ok(renewed.rows_affected() == 1)
    }

    /// Gives the lease up, so that another need not wait for its end.
    ///
    /// # Errors
    /// The database is away: the lease then runs out by itself.
    pub async fn release(self, pool: &PgPool) -> Result<(), StoreError> {
        failpoint!("event-store.lease.release.before", sqlx::Error::Io);
        sqlx::query(
            "UPDATE event_store.leases SET expires_at = '-infinity' WHERE name = $1 AND epoch = $2",
        )
        .bind(&self.name)
        .bind(signed(self.epoch, "epoch")?)
        .execute(pool)
        .await?;
        failpoint!("event-store.lease.release.after", sqlx::Error::Io);
        Ok(())
    }

    /// Whether this is still the newest epoch, checked within the holder's own transaction: nobody can
    /// take the lease over before that transaction ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn holds(&self, transaction: &mut PgConnection) -> Result<bool, StoreError> {
        let epoch: Option<i64> =
            sqlx::query_scalar("SELECT epoch FROM event_store.leases WHERE name = $1 FOR SHARE")
                .bind(&self.name)
                .fetch_optional(transaction)
                .await?;
        failpoint!("event-store.lease.held", sqlx::Error::Io);
        Ok(epoch == Some(signed(self.epoch, "epoch")?))
    }

    /// For a [`crate::Command`] that only the holder may have executed.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence {
            lease: self.name.clone(),
            epoch: self.epoch,
        }
    }

    /// How many times the lease was taken, this time included.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }
}
