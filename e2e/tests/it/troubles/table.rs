//! The troubles, and how each must end.

use serde_json::{Value, json};

use crate::gateways::{NICE, TOSS};

/// What an order costs.
pub(super) const PRICE: i64 = 1_000;
/// How long the shop waits for an answer: longer than the mock takes for a slow one.
pub(super) const DEADLINE_MS: u64 = 4_000;
/// After the deadline, and before the second question.
const AFTER_DEADLINE_MS: u64 = 4_500;
/// After two questions that found nothing: the payment has been given up.
const AFTER_GIVING_UP_MS: u64 = 11_000;
/// What the shop asks again after; a trouble that lasts is asked about all the time.
pub(super) const SCHEDULE: &str = "1s,1s,2s,2s,2s,2s,2s,5s,5s,10s,10s";

/// One trouble.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    pub(super) companies: &'static [&'static str],
    /// What the buyer's browser brings.
    pub(super) token: &'static str,
    /// What the company is told first, beside `company`: how its next calls go.
    pub(super) fault: Option<Value>,
    /// How the company tells of changes, beside whom it tells; `None`: it does not.
    pub(super) notices: Option<Value>,
    /// What its answers say that is not so.
    pub(super) extras: Option<Value>,
    pub(super) then: Then,
    pub(super) ends: Ends,
}

/// What happens when the order was paid for.
pub(super) enum Then {
    Nothing,
    /// The buyer pays into the account that they were given.
    Deposit,
    /// The buyer wants all of it back.
    Cancel,
    /// The answer comes, when all is over.
    HearTheReply,
    /// The company's answers are right again as soon as a person has something to look at.
    Straighten,
    /// The company says something else of a charge that is known, and is asked again.
    SayOtherwise(Value),
}

/// How it ends.
pub(super) struct Ends {
    pub(super) order: &'static str,
    pub(super) payment: &'static str,
    /// How often the company charged.
    pub(super) charges: usize,
    /// What the company still has of it, in won.
    pub(super) kept: i64,
    /// What a person has to look at.
    pub(super) review: &'static str,
}

const PAID: Ends = Ends {
    order: "PAID",
    payment: "SUCCEEDED",
    charges: 1,
    kept: PRICE,
    review: "",
};
const NOT_CHARGED: Ends = Ends {
    order: "CANCELLED",
    payment: "FAILED",
    charges: 0,
    kept: 0,
    review: "",
};
const GIVEN_BACK: Ends = Ends {
    order: "CANCELLED",
    payment: "REFUNDED",
    charges: 1,
    kept: 0,
    review: "",
};
const CANCELLED: Ends = Ends {
    payment: "CANCELLED",
    ..GIVEN_BACK
};

fn trouble(name: &'static str, token: &'static str, ends: Ends) -> Trouble {
    Trouble {
        name,
        companies: &[TOSS, NICE],
        token,
        fault: None,
        notices: None,
        extras: None,
        then: Then::Nothing,
        ends,
    }
}

/// A charge that waits before anything is done, and then goes so.
fn held_up(behaviour: &str, delay_ms: u64) -> Option<Value> {
    Some(json!({ "call": "confirm", "behaviour": behaviour, "delayMs": delay_ms }))
}

/// All of them but the one that needs many orders.
pub(super) fn troubles() -> Vec<Trouble> {
    let deposit = "tok_virtual_account";
    vec![
        trouble("no answer, and no charge", "tok_timeout", NOT_CHARGED),
        Trouble {
            fault: held_up("approve", AFTER_DEADLINE_MS),
            ..trouble("timeout, then success", "tok_approve", PAID)
        },
        Trouble {
            fault: held_up("approve", AFTER_GIVING_UP_MS),
            notices: Some(json!({})),
            ..trouble("success when it was given up", "tok_approve", GIVEN_BACK)
        },
        trouble("success, then timeout", "tok_charge_then_timeout", PAID),
        Trouble {
            fault: held_up("decline", AFTER_DEADLINE_MS),
            ..trouble("declined late", "tok_approve", NOT_CHARGED)
        },
        Trouble {
            notices: Some(json!({ "repeat": 10 })),
            then: Then::Deposit,
            ..trouble("ten of each notice", deposit, PAID)
        },
        Trouble {
            fault: Some(json!({ "call": "confirm", "behaviour": "slow" })),
            notices: Some(json!({})),
            then: Then::HearTheReply,
            ..trouble("the notice before the reply", "tok_approve", PAID)
        },
        Trouble {
            notices: Some(json!({ "shuffle": 2, "repeat": 2 })),
            then: Then::Cancel,
            ..trouble("notices in reversed order", "tok_approve", CANCELLED)
        },
        trouble("another amount", "tok_wrong_amount", GIVEN_BACK),
        Trouble {
            extras: Some(json!({ "orderId": "another-order" })),
            then: Then::Straighten,
            ..trouble(
                "another order's answer",
                "tok_approve",
                parked("ANSWER_MISMATCHED"),
            )
        },
        // NICE signs its amounts: another one is a forgery, and no answer.
        Trouble {
            companies: &[TOSS],
            then: Then::SayOtherwise(json!({ "totalAmount": 1_500, "balanceAmount": 1_500 })),
            ..trouble(
                "another amount of a known charge",
                "tok_approve",
                parked("CHARGE_CHANGED"),
            )
        },
    ]
}

/// The order is paid for, and a person has something to look at.
fn parked(review: &'static str) -> Ends {
    Ends { review, ..PAID }
}
