//! For each invariant of the log a fault that is written around the append function, as the owner of the
//! database may. `docs/invariants.md` lists them.

use chrono::{TimeDelta, Utc};
use domain::{Currency, PaymentId};
use invariants::{Invariant, LedgerEntry};
use uuid::Uuid;

use crate::shop::{Lived, PRICE, Shop, by_hand};

#[tokio::test]
async fn dense_a_deleted_event_is_found() {
    let shop = Shop::open().await;
    shop.live().await;
    // A product's: nothing else depends on what it says.
    let delete = "DELETE FROM event_store.events WHERE position = 2";
    assert_eq!(shop.broken_by(delete).await, [Invariant::Dense]);
    shop.close().await;
}

#[tokio::test]
async fn dense_a_skipped_position_is_found() {
    let shop = Shop::open().await;
    shop.product(1).await;
    let skip = "UPDATE event_store.events SET position = 9 WHERE position = 3;
                UPDATE event_store.commands SET position = 9 WHERE position = 3";
    assert_eq!(shop.broken_by(skip).await, [Invariant::Dense]);
    shop.close().await;
}

#[tokio::test]
async fn dense_a_hole_in_a_stream_is_found() {
    let shop = Shop::open().await;
    shop.product(1).await;
    let hole = "UPDATE event_store.events SET sequence = 9 WHERE event_type = 'StockReceived'";
    assert_eq!(shop.broken_by(hole).await, [Invariant::Dense]);
    shop.close().await;
}

#[tokio::test]
async fn dense_an_event_id_that_stands_twice_is_found_and_one_that_is_missing() {
    let shop = Shop::open().await;
    shop.product(1).await;
    let twice = "UPDATE event_store.events e SET metadata = jsonb_set(e.metadata::jsonb, '{eventId}', (
                     SELECT metadata::jsonb -> 'eventId' FROM event_store.events WHERE position = 1))::json
                  WHERE position = 2";
    assert_eq!(shop.broken_by(twice).await, [Invariant::Dense]);
    let missing = "UPDATE event_store.events SET metadata = (metadata::jsonb - 'eventId')::json
                    WHERE position = 2";
    assert_eq!(shop.broken_by(missing).await, [Invariant::Dense]);
    let another = "UPDATE event_store.events SET metadata =
                       jsonb_set(metadata::jsonb, '{eventId}', to_jsonb(gen_random_uuid()))::json";
    assert_eq!(shop.broken_by(another).await, [], "another id is an id");
    shop.close().await;
}

#[tokio::test]
async fn outcome_stored_a_lost_end_of_the_log_is_found() {
    let shop = Shop::open().await;
    shop.product(1).await;
    let lost = "DELETE FROM event_store.events WHERE metadata ->> 'commandId' = (
                    SELECT metadata ->> 'commandId' FROM event_store.events
                     ORDER BY position DESC LIMIT 1)";
    assert_eq!(shop.broken_by(lost).await, [Invariant::OutcomeStored]);
    shop.close().await;
}

#[tokio::test]
async fn outcome_stored_a_lost_outcome_is_found_and_an_event_without_a_command() {
    let shop = Shop::open().await;
    shop.live().await;
    let lost = "DELETE FROM event_store.commands WHERE position = 2";
    assert_eq!(shop.broken_by(lost).await, [Invariant::OutcomeStored]);
    let nameless = "UPDATE event_store.events SET metadata = (metadata::jsonb - 'commandId')::json
                     WHERE position = 2";
    assert_eq!(shop.broken_by(nameless).await, [Invariant::OutcomeStored]);
    shop.close().await;
}

