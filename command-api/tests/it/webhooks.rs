//! What companies tell by themselves, and operators who ask.

use actix_web::http::StatusCode;
use async_trait::async_trait;
use chrono::Utc;
use command_api::{
    Acknowledgement, CommandApiConfig, Delivery, Notice, SavedKeys, SavedMethod, Webhooks,
};
use domain::checkout::RetrySchedule;
use domain::payment::GatewayNotice;
use domain::payment_method::{MethodKind, RegistrationAnswer, SettleRegistration};
use event_store::{Command, CommandId, Context, Fingerprint};
use platform::ApiError;
use platform::config::Secret;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::unique;
use uuid::Uuid;

use crate::settler::{Settler, settle};
use crate::world::{Answer, Request, Settings, World, crowd};

/// A company whose notices are `{id, payments, amount}`, signed by a header that says so.
pub(crate) struct PaperCompany;

impl Webhooks for PaperCompany {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Notice, ApiError> {
        let mut headers = delivery.headers.iter();
        if !headers.any(|(name, value)| name == "x-signature" && value == "good") {
            let status = StatusCode::UNAUTHORIZED;
            return Err(ApiError::new(status, "WEBHOOK_SIGNATURE_WRONG"));
        }
        let malformed = |_| ApiError::new(StatusCode::BAD_REQUEST, "WEBHOOK_MALFORMED");
        let body: Value = serde_json::from_slice(delivery.body).map_err(malformed)?;
        let payments = body["payments"].as_array().cloned().unwrap_or_default();
        let payments = payments.iter().filter_map(|id| id.as_str()?.parse().ok());
        Ok(Notice {
            payments: payments.collect(),
            billing_key: body["billingKey"].as_str().map(Secret::new),
            claim: GatewayNotice {
                notice_id: body["id"].as_str().unwrap_or_default().to_owned(),
                status: None,
                amount: body["amount"].as_i64(),
                currency: None,
                left: None,
                signed: true,
            },
        })
    }

    fn acknowledgement(&self, _: &str) -> Acknowledgement {
        Acknowledgement {
            status: 200,
            content_type: "text/html",
            body: "OK",
        }
    }
}

/// Keys that say themselves whose they are: `user/method`.
pub(crate) struct PaperKeys;

#[async_trait]
impl SavedKeys for PaperKeys {
    async fn method_of(
        &self,
        company: &str,
        billing_key: &Secret,
    ) -> Result<Option<SavedMethod>, ApiError> {
        let method = billing_key.reveal().split_once('/');
        Ok(method
            .filter(|_| company == "TOSS")
            .map(|(user, id)| SavedMethod {
                user_id: user.parse().expect("a user's id"),
                method_id: id.parse().expect("a method's id"),
            }))
    }
}

fn notice<'w>(world: &'w World, company: &str, payment: &str, id: &str) -> Request<'w> {
    let body = json!({ "id": id, "payments": [payment], "amount": 10_000 });
    let request = world.post(&format!("/webhooks/{company}"));
    request.header("x-signature", "good").json(&body)
}

/// Alice's payment that nobody has answered yet.
async fn pending(world: &World) -> String {
    let order = world.placed_order("alice", 1).await;
    let payment = world.pay("alice", &order, "tok_silent");
    let payment = payment.header("prefer", "respond-async").send().await;
    assert_eq!(payment.status, 202, "{}", payment.text);
    payment.id()
}

