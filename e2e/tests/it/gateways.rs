//! Toss and NICE, mocked, on real processes: what a gateway can do to a shop, and notices of it that come doubled, in
//! another order, forged, or late.

use std::collections::BTreeMap;

use platform::Role;
use serde_json::{Value, json};
use testkit::eventually;

use crate::canary::places::{WalStart, places_of};
use crate::client::Client;
use crate::installation::{Installation, Process, text};

pub(crate) const TOSS: &str = "toss";
pub(crate) const NICE: &str = "nice";

/// A shop with both companies, which tell it of everything: three times, and two notices in turn, the newest first.
async fn open() -> (Installation, Process) {
    let mut shop = Installation::new().await;
    shop.offer_companies();
    let serve = shop.serve().await;
    for company in [TOSS, NICE] {
        let url = shop.webhook_url(company);
        let target = json!({ "url": url, "company": company, "repeat": 3, "delayMs": 50 });
        assert_eq!(tell(&shop, "/webhooks", &target).await, 204);
    }
    (shop, serve)
}

/// Tells the mock something.
pub(crate) async fn tell(shop: &Installation, path: &str, body: &Value) -> u16 {
    let url = format!("{}{path}", shop.gateway_url());
    post(&url, body).await
}

async fn post(url: &str, body: &Value) -> u16 {
    let request = reqwest::Client::new().post(url).json(body).send();
    request.await.expect("an answer").status().as_u16()
}

pub(crate) async fn pay(buyer: &Client, order: &str, company: &str, token: &str) -> (u16, String) {
    let body = json!({ "token": token, "gateway": company });
    let paid = buyer.post(&format!("/orders/{order}/payments"), body).await;
    let payment = eventually("the order's payment is seen", async || {
        let seen = buyer.get(&format!("/orders/{order}/payment")).await;
        let payment = seen.text("/data/paymentId");
        (!payment.is_empty()).then_some(payment)
    })
    .await;
    (paid.status, payment)
}