#[tokio::test]
async fn one_outcome_a_command_that_happened_twice_is_found() {
    let shop = Shop::open().await;
    let product = shop.product(1).await;
    let stock = by_hand(
        ("inventory", product),
        "StockReceived",
        r#"{"warehouse":"seoul","quantity":1}"#,
    );
    // The events of one command, in two places of the log.
    let twice = format!(
        "{stock} {stock_again}
         UPDATE event_store.events SET metadata = jsonb_set(metadata::jsonb, '{{commandId}}', (
             SELECT metadata::jsonb -> 'commandId' FROM event_store.events WHERE position = 3))::json
          WHERE position = 5;",
        stock_again = by_hand(
            ("inventory", product),
            "StockReceived",
            r#"{"warehouse":"seoul","quantity":1}"#
        ),
    );
    assert_eq!(shop.broken_by(&twice).await, [Invariant::OneOutcome]);
    let copied = "INSERT INTO event_store.events
                  SELECT aggregate_type, gen_random_uuid(), 1, event_type, event_version, payload, metadata,
                         position + 1, recorded_at
                    FROM event_store.events WHERE position = 3";
    assert_eq!(
        shop.broken_by(copied).await,
        [Invariant::Dense, Invariant::OneOutcome],
        "its id stands twice"
    );
    let elsewhere = "UPDATE event_store.commands SET position = 3 WHERE position = 1";
    assert_eq!(shop.broken_by(elsewhere).await, [Invariant::OneOutcome]);
    shop.close().await;
}

#[tokio::test]
async fn no_oversell_stock_that_is_reserved_beyond_what_there_is_is_found() {
    let shop = Shop::open().await;
    let Lived { product, open, .. } = shop.live().await;
    let adjusted = by_hand(
        ("inventory", product),
        "StockAdjusted",
        r#"{"warehouse":"seoul","delta":-99,"reason":"lost"}"#,
    );
    assert_eq!(shop.broken_by(&adjusted).await, [Invariant::NoOversell]);
    let released = by_hand(
        ("inventory", product),
        "StockReleased",
        &format!(r#"{{"order_id":"{open}","allocations":[{{"warehouse":"seoul","quantity":2}}]}}"#),
    );
    assert_eq!(shop.broken_by(&released).await, [Invariant::NoOversell]);
    shop.close().await;
}

#[tokio::test]
async fn no_oversell_a_sold_order_whose_pieces_never_left_is_found() {
    let shop = Shop::open().await;
    let Lived { sold, .. } = shop.live().await;
    let kept = format!(
        "UPDATE event_store.events SET event_type = 'StockReleased', payload =
             replace(payload::text, 'StockDeducted', 'StockReleased')::json
          WHERE event_type = 'StockDeducted' AND payload::text LIKE '%{sold}%'"
    );
    assert_eq!(shop.broken_by(&kept).await, [Invariant::NoOversell]);
    shop.close().await;
}

#[tokio::test]
async fn coupons_a_second_one_of_a_user_is_found_and_one_too_many() {
    let shop = Shop::open().await;
    let Lived { pool, .. } = shop.live().await;
    let issue = |user: &str, serial| {
        let code = domain::CouponCode::new(pool, serial);
        let payload = format!(r#"{{"user_id":"{user}","code":"{code}"}}"#);
        by_hand(("coupon_pool", pool), "CouponIssued", &payload)
    };
    assert_eq!(shop.broken_by(&issue("bob", 2)).await, []);
    assert_eq!(shop.broken_by(&issue("ann", 2)).await, [Invariant::Coupons]);
    let one_too_many = format!("{}{}", issue("bob", 2), issue("cid", 3));
    assert_eq!(shop.broken_by(&one_too_many).await, [Invariant::Coupons]);
    shop.close().await;
}

#[tokio::test]
async fn point_lots_points_twice_as_many_of_a_later_lot_or_expired_too_soon_are_found() {
    let shop = Shop::open().await;
    shop.live().await;
    let more = "UPDATE event_store.events SET payload =
                    jsonb_set(payload::jsonb, '{PointsEarned,points}', '38')::json
                 WHERE event_type = 'PointsEarned'";
    assert_eq!(shop.broken_by(more).await, [Invariant::PointLots]);

    let (soon, later) = (Uuid::now_v7(), Uuid::now_v7());
    let now = Utc::now();
    let give = |lot: Uuid, days| {
        let until = (now + TimeDelta::days(days)).to_rfc3339();
        let payload = format!(
            r#"{{"adjustment_id":"{lot}","delta":10,"reason":"gift","by":"olga",
                 "lots":[{{"lot_id":"{lot}","points":10}}],
                 "adjusted_at":"{}","expires_at":"{until}"}}"#,
            now.to_rfc3339()
        );
        by_hand(("points", "zoe"), "PointsAdjusted", &payload)
    };
    let lots = format!("{}{}", give(soon, 10), give(later, 20));
    assert_eq!(shop.broken_by(&lots).await, []);
    let take = |lot: Uuid| {
        let adjustment = Uuid::now_v7();
        let payload = format!(
            r#"{{"adjustment_id":"{adjustment}","delta":-5,"reason":"counted","by":"olga",
                 "lots":[{{"lot_id":"{lot}","points":5}}],
                 "adjusted_at":"{}","expires_at":null}}"#,
            now.to_rfc3339()
        );
        let taken = by_hand(("points", "zoe"), "PointsAdjusted", &payload);
        format!("{lots}{taken}")
    };
    assert_eq!(shop.broken_by(&take(soon)).await, []);
    assert_eq!(shop.broken_by(&take(later)).await, [Invariant::PointLots]);

    // Set aside for an order that never asked for them.
    let (order, line) = (Uuid::now_v7(), Uuid::now_v7());
    let held = format!(
        r#"{{"order_id":"{order}","points":5,"held_at":"{}",
             "allocations":[{{"order_item_id":"{line}","lot_id":"{soon}","points":5}}]}}"#,
        now.to_rfc3339()
    );
    let held = by_hand(("points", "zoe"), "PointsHeld", &held);
    let held = format!("{lots}{held}");
    assert_eq!(shop.broken_by(&held).await, [Invariant::PointLots]);

    let expired = format!(
        r#"{{"lot_id":"{soon}","points":10,"expired_at":"{}"}}"#,
        now.to_rfc3339()
    );
    let too_soon = by_hand(("points", "zoe"), "PointsExpired", &expired);
    let too_soon = format!("{lots}{too_soon}");
    assert_eq!(shop.broken_by(&too_soon).await, [Invariant::PointLots]);
    shop.close().await;
}

