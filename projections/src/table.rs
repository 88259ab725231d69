//! Rows in bulk: one statement for all rows of a table, whatever their number. Where the rows are is
//! [`Tables`]' business: in PostgreSQL, or in memory for the simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{FromRow, PgConnection, Postgres};
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;

/// A statement with arguments on their way in.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A row of a table; see [`row!`].
pub(crate) trait Row:
    Clone + Debug + PartialEq + Send + Sync + Unpin + 'static + for<'r> FromRow<'r, PgRow>
{
    const TABLE: &'static str;
    /// The columns of the primary key.
    const KEY: &'static [&'static str];
    /// All columns that are written, with their SQL types.
    const COLUMNS: &'static [(&'static str, &'static str)];

    /// The primary key.
    fn key(&self) -> Vec<KeyPart>;

    /// Binds one array a column.
    fn bind<'q>(statement: Statement<'q>, rows: &[&Self]) -> Statement<'q>;
}

/// A column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyPart {
    Uuid(Uuid),
    Text(String),
    Int(i64),
}

impl From<Uuid> for KeyPart {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl From<String> for KeyPart {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for KeyPart {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for KeyPart {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

/// Declares a row: a struct with the table's columns, and how it is written.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal key ($($key:ident),+) {
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
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), $sql)),+];

            fn key(&self) -> Vec<$crate::table::KeyPart> {
                vec![$($crate::table::KeyPart::from(self.$key.clone())),+]
            }

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
    tables: &mut Tables<'_>,
    rows: &[R],
) -> Result<(), ProjectionError> {
    let connection = match tables {
        Tables::Postgres(connection) => connection,
        Tables::Memory(memory) => return memory.insert(rows),
    };
    let rows: Vec<_> = rows.iter().collect();
    Ok(write(connection, &insert_sql::<R>(), &rows).await?)
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

pub(crate) fn columns<R: Row>() -> String {
    let names: Vec<_> = R::COLUMNS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Rows of one table while a batch is folded: read once, changed in memory, written once.
pub(crate) struct Rows<K, R> {
    rows: BTreeMap<K, R>,
    changed: BTreeSet<K>,
}

impl<K: Ord + Clone, R: Row> Rows<K, R> {
    /// The rows that are there among those whose key's first column has one of these values.
    pub(crate) async fn load<V>(
        tables: &mut Tables<'_>,
        values: BTreeSet<V>,
        key: impl Fn(&R) -> K,
    ) -> Result<Self, ProjectionError>
    where
        V: Into<KeyPart>,
        Vec<V>: for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres> + Send,
    {
        let mut found = Vec::new();
        if !values.is_empty() {
            found = match tables {
                Tables::Memory(memory) => memory.find(values.into_iter().map(Into::into)),
                Tables::Postgres(connection) => {
                    let column = R::KEY.first().copied().unwrap_or_default();
                    let (columns, table) = (columns::<R>(), R::TABLE);
                    let sql = format!("SELECT {columns} FROM {table} WHERE {column} = ANY ($1)");
                    let values: Vec<V> = values.into_iter().collect();
                    let query = sqlx::query_as(&sql).bind(values);
                    query.fetch_all(&mut **connection).await?
                }
            };
        }
        Ok(Self {
            rows: found.into_iter().map(|row| (key(&row), row)).collect(),
            changed: BTreeSet::new(),
        })
    }

    pub(crate) fn get(&self, key: &K) -> Option<&R> {
        self.rows.get(key)
    }

    /// The keys of the rows that were read or made, as far as they are wanted.
    pub(crate) fn keys_where(&self, wanted: impl Fn(&K) -> bool) -> Vec<K> {
        self.rows
            .keys()
            .filter(|key| wanted(key))
            .cloned()
            .collect()
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
    pub(crate) async fn save(&self, tables: &mut Tables<'_>) -> Result<(), ProjectionError> {
        let changed: Vec<_> = self
            .changed
            .iter()
            .filter_map(|key| self.rows.get(key))
            .collect();
        match tables {
            Tables::Postgres(connection) => Ok(upsert(connection, &changed).await?),
            Tables::Memory(memory) => {
                memory.upsert(&changed);
                Ok(())
            }
        }
    }
}
