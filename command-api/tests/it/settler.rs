//! Stands where the processes and the gateway stand in the whole program: settles every payment that is
//! asked for, by its token, on the store directly.

use std::time::Duration;

use chrono::Utc;
use domain::checkout::{GatewayAnswer, RefundAnswer, RetrySchedule, SettlePayment, SettleRefund};
use domain::payment::PaymentEvent;
use domain::{DomainEvent, PaymentId, RefundId};
use event_store::{Command, CommandId, Context, EventStore, Fingerprint};
use uuid::Uuid;

/// Settles payments until it is dropped.
pub(crate) struct Settler(tokio::task::JoinHandle<()>);

impl Settler {
    /// From now on: `tok_approve…` is charged, `tok_decline…` is not, `tok_unknown…` nobody knows,
    /// `tok_wrong_amount…` is charged wrongly; others are left alone.
    pub(crate) fn start(store: &EventStore) -> Self {
        let store = store.clone();
        let mut log = store.log().subscribe(store.log().known_head());
        Self(tokio::spawn(async move {
            loop {
                for event in log.next(100).await.expect("the log can be read") {
                    let recorded = event.decode().expect("an event");
                    let DomainEvent::Payment(event) = recorded.event else {
                        continue;
                    };
                    let id = recorded.aggregate_id.parse().expect("a payment's id");
                    if let Some(answer) = answer_to(&event) {
                        settle(&store, id, answer).await;
                    }
                    if let PaymentEvent::PaymentRefundRequested { refund_id, .. } = event {
                        give_back(&store, id, refund_id).await;
                    }
                }
            }
        }))
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn answer_to(event: &PaymentEvent) -> Option<GatewayAnswer> {
    let PaymentEvent::PaymentRequested { amount, token, .. } = event else {
        return None;
    };
    let charge = |charged| GatewayAnswer::Approved {
        gateway_transaction_id: format!("charge-{}", Uuid::now_v7()),
        charged,
    };
    if token.starts_with("tok_approve") {
        Some(charge(*amount))
    } else if token.starts_with("tok_wrong_amount") {
        Some(charge(amount.times(2).expect("twice the amount")))
    } else if token.starts_with("tok_decline") {
        let message = "insufficient funds".to_owned();
        Some(GatewayAnswer::Declined {
            code: "CARD_DECLINED".to_owned(),
            message,
        })
    } else if token.starts_with("tok_unknown") {
        Some(GatewayAnswer::Unknown {
            reason: "no answer".to_owned(),
        })
    } else {
        None
    }
}

/// Takes a gateway's answer in, as the checkout saga would.
pub(crate) async fn settle(store: &EventStore, payment_id: PaymentId, answer: GatewayAnswer) {
    let now = Utc::now();
    let operation = SettlePayment {
        payment_id,
        answer,
        refund_id: RefundId::new(Uuid::now_v7()),
        now,
        confirmation_due_at: now + Duration::from_secs(1_800),
        inquiries: RetrySchedule::default(),
        out_of_turn: false,
        asked_at: u32::MAX,
        deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
    };
    execute(store, operation).await;
}

/// The gateway gave the money back.
pub(crate) async fn give_back(store: &EventStore, payment_id: PaymentId, refund_id: RefundId) {
    let operation = SettleRefund {
        payment_id,
        refund_id,
        answer: RefundAnswer::Done,
        now: Utc::now(),
        attempts: RetrySchedule::default(),
    };
    execute(store, operation).await;
}

/// The gateway refused the refund until nobody tries any more.
pub(crate) async fn give_up(store: &EventStore, payment_id: PaymentId, refund_id: RefundId) {
    let operation = SettleRefund {
        payment_id,
        refund_id,
        answer: RefundAnswer::Refused {
            code: "BANK_AWAY".to_owned(),
            round: 0,
        },
        now: Utc::now(),
        attempts: RetrySchedule::new(vec![]),
    };
    execute(store, operation).await;
}

async fn execute(store: &EventStore, operation: impl domain::Operation + 'static) {
    let context = Context {
        principal: "checkout-saga".to_owned(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        occurred_at: Utc::now(),
    };
    let id = CommandId::new(Uuid::now_v7());
    let command = Command::new(id, Fingerprint::of(&[b"settle"]), operation, context);
    let outcome = store.execute(command).await.expect("it is settled");
    assert_eq!(outcome.status, 200, "{}", outcome.body);
}
