//! A company that answers nothing but errors for a while: its circuit opens, nothing is guessed, nothing is charged
//! twice, and when it is back every order comes to its end by itself.

use std::time::Duration;

use serde_json::json;
use testkit::eventually;

use super::play::Stage;
use super::table::PRICE;
use crate::gateways::{pay, until};

/// Orders that are charged before the company says nothing definite any more.
const CHARGED_ORDERS: usize = 5;
/// Orders that it fails to charge: together they open its circuit.
const OTHER_ORDERS: usize = 9;
/// How long the company goes on to fail once its circuit is open: ten minutes, on the schedule of the test.
const FAILS_FOR: Duration = Duration::from_secs(6);
/// More than all that can be asked meanwhile.
const ALL: u32 = 100_000;

pub(super) async fn play(stage: &Stage) {
    stage.behave().await;
    fail(stage, "inquire").await;
    let charged = pay_for(stage, CHARGED_ORDERS, "tok_charge_then_timeout").await;
    fail(stage, "confirm").await;
    let others = pay_for(stage, OTHER_ORDERS, "tok_approve").await;

    let open = format!("gateway_circuit_state{{gateway=\"{}\"}} 2", stage.company);
    eventually("the circuit is open", async || {
        stage.shop.metrics().await.contains(&open).then_some(())
    })
    .await;
    tokio::time::sleep(FAILS_FOR).await;
    for (order, payment) in charged.iter().chain(&others) {
        let seen = stage.buyer.get(&format!("/orders/{order}")).await;
        assert_eq!(seen.text("/data/status"), "PENDING", "nothing is guessed");
        let seen = stage.buyer.get(&format!("/payments/{payment}")).await;
        let status = seen.text("/data/status");
        assert!(matches!(status.as_str(), "PENDING" | "UNKNOWN"), "{status}");
    }
    let unknown = stage.operator.get("/payments?status=UNKNOWN").await.json();
    let unknown = unknown["data"].as_array().map_or(0, Vec::len);
    assert!(unknown > 0, "operators see what is not known");

    stage.behave().await;
    for (order, payment) in &charged {
        let path = format!("/orders/{order}");
        until(&stage.buyer, &path, "/data/status", "PAID").await;
        assert_eq!(stage.money_of(payment).await, (1, PRICE));
    }
    for (order, payment) in &others {
        // One that was asked for and failed was not charged; one that was kept back is charged when the company is back.
        let ended = eventually("the order comes to its end", async || {
            let seen = stage.buyer.get(&format!("/orders/{order}")).await;
            let status = seen.text("/data/status");
            (status != "PENDING").then_some(status)
        })
        .await;
        let has = stage.money_of(payment).await;
        match ended.as_str() {
            "PAID" => assert_eq!(has, (1, PRICE)),
            "CANCELLED" => assert_eq!(has, (0, 0)),
            other => unreachable!("an order that is {other}"),
        }
    }
    stage.verify("money,refunds,gateway-ledger,one-outcome");
}

/// From now on the company answers these calls with errors.
async fn fail(stage: &Stage, call: &str) {
    let fault = json!({ "call": call, "behaviour": "error", "times": ALL });
    stage.tell("/faults", &stage.own(&fault)).await;
}

/// So many orders and their payments.
async fn pay_for(stage: &Stage, orders: usize, token: &str) -> Vec<(String, String)> {
    let mut paid = Vec::new();
    for _ in 0..orders {
        let order = stage.buyer.order(&stage.product, 1).await.id();
        let (_, payment) = pay(&stage.buyer, &order, stage.company, token).await;
        paid.push((order, payment));
    }
    paid
}
