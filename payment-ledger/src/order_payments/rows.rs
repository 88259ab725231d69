//! The rows, read and written in bulk.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::Currency;
use platform::money_column::MoneyColumn;
use sqlx::PgConnection;
use uuid::Uuid;

use super::states::State;
use crate::error::LedgerError;
use crate::movement::minor_column;

/// What a [`MappingRow`] is read by, and a [`StateRow`].
pub(crate) const MAPPING_COLUMNS: &str =
    "id, order_id, payment_transaction_id, payment_status, payment_confirmed_at";
pub(crate) const STATE_COLUMNS: &str = "id, order_id, current_status, payment_amount::text AS payment_amount,
    paid_amount::text AS paid_amount, refunded_amount::text AS refunded_amount, last_transaction_id";

/// A row of `main.order_payment_mapping`, but for the times that the database sets.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct MappingRow {
    /// That of the transaction.
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) payment_transaction_id: Uuid,
    pub(crate) payment_status: String,
    pub(crate) payment_confirmed_at: Option<DateTime<Utc>>,
}

/// A row of `main.payment_states`, but for the time that the database sets. Amounts are texts, so that no float is on
/// the way.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct StateRow {
    /// That of the order.
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) current_status: String,
    pub(crate) payment_amount: String,
    pub(crate) paid_amount: Option<String>,
    pub(crate) refunded_amount: Option<String>,
    pub(crate) last_transaction_id: Option<Uuid>,
}

/// A row with its order's currency.
#[derive(sqlx::FromRow)]
struct StoredState {
    currency: String,
    #[sqlx(flatten)]
    row: StateRow,
}

pub(super) async fn load(
    connection: &mut PgConnection,
    orders: BTreeSet<Uuid>,
) -> Result<Vec<State>, LedgerError> {
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let sql = format!(
        "SELECT {STATE_COLUMNS}, (SELECT currency FROM main.orders o WHERE o.id = order_id) AS currency
           FROM main.payment_states WHERE order_id = ANY ($1)"
    );
    let rows: Vec<StoredState> = sqlx::query_as(&sql)
        .bind(orders)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(StoredState::read).collect()
}

impl StoredState {
    fn read(self) -> Result<State, LedgerError> {
        let Self { currency, row } = self;
        let currency: Currency = currency
            .parse()
            .map_err(|_| LedgerError::Stored { what: "a currency" })?;
        let id = row.order_id;
        let minor = |text: &str| {
            let column = text.parse::<MoneyColumn>();
            let minor = column.and_then(|column| column.to_minor(currency.exponent()));
            minor.map_err(|source| LedgerError::Amount { id, source })
        };
        Ok(State {
            order_id: id,
            currency,
            to_pay_minor: minor(&row.payment_amount)?,
            paid_minor: minor(row.paid_amount.as_deref().unwrap_or("0"))?,
            refunded_minor: minor(row.refunded_amount.as_deref().unwrap_or("0"))?,
            current_status: row.current_status,
            last_transaction_id: row.last_transaction_id,
        })
    }
}

impl State {
    /// As it is stored.
    pub(super) fn row(&self) -> Result<StateRow, LedgerError> {
        let amount = |minor| minor_column(self.order_id, minor, self.currency);
        Ok(StateRow {
            id: self.order_id,
            order_id: self.order_id,
            current_status: self.current_status.clone(),
            payment_amount: amount(self.to_pay_minor)?,
            paid_amount: Some(amount(self.paid_minor)?),
            refunded_amount: Some(amount(self.refunded_minor)?),
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
    states: &[StateRow],
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO main.payment_states
                (id, order_id, current_status, payment_amount, paid_amount, refunded_amount,
                 last_transaction_id)
         SELECT id, order_id, status, to_pay::numeric, paid::numeric, refunded::numeric,
                transaction_id
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::uuid[])
                AS state (id, order_id, status, to_pay, paid, refunded, transaction_id)
         ON CONFLICT (order_id) DO UPDATE
            SET current_status = excluded.current_status, payment_amount = excluded.payment_amount,
                paid_amount = excluded.paid_amount, refunded_amount = excluded.refunded_amount,
                last_transaction_id = excluded.last_transaction_id",
    )
    .bind(each(states, |state| state.id))
    .bind(each(states, |state| state.order_id))
    .bind(each(states, |state| state.current_status.as_str()))
    .bind(each(states, |state| state.payment_amount.as_str()))
    .bind(each(states, |state| state.paid_amount.as_deref()))
    .bind(each(states, |state| state.refunded_amount.as_deref()))
    .bind(each(states, |state| state.last_transaction_id))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes mappings, whether or not they are there.
pub(super) async fn save_mappings(
    connection: &mut PgConnection,
    mappings: &[&MappingRow],
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO main.order_payment_mapping
                (id, order_id, payment_transaction_id, payment_status, payment_confirmed_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
         ON CONFLICT (order_id, payment_transaction_id) DO UPDATE
            SET payment_status = excluded.payment_status,
                payment_confirmed_at = excluded.payment_confirmed_at",
    )
    .bind(each(mappings, |mapping| mapping.id))
    .bind(each(mappings, |mapping| mapping.order_id))
    .bind(each(mappings, |mapping| mapping.payment_transaction_id))
    .bind(each(mappings, |mapping| mapping.payment_status.as_str()))
    .bind(each(mappings, |mapping| mapping.payment_confirmed_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// A column of these rows.
fn each<'r, R, T>(rows: &'r [R], column: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(column).collect()
}

/// Deletes all rows; those of the legacy migration are in tables of their own.
pub(super) async fn clear(connection: &mut PgConnection) -> Result<(), LedgerError> {
    for table in ["order_payment_mapping", "payment_states", "orders"] {
        let delete = format!("DELETE FROM main.{table}");
        sqlx::query(&delete).execute(&mut *connection).await?;
    }
    Ok(())
}
