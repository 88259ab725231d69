//! Payments in lists, where a deposit is to be paid, and what a person must look at.

use chrono::{Duration, Utc};
use domain::checkout::GatewayAnswer;
use domain::payment::DepositAccount;
use domain::{Currency, Money};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Shop, column};

/// A payment of this user, which was answered so; and the position after it.
async fn paid(shop: &Shop, user: &str, answer: GatewayAnswer) -> (Uuid, Uuid, u64) {
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let (order, _) = shop.place(user, &[(tea, 2)], None).await;
    let (payment, _) = shop.request_payment(user, order).await;
    let position = shop.settle(payment, answer).await;
    (order, payment, position)
}

fn awaiting(until: chrono::DateTime<Utc>) -> GatewayAnswer {
    GatewayAnswer::WaitingForDeposit {
        gateway_transaction_id: "gw-1".to_owned(),
        amount: krw(2_000),
        account: DepositAccount {
            bank: "20".to_owned(),
            number: "X6505636518308".to_owned(),
            holder: Some("박토스".to_owned()),
            until,
            open_until: None,
        },
    }
}

fn charged(id: &str) -> GatewayAnswer {
    GatewayAnswer::Approved {
        gateway_transaction_id: id.to_owned(),
        charged: krw(2_000),
    }
}

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).expect("an amount")
}

fn unknown() -> GatewayAnswer {
    GatewayAnswer::Unknown {
        reason: "TIMEOUT".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_lists_their_own_payments_and_an_operator_everybodys() {
    let shop = Shop::open().await;
    let (_, annes, _) = paid(&shop, "ann", charged("gw-1")).await;
    let (_, bobs, position) = paid(&shop, "bob", unknown()).await;
    let own = shop.customer("ann").see("/payments", position).await;
    assert_eq!(column(&own, "id"), [annes.to_string()]);
    let all = shop.operator().see("/payments", position).await;
    assert_eq!(column(&all, "id"), [bobs.to_string(), annes.to_string()]);
    let lost = shop
        .operator()
        .see("/payments?status=UNKNOWN&size=5", position)
        .await;
    assert_eq!(column(&lost, "id"), [bobs.to_string()]);
    assert_eq!(lost[0]["unknownReason"], "TIMEOUT");
    assert_eq!(lost[0]["inquiries"], 1);
    assert!(lost[0]["nextInquiryAt"].is_string(), "{lost}");
    let none = shop
        .customer("ann")
        .see("/payments?status=UNKNOWN", position)
        .await;
    assert_eq!(none, json!([]));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_shows_where_to_pay_into_and_its_order_waits_as_long() {
    let shop = Shop::open().await;
    let until = Utc::now() + Duration::days(7);
    let (order, payment, position) = paid(&shop, "ann", awaiting(until)).await;
    let ann = shop.customer("ann");
    let seen = ann.see(&format!("/payments/{payment}"), position).await;
    assert_eq!(seen["status"], "PENDING");
    assert_eq!(seen["deposit"]["number"], "X6505636518308");
    assert_eq!(seen["deposit"]["holder"], "박토스");
    assert!(seen["nextInquiryAt"].is_string(), "{seen}");
    let order = ann.see(&format!("/orders/{order}"), position).await;
    assert_eq!(order["status"], "PENDING");
    assert_eq!(order["paymentDueAt"], seen["deposit"]["until"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_must_look_at_is_listed_for_operators_alone() {
    let shop = Shop::open().await;
    let until = Utc::now() + Duration::days(7);
    let (_, payment, _) = paid(&shop, "ann", awaiting(until)).await;
    shop.settle(payment, charged("gw-1")).await;
    let position = shop.settle(payment, awaiting(until)).await;
    let list = "/payments?review=true";
    let listed = shop.operator().see(list, position).await;
    assert_eq!(column(&listed, "id"), [payment.to_string()]);
    assert_eq!(listed[0]["review"]["reason"], "DEPOSIT_TAKEN_BACK");
    assert_eq!(listed[0]["status"], "SUCCEEDED");
    let refused = shop.customer("ann").get(list).await;
    assert_eq!(refused.error(), (403, "FORBIDDEN".to_owned()));
    let path = format!("/payments/{payment}");
    let own = shop.customer("ann").see(&path, position).await;
    assert_eq!(own["review"], Value::Null);
    let operators = shop.operator().see(&path, position).await;
    assert_eq!(operators["review"]["reason"], "DEPOSIT_TAKEN_BACK");
    shop.close().await;
}
