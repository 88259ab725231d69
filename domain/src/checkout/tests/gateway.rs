//! A gateway that does what the token says, and keeps a ledger.

use std::collections::BTreeMap;

use crate::checkout::{GatewayAnswer, RefundAnswer};
use crate::ids::{PaymentId, RefundId};
use crate::money::Money;
use crate::mothers::at;
use crate::payment::DepositAccount;
use crate::saga::GatewayRequest;

/// What a buyer's token makes the gateway do.
pub(super) const TOKENS: [&str; 5] = [
    "tok_approve",
    "tok_decline",
    "tok_timeout",
    "tok_charge_then_timeout",
    "tok_wrong_amount",
];

/// The same, and an account that somebody pays into after a while, or nobody.
pub(super) const TOKENS_AND_ACCOUNTS: [&str; 7] = [
    TOKENS[0],
    TOKENS[1],
    TOKENS[2],
    TOKENS[3],
    TOKENS[4],
    "tok_account",
    "tok_account_for_nothing",
];

/// So many looks find an account empty that somebody pays into.
const LOOKS_IN_VAIN: u32 = 3;

/// The gateway and its ledger.
#[derive(Default)]
pub(super) struct Gateway {
    charges: BTreeMap<PaymentId, Charge>,
    /// It answers nothing to so many questions to come.
    pub(super) silent_for: u32,
}

struct Charge {
    amount: Money,
    /// So many more looks find its account empty; `None` when it needs no account.
    empty_for: Option<u32>,
    refunds: BTreeMap<RefundId, i64>,
}

impl Charge {
    fn left(&self) -> i64 {
        if self.empty_for.is_some_and(|looks| looks > 0) {
            return 0;
        }
        self.amount.amount() - self.refunds.values().sum::<i64>()
    }
}

impl Gateway {
    /// Asked to charge. The payment's id is the key: asked again, it answers the same.
    pub(super) fn confirm(&mut self, request: &GatewayRequest) -> GatewayAnswer {
        let amount = match request.token.as_str() {
            "tok_decline" => return declined(),
            "tok_timeout" => return timeout(),
            "tok_wrong_amount" => Money::new(1, request.amount.currency()).unwrap(),
            _ => request.amount,
        };
        let empty_for = match request.token.as_str() {
            "tok_account" => Some(LOOKS_IN_VAIN),
            "tok_account_for_nothing" => Some(u32::MAX),
            _ => None,
        };
        let charge = Charge {
            amount,
            empty_for,
            refunds: BTreeMap::new(),
        };
        self.charges.entry(request.payment_id).or_insert(charge);
        if request.token == "tok_charge_then_timeout" || self.is_silent() {
            return timeout();
        }
        self.found(request.payment_id)
    }

    /// Asked what became of a payment.
    pub(super) fn inquire(&mut self, payment_id: PaymentId) -> GatewayAnswer {
        if self.is_silent() {
            return timeout();
        }
        self.found(payment_id)
    }

    /// Asked to give the money back.
    pub(super) fn refund(
        &mut self,
        payment_id: PaymentId,
        refund_id: RefundId,
        amount: Money,
    ) -> RefundAnswer {
        let charge = self.charges.get_mut(&payment_id).unwrap();
        let first = *charge.refunds.entry(refund_id).or_insert(amount.amount());
        assert_eq!(first, amount.amount(), "one refund of two amounts");
        assert!(charge.left() >= 0, "more goes back than was charged");
        if self.is_silent() {
            let reason = "timeout".to_owned();
            return RefundAnswer::NotDone { reason };
        }
        RefundAnswer::Done
    }

    /// What it has charged and not given back.
    pub(super) fn keeps(&self) -> i64 {
        self.charges.values().map(Charge::left).sum()
    }

    fn found(&mut self, payment_id: PaymentId) -> GatewayAnswer {
        match self.charges.get_mut(&payment_id) {
            None => GatewayAnswer::NoRecord,
            Some(Charge {
                amount,
                empty_for: Some(looks @ 1..),
                ..
            }) => {
                *looks -= 1;
                GatewayAnswer::WaitingForDeposit {
                    gateway_transaction_id: format!("gw-{payment_id}"),
                    amount: *amount,
                    account: DepositAccount {
                        bank: "20".to_owned(),
                        number: "X6505636518308".to_owned(),
                        holder: None,
                        until: at(7 * 24 * 60),
                        open_until: None,
                    },
                }
            }
            Some(charge) => GatewayAnswer::Approved {
                gateway_transaction_id: format!("gw-{payment_id}"),
                charged: charge.amount,
            },
        }
    }

    fn is_silent(&mut self) -> bool {
        let silent = self.silent_for > 0;
        self.silent_for = self.silent_for.saturating_sub(1);
        silent
    }
}

fn declined() -> GatewayAnswer {
    GatewayAnswer::Declined {
        code: "CARD_DECLINED".to_owned(),
        message: "The card was declined.".to_owned(),
    }
}

fn timeout() -> GatewayAnswer {
    GatewayAnswer::Unknown {
        reason: "timeout".to_owned(),
    }
}
