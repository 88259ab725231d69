//! What an event makes of a payment's refunds.

use std::collections::BTreeSet;

use domain::DomainEvent;
use domain::payment::{PaymentEvent, RefundReason};
use uuid::Uuid;

use super::fold::count;
use super::rows::RefundRow;
use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, missing};
use crate::table::Rows;

/// Refunds by their payment and their own id.
pub(super) type Refunds = Rows<(Uuid, Uuid), RefundRow>;

/// The refunds that a batch may change.
pub(super) async fn load(
    tables: &mut Tables<'_>,
    events: &[Event],
) -> Result<Refunds, ProjectionError> {
    let mut payments = BTreeSet::new();
    for event in events {
        if matches!(
            &*event.event,
            DomainEvent::Payment(
                PaymentEvent::PaymentRefundDelayed { .. } | PaymentEvent::PaymentRefunded { .. }
            )
        ) {
            payments.insert(event.id::<Uuid>()?);
        }
    }
    Rows::load(tables, payments, |row: &RefundRow| (row.payment_id, row.id)).await
}

/// Takes an event in.
pub(super) fn fold(
    refunds: &mut Refunds,
    payment_id: Uuid,
    event: &Event,
    payment_event: &PaymentEvent,
) -> Result<(), ProjectionError> {
    match payment_event {
        PaymentEvent::PaymentRefundRequested {
            refund_id,
            amount,
            reason,
            ..
        } => {
            let id = refund_id.uuid();
            let row = RefundRow {
                payment_id,
                id,
                status: "PENDING".to_owned(),
                reason: reason_name(*reason).to_owned(),
                amount: amount.amount(),
                failed_attempts: 0,
                delay_reason: None,
                next_attempt_at: None,
                requested_at: event.at(),
                completed_at: None,
            };
            refunds.add((payment_id, id), row);
        }
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            reason,
            attempts,
            next_attempt_at,
            // The reason says so.
            refused: _,
        } => {
            let row = known(refunds, payment_id, refund_id.uuid())?;
            row.failed_attempts = count(*attempts)?;
            row.delay_reason = Some(reason.clone());
            row.next_attempt_at = *next_attempt_at;
        }
        PaymentEvent::PaymentRefunded { refund_id, .. } => {
            let row = known(refunds, payment_id, refund_id.uuid())?;
            "SUCCEEDED".clone_into(&mut row.status);
            row.completed_at = Some(event.at());
            row.next_attempt_at = None;
        }
        PaymentEvent::PaymentRequested { .. }
        | PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentSucceeded { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentMismatched { .. }
        | PaymentEvent::PaymentDepositAwaited { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => {}
    }
    Ok(())
}

fn known(
    refunds: &mut Refunds,
    payment_id: Uuid,
    id: Uuid,
) -> Result<&mut RefundRow, ProjectionError> {
    refunds
        .change(&(payment_id, id))
        .ok_or_else(|| missing("refund", id))
}

fn reason_name(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::OrderCancelled => "ORDER_CANCELLED",
        RefundReason::LateSuccess => "LATE_SUCCESS",
        RefundReason::AmountMismatch => "AMOUNT_MISMATCH",
        RefundReason::Requested => "REQUESTED",
    }
}
