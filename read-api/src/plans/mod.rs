//! The plans of the list queries on tables of a million rows, kept in `docs/queries.md`.
//!
//! The test that makes them fails when a list reads a whole table. `./dev test` runs it by itself; the page is
//! written anew when a list, a filter or an index changes:
//!
//! ```text
//! QUERIES_PAGE=docs/queries.md cargo test -p read-api --lib plans -- --ignored
//! ```

mod cases;
mod report;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, Execute as _, PgConnection, PgPool, Postgres, QueryBuilder};
use testkit::TestDatabase;

use crate::api::limit_sessions;
use crate::config::ReadApiConfig;

/// The most rows that a step may read and throw away: what one request for events looks at, and a little.
const ROWS_IN_VAIN_MAX: u64 = 25_000;

/// The most rows that a step may get without an index: what is counted at most, and one more.
const ROWS_SCANNED_MAX: u64 = crate::page::TOTAL_MAX + 1;

/// A statement and the plan that PostgreSQL made of it.
pub(super) struct Plan {
    title: String,
    part: &'static str,
    lines: Vec<String>,
}

#[tokio::test]
#[ignore = "fills tables with a million rows each: run alone by ./dev test"]
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
    // Each twice: what is asked for often is in memory, and the second run finds it there.
    for (first, second) in cases::all().into_iter().zip(cases::all()) {
        explain(&pool, first.query).await;
        let (title, part) = (second.title, second.part);
        let lines = explain(&pool, second.query).await;
        plans.push(Plan { title, part, lines });
    }
    report::write(&plans, &version(&pool).await);
    let offenders: Vec<_> = plans.iter().filter(|plan| plan.reads_too_much()).collect();
    let titles: Vec<_> = offenders
        .iter()
        .map(|plan| (&plan.title, plan.part))
        .collect();
    assert!(titles.is_empty(), "read too much: {titles:?}");
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

/// The plan of a statement as the handlers send it, with its values.
async fn explain(pool: &PgPool, mut query: QueryBuilder<'static, Postgres>) -> Vec<String> {
    let sql = format!("EXPLAIN (ANALYZE, BUFFERS) {}", query.sql());
    let values = query.build().take_arguments().expect("values that fit");
    let plan = sqlx::query_scalar_with(&sql, values.unwrap_or_default());
    plan.fetch_all(pool).await.expect(&sql)
}

async fn version(pool: &PgPool) -> String {
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(pool)
        .await
        .expect("a version");
    version.split(' ').next().unwrap_or_default().to_owned()
}

impl Plan {
    /// Whether it read a table from end to end, or much more than it gave: through an index, too, a
    /// whole table can be read for a page.
    fn reads_too_much(&self) -> bool {
        self.rows_scanned() > ROWS_SCANNED_MAX || self.rows_in_vain() > ROWS_IN_VAIN_MAX
    }

    /// The most rows that one of its steps got from a table without an index. A count of what nearly every row fits
    /// is made so: it stops at [`crate::page::TOTAL_MAX`].
    fn rows_scanned(&self) -> u64 {
        let scans = self
            .lines
            .iter()
            .filter(|line| line.contains("Seq Scan on "));
        let rows = scans.map(|line| {
            let (_, actual) = line.split_once("(actual ").unwrap_or_default();
            let rows = number_behind(actual, " rows=").unwrap_or(u64::MAX);
            rows.saturating_mul(number_behind(actual, " loops=").unwrap_or(1))
        });
        rows.max().unwrap_or(0)
    }

    /// The most rows that one of its steps read and threw away.
    fn rows_in_vain(&self) -> u64 {
        let (mut loops, mut most) = (1, 0);
        for line in &self.lines {
            if let Some(count) = number_behind(line, " loops=") {
                loops = count;
            }
            let removed = line.trim_start().strip_prefix("Rows Removed by ");
            if let Some(count) = removed.and_then(|line| number_behind(line, ": ")) {
                most = most.max(count * loops);
            }
        }
        most
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

/// The number that stands behind a text.
fn number_behind(line: &str, text: &str) -> Option<u64> {
    let (_, rest) = line.split_once(text)?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
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

#[test]
fn a_scan_that_stops_where_counting_does_is_well_and_one_that_goes_on_is_not() {
    let plan = |rows: u64, removed: u64| Plan {
        title: "GET /payments?review=false".to_owned(),
        part: "total",
        lines: vec![
            format!(
                "  ->  Seq Scan on payments p  (cost=0.00..32 rows=999899 width=4) \
                 (actual time=0.012..1.7 rows={rows} loops=1)"
            ),
            "        Filter: (review_reason IS NULL)".to_owned(),
            format!("        Rows Removed by Filter: {removed}"),
        ],
    };
    assert!(!plan(10_001, 2).reads_too_much());
    assert!(plan(10_002, 2).reads_too_much());
    assert!(plan(20, 999_980).reads_too_much());
    let unmeasured = Plan {
        lines: vec!["Seq Scan on payments".to_owned()],
        ..plan(1, 1)
    };
    assert!(unmeasured.reads_too_much());
}