fn is_taken(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_makes_its_payment_be_asked_about_once_however_often_it_comes() {
    let world = World::start().await;
    let other = world.another_process().await;
    let payment = pending(&world).await;
    let deliveries = (0..10).map(|n| {
        let process = if n % 2 == 0 { &world } else { &other };
        notice(process, "MOCK", &payment, "n-1")
    });
    crowd(deliveries).await.iter().for_each(is_taken);
    assert_eq!(world.events_of_type("PaymentInquiryRequested").await, 1);
    is_taken(&notice(&world, "MOCK", &payment, "n-2").send().await);
    assert_eq!(world.events_of_type("PaymentInquiryRequested").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_notice_leaves_nothing_behind() {
    let world = World::start().await;
    let payment = pending(&world).await;
    let before = world.log_size().await;
    let nobodys = Uuid::now_v7().to_string();
    let unknown = notice(&world, "MOCK", &nobodys, "n-1").send().await;
    assert_eq!(unknown.error(), (404, "WEBHOOK_NOT_OURS"));
    let anothers = notice(&world, "TOSS", &payment, "n-1").send().await;
    assert_eq!(anothers.error(), (404, "WEBHOOK_NOT_OURS"));
    let no_company = notice(&world, "STRIPE", &payment, "n-1").send().await;
    assert_eq!(no_company.error(), (404, "WEBHOOK_UNSUPPORTED"));
    let unsigned = world.post("/webhooks/MOCK").json(&json!({}));
    let unsigned = unsigned.send().await;
    assert_eq!(unsigned.error(), (401, "WEBHOOK_SIGNATURE_WRONG"));
    let rubbish = world.post("/webhooks/MOCK").header("x-signature", "good");
    let rubbish = rubbish.raw("application/json", "{").send().await;
    assert_eq!(rubbish.error(), (400, "WEBHOOK_MALFORMED"));
    assert_eq!(world.log_size().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_says_what_is_known_is_taken_and_nobody_is_asked() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    let payment = world.pay("alice", &order, "tok_approve").send().await.id();
    let before = world.log_size().await;
    is_taken(&notice(&world, "MOCK", &payment, "n-1").send().await);
    assert_eq!(world.log_size().await, before);
    let body = json!({ "id": "n-2", "payments": [payment], "amount": 1 });
    let other = world.post("/webhooks/MOCK").header("x-signature", "good");
    is_taken(&other.json(&body).send().await);
    assert_eq!(world.events_of_type("PaymentInquiryRequested").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_about_no_payment_is_taken() {
    let world = World::start().await;
    let payout = world.post("/webhooks/MOCK").header("x-signature", "good");
    is_taken(&payout.json(&json!({ "id": "payout-1" })).send().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_who_inquires_hears_what_the_gateway_says_in_time() {
    let world = World::start().await;
    let payment = pending(&world).await;
    let path = format!("/payments/{payment}/inquire");
    let key = unique("inquire");
    let ask = || world.post(&path).key(&key);
    assert_eq!(ask().customer("alice").send().await.error().0, 403);
    let id: domain::PaymentId = payment.parse().expect("an id");
    let told = async {
        while world.events_of_type("PaymentInquiryRequested").await == 0 {
            tokio::task::yield_now().await;
        }
        let charged = domain::checkout::GatewayAnswer::Approved {
            gateway_transaction_id: "charge-1".to_owned(),
            charged: domain::Money::new(10_000, domain::Currency::Krw).expect("money"),
        };
        settle(&world.store, id, charged).await;
    };
    let (answer, ()) = tokio::join!(ask().operator().send(), told);
    assert_eq!(answer.data()["status"], "SUCCEEDED");
    let again = ask().operator().send().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &answer.text));
    let nobodys = format!("/payments/{}/inquire", Uuid::now_v7());
    let nobodys = world.post(&nobodys).operator().key("k").send().await;
    assert_eq!(nobodys.error(), (404, "PAYMENT_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inquiry_that_brings_nothing_new_ends_all_the_same() {
    let world = World::start_with(Settings {
        api: CommandApiConfig {
            payment_wait: Duration::from_millis(300),
            ..Default::default()
        },
        ..Default::default()
    })
    .await;
    let payment = pending(&world).await;
    let ask = world.post(&format!("/payments/{payment}/inquire"));
    let answer = ask.operator().key("k").send().await;
    assert_eq!(answer.data()["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_is_tried_again_only_when_nobody_tries_it_any_more() {
    let world = World::start().await;
    let settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    let payment = world.pay("alice", &order, "tok_approve").send().await.id();
    drop(settler);
    let refund = world.post(&format!("/payments/{payment}/refunds"));
    let refund = refund.operator().key("r").header("prefer", "respond-async");
    let refund = refund
        .json(&json!({ "reason": "damaged" }))
        .send()
        .await
        .id();
    let retry = |refund: &str, key: &str| {
        let path = format!("/payments/{payment}/refunds/{refund}/retry");
        world.post(&path).operator().key(key)
    };
    let under_way = retry(&refund, "1").send().await;
    assert_eq!(under_way.error(), (409, "REFUND_NOT_RETRYABLE"));
    let nobodys = Uuid::now_v7().to_string();
    let nobodys = retry(&nobodys, "2").send().await;
    assert_eq!(nobodys.error(), (404, "REFUND_NOT_FOUND"));
    let payment_id: domain::PaymentId = payment.parse().expect("an id");
    crate::settler::give_up(&world.store, payment_id, refund.parse().expect("an id")).await;
    let again = retry(&refund, "3").send().await;
    assert_eq!(again.status, 202, "{}", again.text);
    let (state, _) = world
        .store
        .load::<domain::payment::Payment>(payment_id)
        .await
        .expect("the payment");
    let refund = state.requested().expect("a payment").refunds[0].clone();
    assert_eq!(
        (refund.attempts, refund.next_attempt_at.is_some()),
        (0, true)
    );
}

/// Ann's method, on its way.
async fn requested_method(world: &World) -> String {
    let body = json!({ "authKey": "tok_approve", "gateway": "TOSS" });
    let request = world.post("/payment-methods").customer("ann");
    request.key(&unique("k")).json(&body).send().await.id()
}

/// Its key is kept.
async fn registered(world: &World, method: &str) {
    let answer = RegistrationAnswer::Kept {
        kind: MethodKind::Card,
        card_company: None,
        card_last4: None,
    };
    let now = Utc::now();
    let settle = SettleRegistration {
        user_id: "ann".parse().expect("a user's id"),
        method_id: method.parse().expect("a method's id"),
        answer,
        now,
        attempts: RetrySchedule::default(),
    };
    let id = CommandId::new(Uuid::now_v7());
    let fingerprint = Fingerprint::of(&[method.as_bytes()]);
    let context = Context {
        principal: "processes".to_owned(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        occurred_at: now,
    };
    let command = Command::new(id, fingerprint, settle, context);
    world.store.execute(command).await.expect("an outcome");
}

async fn key_deleted(world: &World, company: &str, key: &str, id: &str) -> Answer {
    let body = json!({ "id": id, "billingKey": key });
    let request = world.post(&format!("/webhooks/{company}"));
    let request = request.header("x-signature", "good");
    request.json(&body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_its_company_deleted_is_charged_no_more_however_often_it_is_told() {
    let world = World::start().await;
    let method = requested_method(&world).await;
    let key = format!("ann/{method}");
    // Kept in the vault, and not in the log yet: the company is to tell again.
    let early = key_deleted(&world, "TOSS", &key, "b-1").await;
    assert_eq!(
        (early.status, early.header("retry-after")),
        (503, Some("60"))
    );
    registered(&world, &method).await;
    for id in ["b-1", "b-1", "b-2"] {
        is_taken(&key_deleted(&world, "TOSS", &key, id).await);
    }
    assert_eq!(world.events_of_type("PaymentMethodDeleted").await, 1);
    let reason: String = sqlx::query_scalar(
        "SELECT payload -> 'PaymentMethodDeleted' ->> 'reason' FROM event_store.events
          WHERE event_type = 'PaymentMethodDeleted'",
    )
    .fetch_one(world.store.log().pool())
    .await
    .expect("the event");
    assert_eq!(reason, "GATEWAY");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_no_method_has_is_taken_and_changes_nothing() {
    let world = World::start().await;
    let method = requested_method(&world).await;
    registered(&world, &method).await;
    let before = world.log_size().await;
    is_taken(&key_deleted(&world, "TOSS", "nobody's", "b-1").await);
    is_taken(&key_deleted(&world, "MOCK", &format!("ann/{method}"), "b-2").await);
    let unknown = format!("ann/{}", Uuid::now_v7());
    is_taken(&key_deleted(&world, "TOSS", &unknown, "b-3").await);
    assert_eq!(world.log_size().await, before);
}
