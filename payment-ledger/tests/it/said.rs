//! What was said last about a transaction stands in its row, whoever is written first.

use domain::checkout::RefundAnswer;
use payment_gateways::{Exchange, ExchangeLog as _};
use payment_ledger::{DatabaseExchangeLog, Ledger, keep_exchanges};
use serde_json::{Value, json};
use testkit::eventually;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::exchanges::exchange;
use crate::shop::Shop;

/// Whoever calls gateways.
struct Caller {
    log: DatabaseExchangeLog,
    task: JoinHandle<()>,
    stop: CancellationToken,
    told: i64,
}

impl Caller {
    fn start(shop: &Shop) -> Self {
        let stop = CancellationToken::new();
        let (log, task) = keep_exchanges(shop.pool("payment_service"), stop.clone());
        Self {
            log,
            task,
            stop,
            told: 0,
        }
    }

    /// A call and its answer, either of which may have no body.
    fn tell(&mut self, about: Uuid, asked: Option<Value>, answered: Option<Value>) {
        self.told += 1;
        self.log.told(Exchange {
            request_body: asked,
            response_body: answered,
            ..exchange(Some(about))
        });
    }

    async fn written(&self, shop: &Shop) {
        eventually("all exchanges are written", async || {
            let written = shop.rows("SELECT id FROM payment.pg_api_logs").await.len();
            (i64::try_from(written) == Ok(self.told)).then_some(())
        })
        .await;
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the writer ends");
    }
}

async fn said(shop: &Shop, transaction: Uuid) -> [Value; 2] {
    let sql = format!(
        "SELECT pg_request_data AS asked, pg_response_data AS answered
           FROM payment.transactions WHERE id = '{transaction}'"
    );
    let rows = shop.rows(&sql).await;
    assert_eq!(rows.len(), 1, "one row of {transaction}: {rows:?}");
    [rows[0]["asked"].clone(), rows[0]["answered"].clone()]
}

#[tokio::test]
async fn the_last_request_and_the_last_answer_stand_with_the_charge_and_with_its_refund() {
    let shop = Shop::open().await;
    let mut caller = Caller::start(&shop);
    let confirm = json!({ "amount": 12_900 });
    // The exchange is there before the transaction, and has no answer.
    let (_, payment) = shop.paid(1, "key-1").await;
    caller.tell(payment.uuid(), Some(confirm.clone()), None);
    caller.written(&shop).await;
    shop.keep_books();
    shop.caught_up().await;
    let asked = [confirm.clone(), Value::Null];
    eventually("the charge's request", async || {
        (said(&shop, payment.uuid()).await == asked).then_some(())
    })
    .await;
    // An inquiry has no body; the transaction is there before it.
    caller.tell(payment.uuid(), None, Some(json!({ "status": "DONE" })));
    caller.written(&shop).await;
    let charged = [confirm, json!({ "status": "DONE" })];
    assert_eq!(said(&shop, payment.uuid()).await, charged);

    let refund = shop.refund(payment, 5_000).await;
    shop.caught_up().await;
    assert_eq!(said(&shop, refund.uuid()).await, [Value::Null, Value::Null]);
    for status in ["IN_PROGRESS", "DONE"] {
        let cancel = Some(json!({ "cancelAmount": 5_000 }));
        caller.tell(refund.uuid(), cancel, Some(json!({ "status": status })));
    }
    caller.written(&shop).await;
    shop.settle_refund(payment, refund, RefundAnswer::Done)
        .await;
    shop.caught_up().await;
    let given_back = [
        json!({ "cancelAmount": 5_000 }),
        json!({ "status": "DONE" }),
    ];
    assert_eq!(said(&shop, refund.uuid()).await, given_back);
    assert_eq!(said(&shop, payment.uuid()).await, charged);

    shop.rebuild(Ledger::Transactions).await;
    assert_eq!(said(&shop, refund.uuid()).await, given_back);
    assert_eq!(said(&shop, payment.uuid()).await, charged);
    caller.stop().await;
    shop.close().await;
}

/// What whoever copies holds until the commit.
const HOLD: &str = "SELECT pg_advisory_xact_lock(620204, 0)";

