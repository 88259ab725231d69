//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::table::row;

row! {
    PoolRow in "coupon_pools" key (id) {
        id: Uuid as "uuid",
        name: String as "text",
        discount_type: String as "text",
        discount_percent: Option<i32> as "integer",
        discount_amount: Option<i64> as "bigint",
        discount_max_amount: Option<i64> as "bigint",
        discount_currency: Option<String> as "text",
        quantity: i64 as "bigint",
        issued: i64 as "bigint",
        used: i64 as "bigint",
        valid_from: DateTime<Utc> as "timestamptz",
        valid_until: DateTime<Utc> as "timestamptz",
        closed_at: Option<DateTime<Utc>> as "timestamptz",
        created_at: DateTime<Utc> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    CouponRow in "user_coupons" key (code) {
        code: String as "text",
        pool_id: Uuid as "uuid",
        user_id: String as "text",
        state: String as "text",
        order_id: Option<Uuid> as "uuid",
        discount_amount: Option<i64> as "bigint",
        issued_at: DateTime<Utc> as "timestamptz",
        used_at: Option<DateTime<Utc>> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
    }
}
