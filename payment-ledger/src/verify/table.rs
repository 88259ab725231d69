//! A table beside the rows that the log makes, a page at a time: what is missing, what was invented, and which columns
//! differ.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::iter::Peekable;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::error::LedgerError;

/// Rows that are read at a time.
const ROWS_PAGE: i64 = 5_000;
/// Differences that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// What a comparison of a table with the log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableComparison {
    /// Its name, with its schema.
    pub table: &'static str,
    /// Rows that the log knows of.
    pub rows: usize,
    /// How many differ.
    pub differences: u64,
    /// The first of them.
    pub told: Vec<String>,
    /// Of transactions: what was charged and what went back by the table, of each currency, as decimal numbers.
    pub sums: String,
}

/// A row: as the table has it, or as the log makes it.
pub(super) trait Row: for<'r> FromRow<'r, PgRow> + PartialEq + Send + Unpin {
    /// Its table, with its schema.
    const TABLE: &'static str;
    /// What it is read by.
    const COLUMNS: &'static str;
    /// Which rows of the table follow from the log.
    const OURS: &'static str = "true";

    /// Its key.
    fn id(&self) -> Uuid;

    /// What it is.
    fn name(&self) -> String;

    /// All its other columns that the log knows, as texts.
    fn columns(&self) -> Vec<(&'static str, String)>;

    /// What only the table can say of what is wanted.
    async fn amend(
        _snapshot: &mut PgConnection,
        _pairs: &mut [Pair<Self>],
    ) -> Result<(), LedgerError> {
        Ok(())
    }
}

/// One row by both.
pub(super) struct Pair<R> {
    /// By the log.
    pub(super) wanted: Option<R>,
    /// By the table.
    pub(super) found: Option<R>,
}

impl TableComparison {
    /// Nothing of the table is compared yet.
    pub(super) fn of<R: Row>() -> Self {
        Self {
            table: R::TABLE,
            ..Self::default()
        }
    }

    /// Compares the whole table; a page of it is in memory beside what is wanted.
    pub(super) async fn whole<R: Row>(
        snapshot: &mut PgConnection,
        wanted: BTreeMap<Uuid, R>,
    ) -> Result<Self, LedgerError> {
        let mut comparison = Self {
            rows: wanted.len(),
            ..Self::of::<R>()
        };
        let mut wanted = wanted.into_values().peekable();
        let mut after = None;
        loop {
            let found: Vec<R> = page(snapshot, after).await?;
            let Some(last) = found.last() else { break };
            after = Some(last.id());
            let mut pairs = pairs(&mut wanted, found);
            R::amend(snapshot, &mut pairs).await?;
            for pair in pairs {
                comparison.look(pair);
            }
        }
        comparison.miss_all(wanted);
        Ok(comparison)
    }

    /// Compares a part of the table, which has no other rows; both in the order of ids.
    pub(super) fn part<R: Row>(&mut self, wanted: impl IntoIterator<Item = R>, found: Vec<R>) {
        let mut wanted = wanted.into_iter().peekable();
        for pair in pairs(&mut wanted, found) {
            self.look(pair);
        }
        self.miss_all(wanted);
    }

    /// A row that the log knows nothing of.
    pub(super) fn invented<R: Row>(&mut self, found: &R) {
        self.differs(|| format!("the log knows of no {}", whole(found)));
    }

