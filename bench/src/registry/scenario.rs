//! What is done, and under which conditions.

/// What everybody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scenario {
    /// 64 concurrent commands, each on a new aggregate.
    NewAggregates,
    /// The same, in longer runs.
    LongRuns,
    /// 64 concurrent commands, each on an aggregate of 5 events that is not in memory.
    ColdAggregates,
    /// One command after the other.
    OneAtATime,
    /// 64 writers of one aggregate, from an empty stream on.
    HotAggregate,
    /// 64 concurrent requests to the command API.
    HttpCommands,
    /// 64 concurrent claims of one pool's coupons.
    CouponClaims,
    /// 64 at a time of far more buyers than there are pieces.
    FlashSale,
    /// 64 shoppers, each of whom places an order, pays it, and reads it as paid.
    Checkouts,
    /// Those who follow the log, with all of it to go.
    Followers,
    /// Orders at a fixed rate.
    OpenLoop,
}

/// What is different from a plain run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    Plain,
    /// Every fsync takes longer, for everybody.
    SlowDisk,
    /// Three processes do the same on one database.
    ThreeProcesses,
    /// The log is large already.
    LargeLog,
}

impl Scenario {
    /// Its name in tables and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NewAggregates => "new aggregates, 64 at once",
            Self::LongRuns => "new aggregates, 64 at once, long runs",
            Self::ColdAggregates => "aggregates of 5 events, cold, 64 at once",
            Self::OneAtATime => "one at a time",
            Self::HotAggregate => "one hot aggregate, 64 writers",
            Self::HttpCommands => "HTTP, 64 at once",
            Self::CouponClaims => "coupon claims, 64 at once",
            Self::FlashSale => "flash sale, 64 at once",
            Self::Checkouts => "whole checkouts, 64 at once",
            Self::Followers => "events from the log's beginning",
            Self::OpenLoop => "orders at a fixed rate",
        }
    }
}

impl Condition {
    /// Its name in tables and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::SlowDisk => "slow disk",
            Self::ThreeProcesses => "three processes",
            Self::LargeLog => "large log",
        }
    }
}
