//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::table::row;

row! {
    AccountRow in "point_accounts" key (user_id) {
        user_id: String as "text",
        remaining: i64 as "bigint",
        owed: i64 as "bigint",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    LotRow in "point_lots" key (id) {
        id: Uuid as "uuid",
        user_id: String as "text",
        origin: String as "text",
        order_id: Option<Uuid> as "uuid",
        adjustment_id: Option<Uuid> as "uuid",
        earned: i64 as "bigint",
        spent: i64 as "bigint",
        expired: i64 as "bigint",
        taken_back: i64 as "bigint",
        remaining: i64 as "bigint",
        owed: i64 as "bigint",
        earned_at: DateTime<Utc> as "timestamptz",
        expires_at: DateTime<Utc> as "timestamptz",
        lapsed_at: Option<DateTime<Utc>> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
    }
}

row! {
    HistoryRow in "point_history" key (user_id, position) {
        user_id: String as "text",
        position: i64 as "bigint",
        kind: String as "text",
        points: i64 as "bigint",
        change: i64 as "bigint",
        order_id: Option<Uuid> as "uuid",
        lot_id: Option<Uuid> as "uuid",
        detail: Value as "jsonb",
        at: DateTime<Utc> as "timestamptz",
    }
}

row! {
    AllocationRow in "point_allocations" key (order_id, order_item_id, lot_id) {
        order_id: Uuid as "uuid",
        order_item_id: Uuid as "uuid",
        lot_id: Uuid as "uuid",
        user_id: String as "text",
        state: String as "text",
        points: i64 as "bigint",
        returned: i64 as "bigint",
    }
}
