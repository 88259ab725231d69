//! What can be made to go wrong at the companies' mocks, and the one clock.

use payment_gateways::mock::server::{Company, MockServerConfig};
use payment_gateways::{DepositAccount, GatewayReply, PaymentGateway};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::companies::gateway_of;
use crate::merchant::Merchant;
use crate::stage::{PATIENT, Stage, approved, payment, until};

async fn advance(stage: &Stage, seconds: i64) {
    let body = json!({ "advanceSeconds": seconds });
    assert_eq!(stage.post("/clock", &body).await, 200);
}

async fn tell(stage: &Stage, target: &Value) {
    assert_eq!(stage.post("/webhooks", target).await, 204);
}

fn account_of(reply: GatewayReply) -> DepositAccount {
    match reply {
        GatewayReply::WaitingForDeposit { account, .. } => account,
        other => panic!("does not wait: {other:?}"),
    }
}

#[tokio::test]
async fn a_deposit_is_waited_for_comes_and_can_be_taken_back() {
    let stage = Stage::new().await;
    for (company, name) in [(Company::Toss, "toss"), (Company::Nice, "nice")] {
        let gateway = gateway_of(&stage, company, PATIENT);
        let request = payment("tok_virtual_account");
        let entries = stage.ledger().await.len();
        let account = account_of(gateway.confirm(request.clone()).await);
        let again = gateway.inquire(request.payment_id).await;
        assert_eq!(account_of(again), account, "{name}");
        assert_eq!(
            stage.ledger().await.len(),
            entries,
            "nothing was charged yet"
        );

        let of = json!({ "company": name, "orderId": request.payment_id });
        assert_eq!(stage.post("/deposits", &of).await, 204);
        assert_eq!(stage.post("/deposits", &of).await, 400, "once");
        approved(&request, gateway.inquire(request.payment_id).await);
        assert_eq!(
            stage.ledger().await[entries]["amount"],
            request.amount_minor
        );

        assert_eq!(stage.post("/deposits/errors", &of).await, 204);
        account_of(gateway.inquire(request.payment_id).await);
        let entry = &stage.ledger().await[entries];
        assert_eq!(
            (&entry["amount"], &entry["state"]),
            (&json!(0), &json!("DEPOSIT_TAKEN_BACK"))
        );
        assert_eq!(stage.post("/deposits", &of).await, 204);
        approved(&request, gateway.inquire(request.payment_id).await);
        assert_eq!(stage.ledger().await.len(), entries + 1);
    }
    stage.stop().await;
}

