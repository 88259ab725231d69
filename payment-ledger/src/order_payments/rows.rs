//! The rows, read and written in bulk.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::Currency;
use platform::money_column::MoneyColumn;
use sqlx::PgConnection;
use uuid::Uuid;

use super::states::State;
use crate::error::LedgerError;
use crate::movement::{Status, minor_column};

/// A row of `main.order_payment_mapping`.
pub(super) struct MappingRow {
    pub(super) transaction_id: Uuid,
    pub(super) order_id: Uuid,
    pub(super) status: Status,
    pub(super) confirmed_at: Option<DateTime<Utc>>,
}

/// A row of `main.payment_states`, with its order's currency. Amounts are texts, so that no float is on the way.
#[derive(sqlx::FromRow)]
struct StoredState {
    order_id: Uuid,
    currency: String,
    current_status: String,
    to_pay: String,
    paid: String,
    refunded: String,
    last_transaction_id: Option<Uuid>,
}

pub(super) async fn load(
    connection: &mut PgConnection,
    orders: BTreeSet<Uuid>,
) -> Result<Vec<State>, LedgerError> {
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let rows: Vec<StoredState> = sqlx::query_as(
        "SELECT s.order_id, o.currency, s.current_status, s.payment_amount::text AS to_pay,
                coalesce(s.paid_amount, 0)::text AS paid,
                coalesce(s.refunded_amount, 0)::text AS refunded, s.last_transaction_id
           FROM main.payment_states s JOIN main.orders o ON o.id = s.order_id
          WHERE s.order_id = ANY ($1)",
    )
    .bind(orders)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(StoredState::read).collect()
}

impl StoredState {
    fn read(self) -> Result<State, LedgerError> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|_| LedgerError::Stored { what: "a currency" })?;
        let id = self.order_id;
        let minor = |text: &str| {
            let column = text.parse::<MoneyColumn>();
            let minor = column.and_then(|column| column.to_minor(currency.exponent()));
            minor.map_err(|source| LedgerError::Amount { id, source })
        };
        Ok(State {
            order_id: id,
            currency,
            to_pay_minor: minor(&self.to_pay)?,
            paid_minor: minor(&self.paid)?,
            refunded_minor: minor(&self.refunded)?,
            current_status: self.current_status,
            last_transaction_id: self.last_transaction_id,
        })
    }
}

/// The anchors that the other tables' keys lead to.
pub(super) async fn add_orders(
    connection: &mut PgConnection,
    orders: &[(Uuid, Currency)],
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO main.orders (id, currency) SELECT * FROM unnest($1::uuid[], $2::text[])",
    )
    .bind(orders.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(
        orders
            .iter()
            .map(|(_, currency)| currency.code())
            .collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes states, whether or not they are there.
pub(super) async fn save_states(
    connection: &mut PgConnection,
    states: &[&State],
) -> Result<(), LedgerError> {
    let amounts = |minor: fn(&State) -> i64| -> Result<Vec<String>, LedgerError> {
        let column = |state: &&State| minor_column(state.order_id, minor(state), state.currency);
        states.iter().map(column).collect()
    };
    let statuses = states.iter().map(|state| state.current_status.as_str());
    let transactions = states.iter().map(|state| state.last_transaction_id);
    sqlx::query(
        "INSERT INTO main.payment_states
                (id, order_id, current_status, payment_amount, paid_amount, refunded_amount,
                 last_transaction_id)
         SELECT order_id, order_id, status, to_pay::numeric, paid::numeric, refunded::numeric,
                transaction_id
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[])
                AS state (order_id, status, to_pay, paid, refunded, transaction_id)
         ON CONFLICT (order_id) DO UPDATE
            SET current_status = excluded.current_status, payment_amount = excluded.payment_amount,
                paid_amount = excluded.paid_amount, refunded_amount = excluded.refunded_amount,
                last_transaction_id = excluded.last_transaction_id",
    )
    .bind(
        states
            .iter()
            .map(|state| state.order_id)
            .collect::<Vec<_>>(),
    )
    .bind(statuses.collect::<Vec<_>>())
    .bind(amounts(|state| state.to_pay_minor)?)
    .bind(amounts(|state| state.paid_minor)?)
    .bind(amounts(|state| state.refunded_minor)?)
    .bind(transactions.collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes mappings, whether or not they are there: of each the last.
pub(super) async fn save_mappings(
    connection: &mut PgConnection,
    mappings: Vec<MappingRow>,
) -> Result<(), LedgerError> {
    let last: BTreeMap<Uuid, MappingRow> = mappings
        .into_iter()
        .map(|mapping| (mapping.transaction_id, mapping))
        .collect();
    sqlx::query(
        "INSERT INTO main.order_payment_mapping
                (id, order_id, payment_transaction_id, payment_status, payment_confirmed_at)
         SELECT transaction_id, order_id, transaction_id, status, confirmed_at
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
                AS mapping (transaction_id, order_id, status, confirmed_at)
         ON CONFLICT (order_id, payment_transaction_id) DO UPDATE
            SET payment_status = excluded.payment_status,
                payment_confirmed_at = excluded.payment_confirmed_at",
    )
    .bind(last.keys().copied().collect::<Vec<_>>())
    .bind(
        last.values()
            .map(|mapping| mapping.order_id)
            .collect::<Vec<_>>(),
    )
    .bind(
        last.values()
            .map(|mapping| mapping.status.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        last.values()
            .map(|mapping| mapping.confirmed_at)
            .collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes all rows; those of the legacy migration are in tables of their own.
pub(super) async fn clear(connection: &mut PgConnection) -> Result<(), LedgerError> {
    for table in ["order_payment_mapping", "payment_states", "orders"] {
        let delete = format!("DELETE FROM main.{table}");
        sqlx::query(&delete).execute(&mut *connection).await?;
    }
    Ok(())
}
