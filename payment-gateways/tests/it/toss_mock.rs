//! Toss's mock as a client sees it that is not our adapter.

use chrono::{TimeDelta, Utc};
use payment_gateways::mock::server::{Company, MockServerConfig};
use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, DeleteBillingKeyRequest, DeletionReply,
    IssueBillingKeyRequest, NoticeSubject, RefundAccount, RefundRequest, TransactionKind,
    TransactionsQuery, TransactionsReply,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::companies::gateway_of;
use crate::merchant::Merchant;
use crate::stage::{HASTY, PATIENT, Stage, approved, payment, refund_of};

/// `test_sk_x:`, in base64.
const TEST_KEY: &str = "Basic dGVzdF9za194Og==";

async fn call(
    stage: &Stage,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, Value) {
    let url = stage.url(&format!("/toss/v1{path}"));
    let mut request = stage.http.request(method, url).json(body);
    if !headers.iter().any(|(name, _)| *name == "Authorization") {
        request = request.header("Authorization", TEST_KEY);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn confirm_body(token: &str, order_id: &str) -> Value {
    json!({ "paymentKey": token, "orderId": order_id, "amount": 15_000 })
}

async fn confirm(stage: &Stage, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    call(stage, Method::POST, "/payments/confirm", headers, body).await
}

#[tokio::test]
async fn a_payment_looks_as_toss_writes_it() {
    let stage = Stage::new().await;
    let (status, payment) = confirm(&stage, &[], &confirm_body("tok_approve", "order-0001")).await;
    assert_eq!(status, 200);
    for (field, value) in [
        ("version", json!("2022-11-16")),
        ("orderId", json!("order-0001")),
        ("status", json!("DONE")),
        ("method", json!("카드")),
        ("totalAmount", json!(15_000)),
        ("balanceAmount", json!(15_000)),
        ("suppliedAmount", json!(13_636)),
        ("vat", json!(1_364)),
        ("currency", json!("KRW")),
        ("cancels", Value::Null),
    ] {
        assert_eq!(payment[field], value, "{field}");
    }
    assert!(payment["approvedAt"].as_str().unwrap().ends_with("+09:00"));
    let key = payment["paymentKey"].as_str().unwrap();
    for path in [
        format!("/payments/{key}"),
        "/payments/orders/order-0001".to_owned(),
    ] {
        let found = call(&stage, Method::GET, &path, &[], &Value::Null).await;
        assert_eq!(found, (200, payment.clone()));
    }
    let whole = json!({ "cancelReason": "변심" });
    let path = format!("/payments/{key}/cancel");
    let (status, cancelled) = call(&stage, Method::POST, &path, &[], &whole).await;
    assert_eq!((status, &cancelled["status"]), (200, &json!("CANCELED")));
    assert_eq!(cancelled["totalAmount"], 15_000, "it never changes");
    assert_eq!(cancelled["cancels"][0]["cancelAmount"], 15_000);
    let again = call(&stage, Method::POST, &path, &[], &whole).await;
    assert_eq!(
        (again.0, &again.1["code"]),
        (400, &json!("ALREADY_CANCELED_PAYMENT"))
    );
    stage.stop().await;
}

#[tokio::test]
async fn a_key_is_answered_as_the_first_time_whatever_the_body() {
    let stage = Stage::new().await;
    let key = [("Idempotency-Key", "k-1")];
    let first = confirm(&stage, &key, &confirm_body("tok_approve", "order-0001")).await;
    let other = confirm(&stage, &key, &confirm_body("tok_approve", "order-0002")).await;
    assert_eq!(other, first);
    let other_caller = [
        ("Idempotency-Key", "k-1"),
        ("Authorization", "Basic dGVzdF9za195Og=="),
    ];
    let own = confirm(
        &stage,
        &other_caller,
        &confirm_body("tok_approve", "order-0002"),
    )
    .await;
    assert_eq!(own.1["orderId"], "order-0002");
    let long = "k".repeat(301);
    let refused = confirm(
        &stage,
        &[("Idempotency-Key", &long)],
        &confirm_body("tok_approve", "order-0003"),
    )
    .await;
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (400, &json!("INVALID_IDEMPOTENCY_KEY"))
    );
    let moved = json!({ "advanceSeconds": 16 * 24 * 60 * 60 });
    assert_eq!(stage.post("/clock", &moved).await, 200);
    let late = confirm(&stage, &key, &confirm_body("tok_approve", "order-0004")).await;
    assert_eq!(late.1["orderId"], "order-0004", "fifteen days are over");
    stage.stop().await;
}

#[tokio::test]
async fn a_second_call_under_a_key_that_is_under_way_is_told_to_wait() {
    let stage = Stage::new().await;
    let body = confirm_body("tok_approve", "order-0001");
    let slow = [("Idempotency-Key", "k-1"), ("X-Mock-Delay-Ms", "1500")];
    let quick = [("Idempotency-Key", "k-1")];
    let (first, second) = tokio::join!(confirm(&stage, &slow, &body), async {
        tokio::time::sleep(HASTY).await;
        confirm(&stage, &quick, &body).await
    });
    assert_eq!(first.0, 200);
    assert_eq!(
        (second.0, &second.1["code"]),
        (409, &json!("IDEMPOTENT_REQUEST_PROCESSING"))
    );
    assert_eq!(confirm(&stage, &quick, &body).await, first);
    stage.stop().await;
}

#[tokio::test]
async fn any_documented_error_can_be_asked_for_with_a_test_key_before_anything_is_looked_at() {
    let stage = Stage::new().await;
    for (code, status) in [
        ("REJECT_CARD_COMPANY", 403),
        ("PROVIDER_ERROR", 400),
        ("NOT_FOUND_PAYMENT", 404),
    ] {
        let headers = [("TossPayments-Test-Code", code)];
        let (got, body) = confirm(&stage, &headers, &json!({ "no": "sense" })).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)));
        let english = [headers[0], ("Accept-Language", "en-US")];
        let (_, english) = confirm(&stage, &english, &Value::Null).await;
        assert!(english["message"].as_str().unwrap().is_ascii());
        assert!(
            !body["message"].as_str().unwrap().is_ascii(),
            "Korean by default"
        );
    }
    // `live_sk_x:`
    let live = [
        ("TossPayments-Test-Code", "FDS_ERROR"),
        ("Authorization", "Basic bGl2ZV9za194Og=="),
    ];
    let (status, _) = confirm(&stage, &live, &confirm_body("tok_approve", "order-0001")).await;
    assert_eq!(status, 200);
    let unheard = [("TossPayments-Test-Code", "NO_SUCH_CODE")];
    let (status, _) = confirm(&stage, &unheard, &confirm_body("tok_approve", "order-0002")).await;
    assert_eq!(status, 200);
    stage.stop().await;
}

