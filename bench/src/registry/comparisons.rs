//! The ratios, and what they are meant to be. A ratio of one run is the only figure that means something
//! on another machine.

use super::{Condition, Contestant, Goal, Measure, Row, Scenario};

/// One contestant's turns at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operand {
    pub(crate) condition: Condition,
    pub(crate) scenario: Scenario,
    pub(crate) contestant: Contestant,
}

/// A figure over another, or by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) row: Row,
    pub(crate) ours: Operand,
    pub(crate) over: Option<Operand>,
    pub(crate) of: Measure,
    pub(crate) goal: Option<Goal>,
}

/// Everything that these rows compare. The long form repeats the first five on a slow disk and with three
/// processes.
pub(crate) fn comparisons(rows: &[Row], long: bool) -> Vec<Comparison> {
    let mut all = plain();
    if long {
        for condition in [Condition::SlowDisk, Condition::ThreeProcesses] {
            let again = plain().into_iter().filter(|c| c.row <= Row::P5);
            all.extend(again.map(|c| c.under(condition)));
        }
    }
    all.retain(|comparison| rows.contains(&comparison.row));
    all
}

fn plain() -> Vec<Comparison> {
    use Contestant::{
        BareInsert, Claim, ClaimSeen, CreateProduct, Disintegrate, Echo, Emmett, FlashSale,
        FlashSaleSeen, MessageDb, MessageDbOneCategory, OrdersFast, OrdersSlow, Ours, OursNew,
        Pgbench, PlaceOrder, Rebuild, RedisScript, Relay, Stock, StockNew,
    };
    use Goal::{AtLeast, AtMost, Exactly};
    use Measure::{P99, PerSecond};
    use Scenario::{ColdAggregates, HotAggregate, LongRuns, NewAggregates, OneAtATime};
    const SOLD_SHARE: Measure = Measure::Extra(crate::shop::SOLD_SHARE, "");
    const TO_READ_MODEL: Measure = Measure::Extra(crate::shop::TO_READ_MODEL, "ms");
    const TO_KAFKA: Measure = Measure::Extra(crate::shop::TO_KAFKA, "ms");
    const MEMORY: Measure = Measure::Extra(crate::shop::MEMORY, "MB");
    let new = |contestant| operand(NewAggregates, contestant);
    let hot = |contestant| operand(HotAggregate, contestant);
    let cold = |contestant| operand(ColdAggregates, contestant);
    let long = |contestant| operand(LongRuns, contestant);
    let one = |contestant| operand(OneAtATime, contestant);
    let http = |contestant| operand(Scenario::HttpCommands, contestant);
    let claims = |contestant| operand(Scenario::CouponClaims, contestant);
    let checkouts = |contestant| operand(Scenario::Checkouts, contestant);
    let followers = |contestant| operand(Scenario::Followers, contestant);
    let orders = |contestant| operand(Scenario::OpenLoop, contestant);
    let sale = |contestant| operand(Scenario::FlashSale, contestant);
    vec![
        rate(Row::P1, new(Ours), new(Stock)).goal(AtLeast(9.0)),
        rate(Row::P2, long(Ours), long(Pgbench)).goal(AtLeast(2.0)),
        rate(Row::P3, cold(Ours), cold(Stock)).goal(AtLeast(5.0)),
        p50(Row::P4, one(Ours), one(Pgbench)).goal(AtMost(1.15)),
        p50(Row::P4, one(OursNew), one(Pgbench)),
        p50(Row::P4, one(Ours), one(BareInsert)),
        p50(Row::P4, one(OursNew), one(StockNew)),
        rate(Row::P5, hot(Ours), hot(Stock)).goal(AtLeast(500.0)),
        rate(Row::P5, hot(Ours), new(Ours)).goal(AtLeast(1.0)),
        rate(Row::P6, new(Ours), new(MessageDb)).goal(AtLeast(5.0)),
        rate(Row::P6, new(Ours), new(MessageDbOneCategory)),
        rate(Row::P6, new(Ours), new(Emmett)).goal(AtLeast(40.0)),
        rate(Row::P6, new(Ours), new(Disintegrate)).goal(AtLeast(100.0)),
        rate(Row::P7, http(CreateProduct), http(Echo)).goal(AtLeast(0.4)),
        rate(Row::P7, http(PlaceOrder), http(Echo)),
        rate(Row::P8, claims(Claim), claims(RedisScript)).goal(AtLeast(0.5)),
        rate(Row::P8, claims(ClaimSeen), claims(RedisScript)),
        rate(Row::P9, checkouts(Ours), checkouts(Stock)).goal(AtLeast(8.0)),
        alone(Row::P10, followers(Rebuild), PerSecond).goal(AtLeast(100_000.0)),
        alone(Row::P10, followers(Relay), PerSecond).goal(AtLeast(50_000.0)),
        alone(Row::P10, orders(OrdersFast), TO_READ_MODEL).goal(AtMost(100.0)),
        alone(Row::P10, orders(OrdersFast), TO_KAFKA).goal(AtMost(100.0)),
        rate(Row::P11, sale(FlashSale), sale(Echo)).goal(AtLeast(0.5)),
        rate(Row::P11, sale(FlashSaleSeen), sale(Echo)),
        alone(Row::P11, sale(FlashSale), SOLD_SHARE).goal(Exactly(1.0)),
        alone(Row::P11, sale(FlashSaleSeen), SOLD_SHARE).goal(Exactly(1.0)),
        rate(Row::P12, large(new(Ours)), new(Ours)).goal(AtLeast(0.9)),
        rate(Row::P12, large(hot(Ours)), hot(Ours)).goal(AtLeast(0.9)),
        alone(Row::P12, large(http(CreateProduct)), MEMORY).goal(AtMost(300.0)),
        alone(Row::P12, orders(OrdersFast), MEMORY).goal(AtMost(300.0)),
        ratio(Row::P13, orders(OrdersFast), orders(OrdersSlow), P99).goal(AtMost(2.0)),
    ]
}

