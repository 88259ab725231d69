//! The least that a durable write can cost: one row with the same payload, one prepared INSERT, one
//! transaction, one connection.

use sqlx::PgConnection;

use super::same_event::payload;
use crate::error::BenchError;
use crate::server::{Database, Server};

/// One primary key and the payload.
pub(crate) const TABLE: &str = "
    CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload json NOT NULL)";

/// A table of its own and a connection to it.
pub(crate) struct BareInsert {
    database: Database,
    connection: PgConnection,
    payload: String,
}

impl BareInsert {
    pub(crate) async fn open(server: &Server) -> Result<Self, BenchError> {
        let database = server.empty().await?;
        let mut connection = database.connect().await?;
        sqlx::raw_sql(TABLE).execute(&mut connection).await?;
        Ok(Self {
            database,
            connection,
            payload: payload()?,
        })
    }

    /// One insert.
    pub(crate) async fn insert(&mut self) -> Result<(), BenchError> {
        sqlx::query("INSERT INTO bare (payload) VALUES ($1::text::json)")
            .bind(&self.payload)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Compares rows with what was acknowledged, and gives the database back.
    pub(crate) async fn close(self, acknowledged: u64) -> Result<Database, BenchError> {
        check(&self.database, acknowledged).await?;
        Ok(self.database)
    }
}

/// As many rows as were acknowledged.
pub(crate) async fn check(database: &Database, acknowledged: u64) -> Result<(), BenchError> {
    let rows = database.count("bare").await?;
    if rows == acknowledged {
        return Ok(());
    }
    Err(BenchError::LostOrDoubled {
        who: "the bare insert".to_owned(),
        acknowledged,
        rows,
    })
}
