//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::table::row;

row! {
    MethodRow in "payment_methods" key (id) {
        id: Uuid as "uuid",
        user_id: String as "text",
        gateway: String as "text",
        status: String as "text",
        method_type: Option<String> as "text",
        card_company: Option<String> as "text",
        card_last4: Option<String> as "text",
        failure_code: Option<String> as "text",
        failure_message: Option<String> as "text",
        delay_reason: Option<String> as "text",
        attempts: i64 as "bigint",
        next_attempt_at: Option<DateTime<Utc>> as "timestamptz",
        requested_at: DateTime<Utc> as "timestamptz",
        registered_at: Option<DateTime<Utc>> as "timestamptz",
        deleted_at: Option<DateTime<Utc>> as "timestamptz",
        erased_at: Option<DateTime<Utc>> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    WalletRow in "payment_wallets" key (user_id) {
        user_id: String as "text",
        default_id: Option<Uuid> as "uuid",
        updated_at: DateTime<Utc> as "timestamptz",
    }
}
