//! What Kafka says about the replay: every record of every topic, once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::baskets::Baskets;
use super::catalogue::Catalogue;
use super::counts::Counts;
use super::shopping::Orders;
use crate::error::CommerceError;
use crate::stream::{self, Record, StreamConfig};

/// Counts the records of the replay's own orders, coupons and products.
pub(super) async fn count(
    stream: StreamConfig,
    household_prefix: String,
    baskets: &Baskets,
    orders: &Orders,
    catalogue: &Catalogue,
) -> Result<Counts, CommerceError> {
    let days: BTreeMap<String, String> = baskets
        .baskets
        .iter()
        .filter_map(|basket| Some((orders.get(&basket.id)?.clone(), basket.day.clone())))
        .collect();
    let products = catalogue.values().cloned().collect();
    let counting = tokio::task::spawn_blocking(move || {
        let mut side = StreamSide {
            household_prefix,
            days,
            products,
            ..StreamSide::default()
        };
        stream::read(&stream, None, |record| side.take(&record))?;
        Ok::<_, CommerceError>(side.counts)
    });
    counting.await.map_err(|_| CommerceError::Stopped {
        role: "the count of the stream",
    })?
}

#[derive(Default)]
struct StreamSide {
    /// What the names of this replay's households begin with.
    household_prefix: String,
    /// The day of each order of the replay.
    days: BTreeMap<String, String>,
    products: BTreeSet<String>,
    seen: BTreeSet<u64>,
    counts: Counts,
}

impl StreamSide {
    fn take(&mut self, record: &Record) {
        if !self.seen.insert(record.position) {
            // An event that was sent twice.
            self.counts.unexplained += 1;
            return;
        }
        let value = &record.value;
        match (record.topic.as_str(), text(value, "event_type")) {
            ("order.order.created", _) => self.order(value),
            ("payment.payment.completed", _) if self.is_own(value) => {
                self.counts.paid += number(value, "amount");
            }
            ("coupon.coupon.issued", _)
                if text(value, "user_id").starts_with(&self.household_prefix) =>
            {
                self.counts.coupons_issued += 1;
            }
            ("coupon.coupon.used", _) if self.is_own(value) => self.counts.coupons_redeemed += 1,
            ("inventory.stock.updated", _) if self.products.contains(&record.key) => {
                for change in value["changes"].as_array().into_iter().flatten() {
                    self.counts.stock_left += number(change, "stock_delta");
                    self.counts.reserved_left += number(change, "reserved_delta");
                }
            }
            _ => {}
        }
    }

    fn is_own(&self, value: &Value) -> bool {
        self.days.contains_key(text(value, "order_id"))
    }

    fn order(&mut self, value: &Value) {
        let Some(day) = self.days.get(text(value, "order_id")).cloned() else {
            let is_households = text(value, "user_id").starts_with(&self.household_prefix);
            self.counts.unexplained += u64::from(is_households);
            return;
        };
        let items = value["items"].as_array().map_or(&[][..], Vec::as_slice);
        self.counts.orders += 1;
        self.counts.lines += u64::try_from(items.len()).unwrap_or_default();
        let units = items.iter().map(|item| number(item, "quantity"));
        self.counts.units += u64::try_from(units.sum::<i64>()).unwrap_or_default();
        let subtotal = items
            .iter()
            .map(|item| number(item, "quantity") * number(item, "price"))
            .sum();
        let discount = subtotal - number(value, "total_amount");
        // What was paid is counted from the payments.
        let paid = self.counts.paid;
        self.counts.add_order(&day, subtotal, discount);
        self.counts.paid = paid;
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_default()
}
