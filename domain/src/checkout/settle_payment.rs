//! What the gateway said, taken into payment, order, stock, coupon and points at once (PAY-02, PAY-03).

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::cancel_order::{order_and_holdings, release_order};
use super::deposit;
use super::policy::RetrySchedule;
use crate::coupon_pool::{CouponPool, CouponPoolCommand};
use crate::ids::{OrderId, PaymentId, RefundId};
use crate::inventory::{Inventory, InventoryCommand};
use crate::money::Money;
use crate::order::{CancelReason, Order, OrderCommand, OrderStatus};
use crate::payment::{
    AMOUNT_MISMATCH, DepositAccount, NO_RECORD, Payment, PaymentCommand, PaymentStatus,
    RefundReason, RefundRequest, ReviewReason,
};
use crate::points::{PointAccount, PointsCommand};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Why an outcome is unknown of which the gateway is asked again at once.
const OVERTAKEN: &str = "OVERTAKEN";

/// What a gateway said about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// It charged.
    Approved {
        /// Its own id of the charge.
        gateway_transaction_id: String,
        /// What it charged.
        charged: Money,
    },
    /// It did not and will not charge.
    Declined {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// It knows of no such payment.
    NoRecord,
    /// It gave the buyer an account to pay into, and nothing is in it.
    WaitingForDeposit {
        /// Its own id of the payment.
        gateway_transaction_id: String,
        /// What is to be paid in.
        amount: Money,
        /// Where to.
        account: DepositAccount,
    },
    /// It gave the charge back, in whole or in part.
    GivenBack {
        /// Its own id of the charge.
        gateway_transaction_id: String,
        /// What it had charged.
        charged: Money,
        /// What is left of it.
        left: Money,
    },
    /// It said something that cannot be true of this payment: believed in nothing, and for a person to see.
    Doubtful {
        /// What is wrong with it.
        review: ReviewReason,
        /// The gateway's or its adapter's word for it.
        reason: String,
    },
    /// It did not answer, or said nothing definite.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// Take the gateway's answer in.
///
/// | answer | the order waits for this payment | it does not (cancelled meanwhile) |
/// | --- | --- | --- |
/// | approved | paid; stock deducted, coupon used, points spent | the money goes back |
/// | approved, overtaken, and a deposit or for a person to see | asked again | asked again |
/// | approved, another amount | cancelled; the money goes back | the money goes back |
/// | declined | cancelled; stock, coupon and points released | nothing |
/// | no record, twice running or at the schedule's end | as declined | nothing |
/// | waiting for a deposit | waits until the account closes, then as declined | asked again until it closes |
/// | given back, more than the shop's refunds account for | as unknown, and a person must look | a person must look |
/// | doubtful | as unknown, and a person must look | as unknown, and a person must look |
/// | unknown, or no record once | asked again on the schedule | asked again on the schedule |
///
/// A payment that was given up for lack of a record is asked for once more: `unknown` puts it back on the
/// schedule, another `no record` changes nothing. What is known of a payment stays known: an answer that
/// contradicts it (another charge, another amount, a deposit taken back, a denial) makes a person look.
#[derive(Clone, Debug)]
pub struct SettlePayment {
    /// Which payment.
    pub payment_id: PaymentId,
    /// What the gateway said.
    pub answer: GatewayAnswer,
    /// The id of the refund, should the money have to go back.
    pub refund_id: RefundId,
    /// When.
    pub now: DateTime<Utc>,
    /// When the order confirms itself, should it be paid now.
    pub confirmation_due_at: DateTime<Utc>,
    /// When an unknown outcome is asked for again.
    pub inquiries: RetrySchedule,
    /// Whether the gateway was asked beside the schedule, because of a notice or for an operator: what it
    /// leaves open then is asked for at its time anyhow, and counts for nothing.
    pub out_of_turn: bool,
    /// The payment's revision when the gateway was asked, 0 when it was asked to charge: if something happened
    /// since, the answer may have been overtaken.
    pub asked_at: u32,
    /// The longest that an order waits for a deposit, whatever the gateway allows: its stock is held as long.
    pub deposit_window: Duration,
}

impl Operation for SettlePayment {
    fn name(&self) -> &'static str {
        "settle-payment"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        match &self.answer {
            GatewayAnswer::Approved {
                gateway_transaction_id,
                charged,
            } => {
                self.approved(workspace, gateway_transaction_id, *charged)?;
            }
            GatewayAnswer::Declined { code, message } => {
                self.declined(workspace, code, message)?;
            }
            GatewayAnswer::NoRecord => self.no_record(workspace)?,
            GatewayAnswer::WaitingForDeposit {
                gateway_transaction_id,
                amount,
                account,
            } => self.waits_for_deposit(workspace, gateway_transaction_id, *amount, account)?,
            GatewayAnswer::GivenBack {
                gateway_transaction_id,
                charged,
                left,
            } => self.given_back(workspace, gateway_transaction_id, *charged, *left)?,
            GatewayAnswer::Doubtful { review, reason } => {
                self.doubtful(workspace, *review, reason)?;
            }
            GatewayAnswer::Unknown { reason } => self.unknown(workspace, reason)?,
        }
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        Ok(json!({ "id": self.payment_id, "status": payment.status }))
    }
}

