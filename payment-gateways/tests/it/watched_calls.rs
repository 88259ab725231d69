//! What watches over the calls: the exchange log, and the circuit.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use payment_gateways::mock::server::Company;
use payment_gateways::{
    Circuit, CircuitRules, CircuitState, Exchange, ExchangeLog, GatewayReply, Gateways, Link,
    Monotonic, NoLog, RefundReply,
};
use serde_json::json;
use uuid::Uuid;

use crate::companies::{ALL, NICE_SECRET_KEY, TOSS_SECRET_KEY, linked};
use crate::stage::{PATIENT, Stage, approved, payment, refund_of};

#[derive(Default)]
struct Kept(Mutex<Vec<Exchange>>);

impl ExchangeLog for Kept {
    fn told(&self, exchange: Exchange) {
        self.0.lock().unwrap().push(exchange);
    }
}

/// A clock that stands still until it is moved.
struct Moved {
    start: Instant,
    by: Mutex<Duration>,
}

impl Monotonic for Moved {
    fn now(&self) -> Instant {
        self.start + *self.by.lock().unwrap()
    }
}

fn circuit() -> (Arc<Circuit>, Arc<Moved>) {
    let clock = Arc::new(Moved {
        start: Instant::now(),
        by: Mutex::default(),
    });
    let rules = CircuitRules {
        troubles_in_a_row: 3,
        ..CircuitRules::default()
    };
    (Circuit::new("it", rules, clock.clone()), clock)
}

#[tokio::test]
async fn every_exchange_is_told_and_no_key_of_it() {
    let stage = Stage::new().await;
    for company in ALL {
        let kept = Arc::new(Kept::default());
        let link = Link {
            log: kept.clone(),
            ..Link::bare()
        };
        let gateway = linked(&stage.server.url(), company, PATIENT, link);
        let mut request = payment("tok_approve_canary");
        request.token = "tok_approve_4111111111111111".to_owned();
        let transaction = approved(&request, gateway.confirm(request.clone()).await);
        let refund = refund_of(&request, &transaction, 900);
        gateway.refund(refund.clone()).await;
        gateway.inquire(request.payment_id).await;
        gateway.confirm(payment("unheard-of")).await;

        let told = kept.0.lock().unwrap().clone();
        // NICE's adapter does not send a token that cannot be NICE's.
        let count = if company == Company::Nice { 3 } else { 4 };
        assert_eq!(told.len(), count, "{company:?}");
        assert!(
            told.iter()
                .take(3)
                .all(|one| one.payment_id == Some(request.payment_id))
        );
        let about = told.iter().take(3).map(|one| one.transaction_id);
        let charge = Some(request.payment_id);
        assert!(about.eq([charge, Some(refund.refund_id), charge]));
        assert!(
            told.iter()
                .take(3)
                .all(|one| one.is_success && one.response_status == Some(200))
        );
        assert_eq!(told[0].method, "POST");
        let body = told[0].request_body.as_ref().unwrap();
        assert_eq!(body["amount"], request.amount_minor);
        let answer = told[0].response_body.as_ref().unwrap();
        let total = if company == Company::Toss {
            "totalAmount"
        } else {
            "amount"
        };
        assert_eq!(answer[total], request.amount_minor, "{answer}");
        assert!(answer["orderId"].is_string());
        let printed = format!("{told:?}");
        for secret in [
            request.token.as_str(),
            "4111111111111111",
            TOSS_SECRET_KEY,
            NICE_SECRET_KEY,
            "Basic ",
            "uthorization",
        ] {
            assert!(
                !printed.contains(secret),
                "{company:?} {secret} in {printed}"
            );
        }
        // What the mock company calls a transaction is no key; the others' opens the payment.
        if company != Company::Mock {
            assert!(!printed.contains(&transaction), "{company:?} {printed}");
        }
        let name = format!("{company:?}").to_lowercase();
        assert!(told.iter().all(|one| one.company == name));
    }
    stage.stop().await;
}

