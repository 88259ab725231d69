//! Waiting for a deposit: how long, how often it is asked for, and what the gateway's answer makes of it.

use chrono::{DateTime, Duration, Utc};

use super::settle_payment::SettlePayment;
use crate::money::Money;
use crate::payment::{
    DEPOSIT_EXPIRED, DepositAccount, Payment, PaymentCommand, PaymentStatus, RequestedPayment,
    ReviewReason,
};
use crate::rejection::Rejection;
use crate::workspace::{Halt, Workspace};

/// The longest that an order waits for a deposit, whatever the gateway allows: its stock is held as long.
const WINDOW_MAX: Duration = Duration::days(30);
/// So long after the account closed the last deposit may still be on its way through the bank.
const CLOSING_GRACE: Duration = Duration::minutes(5);
/// So long after the account closed the order is cancelled though the gateway does not answer.
const GIVEN_UP_AFTER: Duration = Duration::minutes(20);
/// The waits between looks at an account, should the gateway's notice be lost; the last one repeats.
const LOOKS: [Duration; 4] = [
    Duration::minutes(10),
    Duration::hours(1),
    Duration::hours(6),
    Duration::days(1),
];

/// From then on an empty account stays empty.
fn closes_at(account: &DepositAccount) -> DateTime<Utc> {
    later(account.until, CLOSING_GRACE)
}

/// From then on an order waits no more for a deposit into this account.
pub(super) fn given_up_at(account: &DepositAccount) -> DateTime<Utc> {
    later(account.until, GIVEN_UP_AFTER)
}

/// Whether an order is to be left alone because its buyer may still pay into an account.
pub(super) fn is_awaited(payment: &RequestedPayment, now: DateTime<Utc>) -> bool {
    let is_open = matches!(
        payment.status,
        PaymentStatus::Pending | PaymentStatus::Unknown
    );
    let deposit = payment.deposit.as_ref();
    is_open && deposit.is_some_and(|deposit| now < given_up_at(&deposit.account))
}

fn next_look(
    payment: &RequestedPayment,
    account: &DepositAccount,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let before = payment.deposit.as_ref();
    let looks = before.map_or(0, |deposit| deposit.inquiries.saturating_add(1));
    let looks = usize::try_from(looks).unwrap_or(usize::MAX);
    let [.., longest] = LOOKS;
    let wait = LOOKS.get(looks).copied().unwrap_or(longest);
    later(now, wait).min(closes_at(account))
}

fn later(moment: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    moment
        .checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl SettlePayment {
    /// The gateway says that nothing is in the account.
    pub(super) fn waits_for_deposit(
        &self,
        workspace: &mut Workspace<'_>,
        gateway_transaction_id: &str,
        amount: Money,
        account: &DepositAccount,
    ) -> Result<(), Halt> {
        let payment = workspace.read::<Payment>(self.payment_id)?;
        let payment = payment.requested().map_err(Rejection::from)?.clone();
        if payment.capture.is_some() {
            return self.review(workspace, ReviewReason::DepositTakenBack, Some(amount));
        }
        if amount != payment.amount {
            let reason = ReviewReason::DepositMismatched;
            self.review(workspace, reason, Some(amount))?;
            return self.unknown(workspace, reason.as_str());
        }
        let known = payment.deposit.as_ref().map(|deposit| &deposit.account);
        let known =
            known.filter(|known| known.number == account.number && known.bank == account.bank);
        let mut waits_into = known.unwrap_or(account).clone();
        waits_into.until = waits_into.until.min(later(self.now, WINDOW_MAX));
        if self.now >= closes_at(&waits_into) {
            return match payment.status {
                PaymentStatus::Pending | PaymentStatus::Unknown => {
                    let message = "nobody paid into the account in time";
                    self.failed(workspace, DEPOSIT_EXPIRED, message)
                }
                PaymentStatus::Failed
                | PaymentStatus::Succeeded
                | PaymentStatus::Cancelled
                | PaymentStatus::PartiallyRefunded
                | PaymentStatus::Refunded => Ok(()),
            };
        }
        // Asked out of turn, it is still asked at its time.
        if self.out_of_turn && known.is_some() && payment.status == PaymentStatus::Pending {
            return Ok(());
        }
        let await_deposit = PaymentCommand::AwaitDeposit {
            amount,
            gateway_transaction_id: gateway_transaction_id.to_owned(),
            next_inquiry_at: next_look(&payment, &waits_into, self.now),
            account: waits_into,
        };
        workspace.execute::<Payment>(self.payment_id, await_deposit)
    }
}