impl SettlePayment {
    fn approved(
        &self,
        workspace: &mut Workspace<'_>,
        gateway_transaction_id: &str,
        charged: Money,
    ) -> Result<(), Halt> {
        if let Some(reason) = self.contradiction(workspace, gateway_transaction_id, charged)? {
            return self.review(workspace, reason, Some(charged));
        }
        if self.may_be_taken_back(workspace)? {
            // Asked in its turn, it still has a next one.
            self.unknown(workspace, OVERTAKEN)?;
            return self.ask_again(workspace);
        }
        let gateway_transaction_id = gateway_transaction_id.to_owned();
        let succeed = PaymentCommand::Succeed {
            charged,
            gateway_transaction_id,
        };
        workspace.execute::<Payment>(self.payment_id, succeed)?;
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        let (order_id, status) = (payment.order_id, payment.status);
        if status == PaymentStatus::Failed {
            self.refund(workspace, RefundReason::AmountMismatch)?;
            let code = AMOUNT_MISMATCH.to_owned();
            return self.cancel_waiting_order(workspace, order_id, code);
        }
        if self.order_waits(workspace, order_id)? {
            return pay_order(
                workspace,
                order_id,
                self.payment_id,
                self.confirmation_due_at,
            );
        }
        if self.order_is_paid(workspace, order_id)? || status != PaymentStatus::Succeeded {
            return Ok(());
        }
        self.refund(workspace, RefundReason::LateSuccess)
    }

    fn declined(
        &self,
        workspace: &mut Workspace<'_>,
        code: &str,
        message: &str,
    ) -> Result<(), Halt> {
        if self.is_denied(workspace)? {
            return self.review(workspace, ReviewReason::ChargeDenied, None);
        }
        self.failed(workspace, code, message)
    }

    pub(super) fn failed(
        &self,
        workspace: &mut Workspace<'_>,
        code: &str,
        message: &str,
    ) -> Result<(), Halt> {
        let fail = PaymentCommand::Fail {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        workspace.execute::<Payment>(self.payment_id, fail)?;
        let order_id = Payment::requested_in(workspace, self.payment_id)?.order_id;
        self.cancel_waiting_order(workspace, order_id, code.to_owned())
    }

    fn no_record(&self, workspace: &mut Workspace<'_>) -> Result<(), Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        match payment.status {
            PaymentStatus::Pending | PaymentStatus::Unknown => {}
            // What is known stays known, and one that was given up stays given up.
            PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => return Ok(()),
        }
        if self.out_of_turn && payment.is_being_asked() {
            return Ok(());
        }
        // The request may still be on its way: only the second time running is it believed, or when nobody
        // would ask a second time.
        let inquiries = payment.inquiries.saturating_add(1);
        if payment.no_record || self.inquiries.next(inquiries, self.now).is_none() {
            let message = "the gateway has no record of the payment";
            return self.failed(workspace, NO_RECORD, message);
        }
        self.unknown(workspace, NO_RECORD)
    }

    pub(super) fn unknown(&self, workspace: &mut Workspace<'_>, reason: &str) -> Result<(), Halt> {
        let requested = Payment::requested_in(workspace, self.payment_id)?;
        if self.out_of_turn && requested.is_being_asked() {
            return Ok(());
        }
        let inquiries = requested.next_inquiry();
        let scheduled = self.inquiries.next(inquiries, self.now);
        let next_inquiry_at = deposit::next_inquiry(requested, scheduled, self.now);
        let reason = reason.to_owned();
        workspace.execute::<Payment>(
            self.payment_id,
            PaymentCommand::MarkUnknown {
                reason,
                next_inquiry_at,
            },
        )
    }

    fn refund(&self, workspace: &mut Workspace<'_>, reason: RefundReason) -> Result<(), Halt> {
        let request = RefundRequest::of_all(self.refund_id, reason);
        workspace.execute::<Payment>(self.payment_id, PaymentCommand::RequestRefund(request))
    }

    /// Whether the order is unpaid and waits for just this payment.
    fn order_waits(&self, workspace: &mut Workspace<'_>, order_id: OrderId) -> Result<bool, Halt> {
        let order = workspace
            .read::<Order>(order_id)?
            .placed()
            .map_err(Rejection::from)?;
        Ok(order.status == OrderStatus::Pending && order.payment_id == Some(self.payment_id))
    }

    /// Whether this payment paid the order already: the gateway told it again.
    fn order_is_paid(
        &self,
        workspace: &mut Workspace<'_>,
        order_id: OrderId,
    ) -> Result<bool, Halt> {
        let order = workspace
            .read::<Order>(order_id)?
            .placed()
            .map_err(Rejection::from)?;
        let open = matches!(order.status, OrderStatus::Pending | OrderStatus::Cancelled);
        Ok(!open && order.payment_id == Some(self.payment_id))
    }

    fn cancel_waiting_order(
        &self,
        workspace: &mut Workspace<'_>,
        order_id: OrderId,
        code: String,
    ) -> Result<(), Halt> {
        if self.order_waits(workspace, order_id)? {
            release_order(workspace, order_id, CancelReason::PaymentFailed { code })?;
        }
        Ok(())
    }
}

/// The order that waited for this payment is paid: its stock leaves for good, its coupon is used, its points are
/// spent.
pub(super) fn pay_order(
    workspace: &mut Workspace<'_>,
    order_id: OrderId,
    payment_id: PaymentId,
    confirmation_due_at: DateTime<Utc>,
) -> Result<(), Halt> {
    workspace.execute::<Order>(
        order_id,
        OrderCommand::Pay {
            payment_id,
            confirmation_due_at,
        },
    )?;
    let order = order_and_holdings(workspace, order_id)?;
    for line in order.lines.iter() {
        workspace.execute::<Inventory>(line.product_id, InventoryCommand::Deduct { order_id })?;
    }
    if let Some(discount) = order.discount {
        let used = CouponPoolCommand::Use {
            user_id: order.user_id.clone(),
            order_id,
        };
        workspace.execute::<CouponPool>(discount.code.pool(), used)?;
    }
    if order.points > 0 {
        workspace.execute::<PointAccount>(order.user_id, PointsCommand::Spend { order_id })?;
    }
    Ok(())
}
