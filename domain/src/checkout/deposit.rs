//! Waiting for a deposit: how long, how often it is asked for, and what the gateway's answer makes of it.

use chrono::{DateTime, Duration, Utc};

use super::settle_payment::SettlePayment;
use crate::money::Money;
use crate::payment::{
    DEPOSIT_EXPIRED, DepositAccount, Payment, PaymentCommand, PaymentStatus, RequestedPayment,
    ReviewReason,
};
use crate::workspace::{Halt, Workspace};

/// How long an order waits for a deposit unless an operator wants it otherwise: its stock is held as long, for
/// nothing.
pub const DEPOSIT_WINDOW_DEFAULT: Duration = Duration::days(1);
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

/// When the gateway's own account has closed, should that be later than the order waits.
pub(super) fn last_look_at(account: &DepositAccount) -> Option<DateTime<Utc>> {
    account
        .open_until
        .map(|open_until| later(open_until, CLOSING_GRACE))
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

/// When a gateway is asked again that did not answer: an account is looked at when it closes, whatever the schedule.
pub(super) fn next_inquiry(
    payment: &RequestedPayment,
    scheduled: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let deposit = payment.deposit.as_ref();
    let closes_at = deposit.map(|deposit| closes_at(&deposit.account));
    match closes_at.filter(|closes_at| now < *closes_at) {
        Some(closes_at) => Some(scheduled.map_or(closes_at, |at| at.min(closes_at))),
        None => scheduled,
    }
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
        let payment = Payment::requested_in(workspace, self.payment_id)?.clone();
        if payment.capture.is_some() && self.is_overtaken(&payment) {
            // The deposit may have come since, or have been taken back since.
            return self.ask_again(workspace);
        }
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
        if known.is_none() {
            let longest = later(self.now, self.deposit_window);
            waits_into.open_until = (account.until > longest).then_some(account.until);
            waits_into.until = account.until.min(longest);
        }
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