fn operand(scenario: Scenario, contestant: Contestant) -> Operand {
    Operand {
        condition: Condition::Plain,
        scenario,
        contestant,
    }
}

/// The same with a large log.
fn large(operand: Operand) -> Operand {
    Operand {
        condition: Condition::LargeLog,
        ..operand
    }
}

fn rate(row: Row, ours: Operand, over: Operand) -> Comparison {
    ratio(row, ours, over, Measure::PerSecond)
}

fn p50(row: Row, ours: Operand, over: Operand) -> Comparison {
    ratio(row, ours, over, Measure::P50)
}

fn ratio(row: Row, ours: Operand, over: Operand, of: Measure) -> Comparison {
    Comparison {
        row,
        ours,
        over: Some(over),
        of,
        goal: None,
    }
}

/// A figure that is compared with its goal only.
fn alone(row: Row, ours: Operand, of: Measure) -> Comparison {
    Comparison {
        row,
        ours,
        over: None,
        of,
        goal: None,
    }
}

impl Comparison {
    fn goal(self, goal: Goal) -> Self {
        Self {
            goal: Some(goal),
            ..self
        }
    }

    fn under(self, condition: Condition) -> Self {
        let there = |operand: Operand| Operand {
            condition,
            ..operand
        };
        Self {
            ours: there(self.ours),
            over: self.over.map(there),
            ..self
        }
    }

    /// Whose turns it needs.
    pub(crate) fn operands(&self) -> impl Iterator<Item = Operand> {
        [Some(self.ours), self.over].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_goal() {
        for row in Row::all() {
            let of_row = comparisons(&[*row], false);
            assert!(of_row.iter().any(|c| c.goal.is_some()), "{row:?} has none");
        }
    }

    #[test]
    fn the_long_form_repeats_the_first_five_under_hard_conditions() {
        let long = comparisons(Row::all(), true);
        for condition in [Condition::SlowDisk, Condition::ThreeProcesses] {
            let rows = long.iter().filter(|c| c.ours.condition == condition);
            assert_eq!(rows.clone().map(|c| c.row).max(), Some(Row::P5));
            assert_eq!(rows.map(|c| c.row).min(), Some(Row::P1));
        }
    }
}
