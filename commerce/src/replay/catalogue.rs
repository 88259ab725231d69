//! The shop before it opens: products, stock, coupon pools.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::baskets::{Campaign, Item};
use super::{Replay, pace};
use crate::client::{Answer, Caller};
use crate::error::CommerceError;

/// Where all of it is stocked.
const WAREHOUSE: &str = "store";
/// The most pieces that one receipt may name.
const RECEIPT_MAX: u32 = 1_000_000;
/// What a campaign's coupon takes off, in cents. The data's own discounts are in its prices already, so
/// this is the replay's own figure, and it is reconciled as such.
pub(super) const COUPON_CENTS: i64 = 100;

/// The shop's id of each item of the file.
pub(super) type Catalogue = BTreeMap<String, String>;
/// The shop's id of each campaign's pool.
pub(super) type Pools = BTreeMap<String, String>;

impl Replay {
    /// Enters every item, stocks what the file sells of it, and puts it on sale.
    pub(super) async fn enter_catalogue(
        &self,
        operator: &Caller,
    ) -> Result<Catalogue, CommerceError> {
        let bar = pace::bar("catalogue and stock", self.baskets.items.len());
        let entered = pace::each(self.at_once, &self.baskets.items, |item| async {
            let id = self.enter(operator, item).await?;
            bar.inc(1);
            Ok((item.id.clone(), id))
        });
        let catalogue = entered.await?;
        bar.finish();
        Ok(catalogue.into_iter().collect())
    }

    async fn enter(&self, operator: &Caller, item: &Item) -> Result<String, CommerceError> {
        let key = |what: &str| format!("{}-{what}-{}", self.run, item.id);
        let body = json!({
            "name": item.name, "category": item.category, "brand": item.brand,
            "price": { "amount": item.price_cents, "currency": "USD" },
        });
        let answer = self
            .must(operator, "/products", &key("product"), &body)
            .await?;
        let id = answer.text("/data/id").to_owned();
        let mut missing = item.quantity;
        let mut receipt = 0;
        while missing > 0 {
            let quantity = missing.min(RECEIPT_MAX);
            let body = json!({ "warehouse": WAREHOUSE, "quantity": quantity });
            let path = format!("/products/{id}/stock/receipts");
            self.must(operator, &path, &key(&format!("receipt-{receipt}")), &body)
                .await?;
            missing -= quantity;
            receipt += 1;
        }
        let path = format!("/products/{id}/on-sale");
        self.must(operator, &path, &key("on-sale"), &json!({}))
            .await?;
        Ok(id)
    }

    /// One pool a campaign, with a coupon for each household that redeemed one.
    pub(super) async fn create_pools(&self, operator: &Caller) -> Result<Pools, CommerceError> {
        let mut pools = Pools::new();
        for Campaign { id, households } in &self.baskets.campaigns {
            let body = json!({
                "name": format!("Campaign {id}"),
                "quantity": households.len(),
                "discount": {
                    "type": "FIXED", "amount": { "amount": COUPON_CENTS, "currency": "USD" },
                },
                "validFrom": "2020-01-01T00:00:00Z",
                "validUntil": "2099-01-01T00:00:00Z",
            });
            let key = format!("{}-pool-{id}", self.run);
            let answer = self.must(operator, "/coupon-pools", &key, &body).await?;
            pools.insert(id.clone(), answer.text("/data/id").to_owned());
        }
        Ok(pools)
    }

    /// A command that must succeed.
    pub(super) async fn must(
        &self,
        caller: &Caller,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Answer, CommerceError> {
        Ok(self
            .client
            .command(caller, path, key, body)
            .await?
            .or_refused(path)?)
    }
}
