//! Paying: the outcome is waited for, bounded, and what was answered once is answered always.

use std::time::{Duration, Instant};

use command_api::CommandApiConfig;
use domain::checkout::GatewayAnswer;
use domain::{Currency, Money};
use serde_json::json;
use testkit::unique;
use uuid::Uuid;

use crate::settler::{Settler, settle};
use crate::shop::one_item;
use crate::world::{Answer, Settings, World};

fn waiting(payment_wait: Duration) -> Settings {
    Settings {
        api: CommandApiConfig {
            payment_wait,
            ..Default::default()
        },
        ..Default::default()
    }
}

fn charged() -> GatewayAnswer {
    GatewayAnswer::Approved {
        gateway_transaction_id: "charge-1".to_owned(),
        charged: Money::new(10_000, Currency::Krw).expect("money"),
    }
}

/// Pays under this key.
async fn pay(world: &World, order: &str, key: &str, token: &str) -> Answer {
    let request = world
        .post(&format!("/orders/{order}/payments"))
        .customer("alice")
        .key(key);
    request.json(&json!({ "token": token })).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_waits_for_its_success_and_answers_it_again() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    let paid = pay(&world, &order, "k", "tok_approve").await;
    assert_eq!(
        (paid.status, &paid.data()["status"]),
        (201, &json!("SUCCEEDED"))
    );
    assert_eq!(paid.data()["orderId"], json!(order));
    assert_eq!(
        paid.data()["amount"],
        json!({ "amount": 10_000, "currency": "KRW" })
    );
    let location = format!("/api/v1/payments/{}", paid.id());
    assert_eq!(paid.header("location"), Some(location.as_str()));
    let head = world.store.log().head().await.expect("the head");
    assert_eq!(
        paid.position(),
        head,
        "a query from there on sees the order paid"
    );

    assert_eq!(world.cancel("alice", &order).await.status, 200);
    let again = pay(&world, &order, "k", "tok_approve").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &paid.text));
    assert_eq!(again.header("location"), Some(location.as_str()));
    let other = world.pay("alice", &order, "tok_approve").send().await;
    assert_eq!(other.error(), (409, "ORDER_NOT_PAYABLE"));
    let world = world.restart().await;
    let again = pay(&world, &order, "k", "tok_approve").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &paid.text));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_is_402_with_the_gateways_code_and_stays_it() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    for (token, code) in [
        ("tok_decline", "CARD_DECLINED"),
        ("tok_wrong_amount", "AMOUNT_MISMATCH"),
    ] {
        let order = world.placed_order("alice", 1).await;
        let declined = pay(&world, &order, token, token).await;
        assert_eq!(declined.error(), (402, "PAYMENT_DECLINED"));
        assert_eq!(declined.json["message"], "결제가 거절되었습니다");
        assert_eq!(declined.details(), [("token".to_owned(), code.to_owned())]);
        let again = pay(&world, &order, token, token).await;
        assert_eq!((again.is_replayed(), &again.text), (true, &declined.text));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_does_not_come_is_pending_at_the_bound() {
    const WAIT: Duration = Duration::from_secs(2);
    let world = World::start_with(waiting(WAIT)).await;
    let order = world.placed_order("alice", 1).await;
    let started = Instant::now();
    let pending = pay(&world, &order, "k", "tok_never").await;
    assert!(started.elapsed() >= WAIT);
    assert_eq!(
        (pending.status, &pending.data()["status"]),
        (201, &json!("PENDING"))
    );
    let asked_again = Instant::now();
    let again = pay(&world, &order, "k", "tok_never").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &pending.text));
    assert!(asked_again.elapsed() < WAIT, "a repeat does not wait again");
    // It succeeds after all; what was answered stays.
    settle(
        &world.store,
        pending.id().parse().expect("an id"),
        charged(),
    )
    .await;
    let again = pay(&world, &order, "k", "tok_never").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &pending.text));
    assert_eq!(world.events_of_type("OrderPaid").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_pending_at_once() {
    let world = World::start_with(waiting(Duration::from_secs(20))).await;
    let _settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    let started = Instant::now();
    let pending = pay(&world, &order, "k", "tok_unknown").await;
    assert_eq!(
        (pending.status, &pending.data()["status"]),
        (201, &json!("PENDING"))
    );
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it is not waited for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_want_to_wait_gets_202_and_where_to_look() {
    let world = World::start_with(waiting(Duration::from_secs(20))).await;
    let order = world.placed_order("alice", 1).await;
    let path = format!("/orders/{order}/payments");
    let pay_without_waiting = || {
        let request = world
            .post(&path)
            .customer("alice")
            .key("k")
            .json(&json!({ "token": "tok_x" }));
        request.header("prefer", "respond-async").send()
    };
    let accepted = pay_without_waiting().await;
    assert_eq!(
        (accepted.status, &accepted.data()["status"]),
        (202, &json!("PENDING"))
    );
    let location = format!("/api/v1/payments/{}", accepted.id());
    assert_eq!(accepted.header("location"), Some(location.as_str()));
    settle(
        &world.store,
        accepted.id().parse().expect("an id"),
        charged(),
    )
    .await;
    // The first answer again, whether the repeat wants to wait or not.
    for again in [
        pay_without_waiting().await,
        pay(&world, &order, "k", "tok_x").await,
    ] {
        assert_eq!(
            (again.is_replayed(), again.status, &again.text),
            (true, 202, &accepted.text)
        );
        assert_eq!(again.header("location"), Some(location.as_str()));
    }
}

/// The process dies after the payment was requested and before anything was answered: its record is
/// taken away, which only the database's owner can.
async fn forget_the_answer(world: &World) {
    let forgotten = sqlx::query(
        "DELETE FROM event_store.commands c
          WHERE NOT EXISTS (SELECT FROM event_store.events e
                             WHERE (e.metadata ->> 'commandId')::uuid = c.command_id)
            AND c.body LIKE '%orderId%'",
    )
    .execute(&world.owner_pool().await)
    .await
    .expect("the owner may");
    assert_eq!(forgotten.rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_cut_short_by_a_crash_is_answered_by_what_became_of_it() {
    let world = World::start_with(waiting(Duration::from_millis(200))).await;
    let order = world.placed_order("alice", 1).await;
    let lost = pay(&world, &order, "k", "tok_never").await;
    assert_eq!(lost.data()["status"], "PENDING");
    forget_the_answer(&world).await;
    let world = world.restart().await;
    settle(&world.store, lost.id().parse().expect("an id"), charged()).await;
    let paid = pay(&world, &order, "k", "tok_never").await;
    assert_eq!(
        (paid.status, &paid.data()["status"]),
        (201, &json!("SUCCEEDED"))
    );
    assert_eq!(paid.id(), lost.id(), "the same payment, not a second one");
    let again = pay(&world, &order, "k", "tok_never").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &paid.text));
    assert_eq!(world.events_of_type("PaymentRequested").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_cut_short_by_a_crash_is_waited_for_again() {
    let world = World::start_with(waiting(Duration::from_millis(400))).await;
    let order = world.placed_order("alice", 1).await;
    let lost = pay(&world, &order, "k", "tok_never").await;
    forget_the_answer(&world).await;
    let world = world.restart().await;
    let pending = pay(&world, &order, "k", "tok_never").await;
    assert_eq!(
        (pending.id(), &pending.data()["status"]),
        (lost.id(), &json!("PENDING"))
    );
    assert_eq!(world.events_of_type("PaymentRequested").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_costs_nothing_is_paid_without_a_gateway() {
    let world = World::start_with(waiting(Duration::from_secs(20))).await;
    let product = world.product_with_stock(1).await;
    let mut pool = crate::shop::a_pool(1);
    pool["discount"] = json!({ "type": "PERCENT", "percent": 100 });
    let pool = world
        .post("/coupon-pools")
        .operator()
        .json(&pool)
        .send()
        .await
        .id();
    let code = world.claim("alice", &pool).send().await.data()["code"].clone();
    let order = world
        .post("/orders")
        .customer("alice")
        .key("o")
        .json(&one_item(&product, 1));
    let order = order.send().await.id();
    let body = json!({ "token": "tok_none", "couponCode": code });
    let request = world
        .post(&format!("/orders/{order}/payments"))
        .customer("alice");
    let paid = request.key("p").json(&body).send().await;
    assert_eq!(
        (paid.status, &paid.data()["status"]),
        (201, &json!("SUCCEEDED"))
    );
    assert_eq!(paid.data()["amount"]["amount"], 0);
}

/// The bench found it: of some ten thousand random tokens one has thirteen digits in a row with a card's check digit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_happens_to_have_a_cards_digits_in_it_is_a_token_and_a_card_is_none() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    for card in [
        "4111111111111111",
        "4111 1111-1111 1111",
        "card 4111111111111111",
    ] {
        let refused = pay(&world, &order, &unique("k"), card).await;
        let named = vec![("token".to_owned(), "CARD_NUMBER_NOT_ALLOWED".to_owned())];
        assert_eq!(refused.details(), named, "{card}");
    }
    let paid = pay(&world, &order, "k", "tok_approve_9b4111111111111111e0").await;
    assert_eq!(paid.status, 201, "{}", paid.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_paid_is_refused_for_good() {
    let world = World::start().await;
    let unknown = Uuid::now_v7().to_string();
    let answer = world.pay("alice", &unknown, "tok_approve").send().await;
    assert_eq!(answer.error(), (404, "ORDER_NOT_FOUND"));
    let order = world.placed_order("alice", 1).await;
    let under_way = world
        .post(&format!("/orders/{order}/payments"))
        .customer("alice");
    let under_way = under_way
        .key(&unique("p"))
        .json(&json!({ "token": "tok_never" }));
    assert_eq!(
        under_way
            .header("prefer", "respond-async")
            .send()
            .await
            .status,
        202
    );
    let second = pay(&world, &order, "second", "tok_approve").await;
    assert_eq!(second.error(), (409, "ORDER_NOT_PAYABLE"));
    let again = pay(&world, &order, "second", "tok_approve").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &second.text));
}
