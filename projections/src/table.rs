//! Rows in bulk: one statement for all rows of a table, whatever their number.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::{PgArguments, PgHasArrayType, PgRow};
use sqlx::query::Query;
use sqlx::{Encode, FromRow, PgConnection, Postgres, Type};

/// A statement with arguments on their way in.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A row of a table; see [`row!`].
pub(crate) trait Row: Clone + Send + Sync + Unpin + for<'r> FromRow<'r, PgRow> {
    const TABLE: &'static str;
    /// The columns of the primary key.
    const KEY: &'static [&'static str];
    /// All columns that are written, with their SQL types.
    const COLUMNS: &'static [(&'static str, &'static str)];

    /// Binds one array a column.
    fn bind<'q>(statement: Statement<'q>, rows: &[&Self]) -> Statement<'q>;
}

/// Declares a row: a struct with the table's columns, and how it is written.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal key ($($key:literal),+) {
            $($field:ident: $type:ty as $sql:literal),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type),+
        }

        impl $crate::table::Row for $name {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$($key),+];
            const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), $sql)),+];

            fn bind<'q>(
                statement: $crate::table::Statement<'q>,
                rows: &[&Self],
            ) -> $crate::table::Statement<'q> {
                statement
                    $(.bind(rows.iter().map(|row| row.$field.clone()).collect::<Vec<$type>>()))+
            }
        }
    };
}
pub(crate) use row;

/// Adds rows that are not there yet.
pub(crate) async fn insert<R: Row>(
    connection: &mut PgConnection,
    rows: &[R],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = rows.iter().collect();
    write(connection, &insert_sql::<R>(), &rows).await
}

/// Writes rows whether or not they are there.
async fn upsert<R: Row>(connection: &mut PgConnection, rows: &[&R]) -> Result<(), sqlx::Error> {
    let changes: Vec<_> = R::COLUMNS
        .iter()
        .filter(|(column, _)| !R::KEY.contains(column))
        .map(|(column, _)| format!("{column} = excluded.{column}"))
        .collect();
    let (insert, key, changes) = (insert_sql::<R>(), R::KEY.join(", "), changes.join(", "));
    let sql = format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {changes}");
    write(connection, &sql, rows).await
}

async fn write<R: Row>(
    connection: &mut PgConnection,
    sql: &str,
    rows: &[&R],
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        R::bind(sqlx::query(sql), rows).execute(connection).await?;
    }
    Ok(())
}

fn insert_sql<R: Row>() -> String {
    let arrays: Vec<_> = (1..)
        .zip(R::COLUMNS)
        .map(|(number, (_, sql_type))| format!("${number}::{sql_type}[]"))
        .collect();
    let (table, columns, arrays) = (R::TABLE, columns::<R>(), arrays.join(", "));
    format!("INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays})")
}

fn columns<R: Row>() -> String {
    let names: Vec<_> = R::COLUMNS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Rows of one table while a batch is folded: read once, changed in memory, written once.
pub(crate) struct Rows<K, R> {
    rows: BTreeMap<K, R>,
    changed: BTreeSet<K>,
}

impl<K: Ord + Clone, R: Row> Rows<K, R> {
    /// The rows that are there among those whose `column` has one of these values.
    pub(crate) async fn load<V>(
        connection: &mut PgConnection,
        column: &str,
        values: BTreeSet<V>,
        key: impl Fn(&R) -> K,
    ) -> Result<Self, sqlx::Error>
    where
        V: Send + Sync + PgHasArrayType + Type<Postgres> + for<'q> Encode<'q, Postgres>,
        Vec<V>: for<'q> Encode<'q, Postgres> + Type<Postgres>,
    {
        let mut rows = BTreeMap::new();
        if !values.is_empty() {
            let sql = format!(
                "SELECT {} FROM {} WHERE {column} = ANY ($1)",
                columns::<R>(),
                R::TABLE
            );
            let values: Vec<V> = values.into_iter().collect();
            let found: Vec<R> = sqlx::query_as(&sql)
                .bind(values)
                .fetch_all(connection)
                .await?;
            rows.extend(found.into_iter().map(|row| (key(&row), row)));
        }
        Ok(Self {
            rows,
            changed: BTreeSet::new(),
        })
    }

    pub(crate) fn get(&self, key: &K) -> Option<&R> {
        self.rows.get(key)
    }

    /// A row that is about to be changed.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut R> {
        let row = self.rows.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(row)
    }

    /// A row that is about to be changed; made when it is not there.
    pub(crate) fn change_or(&mut self, key: &K, make: impl FnOnce() -> R) -> &mut R {
        self.changed.insert(key.clone());
        self.rows.entry(key.clone()).or_insert_with(make)
    }

    /// Takes a new row in; `false` when it was there already.
    pub(crate) fn add(&mut self, key: K, row: R) -> bool {
        self.changed.insert(key.clone());
        self.rows.insert(key, row).is_none()
    }

    /// Writes what changed.
    pub(crate) async fn save(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let changed: Vec<_> = self
            .changed
            .iter()
            .filter_map(|key| self.rows.get(key))
            .collect();
        upsert(connection, &changed).await
    }
}
