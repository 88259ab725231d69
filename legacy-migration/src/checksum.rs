//! Whether two tables of the legacy database hold the same rows, found out in the server, a range of keys at
//! a time: how many rows, and two sums over a digest of each whole row.

use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlConnection;

use crate::error::LegacyMigrationError;
use crate::shape::LegacyTable;
use crate::source::{number, parsed, texts};

/// Rows that one statement digests: well under a second.
pub(crate) const RANGE_ROWS: u32 = 50_000;

/// What a table holds. Two tables with the same rows have the same, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    pub(crate) rows: u64,
    /// The exclusive or of each row's 64 bits of MD5. Keys are unique, so no two rows cancel each other.
    xor: u64,
    /// The sum of each row's CRC-32.
    sum: u64,
}

impl Fingerprint {
    fn add(&mut self, rows: u64, xor: u64, sum: u64) {
        self.rows += rows;
        self.xor ^= xor;
        self.sum = self.sum.wrapping_add(sum);
    }
}

/// The last key of the next range after `after`; 0 when there is none.
pub(crate) async fn next_range(
    source: &mut MySqlConnection,
    table: &str,
    key: &str,
    after: i64,
) -> Result<i64, LegacyMigrationError> {
    let sql = format!(
        "SELECT MAX({key}) FROM (SELECT {key} FROM {table} WHERE {key} > {after}
                                  ORDER BY {key} LIMIT {RANGE_ROWS}) AS span"
    );
    number(source, &sql).await
}

/// The fingerprint of a legacy table, or of its backup: `stored_as` is the one to look at.
pub(crate) async fn fingerprint(
    source: &mut MySqlConnection,
    table: &LegacyTable,
    stored_as: &str,
    seen: &mut (dyn FnMut(u64) + Send),
) -> Result<Fingerprint, LegacyMigrationError> {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    digest(source, stored_as, "", table.key, &columns, seen).await
}

/// The fingerprint of the links from orders to payments. Orders without a payment may come and go.
pub(crate) async fn orders_fingerprint(
    source: &mut MySqlConnection,
    seen: &mut (dyn FnMut(u64) + Send),
) -> Result<Fingerprint, LegacyMigrationError> {
    digest(
        source,
        "orders",
        "AND payment_id IS NOT NULL",
        "order_id",
        &["order_id", "payment_id"],
        seen,
    )
    .await
}

async fn digest(
    source: &mut MySqlConnection,
    stored_as: &str,
    only: &str,
    key: &str,
    columns: &[&str],
    seen: &mut (dyn FnMut(u64) + Send),
) -> Result<Fingerprint, LegacyMigrationError> {
    // QUOTE tells a NULL from the text 'NULL' and from nothing; CONCAT_WS alone would leave a NULL out.
    let quoted: Vec<String> = columns
        .iter()
        .map(|name| format!("QUOTE({name})"))
        .collect();
    let row = format!("CONCAT_WS(',', {})", quoted.join(", "));
    let mut total = Fingerprint::default();
    // Keys count from 1 in such tables, but nothing stops one from being 0 or less.
    let lowest = format!("SELECT COALESCE(MIN({key}), 1) - 1 FROM {stored_as}");
    let mut after = number(source, &lowest).await?;
    loop {
        let until = next_range(source, stored_as, key, after).await?;
        if until <= after {
            return Ok(total);
        }
        let sql = format!(
            "SELECT COUNT(*), COUNT({row}),
                    COALESCE(BIT_XOR(CAST(CONV(LEFT(MD5({row}), 16), 16, 10) AS UNSIGNED)), 0),
                    COALESCE(SUM(CRC32({row})), 0)
               FROM {stored_as} WHERE {key} > {after} AND {key} <= {until} {only}"
        );
        let answer = texts(source, &sql).await?;
        let numbers: Result<Vec<u64>, _> = answer.iter().flatten().map(|n| parsed(n)).collect();
        match numbers?.as_slice() {
            [rows, digested, xor, sum] if rows == digested => total.add(*rows, *xor, *sum),
            // A text that is larger than max_allowed_packet is NULL to the server.
            [_, _, _, _] => {
                return Err(LegacyMigrationError::TooLarge {
                    table: stored_as.to_owned(),
                });
            }
            _ => {
                return Err(LegacyMigrationError::Unreadable {
                    what: format!("the checksum of {stored_as}"),
                });
            }
        }
        seen(total.rows);
        after = until;
    }
}
