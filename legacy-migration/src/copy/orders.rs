//! The payment that an order points at → `main.legacy_order_payment_mapping`, unless the payment named the
//! order as well: then the link is there already.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::history::carried_payments;
use super::rejects::{Reason, Refusal, Reject};
use super::row::LegacyRow;
use super::translate::payment_status;
use super::{Batch, Pass, Subject, link_id};
use crate::migration::Settings;
use crate::target::Target;

/// The order that a payment belongs to.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) order: i64,
    pub(super) payment: i64,
    pub(super) status: &'static str,
    pub(super) confirmed_at: Option<DateTime<Utc>>,
}

/// A batch of orders.
#[derive(Debug, Default)]
pub(super) struct Orders {
    rows: HashMap<i64, (Link, Reject)>,
    /// Those whose payment named them: their link is there already.
    linked: HashSet<i64>,
}

impl Pass for Orders {
    const SUBJECT: Subject = Subject::Order;
    const QUERY: &'static str = "SELECT o.order_id, o.payment_id, p.status, p.completed_at, p.payment_id, \
         p.order_id \
         FROM orders o LEFT JOIN tb_payments p ON p.payment_id = o.payment_id \
         WHERE o.payment_id IS NOT NULL AND o.order_id > {after} ORDER BY o.order_id LIMIT {limit}";
    // Status and time are the payment's, so that a reject shows what the order pointed at.
    const COLUMNS: &'static [&'static str] = &["order_id", "payment_id", "status", "completed_at"];

    fn take(&mut self, row: &LegacyRow, settings: &Settings) -> Result<i64, Reject> {
        let order = row
            .integer("order_id")
            .map_err(|refusal| row.rejected(refusal))?;
        let Some(payment) = row.beside(Self::COLUMNS.len()) else {
            let orphan = Refusal::new(
                Reason::Orphan,
                "the payment that it points at does not exist",
            );
            return Err(row.rejected(orphan));
        };
        let rejected = Refusal::new(
            Reason::ParentRejected,
            "the payment that it points at is among the rejects",
        );
        // A payment that was carried over has a status and a time that can be read.
        let status = row.text("status", 30).ok().flatten();
        let status = status.and_then(|status| payment_status(&status));
        let confirmed_at = row.time("completed_at", settings.utc_offset);
        let (Some(status), Ok(confirmed_at)) = (status, confirmed_at) else {
            return Err(row.rejected(rejected));
        };
        let link = Link {
            order,
            payment,
            status,
            confirmed_at,
        };
        if row.beside(Self::COLUMNS.len() + 1) == Some(order) {
            self.linked.insert(order);
        }
        self.rows.insert(order, (link, row.rejected(rejected)));
        Ok(order)
    }

    async fn look_up(&mut self, target: &Target, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let payments = self.rows.values().map(|(link, _)| link.payment).collect();
        let carried: HashSet<i64> = carried_payments(target, payments).await?;
        batch.sift(|id| {
            let link = self.rows.get(&id);
            let stays = link.is_some_and(|(link, _)| carried.contains(&link.payment));
            let row = if stays { None } else { self.rows.remove(&id) };
            row.map(|(_, reject)| reject)
        });
        Ok(())
    }

    async fn link(&self, target: &Target) -> Result<(), sqlx::Error> {
        let links = self.rows.values().map(|(link, _)| link);
        let links: Vec<&Link> = links.filter(|l| !self.linked.contains(&l.order)).collect();
        insert_links(&target.main, &links).await
    }

    async fn insert(&self, _payment: &mut PgConnection) -> Result<(), sqlx::Error> {
        // All that an order leaves is its link, and that is in the other schema.
        Ok(())
    }
}

/// Writes links. One that is there already stays as it is.
pub(super) async fn insert_links(main: &PgPool, links: &[&Link]) -> Result<(), sqlx::Error> {
    if links.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = links
        .iter()
        .map(|link| link_id(link.order, link.payment))
        .collect();
    let payments = links.iter().map(|link| Subject::Payment.id(link.payment));
    let confirmed = links.iter().map(|link| match link.status {
        "SUCCESS" => link.confirmed_at,
        _ => None,
    });
    sqlx::query(
        "INSERT INTO main.legacy_order_payment_mapping
                (id, legacy_order_id, payment_transaction_id, payment_status, payment_confirmed_at)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[])
         ON CONFLICT ON CONSTRAINT uk_legacy_order_payment DO NOTHING",
    )
    .bind(ids)
    .bind(links.iter().map(|link| link.order).collect::<Vec<_>>())
    .bind(payments.collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.status).collect::<Vec<_>>())
    .bind(confirmed.collect::<Vec<_>>())
    .execute(main)
    .await
    .map(|_| ())
}
