//! What each role may do with every table, found out by doing it: the owner of `payment`, the rest of the
//! shop, somebody else, and the program's own roles.

use std::collections::BTreeSet;

use sqlx::{Connection, PgConnection};
use testkit::TestDatabase;

use crate::catalogue::tables;

/// "permission denied" (`insufficient_privilege`).
const DENIED: &str = "42501";

const ATTEMPTS: [(&str, &str); 5] = [
    ("select", "SELECT count(*) FROM {}"),
    // Nothing fits without values; but whether one may is looked at before that.
    ("insert", "INSERT INTO {} DEFAULT VALUES"),
    ("update", "UPDATE {} SET {column} = {column} WHERE false"),
    ("delete", "DELETE FROM {} WHERE false"),
    ("truncate", "TRUNCATE {} CASCADE"),
];

/// What a role may do with which table, as `schema.table: verb verb …`; tables without any right are left out.
async fn rights(database: &TestDatabase, role: &str) -> Vec<String> {
    let owner = database.owner_pool().await;
    let mut connection = PgConnection::connect_with(&database.role_options(role))
        .await
        .expect("every role may connect");
    let mut found = Vec::new();
    for (schema, table) in tables(&owner).await {
        let column: String = sqlx::query_scalar(
            "SELECT quote_ident(column_name) FROM information_schema.columns
              WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position LIMIT 1",
        )
        .bind(&schema)
        .bind(&table)
        .fetch_one(&owner)
        .await
        .expect("a table has columns");
        let name = format!("{schema}.{table}");
        let mut allowed = Vec::new();
        for (verb, attempt) in ATTEMPTS {
            let sql = attempt.replace("{column}", &column).replace("{}", &name);
            if may(&mut connection, &sql).await {
                allowed.push(verb);
            }
        }
        if !allowed.is_empty() {
            found.push(format!("{name}: {}", allowed.join(" ")));
        }
    }
    connection.close().await.expect("the connection closes");
    owner.close().await;
    found
}

/// Tries it, and takes it back.
async fn may(connection: &mut PgConnection, sql: &str) -> bool {
    let mut transaction = connection.begin().await.expect("a transaction");
    let outcome = sqlx::raw_sql(sql).execute(&mut *transaction).await;
    transaction.rollback().await.expect("it is taken back");
    match outcome {
        Ok(_) => true,
        Err(sqlx::Error::Database(error)) => error.code().as_deref() != Some(DENIED),
        Err(error) => unreachable!("{sql}: {error}"),
    }
}

#[tokio::test]
async fn the_payment_service_owns_its_schema_and_may_nothing_else() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let wanted: Vec<String> = tables(&owner)
        .await
        .into_iter()
        .filter(|(schema, _)| schema == "payment")
        .map(|(schema, table)| format!("{schema}.{table}: select insert update delete truncate"))
        .collect();
    assert!(wanted.len() > 5, "the five tables are there: {wanted:?}");
    assert_eq!(rights(&database, "payment_service").await, wanted);
    let owners: Vec<(String, String)> = sqlx::query_as(
        "SELECT nspname::text, pg_get_userbyid(nspowner)::text FROM pg_namespace
          WHERE nspname IN ('payment', 'main') ORDER BY 1 DESC",
    )
    .fetch_all(&owner)
    .await
    .expect("the catalogue can be read");
    let pair = |schema: &str, role: &str| (schema.to_owned(), role.to_owned());
    assert_eq!(
        owners,
        [
            pair("payment", "payment_service"),
            pair("main", "main_service")
        ]
    );
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn the_main_service_may_look_at_transactions_and_at_nothing_else_of_payment() {
    let database = TestDatabase::create().await;
    let rights: BTreeSet<String> = rights(&database, "main_service")
        .await
        .into_iter()
        .collect();
    let elsewhere: Vec<&String> = rights
        .iter()
        .filter(|right| !right.starts_with("main."))
        .collect();
    assert_eq!(elsewhere, ["payment.transactions: select"]);
    assert!(
        rights.contains("main.legacy_order_payment_mapping: select insert update delete truncate"),
        "{rights:?}"
    );
    for own in [
        "orders",
        "order_payment_mapping",
        "payment_states",
        "users",
        "user_payment_method_mapping",
    ] {
        let right = format!("main.{own}: select insert update delete truncate");
        assert!(rights.contains(&right), "{right} in {rights:?}");
    }
    database.drop_now().await;
}

#[tokio::test]
async fn any_other_service_may_nothing_at_all() {
    let database = TestDatabase::create().await;
    assert_eq!(
        rights(&database, "other_service").await,
        Vec::<String>::new()
    );
    database.drop_now().await;
}

#[tokio::test]
async fn the_programs_own_roles_have_no_right_in_the_payment_schema() {
    let database = TestDatabase::create().await;
    for role in ["commerce_app", "commerce_read"] {
        let rights = rights(&database, role).await;
        assert!(
            rights.iter().any(|right| right.starts_with("event_store.")),
            "the look finds rights where there are some: {rights:?}"
        );
        let here: Vec<&String> = rights
            .iter()
            .filter(|right| right.starts_with("payment.") || right.starts_with("main."))
            .collect();
        assert!(here.is_empty(), "{role}: {here:?}");
    }
    database.drop_now().await;
}

#[tokio::test]
async fn no_service_may_make_anything_outside_its_own_schema() {
    let database = TestDatabase::create().await;
    for role in ["payment_service", "main_service", "other_service"] {
        let mut connection = PgConnection::connect_with(&database.role_options(role))
            .await
            .expect("every role may connect");
        for (schema, service) in [
            ("payment", "payment_service"),
            ("main", "main_service"),
            ("event_store", "-"),
            ("projections", "-"),
            ("public", "-"),
        ] {
            let sql = format!("CREATE TABLE {schema}.planted (id int)");
            assert_eq!(
                may(&mut connection, &sql).await,
                role == service,
                "{role}: {sql}"
            );
        }
        for sql in [
            "CREATE SCHEMA planted",
            "SET ROLE payment_service",
            "CREATE ROLE planted",
        ] {
            let own = sql == "SET ROLE payment_service" && role == "payment_service";
            assert_eq!(may(&mut connection, sql).await, own, "{role}: {sql}");
        }
        connection.close().await.expect("the connection closes");
    }
    database.drop_now().await;
}
