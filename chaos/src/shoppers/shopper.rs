//! One shopper.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::clerk::Shelves;
use super::client::{Client, Told};
use super::new_key;
use crate::error::ChaosError;
use crate::journal::Request;

/// How long a shopper insists on an answer.
const PATIENCE: Duration = Duration::from_secs(45);
/// What a card can do, and how often: the mock gateway's behaviours.
const CARDS: [(&str, u32); 7] = [
    ("tok_approve", 78),
    ("tok_decline", 6),
    ("tok_charge_then_timeout", 5),
    ("tok_error", 4),
    ("tok_timeout", 3),
    ("tok_wrong_amount", 2),
    ("tok_slow", 2),
];
/// The most points that somebody pays with: some orders cost less, and are refused.
const POINTS_MAX: i64 = 300;
/// The longest that somebody waits who is about to hang up, in milliseconds.
const HANG_UP_MAX_MS: u64 = 40;

pub(super) struct Shopper {
    pub(super) client: Client,
    shelves: Arc<Shelves>,
    pub(super) random: StdRng,
    /// A coupon that was claimed and not used yet.
    coupon: Option<String>,
    /// Cards that are saved and can be charged, and those that were asked for.
    pub(super) saved: Vec<String>,
    pub(super) on_their_way: Vec<String>,
}

/// Shops until `stop`, and then to the end of what was begun.
pub(super) async fn run(
    client: Client,
    shelves: Arc<Shelves>,
    random: StdRng,
    stop: CancellationToken,
) -> Result<(), ChaosError> {
    let mut shopper = Shopper {
        client,
        shelves,
        random,
        coupon: None,
        saved: Vec::new(),
        on_their_way: Vec::new(),
    };
    while !stop.is_cancelled() {
        shopper.visit().await?;
    }
    Ok(())
}

impl Shopper {
    async fn visit(&mut self) -> Result<(), ChaosError> {
        let goods = self.shelves.look();
        match self.random.random_range(0..100) {
            0..12 => match goods.pool {
                Some(pool) => self.claim(&pool).await,
                None => self.buy(false).await,
            },
            12..22 => self.race_with_myself().await,
            22..40 => self.buy(true).await,
            40..52 => self.mind_the_wallet().await,
            _ => self.buy(false).await,
        }
    }

    /// An order, and what becomes of it.
    async fn buy(&mut self, rare: bool) -> Result<(), ChaosError> {
        let request = self.order(rare);
        // Now and then somebody hangs up before there can be an answer, and asks again, or never does.
        if self.random.random_ratio(6, 100) {
            let limit = Duration::from_millis(self.random.random_range(0..HANG_UP_MAX_MS));
            self.client
                .attempt(&request, limit, &mut self.random)
                .await?;
            self.client.wire.chronicle.add("fault:client hangs up", 1);
            if self.random.random_ratio(1, 4) {
                return Ok(());
            }
        }
        let Some((order, position)) = self.placed(&request).await? else {
            return Ok(());
        };
        match self.random.random_range(0..100) {
            0..3 => self.reuse_key_of(&request).await?,
            3..18 => self.look("read", &format!("/orders/{order}"), None).await,
            18..24 => self.look("read", "/orders", None).await,
            24..36 => self.look_for_own_order(&order, position).await,
            _ => {}
        }
        match self.random.random_range(0..100) {
            0..54 => self.pay(&order).await.map(drop),
            54..70 => self.pay_and_give_back(&order).await,
            70..78 => self.cancel(&order).await,
            78..84 => {
                self.pay(&order).await?;
                self.cancel(&order).await
            }
            84..86 => self.pay_and_cancel_at_once(&order).await,
            86..97 => self.pay_into_an_account(&order).await,
            // Left unpaid: it expires.
            _ => Ok(()),
        }
    }

    /// Another order under the key of one that was placed: never a second order.
    async fn reuse_key_of(&mut self, placed: &Request) -> Result<(), ChaosError> {
        let mut other = self.order(false);
        other.key.clone_from(&placed.key);
        if other.body == placed.body {
            return Ok(());
        }
        self.told(&other).await.map(drop)
    }

    /// Who says how new the answer must be finds what they have done, alone or in their list.
    async fn look_for_own_order(&mut self, order: &str, position: u64) {
        let path = if self.random.random_ratio(3, 4) {
            format!("/orders/{order}")
        } else {
            "/orders".to_owned()
        };
        self.look("read own", &path, Some(position)).await;
    }

    async fn look(&mut self, what: &str, path: &str, min_position: Option<u64>) {
        let status = self.client.look(path, min_position).await;
        self.client
            .wire
            .chronicle
            .add(&format!("{what}:{status}"), 1);
    }

    fn order(&mut self, rare: bool) -> Request {
        let goods = self.shelves.look();
        let mut items: Vec<Value> = Vec::new();
        if let (true, Some(product)) = (rare, &goods.rare) {
            let quantity = self.random.random_range(1..=3);
            items.push(json!({ "productId": product, "quantity": quantity }));
        }
        let more = self
            .random
            .random_range(if items.is_empty() { 1..=3 } else { 0..=1 });
        for _ in 0..more {
            if let Some(product) = goods.staples.choose(&mut self.random) {
                let quantity = self.random.random_range(1..=2);
                items.push(json!({ "productId": product, "quantity": quantity }));
            }
        }
        let mut body = json!({ "items": items });
        if let (Some(coupon), Some(body)) = (self.coupon.take(), body.as_object_mut()) {
            body.insert("couponCode".to_owned(), coupon.into());
        }
        self.client
            .request(new_key(&mut self.random), "/orders", body)
    }

