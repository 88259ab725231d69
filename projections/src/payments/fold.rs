//! What an event makes of a payment's row.

use domain::Money;
use domain::payment::{AMOUNT_MISMATCH, PaymentEvent, PaymentStatus};
use uuid::Uuid;

use super::rows::PaymentRow;
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

pub(super) fn fold(
    payments: &mut Rows<Uuid, PaymentRow>,
    payment_id: Uuid,
    event: &Event,
    payment_event: &PaymentEvent,
) -> Result<(), ProjectionError> {
    if let PaymentEvent::PaymentRequested {
        order_id,
        user_id,
        amount,
        gateway,
        token: _,
        method_id: _,
    } = payment_event
    {
        let order_id = order_id.uuid();
        let row = requested(
            payment_id,
            order_id,
            user_id.to_string(),
            gateway,
            *amount,
            event,
        )?;
        if !payments.add(payment_id, row) {
            return Err(ProjectionError::Poison(format!(
                "payment {payment_id} is there already"
            )));
        }
        return Ok(());
    }
    let row = payments
        .change(&payment_id)
        .ok_or_else(|| missing("payment", payment_id))?;
    row.updated_at = event.at();
    row.version = event.version()?;
    change(row, event, payment_event)
}

fn requested(
    payment_id: Uuid,
    order_id: Uuid,
    user_id: String,
    gateway: &str,
    amount: Money,
    event: &Event,
) -> Result<PaymentRow, ProjectionError> {
    Ok(PaymentRow {
        id: payment_id,
        order_id,
        user_id,
        status: PaymentStatus::Pending.as_str().to_owned(),
        currency: amount.currency().code().to_owned(),
        amount: amount.amount(),
        charged_amount: 0,
        charged_currency: None,
        refunded_amount: 0,
        gateway: gateway.to_owned(),
        gateway_transaction_id: None,
        failure_code: None,
        failure_message: None,
        unknown_reason: None,
        inquiries: 0,
        next_inquiry_at: None,
        requested_at: event.at(),
        completed_at: None,
        updated_at: event.at(),
        deposit_bank: None,
        deposit_number: None,
        deposit_holder: None,
        deposit_until: None,
        review_reason: None,
        review_at: None,
        version: event.version()?,
    })
}

fn change(
    row: &mut PaymentRow,
    event: &Event,
    payment_event: &PaymentEvent,
) -> Result<(), ProjectionError> {
    match payment_event {
        PaymentEvent::PaymentRequested { .. } => {}
        PaymentEvent::PaymentOutcomeUnknown {
            reason,
            inquiries,
            next_inquiry_at,
            ..
        } => {
            set_outcome(row, PaymentStatus::Unknown, None);
            row.completed_at = None;
            row.unknown_reason = Some(reason.clone());
            row.inquiries = count(*inquiries)?;
            row.next_inquiry_at = *next_inquiry_at;
        }
        PaymentEvent::PaymentSucceeded {
            amount,
            gateway_transaction_id,
            ..
        } => {
            set_outcome(row, PaymentStatus::Succeeded, None);
            row.completed_at = Some(event.at());
            charge(row, *amount, gateway_transaction_id);
        }
        PaymentEvent::PaymentFailed { code, message, .. } => {
            set_outcome(row, PaymentStatus::Failed, Some(code));
            row.completed_at = Some(event.at());
            row.failure_message = Some(message.clone());
        }
        PaymentEvent::PaymentMismatched {
            charged,
            gateway_transaction_id,
            ..
        } => {
            set_outcome(row, PaymentStatus::Failed, Some(AMOUNT_MISMATCH));
            row.completed_at = Some(event.at());
            charge(row, *charged, gateway_transaction_id);
        }
        PaymentEvent::PaymentDepositAwaited {
            gateway_transaction_id,
            account,
            next_inquiry_at,
            ..
        } => {
            set_outcome(row, PaymentStatus::Pending, None);
            row.completed_at = None;
            row.gateway_transaction_id = Some(gateway_transaction_id.clone());
            row.next_inquiry_at = Some(*next_inquiry_at);
            row.deposit_bank = Some(account.bank.clone());
            row.deposit_number = Some(account.number.clone());
            row.deposit_holder.clone_from(&account.holder);
            row.deposit_until = Some(account.until);
        }
        PaymentEvent::PaymentReviewRequired { reason, .. } => {
            row.review_reason = Some(reason.as_str().to_owned());
            row.review_at = Some(event.at());
        }
        PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentRefundRequested { .. }
        | PaymentEvent::PaymentRefundDelayed { .. } => {}
        PaymentEvent::PaymentRefunded {
            amount,
            reason,
            others_remain,
            ..
        } => {
            row.refunded_amount = row.refunded_amount.saturating_add(amount.amount());
            let money_is_back = row.refunded_amount >= row.charged_amount;
            reason
                .status_after(money_is_back && !others_remain)
                .as_str()
                .clone_into(&mut row.status);
        }
    }
    Ok(())
}

/// A new outcome takes the place of all that was said about the one before.
fn set_outcome(row: &mut PaymentRow, status: PaymentStatus, failure_code: Option<&str>) {
    row.status = status.as_str().to_owned();
    row.failure_code = failure_code.map(str::to_owned);
    row.failure_message = None;
    row.unknown_reason = None;
    row.next_inquiry_at = None;
}

fn charge(row: &mut PaymentRow, charged: Money, gateway_transaction_id: &str) {
    row.charged_amount = charged.amount();
    row.charged_currency = Some(charged.currency().code().to_owned());
    row.gateway_transaction_id = Some(gateway_transaction_id.to_owned());
}

pub(super) fn count(number: u32) -> Result<i32, ProjectionError> {
    i32::try_from(number)
        .map_err(|_| ProjectionError::Poison(format!("{number} attempts are too many")))
}
