//! What a hand can do to the tables of the ledger: each column changed, a row lost, a row invented.

/// What is done to a table, and what is said of it. `$one` is one row's condition.
pub(crate) struct Plant {
    pub(crate) sql: &'static str,
    pub(crate) told: &'static [&'static str],
}

pub(crate) const MAPPING_PLANTS: &[Plant] = &[
    Plant {
        sql: "UPDATE main.order_payment_mapping SET payment_status = 'FAILED' WHERE $one",
        told: &["payment_status is FAILED and should be SUCCESS"],
    },
    Plant {
        sql: "UPDATE main.order_payment_mapping
                 SET payment_confirmed_at = payment_confirmed_at + interval '1 us' WHERE $one",
        told: &["payment_confirmed_at is 2023-11-14T"],
    },
    Plant {
        sql: "UPDATE main.order_payment_mapping SET payment_confirmed_at = NULL WHERE $one",
        told: &["payment_confirmed_at is null and should be 2023-11-14T"],
    },
    Plant {
        sql: "UPDATE main.order_payment_mapping m
                 SET order_id = (SELECT o.id FROM main.orders o WHERE o.id <> m.order_id LIMIT 1) WHERE $one",
        told: &[": order_id is "],
    },
    Plant {
        sql: "UPDATE main.order_payment_mapping SET payment_transaction_id = gen_random_uuid() WHERE $one",
        told: &[": payment_transaction_id is "],
    },
    Plant {
        sql: "DELETE FROM main.order_payment_mapping WHERE $one",
        told: &[") is not there"],
    },
    Plant {
        sql: "INSERT INTO main.order_payment_mapping (id, order_id, payment_transaction_id, payment_status)
              SELECT '00000000-0000-0000-0000-000000000000', id, gen_random_uuid(), 'PENDING'
                FROM main.orders LIMIT 1",
        told: &["the log knows of no mapping 00000000-0000-0000-0000-000000000000"],
    },
    // As many rows as before.
    Plant {
        sql: "UPDATE main.order_payment_mapping SET id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE $one",
        told: &["is not there", "the log knows of no mapping ffffffff"],
    },
];

pub(crate) const STATE_PLANTS: &[Plant] = &[
    Plant {
        sql: "UPDATE main.payment_states SET current_status = 'FAILED' WHERE $one",
        told: &["current_status is FAILED and should be PARTIALLY_REFUNDED"],
    },
    Plant {
        sql: "UPDATE main.payment_states SET payment_amount = payment_amount + 0.01 WHERE $one",
        told: &["payment_amount is 25800.01 and should be 25800.00"],
    },
    Plant {
        sql: "UPDATE main.payment_states SET paid_amount = NULL WHERE $one",
        told: &["paid_amount is null and should be 25800.00"],
    },
    Plant {
        sql: "UPDATE main.payment_states SET refunded_amount = 0, paid_amount = 1 WHERE $one",
        told: &["paid_amount is 1.00 and should be 25800.00, refunded_amount is 0.00 and should be 5000.00"],
    },
    Plant {
        sql: "UPDATE main.payment_states SET last_transaction_id = NULL WHERE $one",
        told: &["last_transaction_id is null and should be "],
    },
    Plant {
        sql: "INSERT INTO main.orders VALUES ('00000000-0000-0000-0000-000000000001', 'KRW');
              UPDATE main.payment_states SET order_id = '00000000-0000-0000-0000-000000000001' WHERE $one",
        told: &[": order_id is 00000000-0000-0000-0000-000000000001 and should be "],
    },
    Plant {
        sql: "DELETE FROM main.payment_states WHERE $one",
        told: &[") is not there"],
    },
    Plant {
        sql: "INSERT INTO main.orders VALUES ('00000000-0000-0000-0000-000000000001', 'KRW');
              INSERT INTO main.payment_states (id, order_id, current_status, payment_amount)
              VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'PENDING', 1)",
        told: &["the log knows of no state "],
    },
];

pub(crate) const HISTORY_PLANTS: &[Plant] = &[
    Plant {
        sql: "UPDATE payment.transaction_history SET previous_status = NULL WHERE $one",
        told: &["previous_status is null and should be PENDING"],
    },
    Plant {
        sql: "UPDATE payment.transaction_history SET current_status = 'SUCCESS' WHERE $one",
        told: &["current_status is SUCCESS and should be FAILED"],
    },
    Plant {
        sql: "UPDATE payment.transaction_history SET change_reason = 'BAD LUCK' WHERE $one",
        told: &["change_reason is BAD LUCK and should be REJECT_CARD_COMPANY"],
    },
    Plant {
        sql: "UPDATE payment.transaction_history SET changed_at = changed_at - interval '1 us' WHERE $one",
        told: &["changed_at is 2023-11-14T"],
    },
    Plant {
        sql: "UPDATE payment.transaction_history h SET transaction_id =
                     (SELECT t.id FROM payment.transactions t WHERE t.transaction_type = 'REFUND') WHERE $one",
        told: &[": transaction_id is "],
    },
    Plant {
        sql: "DELETE FROM payment.transaction_history WHERE $one",
        told: &[") is not there"],
    },
    Plant {
        sql: "INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
              SELECT '00000000-0000-0000-0000-000000000000', id, 'FAILED', now() FROM payment.transactions
               WHERE transaction_type = 'REFUND'",
        told: &["the log knows of no change 00000000-0000-0000-0000-000000000000 (transaction_id "],
    },
    // As many rows as before.
    Plant {
        sql: "UPDATE payment.transaction_history SET id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE $one",
        told: &["is not there", "the log knows of no change ffffffff"],
    },
];
