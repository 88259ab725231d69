//! The shoppers: each household takes its coupons, and places and pays its baskets in order.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::Role;
use serde_json::json;

use super::baskets::Basket;
use super::catalogue::{Catalogue, Pools};
use super::{Replay, pace};
use crate::client::{Caller, Client};
use crate::error::CommerceError;

/// How long an order may take to be settled after its payment was answered "pending".
const SETTLE_PATIENCE: Duration = Duration::from_secs(120);

/// The shop's id of each basket's order.
pub(super) type Orders = BTreeMap<String, String>;

impl Replay {
    /// Plays every basket; returns the orders that they became.
    pub(super) async fn shop(
        &self,
        catalogue: &Catalogue,
        pools: &Pools,
    ) -> Result<Orders, CommerceError> {
        let bar = pace::bar("baskets: order and payment", self.baskets.baskets.len());
        let shoppers = self.baskets.by_household();
        let shopped = pace::each(self.at_once, shoppers, |(household, baskets)| {
            let bar = &bar;
            async move {
                let caller = self.household(household)?;
                let mut orders = Vec::with_capacity(baskets.len());
                for basket in baskets {
                    orders.push((
                        basket.id.clone(),
                        self.buy(&caller, basket, catalogue, pools).await?,
                    ));
                    bar.inc(1);
                }
                Ok(orders)
            }
        });
        let orders = shopped.await?;
        bar.finish();
        Ok(orders.into_iter().flatten().collect())
    }

    /// A household, as a customer.
    pub(super) fn household(&self, household: &str) -> Result<Caller, CommerceError> {
        let subject = format!("{}{household}", self.household_prefix());
        Ok(self.client.caller(&subject, Role::Customer)?)
    }

    /// What the names of this replay's households begin with: another file's are other people.
    pub(super) fn household_prefix(&self) -> String {
        let run = self.run.get(..8).unwrap_or(&self.run);
        format!("household-{run}-")
    }

    async fn buy(
        &self,
        caller: &Caller,
        basket: &Basket,
        catalogue: &Catalogue,
        pools: &Pools,
    ) -> Result<String, CommerceError> {
        let key = |what: &str| format!("{}-{what}-{}", self.run, basket.id);
        let items: Vec<_> = basket
            .lines
            .iter()
            .map(
                |line| json!({ "productId": catalogue.get(&line.item), "quantity": line.quantity }),
            )
            .collect();
        let mut body = json!({ "items": items });
        if let Some(pool) = basket
            .coupon
            .as_ref()
            .and_then(|coupon| pools.get(&coupon.campaign))
        {
            let path = format!("/coupon-pools/{pool}/coupons");
            let claimed = self.must(caller, &path, &key("coupon"), &json!({})).await?;
            if let Some(body) = body.as_object_mut() {
                body.insert("couponCode".to_owned(), json!(claimed.text("/data/code")));
            }
        }
        let placed = self.must(caller, "/orders", &key("order"), &body).await?;
        let order = placed.text("/data/id").to_owned();
        let path = format!("/orders/{order}/payments");
        let body = json!({ "token": format!("tok_approve_{}", basket.id) });
        let paid = self.must(caller, &path, &key("payment"), &body).await?;
        if paid.text("/data/status") != "SUCCEEDED" {
            wait_until_paid(&self.client, caller, &order).await?;
        }
        Ok(order)
    }
}

/// Waits for an order whose payment was still under way when it was answered: the server was restarted.
async fn wait_until_paid(
    client: &Client,
    caller: &Caller,
    order: &str,
) -> Result<(), CommerceError> {
    let path = format!("/orders/{order}");
    let waiting = async {
        loop {
            let answer = client.query(caller, &path, 0).await?;
            if matches!(answer.text("/data/status"), "PAID" | "CONFIRMED") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let late = || CommerceError::TourStuck {
        what: format!("order {order} to be paid"),
    };
    tokio::time::timeout(SETTLE_PATIENCE, waiting)
        .await
        .map_err(|_| late())?
}