#[tokio::test]
async fn money_an_order_that_costs_something_else_than_its_lines_is_found() {
    let shop = Shop::open().await;
    let Lived { open, .. } = shop.live().await;
    let cheaper = format!(
        "UPDATE event_store.events SET payload =
             jsonb_set(payload::jsonb, '{{OrderPlaced,total,amount}}', '1')::json
          WHERE event_type = 'OrderPlaced' AND aggregate_id = '{open}'"
    );
    assert_eq!(shop.broken_by(&cheaper).await, [Invariant::Money]);
    shop.close().await;
}

#[tokio::test]
async fn money_a_charge_of_another_amount_than_was_asked_for_is_found() {
    let shop = Shop::open().await;
    let Lived { sold_by, .. } = shop.live().await;
    let less = format!(
        "UPDATE event_store.events SET payload =
             jsonb_set(payload::jsonb, '{{PaymentSucceeded,amount,amount}}', '1')::json
          WHERE event_type = 'PaymentSucceeded' AND aggregate_id = '{sold_by}'"
    );
    assert_eq!(shop.broken_by(&less).await, [Invariant::Money]);
    shop.close().await;
}

#[tokio::test]
async fn refunds_a_second_one_is_found() {
    let shop = Shop::open().await;
    let Lived { refunded, .. } = shop.live().await;
    let again = format!(
        "INSERT INTO event_store.events
         SELECT aggregate_type, aggregate_id, sequence + 1, event_type, event_version, payload,
                jsonb_set(jsonb_set(metadata::jsonb, '{{commandId}}', to_jsonb('{command}'::text)),
                          '{{eventId}}', to_jsonb('{id}'::text))::json,
                (SELECT max(position) + 1 FROM event_store.events), now()
           FROM event_store.events WHERE event_type = 'PaymentRefunded' AND aggregate_id = '{refunded}';
         INSERT INTO event_store.commands
         SELECT '{command}', '\\x00', 200, '{{}}', max(position), now() FROM event_store.events",
        command = Uuid::from_u128(7),
        id = event_store::event_id(Uuid::from_u128(7), 0),
    );
    assert_eq!(shop.broken_by(&again).await, [Invariant::Refunds]);
    shop.close().await;
}

