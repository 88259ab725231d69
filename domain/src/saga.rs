//! What a saga can ask for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{CouponPoolId, LotId, OrderId, PaymentId, PaymentMethodId, RefundId, UserId};
use crate::money::Money;

/// One thing that follows from an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name, unique among the steps of one event: with the event's id it makes the step's id.
    pub name: &'static str,
    /// When.
    pub due: Due,
    /// What.
    pub action: Action,
}

impl Step {
    pub(crate) fn new(name: &'static str, due: Due, action: Action) -> Self {
        Self { name, due, action }
    }

    /// The step's id: the same for the same event, however often it is read (UUID version 5, RFC 9562).
    #[must_use]
    pub fn id(&self, event_id: Uuid) -> Uuid {
        Uuid::new_v5(&event_id, self.name.as_bytes())
    }
}

/// When a step is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// Not before this moment.
    At(DateTime<Utc>),
}

/// What a step does. Stored as JSON until it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Ask the gateway to charge.
    ConfirmPayment(GatewayRequest),
    /// Ask the gateway what became of a payment.
    InquirePayment {
        /// Which.
        payment_id: PaymentId,
    },
    /// Ask the gateway about a payment out of turn, whatever is known of it.
    AskAboutPayment {
        /// Which.
        payment_id: PaymentId,
    },
    /// Ask the gateway to give the money back.
    RefundPayment {
        /// Of which payment.
        payment_id: PaymentId,
        /// Under which id.
        refund_id: RefundId,
    },
    /// Confirm a paid order.
    ConfirmOrder {
        /// Which.
        order_id: OrderId,
    },
    /// Cancel an order that nobody paid.
    ExpireOrder {
        /// Which.
        order_id: OrderId,
    },
    /// Close a pool whose validity ended.
    CloseCouponPool {
        /// Which.
        pool_id: CouponPoolId,
    },
    /// Let a lot of points expire.
    ExpirePoints {
        /// Whose.
        user_id: UserId,
        /// Which lot.
        lot_id: LotId,
    },
    /// Ask the gateway for a payment method's key.
    RegisterMethod {
        /// Whose.
        user_id: UserId,
        /// Which.
        method_id: PaymentMethodId,
    },
    /// Ask the gateway to forget a payment method's key, and forget it.
    EraseMethod {
        /// Whose.
        user_id: UserId,
        /// Which.
        method_id: PaymentMethodId,
    },
}

/// All that a gateway must know to charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRequest {
    /// The payment: the gateway's idempotency key.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// Which gateway.
    pub gateway: String,
    /// What the gateway gave the buyer's browser.
    pub token: String,
}