    fn look<R: Row>(&mut self, pair: Pair<R>) {
        match (pair.wanted, pair.found) {
            (Some(wanted), Some(found)) if wanted != found => {
                self.differs(|| difference(&wanted, &found));
            }
            (None, Some(found)) => self.invented(&found),
            (Some(wanted), None) => self.miss_all([wanted]),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn miss_all<R: Row>(&mut self, wanted: impl IntoIterator<Item = R>) {
        for row in wanted {
            self.differs(|| format!("the {} is not there", whole(&row)));
        }
    }

    pub(super) fn differs(&mut self, difference: impl FnOnce() -> String) {
        self.differences += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(difference());
        }
    }

    /// Whether the table is what the log says.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences == 0
    }
}

/// The next rows of a table that follow from the log, in the order of their ids.
pub(super) async fn page<R: Row>(
    snapshot: &mut PgConnection,
    after: Option<Uuid>,
) -> Result<Vec<R>, LedgerError> {
    // No id is left out, not even that of all zeros.
    let follows = if after.is_some() { ">" } else { ">=" };
    let (table, columns, ours) = (R::TABLE, R::COLUMNS, R::OURS);
    let sql = format!(
        "SELECT {columns} FROM {table} WHERE id {follows} $1 AND {ours} ORDER BY id LIMIT $2"
    );
    let rows = sqlx::query_as(&sql)
        .bind(after.unwrap_or_default())
        .bind(ROWS_PAGE);
    Ok(rows.fetch_all(snapshot).await?)
}

/// The pairs up to the last row that was found. Both are in the order of their ids.
fn pairs<R: Row>(wanted: &mut Peekable<impl Iterator<Item = R>>, found: Vec<R>) -> Vec<Pair<R>> {
    let mut pairs = Vec::with_capacity(found.len());
    for found in found {
        while let Some(missing) = wanted.next_if(|wanted| wanted.id() < found.id()) {
            pairs.push(Pair {
                wanted: Some(missing),
                found: None,
            });
        }
        pairs.push(Pair {
            wanted: wanted.next_if(|wanted| wanted.id() == found.id()),
            found: Some(found),
        });
    }
    pairs
}

/// All of a row.
fn whole(row: &impl Row) -> String {
    let columns = row.columns().into_iter();
    let columns: Vec<String> = columns
        .map(|(column, value)| format!("{column} {value}"))
        .collect();
    format!("{} ({})", row.name(), columns.join(", "))
}

/// The columns that differ.
fn difference<R: Row>(wanted: &R, found: &R) -> String {
    let columns = found.columns().into_iter().zip(wanted.columns());
    let differing = columns.filter(|((_, is), (_, should_be))| is != should_be);
    let differing: Vec<String> = differing
        .map(|((column, is), (_, should_be))| format!("{column} is {is} and should be {should_be}"))
        .collect();
    format!("{}: {}", found.name(), differing.join(", "))
}

/// A column's value that may be none.
pub(super) fn text(value: Option<&(impl Display + ?Sized)>) -> String {
    value.map_or_else(|| "null".to_owned(), ToString::to_string)
}

/// A column's time, or none.
pub(super) fn time_or_null(at: Option<&DateTime<Utc>>) -> String {
    text(at.map(time).as_ref())
}

/// A column's time.
pub(super) fn time(at: &DateTime<Utc>) -> String {
    at.to_rfc3339()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq, sqlx::FromRow)]
    struct Numbered {
        id: Uuid,
        says: String,
    }

    impl Row for Numbered {
        const TABLE: &'static str = "numbers";
        const COLUMNS: &'static str = "id, says";

        fn id(&self) -> Uuid {
            self.id
        }

        fn name(&self) -> String {
            self.id.as_u128().to_string()
        }

        fn columns(&self) -> Vec<(&'static str, String)> {
            vec![("says", self.says.clone())]
        }
    }

    fn rows(numbers: &[(u128, &str)]) -> Vec<Numbered> {
        let row = |&(number, says): &(u128, &str)| Numbered {
            id: Uuid::from_u128(number),
            says: says.to_owned(),
        };
        numbers.iter().map(row).collect()
    }

    #[test]
    fn wherever_a_page_ends_each_row_is_looked_at_once() {
        let found = [(0, "a"), (2, "a"), (3, "b"), (6, "a"), (8, "a")];
        for page in 1..=found.len() {
            let wanted = rows(&[(1, "a"), (2, "a"), (3, "a"), (4, "a"), (8, "a"), (9, "a")]);
            let mut wanted = wanted.into_iter().peekable();
            let mut comparison = TableComparison::of::<Numbered>();
            for found in found.chunks(page) {
                for pair in pairs(&mut wanted, rows(found)) {
                    comparison.look(pair);
                }
            }
            comparison.miss_all(wanted);
            let told = [
                "the log knows of no 0 (says a)",
                "the 1 (says a) is not there",
                "3: says is b and should be a",
                "the 4 (says a) is not there",
                "the log knows of no 6 (says a)",
                "the 9 (says a) is not there",
            ];
            assert_eq!(
                (comparison.differences, &*comparison.told),
                (6, &told.map(str::to_owned)[..])
            );
        }
    }
}
