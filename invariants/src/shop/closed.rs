//! Orders and payments that have ended, sixteen bytes each: a long log has far more of them than of any
//! other thing.

use domain::{Currency, OrderId, PaymentId};
use uuid::Uuid;

use super::Map;
use super::stage::Stage;

/// The bits of an amount: [`domain::Money`] has at most thirteen decimal digits.
const AMOUNT_BITS: u32 = 44;
/// The bits of a sequence.
const SEQUENCE_BITS: u32 = 16;

/// An order that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClosedOrder {
    pub(super) sequence: u64,
    pub(super) stage: Stage,
}

/// The ended orders.
#[derive(Debug, Default)]
pub(super) struct ClosedOrders(Map<u64, u32>);

impl ClosedOrders {
    pub(super) fn get(&self, id: OrderId) -> Option<ClosedOrder> {
        let packed = *self.0.get(&key(id.uuid()))?;
        let stage = Stage::from_bits(packed & 0xF)?;
        Some(ClosedOrder {
            sequence: u64::from(packed >> 4),
            stage,
        })
    }

    /// Takes it out: something of it goes back.
    pub(super) fn take(&mut self, id: OrderId) -> Option<ClosedOrder> {
        let closed = self.get(id)?;
        self.0.remove(&key(id.uuid()));
        Some(closed)
    }

    /// Keeps it, if its sequence fits; else it stays open.
    pub(super) fn put(&mut self, id: OrderId, order: ClosedOrder) -> bool {
        let Ok(sequence) = u32::try_from(order.sequence) else {
            return false;
        };
        if sequence >> 28 != 0 {
            return false;
        }
        let packed = sequence << 4 | order.stage.bits();
        self.0.insert(key(id.uuid()), packed);
        true
    }
}

/// How a payment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Not charged.
    Failed,
    /// Charged, and kept for a sold order.
    Kept,
    /// Charged, and given back.
    Refunded,
}

/// A payment that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClosedPayment {
    pub(super) sequence: u64,
    pub(super) end: End,
    /// What was charged; what was asked for, if it failed.
    pub(super) amount: i64,
    pub(super) currency: Currency,
}

impl ClosedPayment {
    /// What was captured, and what went back.
    pub(super) fn money(self) -> (i64, i64) {
        match self.end {
            End::Failed => (0, 0),
            End::Kept => (self.amount, 0),
            End::Refunded => (self.amount, self.amount),
        }
    }
}

/// The ended payments.
#[derive(Debug, Default)]
pub(super) struct ClosedPayments(Map<u64, u64>);

impl ClosedPayments {
    pub(super) fn take(&mut self, id: PaymentId) -> Option<ClosedPayment> {
        self.0.remove(&key(id.uuid())).and_then(unpack)
    }

    pub(super) fn get(&self, id: PaymentId) -> Option<ClosedPayment> {
        self.0.get(&key(id.uuid())).copied().and_then(unpack)
    }

    /// The last 64 bits of each id, and the payment.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, ClosedPayment)> + '_ {
        let unpacked = |(key, packed): (&u64, &u64)| Some((*key, unpack(*packed)?));
        self.0.iter().filter_map(unpacked)
    }

    /// Keeps it, if it fits; else it stays open.
    pub(super) fn put(&mut self, id: PaymentId, payment: ClosedPayment) -> bool {
        let Ok(amount) = u64::try_from(payment.amount) else {
            return false;
        };
        if amount >> AMOUNT_BITS != 0 || payment.sequence >> SEQUENCE_BITS != 0 {
            return false;
        }
        let end = match payment.end {
            End::Failed => 0,
            End::Kept => 1,
            End::Refunded => 2,
        };
        let currency = match payment.currency {
            Currency::Krw => 0,
            Currency::Usd => 1,
            Currency::Eur => 2,
            Currency::Jpy => 3,
        };
        let packed = (amount << SEQUENCE_BITS | payment.sequence) << 4 | currency << 2 | end;
        self.0.insert(key(id.uuid()), packed);
        true
    }
}

fn unpack(packed: u64) -> Option<ClosedPayment> {
    let end = match packed & 3 {
        0 => End::Failed,
        1 => End::Kept,
        2 => End::Refunded,
        _ => return None,
    };
    let currency = match packed >> 2 & 3 {
        0 => Currency::Krw,
        1 => Currency::Usd,
        2 => Currency::Eur,
        _ => Currency::Jpy,
    };
    let rest = packed >> 4;
    Some(ClosedPayment {
        sequence: rest & ((1 << SEQUENCE_BITS) - 1),
        end,
        amount: i64::try_from(rest >> SEQUENCE_BITS).ok()?,
        currency,
    })
}

/// The last 64 bits of an id.
pub(crate) fn key(id: Uuid) -> u64 {
    id.as_u64_pair().1
}
