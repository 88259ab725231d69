//! What the read API says about the replay.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use platform::Role;
use serde_json::Value;

use super::catalogue::{Catalogue, Pools};
use super::counts::Counts;
use super::shopping::Orders;
use super::{Replay, pace};
use crate::client::{Answer, Caller};
use crate::error::CommerceError;

/// The largest page.
const PAGE_SIZE: usize = 100;
/// How long the relay may take to send what is pending.
const SENT_PATIENCE: Duration = Duration::from_secs(300);

impl Replay {
    /// Counts orders, coupons and stock as the read API shows them.
    pub(super) async fn count_read_side(
        &self,
        orders: &Orders,
        catalogue: &Catalogue,
        pools: &Pools,
    ) -> Result<Counts, CommerceError> {
        let operator = self.client.caller("replay-operator", Role::Operator)?;
        let head = self.head(&operator).await?;
        let mut counts = Counts::default();
        self.count_orders(orders, head, &mut counts).await?;
        for pool in pools.values() {
            let path = format!("/coupon-pools/{pool}");
            let answer = self.ask(&operator, &path, head).await?;
            counts.coupons_issued +=
                u64::try_from(answer.number("/data/issued")).unwrap_or_default();
        }
        let bar = pace::bar("counting: stock", catalogue.len());
        let stock = pace::each(self.at_once, catalogue.values(), |product| {
            let (bar, operator) = (&bar, &operator);
            async move {
                let path = format!("/products/{product}/stock");
                let answer = self.ask(operator, &path, head).await?;
                bar.inc(1);
                Ok((
                    answer.number("/data/stock"),
                    answer.number("/data/reservedStock"),
                ))
            }
        });
        for (stock, reserved) in stock.await? {
            counts.stock_left += stock;
            counts.reserved_left += reserved;
        }
        bar.finish();
        Ok(counts)
    }

    async fn count_orders(
        &self,
        orders: &Orders,
        head: u64,
        counts: &mut Counts,
    ) -> Result<(), CommerceError> {
        let known: BTreeSet<&str> = orders.values().map(String::as_str).collect();
        let bar = pace::bar("counting: orders", orders.len());
        let households = self.baskets.by_household();
        let listed = pace::each(self.at_once, households, |(household, baskets)| {
            let (bar, known) = (&bar, &known);
            async move {
                let caller = self.household(household)?;
                let mut own = Counts::default();
                for listed in self.all_pages(&caller, "/orders?", head).await? {
                    let id = listed.get("id").and_then(Value::as_str).unwrap_or_default();
                    own.unexplained += u64::from(!known.contains(id));
                }
                for basket in baskets {
                    let order = orders.get(&basket.id).map_or("", String::as_str);
                    let answer = self.ask(&caller, &format!("/orders/{order}"), head).await?;
                    count_order(&answer, &basket.day, &mut own);
                    bar.inc(1);
                }
                let coupons = self.all_pages(&caller, "/coupons?", head).await?;
                let used = coupons
                    .iter()
                    .filter(|coupon| coupon["isUsed"] == Value::Bool(true));
                own.coupons_redeemed += u64::try_from(used.count()).unwrap_or_default();
                Ok(own)
            }
        });
        for own in listed.await? {
            add(counts, own);
        }
        bar.finish();
        Ok(())
    }

    /// The highest position of the log.
    async fn head(&self, operator: &Caller) -> Result<u64, CommerceError> {
        let answer = self.ask(operator, "/projections", 0).await?;
        let positions = answer.body["data"].as_array().into_iter().flatten();
        let heads = positions.map(|projection| {
            let number = |field: &str| projection[field].as_u64().unwrap_or_default();
            number("position") + number("lag")
        });
        Ok(heads.max().unwrap_or_default())
    }

    async fn ask(
        &self,
        caller: &Caller,
        path: &str,
        min_position: u64,
    ) -> Result<Answer, CommerceError> {
        Ok(self
            .client
            .query(caller, path, min_position)
            .await?
            .or_refused(path)?)
    }

    async fn all_pages(
        &self,
        caller: &Caller,
        path: &str,
        head: u64,
    ) -> Result<Vec<Value>, CommerceError> {
        let mut all = Vec::new();
        for page in 0.. {
            let path = format!("{path}page={page}&size={PAGE_SIZE}");
            let answer = self.ask(caller, &path, head).await?;
            let rows = answer.body["data"].as_array().cloned().unwrap_or_default();
            let is_last = rows.len() < PAGE_SIZE;
            all.extend(rows);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Waits until nothing is pending on its way to Kafka.
    pub(super) async fn wait_until_sent(&self, operator: &Caller) -> Result<(), CommerceError> {
        let last = self.head(operator).await?;
        let path = format!("/events?after={}&size=1", last.saturating_sub(1));
        let waiting = async {
            while self.ask(operator, &path, 0).await?.text("/data/0/delivery") == "PENDING" {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Ok(())
        };
        let late = || CommerceError::TourStuck {
            what: format!("position {last} to be sent"),
        };
        tokio::time::timeout(SENT_PATIENCE, waiting)
            .await
            .map_err(|_| late())?
    }
}

fn count_order(answer: &Answer, day: &str, counts: &mut Counts) {
    if !matches!(answer.text("/data/status"), "PAID" | "CONFIRMED") {
        counts.unexplained += 1;
        return;
    }
    let items = answer.body["data"]["items"]
        .as_array()
        .into_iter()
        .flatten();
    let quantities: BTreeMap<&str, u64> = items
        .map(|item| {
            let product = item["productId"].as_str().unwrap_or_default();
            (product, item["quantity"].as_u64().unwrap_or_default())
        })
        .collect();
    counts.orders += 1;
    counts.lines += u64::try_from(quantities.len()).unwrap_or_default();
    counts.units += quantities.values().sum::<u64>();
    let subtotal = answer.number("/data/subtotalAmount/amount");
    counts.add_order(
        day,
        subtotal,
        subtotal - answer.number("/data/totalAmount/amount"),
    );
}

fn add(counts: &mut Counts, own: Counts) {
    counts.orders += own.orders;
    counts.lines += own.lines;
    counts.units += own.units;
    counts.revenue += own.revenue;
    counts.discounts += own.discounts;
    counts.paid += own.paid;
    counts.coupons_redeemed += own.coupons_redeemed;
    counts.unexplained += own.unexplained;
    for (day, revenue) in own.revenue_by_day {
        *counts.revenue_by_day.entry(day).or_default() += revenue;
    }
}