#[tokio::test]
async fn an_account_takes_nothing_after_its_time_and_nobody_is_told() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let merchant = Merchant::failing(0, gateway.acknowledgement());
    tell(&stage, &json!({ "url": merchant.url, "company": "toss" })).await;
    let request = payment("tok_virtual_account");
    account_of(gateway.confirm(request.clone()).await);
    advance(&stage, 8 * 24 * 60 * 60).await;
    let of = json!({ "company": "toss", "orderId": request.payment_id });
    assert_eq!(stage.post("/deposits", &of).await, 400);
    account_of(gateway.inquire(request.payment_id).await);
    assert!(merchant.told().is_empty());
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn toss_tries_again_after_minutes_of_the_mocks_clock() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let merchant = Merchant::failing(3, gateway.acknowledgement());
    tell(&stage, &json!({ "url": merchant.url, "company": "toss" })).await;
    gateway.confirm(payment("tok_approve")).await;
    merchant.hears(1).await;
    for (heard, minutes) in [(2, 1), (3, 4), (4, 16)] {
        assert_eq!(merchant.told().len(), heard - 1);
        // The sender may not have begun to wait yet: a minute more each time makes no difference to it.
        let moved = async || {
            advance(&stage, minutes * 60).await;
            merchant.told().len() >= heard
        };
        until("the next try", moved).await;
    }
    let told = merchant.told();
    let id = "tosspayments-webhook-transmission-id";
    assert!(told.iter().all(|one| one.header(id) == told[0].header(id)));
    let counts: Vec<_> = told
        .iter()
        .map(|one| {
            one.header("tosspayments-webhook-transmission-retried-count")
                .to_owned()
        })
        .collect();
    assert_eq!(counts, ["0", "1", "2", "3"]);
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn nice_takes_only_its_two_letters_for_a_yes() {
    let stage = Stage::new().await;
    let toss = gateway_of(&stage, Company::Toss, PATIENT);
    let nice = gateway_of(&stage, Company::Nice, PATIENT);
    // It answers as one would to Toss.
    let merchant = Merchant::failing(0, toss.acknowledgement());
    tell(&stage, &json!({ "url": merchant.url, "company": "nice" })).await;
    nice.confirm(payment("tok_approve")).await;
    let heard_again = async || {
        advance(&stage, 60).await;
        merchant.told().len() >= 2
    };
    until("the same notice again", heard_again).await;
    let told = merchant.told();
    let id = |n: usize| told[n].read_by(&nice).unwrap().id;
    assert_eq!(id(0), id(1));
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn notices_can_come_in_another_order() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let merchant = Merchant::failing(0, gateway.acknowledgement());
    tell(
        &stage,
        &json!({ "url": merchant.url, "company": "toss", "shuffle": 3 }),
    )
    .await;
    let requests = [
        payment("tok_approve"),
        payment("tok_approve"),
        payment("tok_approve"),
    ];
    for request in &requests {
        assert!(merchant.told().is_empty(), "held back");
        gateway.confirm(request.clone()).await;
    }
    let told = merchant.hears(3).await;
    let mut about: Vec<_> = told
        .iter()
        .map(|one| one.read_by(&gateway).unwrap().payment_ids()[0])
        .collect();
    assert_eq!(about.len(), 3);
    about.sort();
    let mut asked: Vec<_> = requests.iter().map(|request| request.payment_id).collect();
    asked.sort();
    assert_eq!(about, asked, "none is lost");
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn a_forgery_with_toss_own_signature_is_read_and_one_without_is_not() {
    let stage = Stage::new().await;
    let gateway = gateway_of(&stage, Company::Toss, PATIENT);
    let nobody = json!({ "company": "toss", "body": {} });
    assert_eq!(stage.post("/webhooks/forgeries", &nobody).await, 400);
    let merchant = Merchant::failing(0, gateway.acknowledgement());
    tell(&stage, &json!({ "url": merchant.url, "company": "toss" })).await;
    let payout =
        json!({ "eventType": "payout.changed", "eventId": "ev_1", "entityBody": { "id": "po_1" } });
    for (is_signed, count) in [(true, 1), (false, 2)] {
        let forgery = json!({ "company": "toss", "body": payout, "isSigned": is_signed });
        assert_eq!(stage.post("/webhooks/forgeries", &forgery).await, 204);
        let told = merchant.hears(count).await;
        let heard = told[count - 1].read_by(&gateway);
        assert_eq!(heard.is_ok(), is_signed, "{heard:?}");
    }
    stage.stop().await;
    merchant.handle.stop(false).await;
}

#[tokio::test]
async fn what_the_companies_know_survives_a_restart_and_old_ledgers_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    // As the mock wrote it before there were other companies.
    let old = json!({
        "kind": "CHARGE", "number": 1, "merchantKey": "0192f3a0-0000-7000-8000-000000000001",
        "orderId": "0192f3a0-0000-7000-8000-000000000002", "transactionId": "mock_charge_1",
        "requestedAmount": 900, "amount": 900, "refundedAmount": 0, "currency": "KRW", "state": "CHARGED",
        "decline": null, "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
    });
    std::fs::write(&path, format!("{old}\n")).unwrap();
    let config = || MockServerConfig {
        ledger_file: Some(path.clone()),
        ..MockServerConfig::default()
    };
    let (card, account) = (payment("tok_approve"), payment("tok_virtual_account"));
    let both: [(Company, &str); 2] = [(Company::Toss, "toss"), (Company::Nice, "nice")];
    let stage = Stage::with(config()).await;
    for (company, _) in both {
        let gateway = gateway_of(&stage, company, PATIENT);
        let own = payment("tok_approve");
        approved(&own, gateway.confirm(own.clone()).await);
    }
    let toss = gateway_of(&stage, Company::Toss, PATIENT);
    let transaction = approved(&card, toss.confirm(card.clone()).await);
    account_of(toss.confirm(account.clone()).await);
    let before = stage.ledger().await;
    assert_eq!(before[0]["company"], "mock");
    stage.stop().await;

    let stage = Stage::with(config()).await;
    assert_eq!(stage.ledger().await, before);
    let toss: Arc<dyn PaymentGateway> = gateway_of(&stage, Company::Toss, PATIENT);
    assert_eq!(
        approved(&card, toss.inquire(card.payment_id).await),
        transaction
    );
    // The key is remembered, too.
    assert_eq!(
        approved(&card, toss.confirm(card.clone()).await),
        transaction
    );
    account_of(toss.inquire(account.payment_id).await);
    assert_eq!(stage.ledger().await.len(), before.len());
    stage.stop().await;
}

#[tokio::test]
async fn what_a_tester_puts_into_the_answers_is_in_those_of_all_companies_until_taken_away() {
    let stage = Stage::new().await;
    let extras =
        json!({ "cvv": "9731", "message": "a card", "card": { "number": "4111111111111111" } });
    for (company, path) in [("mock", "/v1/payments/x"), ("toss", "/toss/v1/payments/x")] {
        assert_eq!(stage.post("/extras", &extras).await, 204);
        let ask = async || {
            let request = stage
                .http
                .get(stage.url(path))
                .basic_auth("test_sk_any", Some(""));
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        let answer = ask().await;
        assert_eq!(answer["cvv"], "9731", "{company}: {answer}");
        assert_eq!(answer["card"]["number"], "4111111111111111", "{company}");
        assert!(
            answer["code"].is_string() || answer["error"].is_string(),
            "{answer}"
        );
        let gone = stage
            .http
            .delete(stage.url("/extras"))
            .send()
            .await
            .unwrap();
        assert_eq!(gone.status().as_u16(), 204);
        assert_eq!(ask().await["cvv"], Value::Null, "{company}");
    }
    stage.stop().await;
}