/// Either somebody waits for [`HOLD`], or nobody ever will.
async fn until_waited_for(shop: &Shop, or_written: &str) {
    let sql = format!(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 620204 AND NOT granted
                        UNION ALL SELECT {or_written}"
    );
    eventually("the other one comes second", async || {
        (!shop.rows(&sql).await.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_exchange_that_is_written_while_the_ledger_commits_is_copied_by_whoever_wrote_it() {
    let shop = Shop::open().await;
    let mut caller = Caller::start(&shop);
    let id = Uuid::now_v7();
    let mut ledger = shop.owner.begin().await.expect("a transaction");
    let insert = format!(
        "INSERT INTO payment.transactions
                (id, pg_transaction_id, pg_company, transaction_type, amount, status)
         VALUES ('{id}', '{id}', 'TOSS', 'PAYMENT', 12900, 'PENDING')"
    );
    for step in [insert.as_str(), HOLD] {
        let done = sqlx::query(step).execute(&mut *ledger).await;
        done.expect("nobody else writes");
    }
    let asked = json!({ "amount": 12_900 });
    caller.tell(id, Some(asked.clone()), None);
    until_waited_for(&shop, "FROM payment.pg_api_logs").await;
    ledger.commit().await.expect("the row is there");
    eventually("the copy", async || {
        (said(&shop, id).await[0] == asked).then_some(())
    })
    .await;
    caller.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_transaction_that_is_written_while_an_exchange_commits_is_copied_to_by_the_ledger() {
    let shop = Shop::open().await;
    let (_, payment) = shop.paid(1, "key-1").await;
    let mut caller = shop.owner.begin().await.expect("a transaction");
    let insert = format!(
        "INSERT INTO payment.pg_api_logs
                (id, pg_company, api_endpoint, http_method, request_body, created_at, transaction_id)
         VALUES (gen_random_uuid(), 'TOSS', '/', 'POST', '{{\"a\": 1}}', now(), '{payment}')"
    );
    for step in [insert.as_str(), HOLD] {
        let done = sqlx::query(step).execute(&mut *caller).await;
        done.expect("nobody else writes");
    }
    shop.keep_books();
    let is_kept = "FROM payment.checkpoints WHERE subscriber = 'transactions'
              AND position = (SELECT max(position) FROM event_store.events)";
    until_waited_for(&shop, is_kept).await;
    caller.commit().await.expect("the exchange is there");
    eventually("the copy", async || {
        let of = "SELECT id FROM payment.transactions WHERE pg_request_data ->> 'a' = '1'";
        (shop.rows(of).await.len() == 1).then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_and_transactions_that_are_written_at_once_by_ledgers_that_die_find_each_other() {
    let shop = Shop::open().await;
    let mut caller = Caller::start(&shop);
    for round in 0..12_u64 {
        let stop = CancellationToken::new();
        let keepers = [shop.keep_transactions(&stop), shop.keep_transactions(&stop)];
        for number in 0..5 {
            let (_, payment) = shop.paid(1, &format!("key-{round}-{number}")).await;
            let asked = json!({ "of": payment.to_string() });
            caller.tell(payment.uuid(), Some(asked), Some(json!({ "said": number })));
        }
        // Anything between "not connected yet" and "in the middle of a batch".
        tokio::time::sleep(std::time::Duration::from_millis(round * 17 % 101)).await;
        for keeper in keepers {
            keeper.abort();
        }
    }
    caller.written(&shop).await;
    shop.keep_books();
    shop.caught_up().await;
    eventually("each transaction has what was said", async || {
        let whole = "SELECT id FROM payment.transactions
              WHERE pg_request_data ->> 'of' = id::text AND pg_response_data IS NOT NULL";
        (shop.rows(whole).await.len() == 60).then_some(())
    })
    .await;
    caller.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_transaction_that_somebody_is_writing_holds_no_exchange_up_and_is_told_afterwards() {
    let shop = Shop::open().await;
    let mut caller = Caller::start(&shop);
    shop.keep_books();
    let (_, payment) = shop.paid(1, "key-1").await;
    shop.caught_up().await;
    // As a rebuild does that takes a while, and then gives up.
    let mut rebuild = shop.owner.begin().await.expect("a transaction");
    sqlx::query("DELETE FROM payment.transaction_history")
        .execute(&mut *rebuild)
        .await
        .expect("nobody else writes");
    sqlx::query("DELETE FROM payment.transactions")
        .execute(&mut *rebuild)
        .await
        .expect("nobody else writes");
    let asked = json!({ "amount": 12_900 });
    caller.tell(payment.uuid(), Some(asked.clone()), None);
    caller.written(&shop).await;
    assert_eq!(said(&shop, payment.uuid()).await[0], Value::Null);
    rebuild.rollback().await.expect("it gives up");
    eventually("the copy that was passed over", async || {
        // The gateways are asked all the while.
        caller.log.told(exchange(None));
        (said(&shop, payment.uuid()).await[0] == asked).then_some(())
    })
    .await;
    caller.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_copy_that_is_not_what_was_said_last_is_found() {
    let shop = Shop::open().await;
    let mut caller = Caller::start(&shop);
    shop.keep_books();
    let (_, payment) = shop.paid(1, "key-1").await;
    caller.tell(
        payment.uuid(),
        Some(json!({ "a": 1 })),
        Some(json!({ "b": 1 })),
    );
    caller.written(&shop).await;
    shop.caught_up().await;
    shop.as_owner("UPDATE payment.pg_api_logs SET created_at = now() - interval '1 minute'")
        .await;
    shop.all_same().await;
    for plant in ["pg_request_data = NULL", "pg_response_data = '{\"b\": 2}'"] {
        shop.as_owner(&format!("UPDATE payment.transactions SET {plant}"))
            .await;
        let compared = shop.compared().await;
        assert_eq!(compared.differences, 1, "{plant}: {compared:?}");
        assert!(compared.told[0].contains("pg_api_logs"), "{compared:?}");
        shop.rebuild(Ledger::Transactions).await;
        shop.all_same().await;
    }
    caller.stop().await;
    shop.close().await;
}
