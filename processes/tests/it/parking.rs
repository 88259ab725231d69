//! What cannot be done is set aside in sight, and holds nothing else up.

use chrono::TimeDelta;
use domain::order::OrderStatus;
use domain::{Action, PaymentId};
use testkit::eventually;
use uuid::Uuid;

use crate::stage::{Row, Shop};

async fn until_parked(shop: &Shop, name: &str) -> Row {
    eventually(&format!("{name} is parked"), async || {
        shop.clock.advance(TimeDelta::milliseconds(50));
        let rows = shop.actions().await;
        rows.into_iter()
            .find(|row| row.name == name && row.is_parked)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_fails_by_a_defect_is_parked_after_a_few_tries() {
    let shop = Shop::open().await;
    let runner = shop.start();
    let payment_id = PaymentId::new(Uuid::now_v7());
    let action = Action::InquirePayment { payment_id };
    shop.insert("of-no-payment", "inquire-payment", &action)
        .await;
    let row = until_parked(&shop, "of-no-payment").await;
    assert_eq!(row.attempts, 5);
    assert!(
        row.last_error
            .is_some_and(|error| error.contains("no such payment"))
    );
    // The next holder tries it once more, and no more than once.
    runner.stop().await;
    let runner = shop.start();
    eventually("it is tried once more and parked again", async || {
        let rows = shop.actions().await;
        rows.into_iter()
            .find(|row| row.attempts == 6 && row.is_parked)
    })
    .await;
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_this_program_does_not_know_is_parked_at_once() {
    let shop = Shop::open().await;
    shop.insert_action(
        "from-the-future",
        "commands",
        r#"{"action": "send-flowers"}"#,
    )
    .await;
    let runner = shop.start();
    let row = until_parked(&shop, "from-the-future").await;
    assert_eq!(row.attempts, 1);
    assert!(
        row.last_error
            .is_some_and(|error| error.contains("send-flowers"))
    );
    runner.stop().await;
    // The next program knows it: here, because it is another action by now.
    let order_id = shop.place().await;
    shop.clock.advance(TimeDelta::minutes(16));
    let known = serde_json::to_string(&Action::ExpireOrder { order_id }).unwrap();
    shop.sql(&format!("UPDATE processes.actions SET action = '{known}'"))
        .await;
    let runner = shop.start();
    shop.until_order(order_id, OrderStatus::Cancelled).await;
    shop.until_idle().await;
    assert!(shop.actions().await.is_empty());
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_of_a_lane_that_is_gone_is_still_done() {
    let shop = Shop::open().await;
    let order_id = shop.place().await;
    shop.clock.advance(TimeDelta::minutes(16));
    let action = Action::ExpireOrder { order_id };
    shop.insert("orphan", "confirm-payment/bankrupt", &action)
        .await;
    let runner = shop.start();
    shop.until_order(order_id, OrderStatus::Cancelled).await;
    shop.until_idle().await;
    assert!(shop.actions().await.is_empty());
    runner.stop().await;
    shop.close().await;
}

/// What `shop` makes unreadable, and how it is repaired: the event of another program's version.
async fn event_is_parked_and_made_up_for(spoil: &str, repair: &str) {
    let shop = Shop::open().await;
    let early = shop.place().await;
    let placed = "SELECT max(position) FROM event_store.events WHERE event_type = 'OrderPlaced'";
    let position = shop.number(placed).await;
    shop.sql(&format!("{spoil} WHERE position = {position}"))
        .await;
    // Another process: this one has the event in memory as it was.
    let (runner, _) = shop.start_rival().await;
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    let parked = "SELECT coalesce(max(position), 0) FROM processes.parked_events";
    assert_eq!(shop.number(parked).await, position);
    shop.until_idle().await;
    runner.stop().await;
    // A program that can read it: the order's timer is set after all.
    shop.sql(&format!("{repair} WHERE position = {position}"))
        .await;
    let runner = shop.start();
    eventually("the event is made up for", async || {
        (shop.number(parked).await == 0).then_some(())
    })
    .await;
    shop.clock.advance(TimeDelta::minutes(16));
    shop.until_order(early, OrderStatus::Cancelled).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_an_unknown_type_is_parked_and_made_up_for_by_a_program_that_knows_it() {
    event_is_parked_and_made_up_for(
        "UPDATE event_store.events
            SET event_type = 'OrderDreamtOf',
                payload = replace(payload::text, 'OrderPlaced', 'OrderDreamtOf')::json",
        "UPDATE event_store.events
            SET event_type = 'OrderPlaced',
                payload = replace(payload::text, 'OrderDreamtOf', 'OrderPlaced')::json",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_metadata_is_broken_is_parked_too() {
    event_is_parked_and_made_up_for(
        "UPDATE event_store.events
            SET metadata = replace(metadata::text, 'correlationId', 'spoilt')::json",
        "UPDATE event_store.events
            SET metadata = replace(metadata::text, 'spoilt', 'correlationId')::json",
    )
    .await;
}
