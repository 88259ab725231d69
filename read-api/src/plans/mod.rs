//! The plans of the list queries on tables of a million rows, kept in `docs/queries.md`.
//!
//! The test that makes them fails when a list reads a whole table. It takes minutes, so it is run when a
//! list, a filter or an index changes:
//!
//! ```text
//! cargo test -p read-api --lib plans -- --ignored
//! ```

mod cases;
mod report;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, QueryBuilder};
use testkit::TestDatabase;

use crate::api::limit_sessions;
use crate::config::ReadApiConfig;

/// A statement and the plan that PostgreSQL made of it.
pub(super) struct Plan {
    title: String,
    part: &'static str,
    lines: Vec<String>,
}

#[tokio::test]
#[ignore = "fills tables with a million rows each, which takes minutes"]
async fn no_list_reads_a_whole_table_of_a_million_rows() {
    let database = TestDatabase::create().await;
    let mut owner = PgConnection::connect_with(&database.owner_options())
        .await
        .expect("the owner");
    projections::install(&mut owner)
        .await
        .expect("the read models can be made");
    sqlx::raw_sql(include_str!("fill.sql"))
        .execute(&mut owner)
        .await
        .expect("it is filled");
    sqlx::raw_sql("VACUUM (ANALYZE)")
        .execute(&mut owner)
        .await
        .expect("it is vacuumed");
    let pool = reading(&database).await;
    let mut plans = Vec::new();
    for case in cases::all() {
        let (title, part) = (case.title, case.part);
        let lines = explain(&pool, case.query).await;
        plans.push(Plan { title, part, lines });
    }
    report::write(&plans, &version(&pool).await);
    let offenders: Vec<_> = plans
        .iter()
        .filter(|plan| plan.reads_a_whole_table())
        .collect();
    let titles: Vec<_> = offenders
        .iter()
        .map(|plan| (&plan.title, plan.part))
        .collect();
    assert!(titles.is_empty(), "read a whole table: {titles:?}");
    owner.close().await.expect("the connection closes");
    pool.close().await;
    database.drop_now().await;
}

/// As the read API connects.
async fn reading(database: &TestDatabase) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(database.read_options());
    limit_sessions(&pool, &ReadApiConfig::default());
    pool
}

/// The plan of the second run: what is asked for often is in memory.
async fn explain(pool: &PgPool, mut query: QueryBuilder<'static, Postgres>) -> Vec<String> {
    let sql = query.sql().to_owned();
    query.build().execute(pool).await.expect(&sql);
    query.reset();
    query
        .build_query_scalar()
        .fetch_all(pool)
        .await
        .expect(&sql)
}

async fn version(pool: &PgPool) -> String {
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(pool)
        .await
        .expect("a version");
    version.split(' ').next().unwrap_or_default().to_owned()
}

impl Plan {
    /// Small tables are read whole, and should be.
    fn reads_a_whole_table(&self) -> bool {
        const SMALL: [&str; 2] = ["coupon_pools", "cursor"];
        self.lines.iter().any(|line| {
            line.contains("Seq Scan on ") && !SMALL.iter().any(|table| line.contains(table))
        })
    }

    /// The indexes that it used.
    fn indexes(&self) -> Vec<&str> {
        let mut indexes: Vec<&str> = self.lines.iter().filter_map(|line| index(line)).collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes
    }

    fn execution_ms(&self) -> &str {
        let line = self
            .lines
            .iter()
            .find_map(|line| line.strip_prefix("Execution Time: "));
        line.and_then(|time| time.strip_suffix(" ms"))
            .unwrap_or("?")
    }
}

/// The index that a line of a plan names.
fn index(line: &str) -> Option<&str> {
    for kind in [
        "Index Only Scan using ",
        "Index Only Scan Backward using ",
        "Index Scan using ",
        "Index Scan Backward using ",
        "Bitmap Index Scan on ",
    ] {
        if let Some((_, rest)) = line.split_once(kind) {
            return rest.split(' ').next();
        }
    }
    None
}