#[tokio::test]
async fn what_got_no_answer_is_told_too() {
    let kept = Arc::new(Kept::default());
    let link = Link {
        log: kept.clone(),
        repeats_connects: true,
        ..Link::bare()
    };
    // Nobody listens there: the port was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let gateway = linked(&url, Company::Toss, PATIENT, link);
    let reply = gateway.confirm(payment("tok_approve")).await;
    assert_eq!(reply.outcome(), "unknown");
    let told = kept.0.lock().unwrap().clone();
    assert_eq!(
        told.len(),
        3,
        "a connection that could not be made is tried three times"
    );
    assert_eq!(told[0].error.as_deref(), Some("CONNECT_FAILED"));
    assert_eq!((told[0].response_status, told[0].is_success), (None, false));
}

#[tokio::test]
async fn a_company_in_trouble_is_left_alone_and_looked_at_again() {
    let stage = Stage::new().await;
    for company in ALL {
        let name = format!("{company:?}").to_lowercase();
        let (circuit, clock) = circuit();
        let link = Link {
            log: Arc::new(NoLog),
            circuit: Some(circuit.clone()),
            repeats_connects: false,
        };
        let gateway = linked(&stage.server.url(), company, PATIENT, link);
        let fault = json!({ "call": "confirm", "behaviour": "error", "times": 3, "company": name });
        assert_eq!(stage.post("/faults", &fault).await, 204);
        for _ in 0..3 {
            let reply = gateway.confirm(payment("tok_approve")).await;
            assert_eq!(reply.outcome(), "unknown");
        }
        assert_eq!(gateway.circuit(), Some(CircuitState::Open), "{company:?}");
        let entries = stage.ledger().await.len();
        let request = payment("tok_approve");
        let kept_back = GatewayReply::NotAttempted {
            reason: "CIRCUIT_OPEN".to_owned(),
        };
        assert_eq!(gateway.confirm(request.clone()).await, kept_back);
        assert_eq!(gateway.inquire(request.payment_id).await, kept_back);
        let refund = gateway.refund(refund_of(&request, "t", 1)).await;
        assert!(matches!(refund, RefundReply::NotAttempted { .. }));
        assert_eq!(stage.ledger().await.len(), entries, "nothing was sent");

        *clock.by.lock().unwrap() += CircuitRules::default().wait;
        approved(&request, gateway.confirm(request.clone()).await);
        assert_eq!(gateway.circuit(), Some(CircuitState::Closed));
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_decline_is_no_trouble() {
    let stage = Stage::new().await;
    let (circuit, _) = circuit();
    let link = Link {
        circuit: Some(circuit.clone()),
        ..Link::bare()
    };
    let gateway = linked(&stage.server.url(), Company::Toss, PATIENT, link);
    for _ in 0..10 {
        assert_eq!(
            gateway.confirm(payment("tok_decline")).await.outcome(),
            "declined"
        );
        assert_eq!(
            gateway.inquire(Uuid::now_v7()).await,
            GatewayReply::NoRecord
        );
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
    let gateways = Gateways::new("toss", [("toss".to_owned(), gateway)]).unwrap();
    let states: Vec<_> = gateways.circuits().collect();
    assert_eq!(states, [("toss", CircuitState::Closed)]);
    stage.stop().await;
}

/// With `--features tls` only: without it the address is refused at start.
#[cfg(feature = "tls")]
#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_nothing() {
    let stage = Stage::new().await;
    let url = stage.server.url().replace("http://", "https://");
    let gateway = linked(&url, Company::Toss, PATIENT, Link::bare());
    let reply = gateway.confirm(payment("tok_approve")).await;
    let no_connection = GatewayReply::Unknown {
        reason: "CONNECT_FAILED".to_owned(),
    };
    assert_eq!(reply, no_connection);
    assert!(stage.ledger().await.is_empty());
    stage.stop().await;
}
