//! The tables of a generation, and the views that show the live one. Only the database's owner can.

use sqlx::{Connection, PgConnection};

use crate::error::ProjectionError;
use crate::generation::{Target, schema_name};
use crate::projector::Projector;

/// The first half of the advisory lock of whoever makes or drops a projection's tables; arbitrary, and
/// nothing else in this database takes it.
pub(crate) const TABLES_LOCK_CLASS: i32 = 620_202;

/// Makes a new generation: schema, tables, rights, registry row.
pub(crate) async fn create(
    owner: &mut PgConnection,
    projector: &dyn Projector,
    state: &str,
) -> Result<i32, ProjectionError> {
    let mut transaction = owner.begin().await?;
    let generation: i32 = sqlx::query_scalar(
        "INSERT INTO projections.generations (projection, generation, version, state)
         SELECT $1, coalesce(max(generation), 0) + 1, $2, $3
           FROM projections.generations WHERE projection = $1
         RETURNING generation",
    )
    .bind(projector.name())
    .bind(projector.version())
    .bind(state)
    .fetch_one(&mut *transaction)
    .await?;
    // Names come from this program's own constants: nothing from outside gets into the SQL.
    let schema = schema_name(projector.name(), generation);
    let tables = projector.schema();
    sqlx::raw_sql(&format!(
        "CREATE SCHEMA {schema};
         SET LOCAL search_path = {schema};
         {tables}
         GRANT USAGE ON SCHEMA {schema} TO commerce_app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO commerce_app;"
    ))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(generation)
}

/// Lets the views of `read_model` show this generation. Readers see the old tables until the transaction
/// ends, and then the new ones, all at once.
pub(crate) async fn show(
    transaction: &mut PgConnection,
    target: &Target,
) -> Result<(), ProjectionError> {
    // A view's columns cannot be taken away by replacing it, and another version may have other tables.
    let shown: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT view_name::text FROM information_schema.view_table_usage
          WHERE view_schema = 'read_model' AND table_schema LIKE $1",
    )
    .bind(format!("projection\\_{}\\_%", target.projection()))
    .fetch_all(&mut *transaction)
    .await?;
    let mut sql = String::new();
    for view in shown {
        sql.push_str(&format!("DROP VIEW read_model.{view};\n"));
    }
    let schema = target.schema();
    for table in target
        .projector
        .tables()
        .iter()
        .filter(|table| table.public)
    {
        let name = table.name;
        sql.push_str(&format!(
            "CREATE VIEW read_model.{name} AS SELECT * FROM {schema}.{name};
             GRANT SELECT ON read_model.{name} TO commerce_app, commerce_read;\n"
        ));
    }
    sqlx::raw_sql(&sql).execute(transaction).await?;
    Ok(())
}

/// Lets the planner know the new tables before queries meet them.
pub(crate) async fn analyze(
    owner: &mut PgConnection,
    target: &Target,
) -> Result<(), ProjectionError> {
    let schema = target.schema();
    for table in target.projector.tables() {
        sqlx::raw_sql(&format!("ANALYZE {schema}.{}", table.name))
            .execute(&mut *owner)
            .await?;
    }
    Ok(())
}

/// Drops the tables of generations that are retired, and of those whose building was broken off, which
/// leave no trace in the registry either.
pub(crate) async fn drop_leftovers(
    owner: &mut PgConnection,
    projection: &str,
) -> Result<(), ProjectionError> {
    let mut transaction = owner.begin().await?;
    let generations: Vec<i32> = sqlx::query_scalar(
        "SELECT generation FROM projections.generations
          WHERE projection = $1 AND state IN ('retired', 'building')",
    )
    .bind(projection)
    .fetch_all(&mut *transaction)
    .await?;
    for generation in &generations {
        let schema = schema_name(projection, *generation);
        sqlx::raw_sql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
            .execute(&mut *transaction)
            .await?;
    }
    for sql in [
        "DELETE FROM projections.parked WHERE projection = $1 AND generation = ANY ($2)",
        "DELETE FROM projections.generations
          WHERE projection = $1 AND generation = ANY ($2) AND state = 'building'",
    ] {
        sqlx::query(sql)
            .bind(projection)
            .bind(&generations)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
