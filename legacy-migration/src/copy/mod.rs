//! The copy: four passes, each by ascending keys in batches. A batch's rows, its rejects and its key are one
//! transaction of the schema `payment`; the links to orders and users are written to the schema `main` just
//! before, under ids that a repeat makes again. So a crash anywhere loses nothing and doubles nothing.

mod history;
mod masking;
mod methods;
mod orders;
mod payments;
mod read;
mod rejects;
mod row;
mod store;
mod translate;

use sqlx::mysql::MySqlConnection;
use uuid::Uuid;

use crate::error::LegacyMigrationError;
use crate::migration::{Progress, Settings, Teller};
use crate::target::Target;
pub(crate) use rejects::Reject;
pub(crate) use row::LegacyRow;
pub(crate) use store::progress;
pub(crate) use translate::{method_status, method_type, payment_status, payment_type};

/// What a legacy id is hashed with: the same legacy row is the same id, however often it is copied.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c65_6761_6379_5061_796d_656e_7473_0001);

/// A kind of row that is copied. Its name is what the target's tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Method,
    Payment,
    History,
    /// The payment that an order points at.
    Order,
    /// The order that a payment points at; copied with the payment.
    PaymentOrder,
}

impl Subject {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Method,
        Self::Payment,
        Self::History,
        Self::Order,
        Self::PaymentOrder,
    ];

    /// As the tables have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Method => "METHOD",
            Self::Payment => "PAYMENT",
            Self::History => "HISTORY",
            Self::Order => "ORDER",
            Self::PaymentOrder => "PAYMENT_ORDER",
        }
    }

    /// The id of a row.
    pub(crate) fn id(self, legacy_id: i64) -> Uuid {
        let name = format!("{}:{legacy_id}", self.name());
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
}

/// The id of the link between an order and a payment, whichever of the two it was found at.
pub(crate) fn link_id(order: i64, payment: i64) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("LINK:{order}:{payment}").as_bytes())
}

/// What a batch comes to.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The legacy ids of the rows that are carried over.
    pub(crate) carried: Vec<i64>,
    pub(crate) rejects: Vec<Reject>,
    /// Bodies in which something was cut out.
    pub(crate) masked: i64,
}

impl Batch {
    /// Takes out of what is carried whatever turns out to be a reject, by ascending ids.
    fn sift(&mut self, mut rejected: impl FnMut(i64) -> Option<Reject>) {
        for legacy_id in std::mem::take(&mut self.carried) {
            match rejected(legacy_id) {
                Some(reject) => self.rejects.push(reject),
                None => self.carried.push(legacy_id),
            }
        }
    }
}

/// One pass over a table.
pub(crate) trait Pass: Default {
    /// What it copies.
    const SUBJECT: Subject;
    /// The rows after `{after}`, at most `{limit}` of them, by key; the key is the first column.
    const QUERY: &'static str;
    /// The columns of [`Self::QUERY`] that belong to the table; further ones are looked up beside it.
    const COLUMNS: &'static [&'static str];

    /// Looks at one row: carried over, or rejected.
    fn take(&mut self, row: &LegacyRow, settings: &Settings) -> Result<i64, Reject>;

    /// Looks at what only the target knows, and takes out of `batch` what cannot be carried.
    async fn look_up(&mut self, target: &Target, batch: &mut Batch) -> Result<(), sqlx::Error>;

    /// Writes links to the schema `main`. A repeat changes nothing.
    async fn link(&self, target: &Target) -> Result<(), sqlx::Error>;

    /// Writes the rows.
    async fn insert(&self, payment: &mut sqlx::PgConnection) -> Result<(), sqlx::Error>;

    /// How many bodies had something cut out.
    fn masked(&self) -> i64 {
        0
    }
}

/// Copies whatever is not copied yet.
pub(crate) async fn copy(
    source: &mut MySqlConnection,
    target: &Target,
    settings: &Settings,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    run::<methods::Methods>(source, target, settings, tell).await?;
    run::<payments::Payments>(source, target, settings, tell).await?;
    run::<history::History>(source, target, settings, tell).await?;
    run::<orders::Orders>(source, target, settings, tell).await
}

async fn run<P: Pass>(
    source: &mut MySqlConnection,
    target: &Target,
    settings: &Settings,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    let at = store::position(target, P::SUBJECT).await?;
    if at.finished {
        return Ok(());
    }
    let mut carried = at.carried.unsigned_abs();
    let mut rows = read::page::<P>(source, at.last_key, settings.batch_rows).await?;
    while let Some(last) = rows.last() {
        let last_key = last.key()?;
        // The next rows come from one server while these go to the other.
        let (next, written) = futures::try_join!(
            read::page::<P>(source, last_key, settings.batch_rows),
            write::<P>(target, settings, &rows, last_key),
        )?;
        rows = next;
        carried += written;
        tell(Progress::new("copied", P::SUBJECT.name(), carried));
    }
    store::finish(target, P::SUBJECT).await
}

/// Writes a batch; returns how many of its rows were carried over.
async fn write<P: Pass>(
    target: &Target,
    settings: &Settings,
    rows: &[LegacyRow],
    last_key: i64,
) -> Result<u64, LegacyMigrationError> {
    let failed = LegacyMigrationError::Target;
    let mut pass = P::default();
    let mut batch = Batch::default();
    for row in rows {
        match pass.take(row, settings) {
            Ok(legacy_id) => batch.carried.push(legacy_id),
            Err(reject) => batch.rejects.push(reject),
        }
    }
    pass.look_up(target, &mut batch).await.map_err(failed)?;
    batch.masked = pass.masked();
    pass.link(target).await.map_err(failed)?;
    let mut transaction = target.payment.begin().await.map_err(failed)?;
    pass.insert(&mut transaction).await.map_err(failed)?;
    store::commit(transaction, P::SUBJECT, last_key, &batch)
        .await
        .map_err(failed)?;
    Ok(batch.carried.len() as u64)
}
