//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::table::row;

row! {
    NotificationRow in "notifications" key (user_id, position) {
        user_id: String as "text",
        position: i64 as "bigint",
        id: Uuid as "uuid",
        kind: String as "text",
        params: Value as "jsonb",
        created_at: DateTime<Utc> as "timestamptz",
    }
}

row! {
    OrderUserRow in "order_users" key (order_id) {
        order_id: Uuid as "uuid",
        user_id: String as "text",
    }
}

row! {
    PoolNameRow in "pool_names" key (pool_id) {
        pool_id: Uuid as "uuid",
        name: String as "text",
        valid_until: DateTime<Utc> as "timestamptz",
    }
}
