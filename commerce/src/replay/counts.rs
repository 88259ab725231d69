//! What is counted, the same on every side.

use std::collections::{BTreeMap, BTreeSet};

use super::baskets::Baskets;
use super::catalogue::COUPON_CENTS;

/// What one side says. Money is in cents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) orders: u64,
    /// One a basket and product, since lines of one product count together.
    pub(super) lines: u64,
    pub(super) units: u64,
    /// The sum of the lines.
    pub(super) revenue: i64,
    /// What coupons took off.
    pub(super) discounts: i64,
    /// What was paid.
    pub(super) paid: i64,
    pub(super) revenue_by_day: BTreeMap<String, i64>,
    pub(super) coupons_issued: u64,
    pub(super) coupons_redeemed: u64,
    /// Pieces left of everything that the file sells.
    pub(super) stock_left: i64,
    pub(super) reserved_left: i64,
    /// Orders of the households that no basket explains, or records that came twice.
    pub(super) unexplained: u64,
}

impl Counts {
    /// What the file says.
    pub(super) fn of_data(baskets: &Baskets) -> Self {
        let mut counts = Self::default();
        for basket in &baskets.baskets {
            let items: BTreeSet<&str> =
                basket.lines.iter().map(|line| line.item.as_str()).collect();
            counts.orders += 1;
            counts.lines += u64::try_from(items.len()).unwrap_or_default();
            counts.units += basket
                .lines
                .iter()
                .map(|line| u64::from(line.quantity))
                .sum::<u64>();
            let discount = if basket.coupon.is_some() {
                COUPON_CENTS.min(basket.total_cents)
            } else {
                0
            };
            counts.add_order(&basket.day, basket.total_cents, discount);
            counts.coupons_issued += u64::from(basket.coupon.is_some());
            counts.coupons_redeemed += u64::from(basket.coupon.is_some());
        }
        let stocked: i64 = baskets
            .items
            .iter()
            .map(|item| i64::from(item.quantity))
            .sum();
        counts.stock_left = stocked - i64::try_from(counts.units).unwrap_or(i64::MAX);
        counts
    }

    /// Adds an order's money.
    pub(super) fn add_order(&mut self, day: &str, subtotal: i64, discount: i64) {
        self.revenue += subtotal;
        self.discounts += discount;
        self.paid += subtotal - discount;
        *self.revenue_by_day.entry(day.to_owned()).or_default() += subtotal;
    }
}
