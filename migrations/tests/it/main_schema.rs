//! The order service's tables are the ones that were asked for: every column, size, default, key and index.

use std::collections::BTreeSet;

use testkit::TestDatabase;

use crate::catalogue::{columns, constraints, indexed};

/// The requirements' §2, column by column, as PostgreSQL writes it; and the anchor that the keys lead to.
const COLUMNS: &str = "\
order_payment_mapping.id uuid not null
order_payment_mapping.order_id uuid not null
order_payment_mapping.payment_transaction_id uuid not null
order_payment_mapping.payment_status character varying(20) not null
order_payment_mapping.payment_confirmed_at timestamp with time zone
order_payment_mapping.created_at timestamp with time zone not null
order_payment_mapping.updated_at timestamp with time zone not null
orders.id uuid not null
orders.currency character varying(3) not null
payment_states.id uuid not null
payment_states.order_id uuid not null
payment_states.current_status character varying(20) not null
payment_states.payment_amount numeric(15,2) not null
payment_states.paid_amount numeric(15,2) default 0
payment_states.refunded_amount numeric(15,2) default 0
payment_states.last_transaction_id uuid
payment_states.last_updated_at timestamp with time zone not null
user_payment_method_mapping.id uuid not null
user_payment_method_mapping.user_id character varying(64) not null
user_payment_method_mapping.payment_method_id uuid not null
user_payment_method_mapping.is_default boolean default false
user_payment_method_mapping.is_active boolean default true
user_payment_method_mapping.registered_at timestamp with time zone not null
user_payment_method_mapping.deleted_at timestamp with time zone
users.id character varying(64) not null";

const KEYS: [(&str, &str); 12] = [
    (
        "fk_order_payment_mapping_order",
        "order_payment_mapping: FOREIGN KEY (order_id) REFERENCES main.orders(id)",
    ),
    (
        "order_payment_mapping_pkey",
        "order_payment_mapping: PRIMARY KEY (id)",
    ),
    (
        "uk_order_payment",
        "order_payment_mapping: UNIQUE (order_id, payment_transaction_id)",
    ),
    ("orders_pkey", "orders: PRIMARY KEY (id)"),
    (
        "fk_payment_states_order",
        "payment_states: FOREIGN KEY (order_id) REFERENCES main.orders(id)",
    ),
    ("payment_states_pkey", "payment_states: PRIMARY KEY (id)"),
    (
        "uk_payment_states_order_id",
        "payment_states: UNIQUE (order_id)",
    ),
    (
        "fk_user_payment_method_mapping_user",
        "user_payment_method_mapping: FOREIGN KEY (user_id) REFERENCES main.users(id)",
    ),
    (
        "user_payment_method_mapping_pkey",
        "user_payment_method_mapping: PRIMARY KEY (id)",
    ),
    ("users_pkey", "users: PRIMARY KEY (id)"),
    // Not asked for; and not in the way of anything.
    (
        "uk_user_payment_method",
        "user_payment_method_mapping: UNIQUE (user_id, payment_method_id)",
    ),
    ("checkpoints_pkey", "checkpoints: PRIMARY KEY (subscriber)"),
];

fn is_asked_for(line: &str) -> bool {
    [
        "order_payment_mapping.",
        "orders.",
        "payment_states.",
        "user_payment_method_mapping.",
        "users.",
    ]
    .iter()
    .any(|table| line.starts_with(table))
}

#[tokio::test]
async fn the_order_services_columns_and_keys_are_the_ones_that_were_asked_for() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let mut found = columns(&owner, "main").await;
    found.retain(|line| is_asked_for(line));
    assert_eq!(found.join("\n"), COLUMNS);
    let found: BTreeSet<(String, String)> = constraints(&owner, "main").await.into_iter().collect();
    for (name, definition) in KEYS {
        let key = (name.to_owned(), definition.to_owned());
        assert!(found.contains(&key), "{key:?} in {found:?}");
    }
    let found = indexed(&owner, "main").await;
    for column in [
        "order_payment_mapping.payment_status",
        "payment_states.current_status",
        "user_payment_method_mapping.user_id",
        "user_payment_method_mapping.is_default",
    ] {
        assert!(
            found.iter().any(|has| has == column),
            "an index on {column}"
        );
    }
    owner.close().await;
    database.drop_now().await;
}
