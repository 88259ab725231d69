//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::table::row;

row! {
    PaymentRow in "payments" key (id) {
        id: Uuid as "uuid",
        order_id: Uuid as "uuid",
        user_id: String as "text",
        status: String as "text",
        currency: String as "text",
        amount: i64 as "bigint",
        charged_amount: i64 as "bigint",
        charged_currency: Option<String> as "text",
        refunded_amount: i64 as "bigint",
        gateway: String as "text",
        gateway_transaction_id: Option<String> as "text",
        failure_code: Option<String> as "text",
        failure_message: Option<String> as "text",
        unknown_reason: Option<String> as "text",
        inquiries: i32 as "integer",
        next_inquiry_at: Option<DateTime<Utc>> as "timestamptz",
        requested_at: DateTime<Utc> as "timestamptz",
        completed_at: Option<DateTime<Utc>> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
        deposit_bank: Option<String> as "text",
        deposit_number: Option<String> as "text",
        deposit_holder: Option<String> as "text",
        deposit_until: Option<DateTime<Utc>> as "timestamptz",
        review_reason: Option<String> as "text",
        review_at: Option<DateTime<Utc>> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    RefundRow in "payment_refunds" key (payment_id, id) {
        payment_id: Uuid as "uuid",
        id: Uuid as "uuid",
        status: String as "text",
        reason: String as "text",
        amount: i64 as "bigint",
        failed_attempts: i32 as "integer",
        delay_reason: Option<String> as "text",
        next_attempt_at: Option<DateTime<Utc>> as "timestamptz",
        requested_at: DateTime<Utc> as "timestamptz",
        completed_at: Option<DateTime<Utc>> as "timestamptz",
    }
}

row! {
    PaymentStateRow in "payment_states" key (order_id) {
        order_id: Uuid as "uuid",
        user_id: String as "text",
        current_status: String as "text",
        currency: String as "text",
        payment_amount: i64 as "bigint",
        paid_amount: i64 as "bigint",
        refunded_amount: i64 as "bigint",
        last_transaction_id: Option<Uuid> as "uuid",
        last_updated_at: DateTime<Utc> as "timestamptz",
    }
}