#[tokio::test]
async fn a_request_without_a_right_key_or_with_nonsense_is_refused_as_toss_does() {
    let stage = Stage::new().await;
    let good = confirm_body("tok_approve", "order-0001");
    for (authorization, status, code) in [
        // `test_sk_x`, without its colon.
        ("Basic dGVzdF9za194", 403, "INCORRECT_BASIC_AUTH_FORMAT"),
        ("Basic ???", 403, "INCORRECT_BASIC_AUTH_FORMAT"),
        // `somebody:`
        ("Basic c29tZWJvZHk6", 400, "INVALID_API_KEY"),
    ] {
        let (got, body) = confirm(&stage, &[("Authorization", authorization)], &good).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)));
    }
    for (body, status, code) in [
        (json!({}), 400, "INVALID_REQUEST"),
        (
            confirm_body("unheard-of", "order-0001"),
            404,
            "NOT_FOUND_PAYMENT_SESSION",
        ),
        (
            confirm_body("tok_approve", "short"),
            400,
            "INVALID_ORDER_ID",
        ),
        (
            confirm_body("tok_approve", "wrong signs!"),
            400,
            "INVALID_ORDER_ID",
        ),
        (
            json!({ "paymentKey": "tok_approve", "orderId": "order-0001", "amount": 99 }),
            400,
            "BELOW_MINIMUM_AMOUNT",
        ),
    ] {
        let (got, answer) = confirm(&stage, &[], &body).await;
        assert_eq!((got, &answer["code"]), (status, &json!(code)), "{body}");
    }
    assert!(stage.ledger().await.is_empty());
    let unsigned = stage
        .http
        .post(stage.url("/toss/v1/payments/confirm"))
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status().as_u16(), 401);
    stage.stop().await;
}

#[tokio::test]
async fn a_card_is_registered_once_charged_often_and_deleted() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let issue = IssueBillingKeyRequest {
        auth_key: "tok_approve_card".to_owned(),
        customer_key: "customer-1".to_owned(),
        request_id: Uuid::now_v7(),
    };
    let BillingKeyReply::Issued(issued) = gateway.issue_billing_key(issue.clone()).await else {
        panic!("not issued");
    };
    let again = gateway.issue_billing_key(issue.clone()).await;
    assert_eq!(
        again,
        BillingKeyReply::Issued(issued.clone()),
        "the same request"
    );
    assert_eq!(issued.card_last4.as_deref(), Some("1234"));
    let anew = IssueBillingKeyRequest {
        request_id: Uuid::now_v7(),
        ..issue
    };
    assert_eq!(
        gateway.issue_billing_key(anew).await.outcome(),
        "refused",
        "good for one key"
    );
    let charge = || ChargeBillingKeyRequest {
        billing_key: issued.billing_key.clone(),
        customer_key: "customer-1".to_owned(),
        payment_id: Uuid::now_v7(),
        amount_minor: 9_900,
        currency: "KRW".to_owned(),
        order_name: "정기 결제".to_owned(),
    };
    for _ in 0..2 {
        let charge = charge();
        let reply = gateway.charge_billing_key(charge.clone()).await;
        assert_eq!(reply.outcome(), "approved", "{reply:?}");
        assert_eq!(gateway.inquire(charge.payment_id).await, reply);
    }
    let other = ChargeBillingKeyRequest {
        customer_key: "customer-2".to_owned(),
        ..charge()
    };
    assert_eq!(gateway.charge_billing_key(other).await.outcome(), "unknown");
    let merchant = Merchant::failing(0, gateway.acknowledgement());
    let target = json!({ "url": merchant.url, "company": "toss" });
    assert_eq!(stage.post("/webhooks", &target).await, 204);
    let key = DeleteBillingKeyRequest {
        billing_key: issued.billing_key.clone(),
    };
    for _ in 0..2 {
        assert_eq!(
            gateway.delete_billing_key(key.clone()).await,
            DeletionReply::Deleted
        );
    }
    let told = merchant.hears(1).await[0].read_by(&gateway).unwrap();
    let deleted = NoticeSubject::BillingKey(issued.billing_key.clone());
    assert_eq!(told.subject, deleted);
    merchant.handle.stop(false).await;
    assert_eq!(
        gateway.charge_billing_key(charge()).await.outcome(),
        "unknown"
    );
    assert_eq!(stage.ledger().await.len(), 2);
    stage.stop().await;
}

