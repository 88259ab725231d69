//! How far an order is.

use domain::order::OrderEvent;

/// How far an order is, as its events say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Something names it, but it was not placed (yet: its stock is reserved first).
    Unplaced,
    Pending,
    Paying,
    Paid,
    Confirmed,
    Shipped,
    Delivered,
    Cancelled,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Unplaced,
        Self::Pending,
        Self::Paying,
        Self::Paid,
        Self::Confirmed,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
    ];

    pub(super) fn bits(self) -> u32 {
        let place = Self::ALL.iter().position(|stage| *stage == self);
        place
            .and_then(|place| u32::try_from(place).ok())
            .unwrap_or(0)
    }

    pub(super) fn from_bits(bits: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(bits).ok()?).copied()
    }

    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Paying)
    }

    pub(super) fn is_sold(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Confirmed | Self::Shipped | Self::Delivered
        )
    }

    /// Whether nothing that it holds can move any more.
    pub(super) fn has_ended(self) -> bool {
        matches!(
            self,
            Self::Confirmed | Self::Shipped | Self::Delivered | Self::Cancelled
        )
    }

    /// The stage that an event leads to, and whether it may come now.
    pub(super) fn after(self, event: &OrderEvent) -> (Self, bool) {
        let open = self.is_open();
        match event {
            OrderEvent::OrderPlaced { .. } => (Self::Pending, self == Self::Unplaced),
            OrderEvent::OrderDiscounted { .. } => (self, self == Self::Pending),
            OrderEvent::OrderPaymentStarted { .. } => (Self::Paying, self == Self::Pending),
            OrderEvent::OrderPaid { .. } => (Self::Paid, self == Self::Paying),
            OrderEvent::OrderConfirmed {} => (Self::Confirmed, self == Self::Paid),
            OrderEvent::OrderShipped {} => (Self::Shipped, self == Self::Confirmed),
            OrderEvent::OrderDelivered {} => (Self::Delivered, self == Self::Shipped),
            OrderEvent::OrderPointsApplied { .. } => (self, self == Self::Pending),
            OrderEvent::OrderRefundStarted { .. } | OrderEvent::OrderRefunded { .. } => {
                (self, self.is_sold())
            }
            OrderEvent::OrderCancelled { was_paid, .. } => {
                let may = if *was_paid { self == Self::Paid } else { open };
                (Self::Cancelled, may)
            }
        }
    }
}
