//! The pages that a buyer's browser sees, and where they send it.

use payment_gateways::mock::server::Company;
use payment_gateways::{BillingKeyReply, ConfirmRequest, IssueBillingKeyRequest};
use reqwest::{Client, Response, Url, redirect};
use serde_json::json;
use uuid::Uuid;

use crate::companies::gateway_of;
use crate::stage::{PATIENT, Stage, approved, payment};

fn browser() -> Client {
    let client = Client::builder().no_proxy();
    client.redirect(redirect::Policy::none()).build().unwrap()
}

/// Where the page's button of this name posts to.
fn action(html: &str, name: &str) -> String {
    let forms = html.split("action=\"").skip(1);
    let mut actions = forms.map(|form| form.split('"').next().unwrap());
    let found = actions.find(|action| action.ends_with(name));
    found
        .unwrap_or_else(|| panic!("no {name} in {html}"))
        .to_owned()
}

fn sent_to(answer: &Response) -> Url {
    assert_eq!(answer.status().as_u16(), 303);
    let location = answer.headers().get("Location").unwrap();
    Url::parse(location.to_str().unwrap()).unwrap()
}

fn field(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    pairs.find(|(own, _)| own == name).unwrap().1.into_owned()
}

/// The hidden field of a page's form.
fn hidden(html: &str, name: &str) -> String {
    let marked = format!("name=\"{name}\" value=\"");
    let rest = html.split(&marked).nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn open_toss(stage: &Stage, request: &ConfirmRequest) -> String {
    let (order, amount) = (
        request.payment_id.to_string(),
        request.amount_minor.to_string(),
    );
    let url = Url::parse_with_params(
        &stage.url("/toss/checkout"),
        [
            ("orderId", order.as_str()),
            ("amount", amount.as_str()),
            ("orderName", "<script>alert(1)</script>"),
            ("successUrl", "https://shop.test/ok?a=1"),
            ("failUrl", "https://shop.test/no"),
        ],
    );
    let page = browser().get(url.unwrap()).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    let html = page.text().await.unwrap();
    assert!(!html.contains("<script"), "{html}");
    html
}

async fn press(stage: &Stage, action: &str) -> Response {
    browser().post(stage.url(action)).send().await.unwrap()
}

#[tokio::test]
async fn a_buyer_who_pays_comes_back_with_what_the_shop_confirms() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let mut request = payment("");
    let html = open_toss(&stage, &request).await;
    let early = gateway.inquire(request.payment_id).await;
    assert_eq!(
        early.outcome(),
        "unknown",
        "the buyer is not through: {early:?}"
    );
    let back = sent_to(&press(&stage, &action(&html, "/pay")).await);
    assert_eq!(
        (back.host_str(), field(&back, "a").as_str()),
        (Some("shop.test"), "1")
    );
    assert_eq!(field(&back, "orderId"), request.payment_id.to_string());
    assert_eq!(field(&back, "amount"), request.amount_minor.to_string());
    assert_eq!(field(&back, "paymentType"), "NORMAL");
    request.token = field(&back, "paymentKey");
    let transaction = approved(&request, gateway.confirm(request.clone()).await);
    assert_eq!(transaction, request.token);
    stage.stop().await;
}

#[tokio::test]
async fn a_buyer_who_cancels_comes_back_with_a_code_and_nothing_is_charged() {
    let stage = Stage::new().await;
    let html = open_toss(&stage, &payment("")).await;
    let back = sent_to(&press(&stage, &action(&html, "/cancel")).await);
    assert_eq!(field(&back, "code"), "PAY_PROCESS_CANCELED");
    assert!(!field(&back, "message").is_empty());
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn windows_expire_on_the_mocks_clock() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let minutes = |minutes: i64| json!({ "advanceSeconds": minutes * 60 });
    let slow_buyer = open_toss(&stage, &payment("")).await;
    let mut slow_shop = payment("");
    let html = open_toss(&stage, &slow_shop).await;
    slow_shop.token = field(
        &sent_to(&press(&stage, &action(&html, "/pay")).await),
        "paymentKey",
    );
    assert_eq!(stage.post("/clock", &minutes(11)).await, 200);
    let late = gateway.confirm(slow_shop.clone()).await;
    assert_eq!(late.outcome(), "unknown");
    let known = gateway.inquire(slow_shop.payment_id).await;
    assert_eq!(known.outcome(), "declined", "EXPIRED is final: {known:?}");
    assert_eq!(stage.post("/clock", &minutes(20)).await, 200);
    let back = sent_to(&press(&stage, &action(&slow_buyer, "/pay")).await);
    assert_eq!(field(&back, "code"), "PAY_PROCESS_ABORTED");
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}

