//! The stock framework: cqrs-es with postgres-es, set up as its documentation does, running the same
//! aggregates. Its tables are those of its documentation; it keeps no snapshots, which is its default.

use std::sync::Arc;

use cqrs_es::AggregateError;
use domain::inventory::Inventory;
use domain::{Aggregate, Decider as _, ProductId};
use postgres_es::{PostgresCqrs, postgres_cqrs};
use sqlx::{Connection as _, PgPool};

use super::same_event::{inventory_command, payload, stock_metadata};
use crate::error::BenchError;
use crate::measure::{Done, Load, Sample, Turn};
use crate::server::{Database, Server};

/// postgres-es's table of events.
pub(crate) const TABLE: &str = "
    CREATE TABLE events (
        aggregate_type text NOT NULL,
        aggregate_id   text NOT NULL,
        sequence       bigint CHECK (sequence >= 0) NOT NULL,
        event_type     text NOT NULL,
        event_version  text NOT NULL,
        payload        json NOT NULL,
        metadata       json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

/// The framework on a database of its own.
pub(crate) struct Stock {
    database: Database,
    pool: PgPool,
    framework: Arc<PostgresCqrs<Aggregate<Inventory>>>,
}

impl Stock {
    /// On a new database.
    pub(crate) async fn create(server: &Server) -> Result<Self, BenchError> {
        let database = server.empty().await?;
        let mut connection = database.connect().await?;
        sqlx::raw_sql(TABLE).execute(&mut connection).await?;
        connection.close().await?;
        Self::open(database).await
    }

    /// On a database that has its table.
    pub(crate) async fn open(database: Database) -> Result<Self, BenchError> {
        let pool = database.pool().await?;
        let framework = Arc::new(postgres_cqrs(pool.clone(), vec![], ()));
        Ok(Self {
            database,
            pool,
            framework,
        })
    }

    /// Gives aggregates their events, as the framework would have written them.
    pub(crate) async fn seed(
        &self,
        inventories: &[ProductId],
        events: u32,
    ) -> Result<(), BenchError> {
        let ids: Vec<String> = inventories.iter().map(ToString::to_string).collect();
        let mut connection = self.database.connect().await?;
        sqlx::query(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                                 payload, metadata)
             SELECT $1, id, sequence, 'StockAdjusted', '1', $2::json, $3::json
               FROM unnest($4::text[]) AS id, generate_series(1, $5) AS sequence",
        )
        .bind(Inventory::TYPE)
        .bind(payload()?)
        .bind(serde_json::to_string(&stock_metadata())?)
        .bind(&ids)
        .bind(i64::from(events))
        .execute(&mut connection)
        .await?;
        sqlx::raw_sql("VACUUM ANALYZE events")
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(())
    }

    /// Runs a load on the aggregates that `target` names by the turn's number. A conflict is tried again,
    /// as every user of the framework has to.
    pub(crate) async fn run(
        &self,
        load: Load,
        target: impl Fn(u64) -> ProductId + Send + Sync + 'static,
    ) -> Result<Sample, BenchError> {
        let (framework, target) = (Arc::clone(&self.framework), Arc::new(target));
        load.run(move |turn: Turn| {
            let (framework, target) = (Arc::clone(&framework), Arc::clone(&target));
            async move { execute(&framework, target(turn.number), turn).await }
        })
        .await
    }

    /// One command, when nobody else is there to collide with.
    pub(crate) async fn execute(&self, inventory: ProductId) -> Result<(), BenchError> {
        self.framework
            .execute_with_metadata(
                &inventory.to_string(),
                inventory_command()?,
                stock_metadata(),
            )
            .await
            .map_err(|error| BenchError::StockFramework(error.to_string()))
    }

    /// As many rows as were acknowledged.
    pub(crate) async fn check(database: &Database, events: u64) -> Result<(), BenchError> {
        let rows = database.count("events").await?;
        if rows == events {
            return Ok(());
        }
        Err(BenchError::LostOrDoubled {
            who: "the stock framework".to_owned(),
            acknowledged: events,
            rows,
        })
    }

    pub(crate) async fn close(self) -> Database {
        self.pool.close().await;
        self.database
    }
}

async fn execute(
    framework: &PostgresCqrs<Aggregate<Inventory>>,
    inventory: ProductId,
    turn: Turn,
) -> Result<Done, BenchError> {
    let id = inventory.to_string();
    for retries in 0.. {
        let executed = framework
            .execute_with_metadata(&id, inventory_command()?, stock_metadata())
            .await;
        match executed {
            Ok(()) => return Ok(Done::Acknowledged { retries }),
            Err(AggregateError::AggregateConflict) => {}
            Err(error) => return Err(BenchError::StockFramework(error.to_string())),
        }
        if std::time::Instant::now() >= turn.deadline {
            break;
        }
    }
    Ok(Done::GivenUp)
}