#[tokio::test]
async fn sagas_end_an_order_past_its_time_is_found() {
    let mut shop = Shop::open().await;
    shop.now = Utc::now() - TimeDelta::minutes(20);
    let product = shop.product(10).await;
    let order = shop.order("ann", product, None).await;
    let broken = shop.audit().await;
    assert_eq!(broken.broken(), [Invariant::SagasEnd]);
    shop.cancel("ann", order).await;
    assert_eq!(shop.audit().await.broken(), []);
    shop.close().await;
}

#[tokio::test]
async fn sagas_end_what_is_parked_with_a_reason_is_not_late() {
    let mut shop = Shop::open().await;
    shop.now = Utc::now() - TimeDelta::minutes(10);
    let product = shop.product(10).await;
    let order = shop.order("ann", product, None).await;
    let payment = shop.start_payment("ann", order).await;
    assert_eq!(shop.audit().await.broken(), [Invariant::SagasEnd]);
    shop.as_owner(&format!(
        r#"INSERT INTO processes.actions
                  (action_id, name, action, due_at, last_error, correlation_id, causation_id, parked_at)
           VALUES (gen_random_uuid(), 'confirm-payment', '{{"payment_id":"{payment}"}}', now(),
                   'the gateway is unknown', gen_random_uuid(), gen_random_uuid(), now())"#
    ))
    .await;
    let pass = shop.pass().await;
    assert_eq!(pass.findings().broken(), []);
    assert_eq!(pass.parked().len(), 1);
    assert!(pass.parked()[0].1.contains("the gateway is unknown"));
    shop.close().await;
}

#[tokio::test]
async fn sagas_end_an_order_that_ends_twice_is_found() {
    let shop = Shop::open().await;
    let Lived { sold, .. } = shop.live().await;
    let again = by_hand(("order", sold), "OrderConfirmed", "{}");
    assert_eq!(shop.broken_by(&again).await, [Invariant::SagasEnd]);
    shop.close().await;
}

#[tokio::test]
async fn readable_an_event_of_a_newer_program_is_found() {
    let shop = Shop::open().await;
    let Lived { product, .. } = shop.live().await;
    let newer = by_hand(("product", product), "ProductRecalled", "{}");
    assert_eq!(shop.broken_by(&newer).await, [Invariant::Readable]);
    let garbled = "UPDATE event_store.events SET payload = '{\"OrderPlaced\":7}'
                    WHERE position = (SELECT max(position) FROM event_store.events)";
    assert!(shop.broken_by(garbled).await.contains(&Invariant::Readable));
    shop.close().await;
}

#[tokio::test]
async fn gateway_ledger_money_that_only_one_side_knows_is_found() {
    let shop = Shop::open().await;
    let Lived {
        sold_by, refunded, ..
    } = shop.live().await;
    let pass = shop.pass().await;
    let entry = |payment_id, charged, refunded| LedgerEntry {
        payment_id,
        charged,
        refunded,
        currency: Currency::Krw,
    };
    let late: String = sqlx::query_scalar(
        "SELECT aggregate_id FROM event_store.events WHERE payload::text LIKE '%LATE_SUCCESS%'",
    )
    .fetch_one(&shop.owner)
    .await
    .expect("the late one");
    let late: PaymentId = late.parse().expect("a payment");
    let ledger = vec![
        entry(sold_by, 2 * PRICE - 100, 0),
        entry(refunded, 2 * PRICE, 2 * PRICE),
        entry(late, 2 * PRICE, 0),
    ];
    assert_eq!(pass.compare(&ledger), []);
    let mut one_sided = ledger.clone();
    one_sided.remove(0);
    assert_eq!(pass.compare(&one_sided).len(), 1);
    let mut one_more = ledger;
    one_more.push(entry(PaymentId::new(Uuid::now_v7()), 1, 0));
    assert_eq!(pass.compare(&one_more).len(), 1);
    shop.close().await;
}
