//! What users are told (U-04).
//!
//! Kind and parameters only: the words are made by whoever shows them, in the reader's language.

mod lookups;
mod notice;
mod rows;

use async_trait::async_trait;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table;
use lookups::Lookups;
use rows::NotificationRow;

/// Makes a notification of each event that concerns a user.
pub(crate) struct Notifications;

#[async_trait]
impl Projector for Notifications {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "OrderPlaced",
            "OrderConfirmed",
            "OrderShipped",
            "OrderDelivered",
            "OrderCancelled",
            "PaymentSucceeded",
            "PaymentFailed",
            "PaymentMismatched",
            "PaymentRefunded",
            "CouponPoolCreated",
            "CouponIssued",
            "CouponReleased",
            "CouponGivenBack",
            "PointsEarned",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const {
            &[
                Table::public("notifications"),
                Table::inner("order_users"),
                Table::inner("pool_names"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let mut lookups = Lookups::load(tables, events).await?;
        let mut notifications = Vec::with_capacity(events.len());
        for event in events {
            lookups.learn(event)?;
            if let Some(notice) = notice::of(event, &lookups)? {
                notifications.push(NotificationRow {
                    user_id: notice.user_id,
                    position: event.position()?,
                    id: event.stored.metadata.event_id,
                    kind: notice.kind.to_owned(),
                    params: notice.params,
                    created_at: event.at(),
                });
            }
        }
        lookups.save(tables).await?;
        table::insert(tables, &notifications).await?;
        Ok(())
    }
}
