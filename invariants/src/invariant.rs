//! The invariants by name and number, and what is said when one does not hold.

use std::fmt;

/// Something that must hold. The numbers are those of the project's list of invariants
/// (`docs/invariants.md`); the missing ones belong to features that do not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// 1.
    Dense,
    /// 2.
    OutcomeStored,
    /// 3.
    NoOversell,
    /// 5.
    Coupons,
    /// 6.
    Money,
    /// 7.
    Refunds,
    /// 8.
    PointLots,
    /// 9.
    GatewayLedger,
    /// 10.
    SagasEnd,
    /// 11.
    OneOutcome,
    /// 12.
    Projections,
    /// 13.
    Kafka,
    /// 14.
    Snapshots,
    /// 19.
    PaymentMethods,
    /// 20.
    Readable,
}

impl Invariant {
    /// What the log alone can show, in one pass.
    pub const OF_THE_LOG: [Self; 11] = [
        Self::Dense,
        Self::OutcomeStored,
        Self::NoOversell,
        Self::Coupons,
        Self::Money,
        Self::Refunds,
        Self::PointLots,
        Self::SagasEnd,
        Self::OneOutcome,
        Self::PaymentMethods,
        Self::Readable,
    ];

    /// All, by number.
    pub const ALL: [Self; 15] = [
        Self::Dense,
        Self::OutcomeStored,
        Self::NoOversell,
        Self::Coupons,
        Self::Money,
        Self::Refunds,
        Self::PointLots,
        Self::GatewayLedger,
        Self::SagasEnd,
        Self::OneOutcome,
        Self::Projections,
        Self::Kafka,
        Self::Snapshots,
        Self::PaymentMethods,
        Self::Readable,
    ];

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Dense => 1,
            Self::OutcomeStored => 2,
            Self::NoOversell => 3,
            Self::Coupons => 5,
            Self::Money => 6,
            Self::Refunds => 7,
            Self::PointLots => 8,
            Self::GatewayLedger => 9,
            Self::SagasEnd => 10,
            Self::OneOutcome => 11,
            Self::Projections => 12,
            Self::Kafka => 13,
            Self::Snapshots => 14,
            Self::PaymentMethods => 19,
            Self::Readable => 20,
        }
    }

    /// Its name: in metrics, options and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::OutcomeStored => "outcome-stored",
            Self::NoOversell => "no-oversell",
            Self::Coupons => "coupons",
            Self::Money => "money",
            Self::Refunds => "refunds",
            Self::PointLots => "point-lots",
            Self::GatewayLedger => "gateway-ledger",
            Self::SagasEnd => "sagas-end",
            Self::OneOutcome => "one-outcome",
            Self::Projections => "projections",
            Self::Kafka => "kafka",
            Self::Snapshots => "snapshots",
            Self::PaymentMethods => "payment-methods",
            Self::Readable => "readable",
        }
    }

    /// What it says, in a sentence.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Dense => {
                "positions are 1, 2, 3 …, so is every stream's sequence, and no event's id is another's"
            }
            Self::OutcomeStored => "every event's command has its outcome stored",
            Self::NoOversell => {
                "no more is reserved than there is, and what left the shelf is what orders have"
            }
            Self::Coupons => {
                "one coupon a user, never more than the pool has, each used by one order at a time"
            }
            Self::Money => {
                "an order costs its lines less its discount, its payment is that much, and captured money \
                 is kept for a sold order, owed back or given back"
            }
            Self::Refunds => {
                "no more goes back than was captured, once, to those whose order is not sold"
            }
            Self::PointLots => {
                "every lot of points adds up, none is spent before one that expires sooner, and what comes \
                 back goes where it came from"
            }
            Self::GatewayLedger => {
                "the gateway's ledger and the payments agree on id, amount and state"
            }
            Self::SagasEnd => {
                "orders go forward only, and nothing waits past its time unless it is parked"
            }
            Self::OneOutcome => {
                "a command happened once: its events are together, and end where its outcome says"
            }
            Self::Projections => "every read model equals a fresh fold of the log",
            Self::Kafka => "every event is in Kafka, in order by key, on one partition, readable",
            Self::Snapshots => "every snapshot equals a fold of its stream up to it",
            Self::PaymentMethods => {
                "a user has one default at most, which can be charged; nothing else is, and what was \
                 deleted stays so"
            }
            Self::Readable => "every event can be read",
        }
    }

    /// The invariant of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|invariant| invariant.name() == name)
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place where an invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: Invariant,
    /// The log's position at which it was seen, when it belongs to one.
    pub position: Option<u64>,
    /// The stream, as `type/id`, when it belongs to one.
    pub stream: Option<String>,
    /// What is wrong: the values that should agree and do not.
    pub evidence: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.invariant)?;
        if let Some(position) = self.position {
            write!(f, "at {position}: ")?;
        }
        if let Some(stream) = &self.stream {
            write!(f, "{stream}: ")?;
        }
        f.write_str(&self.evidence)
    }
}
