//! Means of paying beside a card in the browser: cards that are saved, and accounts to pay into.

use std::time::Duration;

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::client::Told;
use super::new_key;
use super::shopper::Shopper;
use crate::error::ChaosError;
use crate::journal::{Request, Verb};

/// Who charges, and how often: the mock company, which is the shop's own choice, and the other two.
const COMPANIES: [(&str, u32); 3] = [("mock", 7), ("toss", 2), ("nice", 2)];
/// Who gives out accounts.
const ACCOUNTS: [&str; 2] = ["toss", "nice"];
/// How many cards somebody saves before they delete one.
const SAVED_MAX: usize = 3;
/// How long somebody waits for a card to be saved, and for what becomes of an account to pay into.
const PATIENCE: Duration = Duration::from_secs(5);
pub(super) const DEPOSIT_PATIENCE: Duration = Duration::from_secs(15);
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long the company's page may take.
const PAGE_LIMIT: Duration = Duration::from_secs(2);

impl Shopper {
    /// Saves a card, makes one the default, or deletes one.
    pub(super) async fn mind_the_wallet(&mut self) -> Result<(), ChaosError> {
        self.look_into_the_wallet().await;
        if self.saved.is_empty() && self.on_their_way.len() >= SAVED_MAX {
            return Ok(());
        }
        let Some(one) = self.saved.choose(&mut self.random).cloned() else {
            return self.save_card().await;
        };
        match self.random.random_range(0..100) {
            0..40 if self.saved.len() < SAVED_MAX => self.save_card().await,
            0..60 => {
                let path = format!("/payment-methods/{one}/default");
                let request = self.wallet_request(path, json!({}));
                self.told(&request).await.map(drop)
            }
            _ => self.delete_card(&one).await,
        }
    }

    async fn save_card(&mut self) -> Result<(), ChaosError> {
        let auth_key = format!("tok_approve_{}", new_key(&mut self.random));
        let body = json!({ "authKey": auth_key, "gateway": "toss" });
        let request = self.wallet_request("/payment-methods".to_owned(), body);
        let asked = self.told(&request).await?.filter(Told::is_success);
        let Some(method) = asked.and_then(|told| told.text("/data/id")) else {
            return Ok(());
        };
        let is_active = |seen: &Value| seen.get("status").is_some_and(|is| is == "ACTIVE");
        let path = format!("/payment-methods/{method}");
        self.on_their_way.push(method);
        if self.see_in_time(&path, PATIENCE, is_active).await {
            self.look_into_the_wallet().await;
        }
        Ok(())
    }

    /// A card that was asked for is saved by now, or never will be, or is still on its way.
    async fn look_into_the_wallet(&mut self) {
        for method in std::mem::take(&mut self.on_their_way) {
            let path = format!("/payment-methods/{method}");
            let seen = self.client.see(&path, None).await;
            let status = seen.as_ref().and_then(|seen| seen.get("status")?.as_str());
            match status {
                Some("ACTIVE") => {
                    self.client.wire.chronicle.add("cards saved", 1);
                    self.saved.push(method);
                }
                Some("FAILED" | "DELETED") => {}
                // Or the read API is away.
                Some(_) | None => self.on_their_way.push(method),
            }
        }
    }

    async fn delete_card(&mut self, method: &str) -> Result<(), ChaosError> {
        // Whatever comes of it, they do not count on it any more.
        self.saved.retain(|saved| saved != method);
        let request = Request {
            verb: Verb::Delete,
            ..self.wallet_request(format!("/payment-methods/{method}"), Value::Null)
        };
        self.told(&request).await.map(drop)
    }

    pub(super) fn wallet_request(&mut self, path: String, body: Value) -> Request {
        self.client.request(new_key(&mut self.random), path, body)
    }

    /// A saved card, for somebody who would rather not type.
    pub(super) fn saved_card(&mut self) -> Option<String> {
        let is_at_hand = self.random.random_ratio(1, 2);
        let saved = self.saved.choose(&mut self.random).cloned();
        saved.filter(|_| is_at_hand)
    }

    /// Whom a card in the browser is for.
    pub(super) fn company(&mut self) -> &'static str {
        let company = COMPANIES.choose_weighted(&mut self.random, |(_, weight)| *weight);
        company.map_or("mock", |(name, _)| *name)
    }

    /// Asks for an account to pay into, and mostly pays in; most who did want the money back.
    pub(super) async fn pay_into_an_account(&mut self, order: &str) -> Result<(), ChaosError> {
        let company = ACCOUNTS.choose(&mut self.random).copied().unwrap_or("toss");
        let body = json!({ "token": "tok_virtual_account", "gateway": company });
        let request = self.wallet_request(format!("/orders/{order}/payments"), body);
        let asked = self.told(&request).await?.filter(Told::is_success);
        let Some(payment) = asked.and_then(|told| told.text("/data/id")) else {
            return Ok(());
        };
        let has_account = |seen: &Value| seen.pointer("/deposit/number").is_some();
        let path = format!("/payments/{payment}");
        let is_told = self.see_in_time(&path, DEPOSIT_PATIENCE, has_account).await;
        let is_paid_into =
            is_told && self.random.random_ratio(7, 8) && self.deposit(company, &payment).await;
        if is_paid_into && self.random.random_ratio(7, 8) {
            return self.give_back_a_deposit(order, &payment).await;
        }
        Ok(())
    }

    /// The bank, which is the mock's page. It may have been killed a moment ago: then nobody pays in.
    async fn deposit(&self, company: &str, payment: &str) -> bool {
        let wire = &self.client.wire;
        let page = format!("{}/deposits", wire.gateway_url);
        let of = json!({ "company": company, "orderId": payment });
        let paid = self.client.http.post(page).json(&of).timeout(PAGE_LIMIT);
        let is_paid = paid
            .send()
            .await
            .is_ok_and(|told| told.status().is_success());
        if is_paid {
            wire.chronicle.add("deposits", 1);
        }
        is_paid
    }

    /// Whether this is to be seen there before patience ends.
    pub(super) async fn see_in_time(
        &self,
        path: &str,
        patience: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> bool {
        let looking = async {
            loop {
                let seen = self.client.see(path, None).await;
                if seen.as_ref().is_some_and(&wanted) {
                    return;
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        };
        tokio::time::timeout(patience, looking).await.is_ok()
    }
}
