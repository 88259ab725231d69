//! Users' points: the account, its lots, what happened, and which points paid which line of which order.

mod fold;
mod history;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::points::PointsEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table::{self, Rows};
use fold::Books;
use rows::{AccountRow, AllocationRow, HistoryRow, LotRow};

/// Folds the events of accounts of points.
pub(crate) struct Points;

#[async_trait]
impl Projector for Points {
    fn name(&self) -> &'static str {
        "points"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "PointsEarned",
            "PointsHeld",
            "PointsSpent",
            "PointsReleased",
            "PointsReturned",
            "PointsTakenBack",
            "PointsExpired",
            "PointsAdjusted",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const {
            &[
                Table::public("point_accounts"),
                Table::public("point_lots"),
                Table::public("point_history"),
                Table::public("point_allocations"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let mut books = load(tables, events).await?;
        let mut history: Vec<HistoryRow> = Vec::with_capacity(events.len());
        for event in events {
            if let DomainEvent::Points(points_event) = &*event.event {
                let user_id = &event.stored.aggregate_id;
                books.fold(user_id, event, points_event)?;
                history.extend(history::row(user_id, event, points_event)?);
            }
        }
        books.accounts.save(tables).await?;
        books.lots.save(tables).await?;
        books.allocations.save(tables).await?;
        table::insert(tables, &history).await?;
        Ok(())
    }
}

/// The rows that a batch may change and did not itself begin.
async fn load(tables: &mut Tables<'_>, events: &[Event]) -> Result<Books, ProjectionError> {
    let (mut users, mut lots, mut orders) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for event in events {
        let DomainEvent::Points(points_event) = &*event.event else {
            continue;
        };
        users.insert(event.stored.aggregate_id.clone());
        match points_event {
            PointsEvent::PointsEarned { .. } => {}
            PointsEvent::PointsHeld { allocations, .. } => {
                lots.extend(allocations.iter().map(|part| part.lot_id.uuid()));
            }
            PointsEvent::PointsSpent { order_id, .. } => {
                orders.insert(order_id.uuid());
            }
            PointsEvent::PointsReleased {
                order_id,
                allocations,
                ..
            }
            | PointsEvent::PointsReturned {
                order_id,
                allocations,
                ..
            } => {
                orders.insert(order_id.uuid());
                lots.extend(allocations.iter().map(|part| part.lot_id.uuid()));
            }
            PointsEvent::PointsTakenBack { lot_id, .. }
            | PointsEvent::PointsExpired { lot_id, .. } => {
                lots.insert(lot_id.uuid());
            }
            PointsEvent::PointsAdjusted {
                lots: parts,
                expires_at,
                ..
            } => {
                if expires_at.is_none() {
                    lots.extend(parts.iter().map(|part| part.lot_id.uuid()));
                }
            }
        }
    }
    let of_line = |row: &AllocationRow| (row.order_id, row.order_item_id, row.lot_id);
    let of_user = |row: &AccountRow| row.user_id.clone();
    Ok(Books {
        accounts: Rows::load(tables, users, of_user).await?,
        lots: Rows::load(tables, lots, |row: &LotRow| row.id).await?,
        allocations: Rows::load::<Uuid>(tables, orders, of_line).await?,
    })
}
