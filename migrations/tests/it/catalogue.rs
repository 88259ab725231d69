//! What the database's own catalogue says of a schema.

use sqlx::PgPool;

/// Every column of a schema, as `table.column type [not null] [default …]`, in the order of the tables.
pub(crate) async fn columns(owner: &PgPool, schema: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                       CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                       coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
          WHERE n.nspname = $1 AND c.relkind = 'r'
          ORDER BY c.relname, a.attnum",
    )
    .bind(schema)
    .fetch_all(owner)
    .await
    .expect("the catalogue can be read")
}

/// The definition of each constraint of a schema, as `table: definition`.
pub(crate) async fn constraints(owner: &PgPool, schema: &str) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT c.conname::text, format('%s: %s', t.relname, pg_get_constraintdef(c.oid))
           FROM pg_constraint c
           JOIN pg_class t ON t.oid = c.conrelid
           JOIN pg_namespace n ON n.oid = t.relnamespace
          WHERE n.nspname = $1 ORDER BY t.relname, c.conname",
    )
    .bind(schema)
    .fetch_all(owner)
    .await
    .expect("the catalogue can be read")
}

/// The first column of every index of a schema, as `table.column`.
pub(crate) async fn indexed(owner: &PgPool, schema: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%s.%s', t.relname, a.attname)
           FROM pg_index i
           JOIN pg_class t ON t.oid = i.indrelid
           JOIN pg_namespace n ON n.oid = t.relnamespace
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
          WHERE n.nspname = $1 AND i.indisvalid AND i.indpred IS NULL",
    )
    .bind(schema)
    .fetch_all(owner)
    .await
    .expect("the catalogue can be read")
}

/// Every table outside the system's own schemas, as (schema, table).
pub(crate) async fn tables(owner: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT schemaname::text, tablename::text FROM pg_tables
          WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
          ORDER BY 1, 2",
    )
    .fetch_all(owner)
    .await
    .expect("the catalogue can be read")
}