    /// The order's id and the log's position, should it have been placed.
    async fn placed(&mut self, request: &Request) -> Result<Option<(String, u64)>, ChaosError> {
        let told = self.told(request).await?;
        let placed = told
            .filter(Told::is_success)
            .and_then(|told| Some((told.text("/data/id")?, told.position()?)));
        if placed.is_some() {
            self.client.wire.chronicle.add("orders", 1);
        }
        Ok(placed)
    }

    async fn pay(&mut self, order: &str) -> Result<Option<Told>, ChaosError> {
        let request = self.payment(order);
        self.told(&request).await
    }

    /// Pays, and gives all of it back, or a piece, or a piece twice at once.
    async fn pay_and_give_back(&mut self, order: &str) -> Result<(), ChaosError> {
        let Some(paid) = self.pay(order).await?.filter(Told::is_success) else {
            return Ok(());
        };
        let Some(payment) = paid.text("/data/id") else {
            return Ok(());
        };
        let path = format!("/payments/{payment}/refunds");
        let piece = self.piece_of(order, paid.position()).await;
        let body = piece.filter(|_| self.random.random_ratio(2, 3));
        let body = body.unwrap_or_else(|| json!({ "reason": "all of it" }));
        let key = new_key(&mut self.random);
        let refund = self.client.request(key, path.clone(), body.clone());
        if self.random.random_ratio(1, 3) {
            let key = new_key(&mut self.random);
            let same = self.client.request(key, path, body);
            return self.both(&refund, &same).await;
        }
        self.told(&refund).await.map(drop)
    }

    /// A refund of a piece of the order, if the read model tells which items it has.
    pub(super) async fn piece_of(&mut self, order: &str, position: Option<u64>) -> Option<Value> {
        let seen = self
            .client
            .see(&format!("/orders/{order}"), position)
            .await?;
        let items = seen.get("items")?.as_array()?;
        let item = items.choose(&mut self.random)?.get("id")?;
        Some(json!({
            "items": [{ "orderItemId": item, "quantity": 1 }],
            "reason": "one too many",
        }))
    }

    fn payment(&mut self, order: &str) -> Request {
        let card = CARDS.choose_weighted(&mut self.random, |(_, weight)| *weight);
        let token = card.map_or("tok_approve", |(token, _)| *token);
        let path = format!("/orders/{order}/payments");
        let points = if self.random.random_ratio(1, 4) {
            self.random.random_range(1..=POINTS_MAX)
        } else {
            0
        };
        let body = match self.saved_card() {
            Some(method) => json!({ "paymentMethodId": method, "points": points }),
            None => json!({ "token": token, "gateway": self.company(), "points": points }),
        };
        self.client.request(new_key(&mut self.random), path, body)
    }

    async fn cancel(&mut self, order: &str) -> Result<(), ChaosError> {
        let request = self.cancellation(order);
        self.told(&request).await.map(drop)
    }

    fn cancellation(&mut self, order: &str) -> Request {
        let path = format!("/orders/{order}/cancel");
        let body = json!({ "reason": "changed my mind" });
        self.client.request(new_key(&mut self.random), path, body)
    }

    async fn pay_and_cancel_at_once(&mut self, order: &str) -> Result<(), ChaosError> {
        let (payment, cancellation) = (self.payment(order), self.cancellation(order));
        self.both(&payment, &cancellation).await
    }

    async fn claim(&mut self, pool: &str) -> Result<(), ChaosError> {
        let path = format!("/coupon-pools/{pool}/coupons");
        let request = self
            .client
            .request(new_key(&mut self.random), path, json!({}));
        let told = self.told(&request).await?;
        if let Some(told) = told.filter(Told::is_success) {
            self.coupon = told.text("/data/id");
            self.client.wire.chronicle.add("coupons", 1);
        }
        Ok(())
    }

    /// The same request over two connections at once: one effect, and the same answer.
    async fn race_with_myself(&mut self) -> Result<(), ChaosError> {
        let rare = self.random.random_ratio(1, 3);
        let request = self.order(rare);
        self.both(&request, &request).await?;
        if let Some((order, _)) = self.placed(&request).await? {
            self.pay(&order).await?;
        }
        Ok(())
    }

    pub(super) async fn both(&mut self, one: &Request, other: &Request) -> Result<(), ChaosError> {
        use rand::SeedableRng as _;
        let (first, second) = (self.client.clone(), self.client.clone());
        let mut random = StdRng::seed_from_u64(self.random.random());
        let asked = futures::join!(
            first.ask(one, PATIENCE, &mut self.random),
            second.ask(other, PATIENCE, &mut random),
        );
        asked.0?;
        asked.1.map(drop)
    }

    pub(super) async fn told(&mut self, request: &Request) -> Result<Option<Told>, ChaosError> {
        // Not everybody insists.
        let patience = if self.random.random_ratio(4, 100) {
            Duration::ZERO
        } else {
            PATIENCE
        };
        self.client.ask(request, patience, &mut self.random).await
    }
}
