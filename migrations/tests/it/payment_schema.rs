//! The payment schema is the one that was asked for: every column, size, default, key, check and index.

use std::collections::BTreeSet;

use testkit::TestDatabase;

use crate::catalogue::{columns, constraints, indexed};

const TABLES: [&str; 5] = [
    "transactions",
    "methods",
    "transaction_history",
    "method_history",
    "pg_api_logs",
];

/// The requirements' §2, column by column, as PostgreSQL writes it; and `pg_api_logs.payment_id` and
/// `transaction_id`, by which an exchange is found.
const COLUMNS: &str = "\
method_history.id uuid not null
method_history.method_id uuid not null
method_history.previous_status character varying(20)
method_history.current_status character varying(20) not null
method_history.change_reason character varying(255)
method_history.changed_at timestamp with time zone not null
methods.id uuid not null
methods.pg_billing_key character varying(100) not null
methods.pg_company character varying(50) not null
methods.method_type character varying(20) not null
methods.card_company character varying(50)
methods.card_last4 character varying(4)
methods.pg_request_data json
methods.pg_response_data json
methods.status character varying(20) not null default 'ACTIVE'::character varying
methods.registered_at timestamp with time zone not null default now()
methods.deleted_at timestamp with time zone
pg_api_logs.id uuid not null
pg_api_logs.pg_company character varying(50) not null
pg_api_logs.api_endpoint character varying(255) not null
pg_api_logs.http_method character varying(10) not null
pg_api_logs.request_headers json
pg_api_logs.request_body json
pg_api_logs.response_status integer
pg_api_logs.response_headers json
pg_api_logs.response_body json
pg_api_logs.duration_ms integer
pg_api_logs.success boolean default false
pg_api_logs.error_message text
pg_api_logs.created_at timestamp with time zone not null
pg_api_logs.payment_id uuid
pg_api_logs.transaction_id uuid
transaction_history.id uuid not null
transaction_history.transaction_id uuid not null
transaction_history.previous_status character varying(20)
transaction_history.current_status character varying(20) not null
transaction_history.change_reason character varying(255)
transaction_history.changed_at timestamp with time zone not null
transactions.id uuid not null
transactions.pg_transaction_id character varying(100) not null
transactions.pg_company character varying(50) not null
transactions.transaction_type character varying(20) not null
transactions.amount numeric(15,2) not null
transactions.currency character varying(3) default 'KRW'::character varying
transactions.status character varying(20) not null
transactions.pg_request_data json
transactions.pg_response_data json
transactions.requested_at timestamp with time zone not null default now()
transactions.completed_at timestamp with time zone";

const INDEXED: [&str; 16] = [
    "transactions.pg_transaction_id",
    "transactions.status",
    "transactions.requested_at",
    "methods.pg_billing_key",
    "methods.status",
    "transaction_history.transaction_id",
    "transaction_history.changed_at",
    "method_history.method_id",
    "method_history.changed_at",
    "pg_api_logs.pg_company",
    "pg_api_logs.success",
    "pg_api_logs.created_at",
    "pg_api_logs.payment_id",
    "pg_api_logs.transaction_id",
    "transactions.id",
    "methods.id",
];

fn of_the_five(line: &str) -> bool {
    TABLES.iter().any(|table| {
        line.starts_with(&format!("{table}.")) || line.starts_with(&format!("{table}:"))
    })
}

#[tokio::test]
async fn the_columns_sizes_and_defaults_are_the_ones_that_were_asked_for() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let mut found = columns(&owner, "payment").await;
    found.retain(|line| of_the_five(line));
    assert_eq!(found.join("\n"), COLUMNS);
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn keys_and_checks_have_names_and_say_what_was_asked_for() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let found: BTreeSet<(String, String)> = constraints(&owner, "payment")
        .await
        .into_iter()
        .filter(|(_, definition)| of_the_five(definition))
        .collect();
    let one_of = |column: &str, values: &[&str]| {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("'{value}'::character varying"))
            .collect();
        format!(
            "CHECK ((({column})::text = ANY ((ARRAY[{}])::text[])))",
            values.join(", ")
        )
    };
    let wanted: BTreeSet<(String, String)> = [
        (
            "transactions_pkey",
            "transactions: PRIMARY KEY (id)".to_owned(),
        ),
        (
            "uk_transactions_pg_transaction_id",
            "transactions: UNIQUE (pg_transaction_id)".to_owned(),
        ),
        (
            "transactions_type_known",
            format!(
                "transactions: {}",
                one_of("transaction_type", &["PAYMENT", "REFUND", "CANCEL"])
            ),
        ),
        (
            "transactions_status_known",
            format!(
                "transactions: {}",
                one_of("status", &["PENDING", "SUCCESS", "FAILED"])
            ),
        ),
        (
            "transactions_amount_not_negative",
            "transactions: CHECK ((amount >= (0)::numeric))".to_owned(),
        ),
        ("methods_pkey", "methods: PRIMARY KEY (id)".to_owned()),
        (
            "uk_methods_pg_billing_key",
            "methods: UNIQUE (pg_billing_key)".to_owned(),
        ),
        (
            "methods_type_known",
            format!(
                "methods: {}",
                one_of("method_type", &["CARD", "ACCOUNT", "MOBILE"])
            ),
        ),
        (
            "methods_status_known",
            format!(
                "methods: {}",
                one_of("status", &["ACTIVE", "INACTIVE", "DELETED"])
            ),
        ),
        (
            "transaction_history_pkey",
            "transaction_history: PRIMARY KEY (id)".to_owned(),
        ),
        (
            "fk_transaction_history_transaction",
            "transaction_history: FOREIGN KEY (transaction_id) REFERENCES payment.transactions(id)"
                .to_owned(),
        ),
        (
            "method_history_pkey",
            "method_history: PRIMARY KEY (id)".to_owned(),
        ),
        (
            "fk_method_history_method",
            "method_history: FOREIGN KEY (method_id) REFERENCES payment.methods(id)".to_owned(),
        ),
        (
            "pg_api_logs_pkey",
            "pg_api_logs: PRIMARY KEY (id)".to_owned(),
        ),
        (
            "pg_api_logs_duration_not_negative",
            "pg_api_logs: CHECK ((duration_ms >= 0))".to_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, definition)| (name.to_owned(), definition))
    .collect();
    assert_eq!(found, wanted);
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn every_column_that_is_asked_by_has_an_index() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let found = indexed(&owner, "payment").await;
    for column in INDEXED {
        assert!(
            found.iter().any(|has| has == column),
            "an index on {column}"
        );
    }
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn no_foreign_key_crosses_two_schemas() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let crossing = "SELECT c.conname::text FROM pg_constraint c
          JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid
         WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace";
    let keys: Vec<String> = sqlx::query_scalar(crossing)
        .fetch_all(&owner)
        .await
        .expect("the catalogue can be read");
    assert_eq!(keys, Vec::<String>::new());
    // The question finds a key that does cross.
    sqlx::raw_sql(
        "CREATE TABLE main.planted (id uuid, CONSTRAINT planted FOREIGN KEY (id)
             REFERENCES payment.transactions (id))",
    )
    .execute(&owner)
    .await
    .expect("the owner of the database may");
    let keys: Vec<String> = sqlx::query_scalar(crossing)
        .fetch_all(&owner)
        .await
        .expect("the catalogue can be read");
    assert_eq!(keys, ["planted"]);
    owner.close().await;
    database.drop_now().await;
}