pub(crate) async fn until(client: &Client, path: &str, pointer: &str, wanted: &str) {
    eventually(&format!("{path} {pointer} is {wanted}"), async || {
        let seen = client.get(path).await.text(pointer);
        (seen == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_answer_of_both_companies_has_its_legal_end_and_the_books_agree() {
    let (shop, _serve) = open().await;
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 100)
        .await;
    let buyer = shop.client("ann", Role::Customer);
    for company in [TOSS, NICE] {
        for (token, order_status, payment_status) in [
            ("tok_approve", "PAID", "SUCCEEDED"),
            ("tok_decline", "CANCELLED", "FAILED"),
            ("tok_charge_then_timeout", "PAID", "SUCCEEDED"),
            ("tok_error", "CANCELLED", "FAILED"),
            ("tok_wrong_amount", "CANCELLED", "REFUNDED"),
        ] {
            let order = buyer.order(&product, 1).await.id();
            let (_, payment) = pay(&buyer, &order, company, token).await;
            let path = format!("/orders/{order}");
            until(&buyer, &path, "/data/status", order_status).await;
            let path = format!("/payments/{payment}");
            until(&buyer, &path, "/data/status", payment_status).await;
        }
        // A success that comes after the order was cancelled goes back by itself.
        let order = buyer.order(&product, 1).await.id();
        let fault =
            json!({ "company": company, "call": "inquire", "behaviour": "error", "times": 2 });
        assert_eq!(tell(&shop, "/faults", &fault).await, 204);
        let (_, payment) = pay(&buyer, &order, company, "tok_charge_then_timeout").await;
        let reason = json!({ "reason": "too slow" });
        let cancelled = buyer.post(&format!("/orders/{order}/cancel"), reason).await;
        assert!(cancelled.status < 500);
        eventually("the late charge is given back", async || {
            let status = buyer.get(&format!("/payments/{payment}")).await;
            let status = status.text("/data/status");
            matches!(status.as_str(), "REFUNDED" | "CANCELLED").then_some(())
        })
        .await;
    }
    shop.verify();
    let day = chrono::Utc::now() + chrono::TimeDelta::hours(9);
    let day = day.date_naive().to_string();
    for (company, code) in [(TOSS, 0), (NICE, 3), ("stripe", 3)] {
        let arguments = ["reconcile", "--company", company, "--day", day.as_str()];
        let compared = shop.run(&arguments);
        let (out, err) = (text(&compared.stdout), text(&compared.stderr));
        assert_eq!(compared.status.code(), Some(code), "{company}: {out}{err}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_deposit_is_known_by_its_notices_and_one_that_is_taken_back_is_for_a_person_to_see() {
    let (shop, _serve) = open().await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 100).await;
    let buyer = shop.client("ann", Role::Customer);
    for company in [TOSS, NICE] {
        let order = buyer.order(&product, 1).await.id();
        let (status, payment) = pay(&buyer, &order, company, "tok_virtual_account").await;
        assert_eq!(status, 201, "{company}");
        let path = format!("/payments/{payment}");
        eventually("where to pay into is shown", async || {
            let seen = buyer.get(&path).await;
            let shown = !seen.text("/data/deposit/number").is_empty();
            (shown && seen.text("/data/status") == "PENDING").then_some(())
        })
        .await;
        let account = json!({ "company": company, "orderId": payment });
        assert_eq!(tell(&shop, "/deposits", &account).await, 204);
        let order_path = format!("/orders/{order}");
        until(&buyer, &order_path, "/data/status", "PAID").await;
        assert_eq!(tell(&shop, "/deposits/errors", &account).await, 204);
        let reason = "/data/review/reason";
        until(&operator, &path, reason, "DEPOSIT_TAKEN_BACK").await;
        let status = buyer.get(&order_path).await.text("/data/status");
        assert_eq!(status, "PAID", "{company}");
        let listed = operator.get("/payments?review=true").await.json();
        let mut listed = listed["data"].as_array().expect("a list").iter();
        assert!(listed.any(|one| one["id"] == payment.as_str()), "{company}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_deposit_goes_back_to_the_account_that_its_buyer_tells() {
    let (shop, _serve) = open().await;
    let wal = WalStart::now(&shop).await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 100).await;
    let (buyer, other) = (
        shop.client("ann", Role::Customer),
        shop.client("bob", Role::Customer),
    );
    let account = json!({ "bank": "20", "number": "1002-908-172635", "holder": "Ann Canary" });
    for company in [TOSS, NICE] {
        let order = buyer.order(&product, 1).await.id();
        let (_, payment) = pay(&buyer, &order, company, "tok_virtual_account").await;
        let paid_in = json!({ "company": company, "orderId": payment });
        assert_eq!(tell(&shop, "/deposits", &paid_in).await, 204);
        let order_path = format!("/orders/{order}");
        until(&buyer, &order_path, "/data/status", "PAID").await;
        let cancel = format!("{order_path}/cancel");
        let cancelled = buyer.post(&cancel, json!({ "reason": "no" })).await;
        assert_eq!(cancelled.status, 200, "{company}");
        let path = format!("/payments/{payment}");
        let why = "/data/refunds/0/delayReason";
        until(&buyer, &path, why, "REFUND_ACCOUNT_NEEDED").await;
        let refund = buyer.get(&path).await.text("/data/refunds/0/id");

        let tell_account = format!("{path}/refunds/{refund}/account");
        let nobodys = other.post(&tell_account, account.clone()).await;
        assert_eq!(nobodys.status, 404, "{company}");
        let wrong = json!({ "bank": "twenty", "number": "1", "holder": "" });
        let wrong = buyer.post(&tell_account, wrong).await;
        assert_eq!(wrong.status, 400, "{company}");
        let key = format!("account-{company}");
        let told = buyer
            .post_until_answered(&tell_account, &key, &account)
            .await;
        assert_eq!(told.status, 202, "{company}");
        let another = json!({ "bank": "20", "number": "999-999-999999", "holder": "Bob" });
        let another = buyer
            .post_until_answered(&tell_account, &key, &another)
            .await;
        assert_eq!(another.status, 422, "{company}");
        until(&buyer, &path, "/data/status", "CANCELLED").await;
        let again = buyer.post(&tell_account, account.clone()).await;
        let again = (again.status, again.text("/error"));
        assert_eq!(again, (409, "REFUND_NEEDS_NO_ACCOUNT".to_owned()));
    }
    shop.wait_until_written().await;
    let owner = shop.database.owner_pool().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM payment.refund_accounts")
        .fetch_one(&owner)
        .await
        .expect("a count");
    assert_eq!(kept, 0, "wiped when the money is back");
    owner.close().await;
    let secrets = ["1002908172635", "1002-908-172635", "Ann Canary"];
    let in_clear = |bytes: &[u8]| {
        let has = |secret: &&str| {
            let mut windows = bytes.windows(secret.len());
            windows.any(|window| window == secret.as_bytes())
        };
        secrets.into_iter().find(has).map(str::to_owned)
    };
    assert_eq!(places_of(in_clear, &shop, &wal).await, BTreeMap::new());
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn forged_notices_change_nothing() {
    let (shop, _serve) = open().await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 100).await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    let (_, payment) = pay(&buyer, &order, TOSS, "tok_virtual_account").await;
    let claims = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "data": { "orderId": payment, "status": "DONE", "totalAmount": 1_000, "currency": "KRW" },
    });
    // Toss signs none of these: it is asked, and says that nothing is in the account.
    assert_eq!(post(&shop.webhook_url(TOSS), &claims).await, 200);
    let nobodys = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "data": { "orderId": order, "status": "DONE", "totalAmount": 1_000, "currency": "KRW" },
    });
    assert_eq!(post(&shop.webhook_url(TOSS), &nobodys).await, 404);
    assert_eq!(post(&shop.webhook_url(NICE), &claims).await, 400);
    let unsigned = json!({ "resultCode": "0000", "tid": "nicuntct1m", "orderId": payment, "amount": 1_000,
        "balanceAmt": 1_000, "status": "paid", "ediDate": "2026-11-22T09:00:00.000+0900", "currency": "KRW",
        "signature": "0000000000000000000000000000000000000000000000000000000000000000" });
    assert_eq!(post(&shop.webhook_url(NICE), &unsigned).await, 401);
    assert_eq!(post(&shop.webhook_url("stripe"), &claims).await, 404);
    let asked = operator
        .post(&format!("/payments/{payment}/inquire"), json!({}))
        .await;
    assert_eq!(
        (asked.status, asked.text("/data/status")),
        (200, "PENDING".to_owned())
    );
    let status = buyer.get(&format!("/orders/{order}")).await;
    assert_eq!(status.text("/data/status"), "PENDING");
    shop.verify();
    shop.close().await;
}
