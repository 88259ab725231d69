//! What a gateway's reply about a payment means to the shop.

use domain::Money;
use domain::checkout::GatewayAnswer;
use domain::payment::{DepositAccount, ReviewReason};
use payment_gateways::GatewayReply;

use crate::fate::Trouble;

pub(crate) const UNSUPPORTED: &str = "UNSUPPORTED";
/// It charged an amount, or in a currency, that the shop cannot even write down.
const UNREADABLE_AMOUNT: &str = "UNREADABLE_AMOUNT";

/// What a reply means to the shop.
///
/// # Errors
/// Nothing was sent: the same question waits in its row until the gateway can be asked, and counts for nothing.
pub(crate) fn payment_answer(reply: GatewayReply) -> Result<GatewayAnswer, Trouble> {
    Ok(match reply {
        GatewayReply::Approved {
            transaction_id,
            amount_minor,
            currency,
        } => match money(amount_minor, &currency) {
            Some(charged) => GatewayAnswer::Approved {
                gateway_transaction_id: transaction_id,
                charged,
            },
            None => doubtful(ReviewReason::ChargeUnreadable, UNREADABLE_AMOUNT),
        },
        GatewayReply::GivenBack {
            transaction_id,
            amount_minor,
            left_minor,
            currency,
        } => match (money(amount_minor, &currency), money(left_minor, &currency)) {
            (Some(charged), Some(left)) => GatewayAnswer::GivenBack {
                gateway_transaction_id: transaction_id,
                charged,
                left,
            },
            (_, _) => doubtful(ReviewReason::ChargeUnreadable, UNREADABLE_AMOUNT),
        },
        GatewayReply::WaitingForDeposit {
            transaction_id,
            amount_minor,
            currency,
            account,
            until,
        } => match money(amount_minor, &currency) {
            Some(amount) => GatewayAnswer::WaitingForDeposit {
                gateway_transaction_id: transaction_id,
                amount,
                account: DepositAccount {
                    bank: account.bank,
                    number: account.number,
                    holder: account.holder,
                    until,
                    open_until: None,
                },
            },
            None => doubtful(ReviewReason::DepositMismatched, UNREADABLE_AMOUNT),
        },
        GatewayReply::Declined { code, message } => GatewayAnswer::Declined { code, message },
        GatewayReply::NoRecord => GatewayAnswer::NoRecord,
        GatewayReply::Unknown { reason } => match reason.as_str() {
            GatewayReply::MISMATCHED => doubtful(ReviewReason::AnswerMismatched, &reason),
            _ => GatewayAnswer::Unknown { reason },
        },
        GatewayReply::NotAttempted { reason } => return Err(not_attempted(&reason)),
        GatewayReply::Unsupported => unknown(UNSUPPORTED),
    })
}

fn money(amount_minor: i64, currency: &str) -> Option<Money> {
    let currency = currency.parse().ok()?;
    Money::new(amount_minor, currency).ok()
}

fn doubtful(review: ReviewReason, reason: &str) -> GatewayAnswer {
    GatewayAnswer::Doubtful {
        review,
        reason: reason.to_owned(),
    }
}

/// Nothing was sent: the step stays in its row, is tried again soon, and counts for nothing.
pub(crate) fn not_attempted(reason: &str) -> Trouble {
    Trouble::Later(format!("the gateway was not asked: {reason}"))
}

pub(crate) fn unknown(reason: &str) -> GatewayAnswer {
    GatewayAnswer::Unknown {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(amount_minor: i64, currency: &str) -> GatewayAnswer {
        let reply = GatewayReply::Approved {
            transaction_id: "t-1".to_owned(),
            amount_minor,
            currency: currency.to_owned(),
        };
        payment_answer(reply).unwrap()
    }

    fn because(reason: &str) -> GatewayAnswer {
        let reason = reason.to_owned();
        payment_answer(GatewayReply::Unknown { reason }).unwrap()
    }

    #[test]
    fn what_cannot_be_true_of_the_payment_is_for_a_person_to_see() {
        let mismatched = doubtful(ReviewReason::AnswerMismatched, GatewayReply::MISMATCHED);
        assert_eq!(because(GatewayReply::MISMATCHED), mismatched);
        assert_eq!(because("TIMEOUT"), unknown("TIMEOUT"));
    }

    #[test]
    fn a_question_that_was_never_sent_is_asked_again_and_is_no_answer() {
        let reason = "CIRCUIT_OPEN".to_owned();
        let ended = payment_answer(GatewayReply::NotAttempted { reason });
        assert!(matches!(ended, Err(Trouble::Later(_))));
    }

    #[test]
    fn a_charge_that_cannot_be_written_down_is_unknown_and_not_declined() {
        let unreadable = doubtful(ReviewReason::ChargeUnreadable, UNREADABLE_AMOUNT);
        assert_eq!(approved(1_000, "GBP"), unreadable);
        assert_eq!(approved(-1, "KRW"), unreadable);
        assert_eq!(approved(i64::MAX, "KRW"), unreadable);
        assert!(matches!(
            approved(1_000, "KRW"),
            GatewayAnswer::Approved { .. }
        ));
    }
}
