//! Tables in memory, for the simulation: what the ones in PostgreSQL do to a projector, without the database.
//! Their `CHECK` constraints are not here; what they forbid, the shop's invariants see.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::error::ProjectionError;
use crate::table::{KeyPart, Row, columns};

/// Where a projector's rows are.
pub(crate) enum Tables<'a> {
    /// In the generation's schema, within a transaction.
    Postgres(&'a mut PgConnection),
    /// Here.
    Memory(&'a mut MemoryTables),
}

/// All tables of a projector. What is written is staged until [`MemoryTables::commit`].
#[derive(Default)]
pub(crate) struct MemoryTables(BTreeMap<&'static str, Box<dyn AnyTable>>);

impl MemoryTables {
    pub(crate) fn find<R: Row>(&mut self, firsts: impl Iterator<Item = KeyPart>) -> Vec<R> {
        let mut found = Vec::new();
        if let Some(table) = self.table::<R>() {
            for first in firsts {
                let from = vec![first.clone()];
                let is_of = |key: &[KeyPart]| key.first() == Some(&first);
                // Staged over stored, as a transaction sees its own writes.
                let stored = table.rows.range(from.clone()..);
                let stored = stored.take_while(|(key, _)| is_of(key));
                found.extend(
                    stored
                        .filter(|(key, _)| !table.staged.contains_key(*key))
                        .map(|(_, row)| row.clone()),
                );
                let staged = table.staged.range(from..);
                let staged = staged.take_while(|(key, _)| is_of(key));
                found.extend(staged.map(|(_, row)| row.clone()));
            }
        }
        found
    }

    pub(crate) fn insert<R: Row>(&mut self, rows: &[R]) -> Result<(), ProjectionError> {
        let Some(table) = self.table::<R>() else {
            return Ok(());
        };
        for row in rows {
            let key = row.key();
            if table.rows.contains_key(&key) || table.staged.contains_key(&key) {
                let what = format!("{} has {key:?} already", R::TABLE);
                return Err(ProjectionError::Poison(what));
            }
            table.staged.insert(key, row.clone());
        }
        Ok(())
    }

    pub(crate) fn upsert<R: Row>(&mut self, rows: &[&R]) {
        if let Some(table) = self.table::<R>() {
            let rows = rows.iter().map(|row| (row.key(), (*row).clone()));
            table.staged.extend(rows);
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.values().map(|table| table.count()).sum()
    }

    /// What was written takes effect.
    pub(crate) fn commit(&mut self) {
        self.0.values_mut().for_each(|table| table.commit());
    }

    /// What was written since the last commit never was.
    pub(crate) fn rollback(&mut self) {
        self.0.values_mut().for_each(|table| table.rollback());
    }

    /// The first row that is not the same in both; `None` when all are.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let tables = self.0.keys().chain(other.0.keys());
        let rows = |tables: &Self, name| tables.0.get(name).map_or_else(Vec::new, |t| t.printed());
        tables
            .filter(|name| match (self.0.get(*name), other.0.get(*name)) {
                (Some(one), Some(other)) => !one.is_same(&**other),
                _ => true,
            })
            .find_map(|name| first_difference(name, &rows(self, name), &rows(other, name)))
    }

    /// The first row that is not the same in PostgreSQL; `None` when all are.
    pub(crate) async fn difference_from(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<String>, ProjectionError> {
        for (name, table) in &self.0 {
            let stored = table.stored(connection).await?;
            if let Some(difference) = first_difference(name, &table.printed(), &stored) {
                return Ok(Some(difference));
            }
        }
        Ok(None)
    }

    fn table<R: Row>(&mut self) -> Option<&mut MemoryTable<R>> {
        let make = || Box::new(MemoryTable::<R>::default()) as Box<dyn AnyTable>;
        let table = self.0.entry(R::TABLE).or_insert_with(make);
        table.as_any_mut().downcast_mut()
    }
}

fn first_difference(name: &str, ones: &[String], others: &[String]) -> Option<String> {
    let only = |a: &[String], b: &[String]| a.iter().find(|row| !b.contains(row)).cloned();
    let (one, other) = (only(ones, others), only(others, ones));
    let differs = one.is_some() || other.is_some() || ones.len() != others.len();
    differs.then(|| {
        let [one, other] = [one, other].map(|row| row.unwrap_or_else(|| "nothing".to_owned()));
        format!("{name}: {one} on one side, {other} on the other")
    })
}

struct MemoryTable<R> {
    rows: BTreeMap<Vec<KeyPart>, R>,
    staged: BTreeMap<Vec<KeyPart>, R>,
}

impl<R> Default for MemoryTable<R> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            staged: BTreeMap::new(),
        }
    }
}

/// A table whose row type has been taken off.
#[async_trait]
trait AnyTable: Any + Send + Sync {
    fn commit(&mut self);
    fn rollback(&mut self);
    fn count(&self) -> usize;
    fn is_same(&self, other: &dyn AnyTable) -> bool;
    /// Its rows in the order of their keys, to be shown.
    fn printed(&self) -> Vec<String>;
    /// The rows that PostgreSQL has in the table of this name, in the same form and order.
    async fn stored(&self, connection: &mut PgConnection) -> Result<Vec<String>, ProjectionError>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

#[async_trait]
impl<R: Row> AnyTable for MemoryTable<R> {
    fn commit(&mut self) {
        self.rows.append(&mut self.staged);
    }

    fn rollback(&mut self) {
        self.staged.clear();
    }

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn is_same(&self, other: &dyn AnyTable) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.rows == other.rows)
    }

    fn printed(&self) -> Vec<String> {
        printed(self.rows.values())
    }

    async fn stored(&self, connection: &mut PgConnection) -> Result<Vec<String>, ProjectionError> {
        let sql = format!("SELECT {} FROM {}", columns::<R>(), R::TABLE);
        let rows: Vec<R> = sqlx::query_as(&sql).fetch_all(connection).await?;
        let rows: BTreeMap<_, R> = rows.into_iter().map(|row| (row.key(), row)).collect();
        Ok(printed(rows.values()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

fn printed<'a>(rows: impl Iterator<Item = &'a (impl Debug + 'a)>) -> Vec<String> {
    rows.map(|row| format!("{row:?}")).collect()
}
