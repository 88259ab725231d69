//! Fills the shelves: lasting products, and again and again a few last pieces and a small pool of coupons
//! for everybody to race for.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::new_key;
use crate::error::ChaosError;

/// Products that do not run out.
const STAPLES: usize = 8;
const STAPLE_PIECES: u32 = 900_000;
/// What every shopper is welcomed with.
const POINTS: i64 = 200_000;
/// How often there is something new to race for.
const NEWS_INTERVAL: Duration = Duration::from_millis(2_500);
/// How long the clerk insists.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be bought and claimed.
#[derive(Default)]
pub(crate) struct Shelves(RwLock<Goods>);

#[derive(Clone, Default)]
pub(crate) struct Goods {
    pub(crate) staples: Vec<String>,
    /// A product with few pieces.
    pub(crate) rare: Option<String>,
    /// A pool with few coupons.
    pub(crate) pool: Option<String>,
}

impl Shelves {
    pub(crate) fn look(&self) -> Goods {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut Goods)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Puts the lasting products on the shelves, and gives these shoppers points.
pub(crate) async fn open(
    client: &Client,
    shelves: &Shelves,
    shoppers: &[String],
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    for shopper in shoppers {
        let path = format!("/points/{shopper}/adjustments");
        let body = json!({ "delta": POINTS, "reason": "welcome" });
        let given = done(client, path, body, random).await?;
        given.ok_or_else(|| ChaosError::said("no points could be given"))?;
    }
    for _ in 0..STAPLES {
        let product = product(client, STAPLE_PIECES, random).await?;
        let product = product.ok_or_else(|| ChaosError::said("no product could be entered"))?;
        shelves.change(|goods| goods.staples.push(product));
    }
    Ok(())
}

/// Brings news until `stop`.
pub(crate) async fn run(
    client: Client,
    shelves: std::sync::Arc<Shelves>,
    mut random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    while !stop.is_cancelled() {
        let pieces = random.random_range(5..40);
        if let Some(rare) = product(&client, pieces, &mut random).await? {
            shelves.change(|goods| goods.rare = Some(rare));
        }
        if let Some(pool) = pool(&client, &mut random).await? {
            shelves.change(|goods| goods.pool = Some(pool));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(NEWS_INTERVAL) => {}
        }
    }
    Ok(())
}

/// A product in stock and on sale; `None` when the shop could not be reached for all of it.
async fn product(
    client: &Client,
    pieces: u32,
    random: &mut StdRng,
) -> Result<Option<String>, ChaosError> {
    let price = random.random_range(1_i64..500) * 100;
    let entry = json!({
        "name": "A kettle", "category": "kitchen", "brand": "Acme",
        "price": { "amount": price, "currency": "KRW" },
    });
    let Some(product) = done(client, "/products".to_owned(), entry, random).await? else {
        return Ok(None);
    };
    let half = json!({ "warehouse": "seoul", "quantity": pieces.div_ceil(2) });
    let rest = json!({ "warehouse": "busan", "quantity": pieces / 2 });
    for receipt in [half, rest] {
        let path = format!("/products/{product}/stock/receipts");
        if done(client, path, receipt, random).await?.is_none() {
            return Ok(None);
        }
    }
    let on_sale = done(
        client,
        format!("/products/{product}/on-sale"),
        json!({}),
        random,
    )
    .await?;
    Ok(on_sale.map(|_| product))
}

async fn pool(client: &Client, random: &mut StdRng) -> Result<Option<String>, ChaosError> {
    let discount = if random.random_ratio(1, 2) {
        json!({ "type": "PERCENT", "percent": 10 })
    } else {
        json!({ "type": "FIXED", "amount": { "amount": 100, "currency": "KRW" } })
    };
    let quantity = random.random_range(3..30);
    let pool = json!({
        "name": "Opening week", "quantity": quantity, "discount": discount,
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
    });
    done(client, "/coupon-pools".to_owned(), pool, random).await
}

/// The id of what was made.
async fn done(
    client: &Client,
    path: String,
    body: Value,
    random: &mut StdRng,
) -> Result<Option<String>, ChaosError> {
    let request = client.request(new_key(random), path, body);
    let told = client.ask(&request, PATIENCE, random).await?;
    Ok(told
        .filter(super::client::Told::is_success)
        .and_then(|told| told.text("/data/id")))
}
