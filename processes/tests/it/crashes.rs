//! Killed anywhere, started again: every sale still ends legally, and nobody is charged twice.

use std::time::Duration;

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use event_store::StoreConfig;
use futures::StreamExt;
use testkit::{eventually, eventually_within};

use crate::stage::{Blockade, Call, HASTY, Moment, Sale, Shop};

/// One of each kind of payment that ends by itself.
const TOKENS: [&str; 4] = [
    "tok_approve",
    "tok_decline",
    "tok_wrong_amount",
    "tok_charge_then_timeout",
];
/// Gateway calls that these make: four charges, an inquiry, a refund.
const CALLS: usize = 6;
/// Scenarios at once: each has a database and a gateway of its own.
const SCENARIOS_AT_ONCE: usize = 4;
/// Many restarts take their time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn sell(shop: &Shop, tokens: &[&str]) -> Vec<Sale> {
    let mut sales = Vec::new();
    for token in tokens {
        sales.push(shop.place_and_pay(token).await);
    }
    sales
}

async fn has_ended(shop: &Shop, sale: Sale) -> bool {
    let order = shop.order_status(sale.order_id).await;
    let payment = shop.payment(sale.payment_id).await.status;
    match order {
        OrderStatus::Paid | OrderStatus::Confirmed => payment == PaymentStatus::Succeeded,
        OrderStatus::Cancelled => matches!(
            payment,
            PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Refunded
        ),
        OrderStatus::Pending | OrderStatus::Shipped | OrderStatus::Delivered => false,
    }
}

/// Moves the clock on whenever nothing is left to do, until every sale has ended.
async fn until_ended(shop: &Shop, sales: &[Sale]) {
    eventually_within(PATIENCE, "every sale has ended", async || {
        for sale in sales {
            if !has_ended(shop, *sale).await {
                shop.until_idle().await;
                shop.clock.advance(TimeDelta::seconds(5));
                return None;
            }
        }
        Some(())
    })
    .await;
    // What was given up is asked for one last time.
    shop.until_idle().await;
    shop.clock.advance(TimeDelta::minutes(10));
    shop.until_idle().await;
    shop.assert_books_balance(sales).await;
}