#[tokio::test]
async fn a_days_transactions_are_listed_page_by_page() {
    let stage = Stage::with(MockServerConfig::default()).await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let mut paid = Vec::new();
    for _ in 0..3 {
        let request = payment("tok_approve");
        let transaction = approved(&request, gateway.confirm(request.clone()).await);
        paid.push((request, transaction));
    }
    let refund = refund_of(&paid[0].0, &paid[0].1, 4_000);
    assert_eq!(gateway.refund(refund).await.outcome(), "done");
    let day = (Utc::now() + TimeDelta::hours(9)).date_naive();
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let query = TransactionsQuery {
            day,
            after,
            limit: 3,
        };
        let TransactionsReply::Page(page) = gateway.transactions(query).await else {
            panic!("no page");
        };
        all.extend(page.transactions);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let kinds: Vec<_> = all.iter().map(|one| one.kind).collect();
    let (charge, refund) = (TransactionKind::Charge, TransactionKind::Refund);
    assert_eq!(kinds, [charge, charge, charge, refund]);
    assert_eq!(all[3].amount_minor, 4_000);
    assert_eq!(all[3].payment_id, Some(paid[0].0.payment_id));
    let tomorrow = TransactionsQuery {
        day: day.succ_opt().unwrap(),
        after: None,
        limit: 100,
    };
    let TransactionsReply::Page(none) = gateway.transactions(tomorrow).await else {
        panic!("no page");
    };
    assert!(none.transactions.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn a_deposit_goes_back_to_the_buyers_account_only() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let request = payment("tok_virtual_account");
    let waiting = gateway.confirm(request.clone()).await;
    assert_eq!(waiting.outcome(), "waiting_for_deposit");
    let of = json!({ "company": "toss", "orderId": request.payment_id });
    assert_eq!(stage.post("/deposits", &of).await, 204);
    let transaction = approved(&request, gateway.inquire(request.payment_id).await);
    let nowhere = refund_of(&request, &transaction, 4_000);
    assert_eq!(gateway.refund(nowhere.clone()).await.outcome(), "refused");
    let account = RefundAccount {
        bank: "20".to_owned(),
        number: "1002123456789".to_owned(),
        holder: "김구매".to_owned(),
    };
    let to_buyer = RefundRequest {
        account: Some(account),
        ..nowhere
    };
    let repeated = gateway.refund(to_buyer.clone()).await;
    assert_eq!(repeated.outcome(), "refused", "the key's first answer");
    let under_another_key = RefundRequest {
        key_round: 1,
        may_be_done: true,
        ..to_buyer
    };
    assert_eq!(gateway.refund(under_another_key).await.outcome(), "done");
    stage.stop().await;
}

/// The answer to the try under another key is lost: the next one finds it by the refund's id, under whichever key.
#[tokio::test]
async fn a_refund_that_was_refused_once_goes_back_once_under_another_key() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let request = payment("tok_approve");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    let refund = |key_round| RefundRequest {
        key_round,
        may_be_done: key_round > 0,
        is_all_left: false,
        refund_id: request.payment_id,
        ..refund_of(&request, &transaction, 4_000)
    };
    let refuses = json!({ "call": "refund", "behaviour": "decline", "company": "toss" });
    assert_eq!(stage.post("/faults", &refuses).await, 204);
    for _ in 0..2 {
        assert_eq!(gateway.refund(refund(0)).await.outcome(), "refused");
    }
    let entries = stage.ledger().await.len();
    let lost = json!({ "call": "refund", "behaviour": "charge-then-timeout", "company": "toss" });
    assert_eq!(stage.post("/faults", &lost).await, 204);
    let hasty = gateway_of(&stage, Company::Toss, HASTY);
    assert_eq!(hasty.refund(refund(1)).await.outcome(), "unknown");
    let done = gateway.refund(refund(1)).await;
    assert_eq!(done.outcome(), "done", "{done:?}");
    assert_eq!(gateway.refund(refund(2)).await, done);
    assert_eq!(stage.ledger().await.len(), entries + 1);
    stage.stop().await;
}
