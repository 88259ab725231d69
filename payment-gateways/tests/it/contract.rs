//! What every company's adapter does at its mock, whatever the company.

use payment_gateways::mock::server::{Company, MockServerConfig};
use payment_gateways::{
    ConfirmRequest, GatewayReply, NoticeTrust, RefundReply, RefundRequest, WebhookRefusal,
};
use serde_json::json;
use uuid::Uuid;

use crate::companies::{ALL, gateway_of};
use crate::merchant::Merchant;
use crate::stage::{HASTY, PATIENT, Stage, approved, payment, refund_of, unknown};

fn part_of(request: &ConfirmRequest, transaction: &str, amount: i64) -> RefundRequest {
    let refund = refund_of(request, transaction, amount);
    RefundRequest {
        // Also the last of several parts is asked for by its amount.
        is_all_left: false,
        ..refund
    }
}

fn refused(reply: &RefundReply) -> bool {
    matches!(reply, RefundReply::Refused { code, message } if !code.is_empty() && !message.is_empty())
}

#[tokio::test]
async fn a_charge_is_approved_and_known_and_not_made_twice() {
    let stage = Stage::new().await;
    for company in ALL {
        let gateway = gateway_of(&stage, company, PATIENT);
        let request = payment("tok_approve");
        let entries = stage.ledger().await.len();
        let transaction = approved(&request, gateway.confirm(request.clone()).await);
        let again = gateway.confirm(request.clone()).await;
        match company {
            Company::Mock | Company::Toss => {
                assert_eq!(approved(&request, again), transaction);
            }
            // It takes no keys: it says that there is a charge, and the inquiry tells which.
            Company::Nice => assert_eq!(again, unknown("HTTP_200_2201")),
        }
        let known = gateway.inquire(request.payment_id).await;
        assert_eq!(approved(&request, known), transaction, "{company:?}");
        let ledger = stage.ledger().await;
        assert_eq!(ledger.len(), entries + 1);
        let name = format!("{company:?}").to_lowercase();
        assert_eq!(ledger[entries]["company"], name);
        assert_eq!(ledger[entries]["merchantKey"], json!(request.payment_id));
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_decline_is_definite_and_stays() {
    let stage = Stage::new().await;
    for company in ALL {
        let gateway = gateway_of(&stage, company, PATIENT);
        let request = payment("tok_decline");
        for reply in [
            gateway.confirm(request.clone()).await,
            gateway.confirm(request.clone()).await,
            gateway.inquire(request.payment_id).await,
        ] {
            assert_eq!(reply.outcome(), "declined", "{company:?} {reply:?}");
        }
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_charge_without_an_answer_is_unknown_and_the_inquiry_tells() {
    let stage = Stage::new().await;
    for company in ALL {
        let (hasty, patient) = (
            gateway_of(&stage, company, HASTY),
            gateway_of(&stage, company, PATIENT),
        );
        let never = payment("tok_timeout");
        assert_eq!(hasty.confirm(never.clone()).await, unknown("TIMEOUT"));
        let none = patient.inquire(never.payment_id).await;
        assert_eq!(none, GatewayReply::NoRecord, "{company:?}");

        let charged = payment("tok_charge_then_timeout");
        assert_eq!(hasty.confirm(charged.clone()).await, unknown("TIMEOUT"));
        approved(&charged, patient.inquire(charged.payment_id).await);

        let failing = payment("tok_error");
        let reply = patient.confirm(failing.clone()).await;
        assert!(
            matches!(&reply, GatewayReply::Unknown { reason } if reason.starts_with("HTTP_500"))
        );
        let none = patient.inquire(failing.payment_id).await;
        assert_eq!(none, GatewayReply::NoRecord);
        let none = patient.inquire(Uuid::now_v7()).await;
        assert_eq!(none, GatewayReply::NoRecord, "{company:?}: never heard of");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_charge_of_another_amount_is_told_with_that_amount() {
    let stage = Stage::new().await;
    for company in ALL {
        let gateway = gateway_of(&stage, company, PATIENT);
        let request = payment("tok_wrong_amount");
        let GatewayReply::Approved { amount_minor, .. } = gateway.confirm(request.clone()).await
        else {
            panic!("{company:?}: not approved");
        };
        assert_eq!(amount_minor, request.amount_minor + 1, "{company:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let config = MockServerConfig {
        slow: HASTY,
        ..MockServerConfig::default()
    };
    let stage = Stage::with(config).await;
    for company in ALL {
        let request = payment("tok_slow");
        let reply = gateway_of(&stage, company, PATIENT)
            .confirm(request.clone())
            .await;
        approved(&request, reply);
    }
    stage.stop().await;
}

#[tokio::test]
async fn parts_go_back_once_each_and_never_more_than_was_charged() {
    let stage = Stage::new().await;
    for company in ALL {
        let gateway = gateway_of(&stage, company, PATIENT);
        let request = payment("tok_approve");
        let transaction = approved(&request, gateway.confirm(request.clone()).await);
        let first = part_of(&request, &transaction, 4_000);
        let done = gateway.refund(first.clone()).await;
        assert_eq!(done.outcome(), "done", "{company:?} {done:?}");
        assert_eq!(
            gateway.refund(first).await,
            done,
            "{company:?}: the same answer"
        );
        let second = part_of(&request, &transaction, 4_000);
        let other = gateway.refund(second).await;
        assert_eq!(other.outcome(), "done");
        assert_ne!(other, done, "another refund of the same amount is another");
        let over = part_of(&request, &transaction, 4_901);
        let reply = gateway.refund(over).await;
        assert!(refused(&reply), "{company:?} {reply:?}");
        let rest = refund_of(&request, &transaction, 4_900);
        let rest = RefundRequest {
            is_all_left: true,
            ..rest
        };
        let done = gateway.refund(rest.clone()).await;
        assert_eq!(done.outcome(), "done", "{company:?} {done:?}");
        assert_eq!(gateway.refund(rest).await, done);
        let more = part_of(&request, &transaction, 1);
        assert!(refused(&gateway.refund(more).await), "{company:?}");

        let ledger = stage.ledger().await;
        let charge = ledger
            .iter()
            .find(|entry| entry["merchantKey"] == json!(request.payment_id));
        assert_eq!(charge.unwrap()["refundedAmount"], request.amount_minor);
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_found_by_asking_again() {
    let stage = Stage::new().await;
    for company in ALL {
        let name = format!("{company:?}").to_lowercase();
        let (hasty, patient) = (
            gateway_of(&stage, company, HASTY),
            gateway_of(&stage, company, PATIENT),
        );
        let request = payment("tok_approve");
        let transaction = approved(&request, patient.confirm(request.clone()).await);
        let refund = refund_of(&request, &transaction, request.amount_minor);
        let lost = json!({ "call": "refund", "behaviour": "charge-then-timeout", "company": name });
        assert_eq!(stage.post("/faults", &lost).await, 204);
        assert_eq!(hasty.refund(refund.clone()).await.outcome(), "unknown");
        let entries = stage.ledger().await.len();
        let done = patient.refund(refund).await;
        assert_eq!(done.outcome(), "done", "{company:?} {done:?}");
        assert_eq!(
            stage.ledger().await.len(),
            entries,
            "{company:?}: nothing went back twice"
        );
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_fault_is_for_the_company_that_it_names() {
    let stage = Stage::new().await;
    let fault = json!({ "call": "confirm", "behaviour": "decline", "company": "nice" });
    assert_eq!(stage.post("/faults", &fault).await, 204);
    for (company, outcome) in [
        (Company::Mock, "approved"),
        (Company::Toss, "approved"),
        (Company::Nice, "declined"),
    ] {
        let gateway = gateway_of(&stage, company, PATIENT);
        let reply = gateway.confirm(payment("tok_approve")).await;
        assert_eq!(reply.outcome(), outcome, "{company:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_change_is_told_and_the_notice_names_the_payment() {
    let stage = Stage::new().await;
    for company in ALL {
        let name = format!("{company:?}").to_lowercase();
        let gateway = gateway_of(&stage, company, PATIENT);
        let merchant = Merchant::failing(0, gateway.acknowledgement());
        let target = json!({ "url": merchant.url, "repeat": 2, "company": name });
        assert_eq!(stage.post("/webhooks", &target).await, 204);
        let request = payment("tok_approve");
        gateway.confirm(request.clone()).await;
        let told = merchant.hears(2).await;
        let notices: Vec<_> = told
            .iter()
            .map(|told| told.read_by(&gateway).unwrap())
            .collect();
        assert_eq!(
            notices[0].payment_ids(),
            [request.payment_id],
            "{company:?}"
        );
        assert_eq!(
            notices[0].id, notices[1].id,
            "{company:?}: a double is seen"
        );
        assert_eq!(notices[0].claim.amount_minor, Some(request.amount_minor));
        let trust = match company {
            Company::Mock | Company::Toss => NoticeTrust::Unsigned,
            Company::Nice => NoticeTrust::Signed,
        };
        assert_eq!(notices[0].trust, trust);

        // Somebody else makes one up. Unsigned ones can only be found out by asking; signed ones by looking.
        let mut forged = told[0].json();
        let place = if company == Company::Nice {
            &mut forged["amount"]
        } else {
            &mut forged["data"]["totalAmount"]
        };
        *place = json!(1);
        let forgery = json!({ "company": name, "body": forged });
        assert_eq!(stage.post("/webhooks/forgeries", &forgery).await, 204);
        let heard = merchant.hears(3).await[2].read_by(&gateway);
        match company {
            Company::Mock | Company::Toss => {
                assert_eq!(heard.unwrap().trust, NoticeTrust::Unsigned);
            }
            Company::Nice => assert_eq!(heard, Err(WebhookRefusal::SignatureWrong)),
        }
        approved(&request, gateway.inquire(request.payment_id).await);
        merchant.handle.stop(false).await;
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_currency_that_a_company_does_not_take_is_not_sent() {
    let stage = Stage::new().await;
    for company in [Company::Toss, Company::Nice] {
        let gateway = gateway_of(&stage, company, PATIENT);
        let mut request = payment("tok_approve");
        request.currency = "USD".to_owned();
        assert_eq!(
            gateway.confirm(request.clone()).await,
            GatewayReply::Unsupported
        );
        let refund = refund_of(&request, "t", 1);
        assert_eq!(gateway.refund(refund).await, RefundReply::Unsupported);
    }
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}