async fn crash_at_call(nth: usize, moment: Moment) {
    let shop = Shop::open_with(HASTY, StoreConfig::default()).await;
    shop.gateway.trap(nth, moment);
    let runner = shop.start();
    let sales = sell(&shop, &TOKENS).await;
    // The inquiry comes only after the clock has moved.
    let moving = async {
        loop {
            let caught = tokio::time::timeout(Duration::from_millis(200), shop.gateway.sprung());
            if caught.await.is_ok() {
                return;
            }
            shop.clock.advance(TimeDelta::seconds(1));
        }
    };
    let caught = tokio::time::timeout(PATIENCE, moving).await;
    assert!(
        caught.is_ok(),
        "call {nth} was never made: {:?}",
        shop.gateway.calls()
    );
    runner.kill().await;
    shop.gateway.disarm();
    shop.expire_lease().await;
    let runner = shop.start();
    until_ended(&shop, &sales).await;
    let confirmed = |call: &Call| matches!(call, Call::Confirm(_));
    let counts = shop.gateway.counts();
    assert_eq!(
        counts.keys().filter(|call| confirmed(call)).count(),
        TOKENS.len()
    );
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_a_crash_of_the_database_took_back_is_written_again_though_nothing_happens() {
    let shop = Shop::open().await;
    let runner = shop.start();
    shop.until_idle().await;
    let before = shop.checkpoint().await;
    shop.place().await;
    eventually("the order's timer is there", async || {
        (shop.actions().await.len() == 1).then_some(())
    })
    .await;
    let timer = shop.actions().await.remove(0).name;
    shop.take_back(before).await;
    eventually("the same timer is there again", async || {
        let actions = shop.actions().await;
        (actions.len() == 1 && actions[0].name == timer).then_some(())
    })
    .await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_write_before_a_silence_is_flushed_by_a_commit_after_it() {
    let shop = Shop::open().await;
    // How each commit that moves or confirms the checkpoint is flushed.
    shop.sql(
        "CREATE TABLE public.commits (id bigserial, position bigint, flushed boolean);
         CREATE FUNCTION public.note_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
         BEGIN
             INSERT INTO public.commits (position, flushed)
             VALUES (NEW.position, current_setting('synchronous_commit') = 'on');
             RETURN NEW;
         END $$;
         CREATE TRIGGER note_commit AFTER INSERT OR UPDATE ON event_store.checkpoints
            FOR EACH ROW WHEN (NEW.subscriber = 'processes') EXECUTE FUNCTION public.note_commit()",
    )
    .await;
    let runner = shop.start();
    shop.place().await;
    eventually("the timer is there, and flushed", async || {
        let flushed = "SELECT count(*) FROM public.commits AS last JOIN public.commits AS before USING (position)
                        WHERE last.flushed AND NOT before.flushed AND before.id < last.id
                          AND last.id = (SELECT max(id) FROM public.commits)
                          AND EXISTS (SELECT FROM processes.actions)";
        (shop.number(flushed).await == 1).then_some(())
    })
    .await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_gateway_call_every_sale_still_ends_and_is_charged_once() {
    let scenarios = (1..=CALLS).flat_map(|nth| [(nth, Moment::Before), (nth, Moment::After)]);
    futures::stream::iter(scenarios)
        .for_each_concurrent(SCENARIOS_AT_ONCE, |(nth, moment)| {
            crash_at_call(nth, moment)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_every_few_events_every_sale_still_ends_and_is_charged_once() {
    let shop = Shop::open_hasty().await;
    let sales = sell(&shop, &TOKENS).await;
    let mut runner = shop.start();
    let mut kills = 0;
    for _ in 0..40 {
        let head = shop.store.log().head().await.unwrap();
        // The next event wakes this and the runner at the same time: the kill comes somewhere between
        // its reading, its call and its writing.
        let mut subscription = shop.store.log().subscribe(head);
        let next = tokio::time::timeout(Duration::from_millis(300), subscription.next(1));
        let idle = next.await.is_err();
        runner.kill().await;
        kills += 1;
        shop.expire_lease().await;
        if idle {
            shop.clock.advance(TimeDelta::seconds(5));
        }
        runner = shop.start();
    }
    assert_eq!(kills, 40);
    until_ended(&shop, &sales).await;
    runner.stop().await;
    shop.close().await;
}

/// The next transaction of the runner that does this to its actions is stopped in its middle, the runner
/// killed, the transaction rolled back. Returns the sales, and how many gateway calls there were by then.
async fn crash_in_transaction(shop: &Shop, on: &str, tokens: &[&str]) -> (Vec<Sale>, usize) {
    const GATE: i64 = 4_711;
    let gate = Blockade::by(shop, &format!("SELECT pg_advisory_lock({GATE})")).await;
    shop.sql(&format!(
        "CREATE FUNCTION processes.gate() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
         CREATE TRIGGER gate AFTER {on} ON processes.actions
                FOR EACH STATEMENT EXECUTE FUNCTION processes.gate();"
    ))
    .await;
    let runner = shop.start();
    let sales = sell(shop, tokens).await;
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
                    WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()";
    eventually("the runner waits at the gate", async || {
        (shop.number(waiting).await > 0).then_some(())
    })
    .await;
    runner.kill().await;
    let calls = shop.gateway.calls().len();
    gate.lift().await;
    shop.expire_lease().await;
    (sales, calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_writes_steps_down_it_writes_them_down_again() {
    let shop = Shop::open_hasty().await;
    let (sales, calls) = crash_in_transaction(&shop, "INSERT", &TOKENS).await;
    assert_eq!(calls, 0, "nothing is done before its row is there");
    let runner = shop.start();
    until_ended(&shop, &sales).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_rows_of_done_actions_are_gone_it_does_nothing_twice() {
    let shop = Shop::open_hasty().await;
    let (sales, calls) = crash_in_transaction(&shop, "DELETE", &TOKENS).await;
    assert!(calls > 0, "rows are deleted after their actions");
    let runner = shop.start();
    until_ended(&shop, &sales).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_taken_in_counts_once_though_its_action_is_done_again() {
    let shop = Shop::open().await;
    let (sales, calls) = crash_in_transaction(&shop, "DELETE", &["tok_error"]).await;
    assert_eq!(calls, 1);
    let payment_id = sales[0].payment_id;
    assert_eq!(shop.payment(payment_id).await.inquiries, 1);
    let runner = shop.start();
    shop.until_idle().await;
    assert_eq!(
        shop.gateway.calls().len(),
        2,
        "asked again, under the same key"
    );
    let payment = shop.payment(payment_id).await;
    assert_eq!(payment.inquiries, 1, "the first answer stands");
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_said_is_not_lost_while_the_log_cannot_be_written() {
    let config = StoreConfig {
        command_timeout: Duration::from_millis(300),
        lock_timeout: Duration::from_millis(200),
        ..StoreConfig::default()
    };
    let shop = Shop::open_with(crate::stage::PATIENT, config).await;
    let runner = shop.start();
    shop.gateway.hold();
    let sale = shop.place_and_pay("tok_approve").await;
    shop.gateway.until_called(1).await;
    // Somebody holds the log's lock, as a stuck session would.
    let stuck = Blockade::by(&shop, "SELECT pg_advisory_lock(7215046291174)").await;
    shop.gateway.let_go();
    eventually("the failure is written down", async || {
        let rows = shop.actions().await;
        rows.into_iter()
            .find(|row| row.name == "confirm-payment" && row.attempts > 0)
    })
    .await;
    stuck.lift().await;
    eventually_within(PATIENCE, "the order is paid after all", async || {
        shop.clock.advance(TimeDelta::milliseconds(100));
        (shop.order_status(sale.order_id).await == OrderStatus::Paid).then_some(())
    })
    .await;
    shop.assert_books_balance(&[sale]).await;
    runner.stop().await;
    shop.close().await;
}