#[tokio::test]
async fn an_account_is_given_out_and_paid_into_by_a_button() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let mut request = payment("");
    let html = open_toss(&stage, &request).await;
    let back = sent_to(&press(&stage, &action(&html, "/account")).await);
    request.token = field(&back, "paymentKey");
    assert_eq!(
        gateway.confirm(request.clone()).await.outcome(),
        "waiting_for_deposit"
    );
    let paid = press(&stage, &action(&html, "/deposit")).await;
    assert_eq!(paid.status().as_u16(), 200);
    approved(&request, gateway.inquire(request.payment_id).await);
    stage.stop().await;
}

#[tokio::test]
async fn a_page_sends_nobody_off_the_web() {
    let stage = Stage::new().await;
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "/ok",
        "file:///x",
    ] {
        for (path, names) in [
            ("/toss/checkout", ["successUrl", "failUrl"]),
            ("/toss/billing/checkout", ["successUrl", "failUrl"]),
            ("/nice/checkout", ["returnUrl", "returnUrl"]),
        ] {
            let params = [
                ("orderId", "order-0001"),
                ("amount", "900"),
                ("orderName", "n"),
                ("goodsName", "n"),
                ("clientId", "c"),
                ("customerKey", "customer"),
                (names[0], bad),
                (names[1], bad),
            ];
            let params = if names[0] == names[1] {
                &params[..7]
            } else {
                &params[..]
            };
            let url = Url::parse_with_params(&stage.url(path), params).unwrap();
            let page = browser().get(url).send().await.unwrap();
            assert_eq!(page.status().as_u16(), 400, "{path} {bad}");
        }
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_card_is_registered_on_a_page() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let form = [
        ("customerKey", "customer-1"),
        ("successUrl", "https://shop.test/ok"),
        ("failUrl", "https://shop.test/no"),
    ];
    let url = Url::parse_with_params(&stage.url("/toss/billing/checkout"), form).unwrap();
    let html = browser()
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let press = async |name: &str| {
        let body = Url::parse_with_params("http://x/", form).unwrap();
        let request = browser().post(stage.url(&action(&html, name)));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = request.body(body.query().unwrap().to_owned()).send().await;
        sent_to(&answer.unwrap())
    };
    assert_eq!(
        field(&press("/cancel").await, "code"),
        "PAY_PROCESS_CANCELED"
    );
    let back = press("/register").await;
    let issue = IssueBillingKeyRequest {
        auth_key: field(&back, "authKey"),
        customer_key: field(&back, "customerKey"),
        request_id: Uuid::now_v7(),
    };
    let issued = gateway.issue_billing_key(issue).await;
    assert!(matches!(issued, BillingKeyReply::Issued(_)), "{issued:?}");
    stage.stop().await;
}

#[tokio::test]
async fn nice_posts_its_result_to_the_shop_with_a_signature() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Nice, PATIENT);
    let mut request = payment("");
    let (order, amount) = (
        request.payment_id.to_string(),
        request.amount_minor.to_string(),
    );
    let url = Url::parse_with_params(
        &stage.url("/nice/checkout"),
        [
            ("clientId", "client"),
            ("orderId", order.as_str()),
            ("amount", amount.as_str()),
            ("goodsName", "양말"),
            ("returnUrl", "https://shop.test/back"),
        ],
    );
    let html = browser()
        .get(url.unwrap())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let cancelled = press(&stage, &action(&html, "/cancel"))
        .await
        .text()
        .await
        .unwrap();
    assert_ne!(hidden(&cancelled, "authResultCode"), "0000");
    let through = press(&stage, &action(&html, "/pay"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(action(&through, "/back"), "https://shop.test/back");
    assert_eq!(hidden(&through, "authResultCode"), "0000");
    assert_eq!(hidden(&through, "orderId"), order);
    assert_eq!(hidden(&through, "signature").len(), 64);
    request.token = hidden(&through, "tid");
    approved(&request, gateway.confirm(request.clone()).await);
    stage.stop().await;
}
