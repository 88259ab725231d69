//! What stands in the runner's tables.

use domain::Action;
use processes::Clock;
use sqlx::{Connection, PgConnection, Row as _};
use testkit::eventually;
use uuid::Uuid;

use super::Shop;

/// A row of `processes.actions`.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) attempts: i32,
    pub(crate) last_error: Option<String>,
    pub(crate) is_parked: bool,
    pub(crate) is_due: bool,
}

impl Shop {
    pub(crate) async fn actions(&self) -> Vec<Row> {
        let rows = sqlx::query(
            "SELECT name, attempts, last_error, parked_at IS NOT NULL AS parked, due_at <= $1 AS due
               FROM processes.actions ORDER BY due_at, action_id",
        )
        .bind(self.clock.now())
        .fetch_all(&self.owner)
        .await
        .expect("the actions");
        let row = |row: &sqlx::postgres::PgRow| Row {
            name: row.get("name"),
            attempts: row.get("attempts"),
            last_error: row.get("last_error"),
            is_parked: row.get("parked"),
            is_due: row.get("due"),
        };
        rows.iter().map(row).collect()
    }

    /// Puts an action into the table that no event led to, due now. Returns its id.
    pub(crate) async fn insert_action(&self, name: &str, lane: &str, action: &str) -> Uuid {
        let id = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO processes.actions
                    (action_id, name, lane, action, due_at, correlation_id, causation_id)
             VALUES ($1, $2, $3, $4::jsonb, $5, $1, $1)",
        )
        .bind(id)
        .bind(name)
        .bind(lane)
        .bind(action)
        .bind(self.clock.now())
        .execute(&self.owner)
        .await
        .expect("the action is inserted");
        id
    }

    pub(crate) async fn insert(&self, name: &str, lane: &str, action: &Action) -> Uuid {
        let json = serde_json::to_string(action).expect("JSON");
        self.insert_action(name, lane, &json).await
    }

    /// Where the runner's checkpoint stands.
    pub(crate) async fn checkpoint(&self) -> i64 {
        self.number(
            "SELECT coalesce(max(position), 0) FROM event_store.checkpoints
              WHERE subscriber = 'processes'",
        )
        .await
    }

    /// What a crash of the database does to the last writes of the sagas' reader, which are not flushed by themselves:
    /// the checkpoint stands here again, and there are no rows.
    pub(crate) async fn take_back(&self, checkpoint: i64) {
        self.sql(&format!(
            "BEGIN; DELETE FROM processes.actions;
             UPDATE event_store.checkpoints SET position = {checkpoint} WHERE subscriber = 'processes'; COMMIT"
        ))
        .await;
    }

    pub(crate) async fn epoch(&self) -> i64 {
        self.number("SELECT coalesce(max(epoch), 0) FROM event_store.leases")
            .await
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        let number = sqlx::query_scalar(query).fetch_one(&self.owner);
        number.await.expect("a number")
    }

    pub(crate) async fn sql(&self, statement: &str) {
        let done = sqlx::raw_sql(statement).execute(&self.owner);
        done.await.expect("the statement is carried out");
    }

    /// Waits until all events are read and nothing is due.
    pub(crate) async fn until_idle(&self) {
        eventually("nothing is left to do now", async || {
            let head = self.store.log().head().await.expect("the head");
            let checkpoint = u64::try_from(self.checkpoint().await).expect("not negative");
            let is_due = |row: &Row| row.is_due && !row.is_parked;
            let due = self.actions().await.iter().any(is_due);
            (checkpoint == head && !due).then_some(())
        })
        .await;
    }
}

/// A session that stands in the way of others until it is lifted.
pub(crate) struct Blockade(PgConnection);

impl Blockade {
    /// Carries statements out and keeps what they lock.
    pub(crate) async fn by(shop: &Shop, statements: &str) -> Self {
        let options = shop.database.owner_options();
        let mut session = PgConnection::connect_with(&options)
            .await
            .expect("a session");
        let done = sqlx::raw_sql(statements).execute(&mut session).await;
        done.expect("the statements are carried out");
        Self(session)
    }

    pub(crate) async fn lift(self) {
        self.0.close().await.expect("the session ends");
    }
}
