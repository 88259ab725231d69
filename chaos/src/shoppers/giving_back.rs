//! What was paid into an account goes back to an account of the buyer's, which they tell: at once or twice, of a bank
//! that there is not and then of one that there is, or never.

use std::time::Duration;

use rand::Rng as _;
use serde_json::{Value, json};

use super::client::Told;
use super::new_key;
use super::shopper::Shopper;
use super::wallet::DEPOSIT_PATIENCE;
use crate::error::ChaosError;
use crate::journal::Request;

/// What the number of every shopper's account begins with: so many digits are in no id and no time by chance.
pub(crate) const ACCOUNT_CANARY: &str = "90817263544";
/// A bank that both companies know, and one that Toss refuses. The mock of NICE looks at no bank.
const BANK: &str = "20";
pub(crate) const NO_BANK: &str = "99";
/// Why a refund waits, as its payment says.
const UNTOLD: &str = "REFUND_ACCOUNT_NEEDED";
const REFUSED: &str = "REFUSED_INVALID_BANK";
/// When a refund whose account was told is tried: two seconds later.
const MEANWHILE_MS: std::ops::Range<u64> = 1_500..2_600;

impl Shopper {
    /// Waits until the deposit has paid the order, and gives it back: most who do so tell an account.
    pub(super) async fn give_back_a_deposit(
        &mut self,
        order: &str,
        payment: &str,
    ) -> Result<(), ChaosError> {
        let payment_path = format!("/payments/{payment}");
        let is_paid = |seen: &Value| seen.get("status").is_some_and(|is| is == "SUCCEEDED");
        let is_seen = self.see_in_time(&payment_path, DEPOSIT_PATIENCE, is_paid);
        if !is_seen.await {
            return Ok(());
        }
        let piece = self.piece_of(order, None).await;
        let body = piece.filter(|_| self.random.random_ratio(1, 4));
        let body = body.unwrap_or_else(|| json!({ "reason": "all of it" }));
        let refund = self.wallet_request(format!("{payment_path}/refunds"), body);
        let asked = self.told(&refund).await?.filter(Told::is_success);
        let Some(refund) = asked.and_then(|told| told.text("/data/id")) else {
            return Ok(());
        };
        self.client.wire.chronicle.add("deposits to give back", 1);
        if self.random.random_ratio(1, 2) {
            self.see_why(&payment_path, &refund, UNTOLD).await;
        }
        self.tell_where_to(&payment_path, &refund).await
    }

    async fn tell_where_to(&mut self, payment: &str, refund: &str) -> Result<(), ChaosError> {
        let path = format!("{payment}/refunds/{refund}/account");
        let right = self.account(&path, BANK);
        match self.random.random_range(0..100) {
            // Nobody ever hears where to.
            0..8 => return Ok(()),
            8..38 => return self.tell_and_correct(payment, refund, &path).await,
            38..53 => {
                let other = self.account(&path, BANK);
                return self.both(&right, &other).await;
            }
            53..63 => return self.both(&right, &right).await,
            _ => {}
        }
        self.told(&right).await?;
        match self.random.random_range(0..100) {
            // The same again, while it is tried or when the money is back.
            0..40 => {
                self.see_why(payment, refund, REFUSED).await;
                self.told(&right).await.map(drop)
            }
            // Another, while the first is tried.
            40..70 => {
                let meanwhile = Duration::from_millis(self.random.random_range(MEANWHILE_MS));
                tokio::time::sleep(meanwhile).await;
                let other = self.account(&path, BANK);
                self.told(&other).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// An account at a bank that there is not; most see that it was refused, and all but a few correct it.
    async fn tell_and_correct(
        &mut self,
        payment: &str,
        refund: &str,
        path: &str,
    ) -> Result<(), ChaosError> {
        let wrong = self.account(path, NO_BANK);
        self.told(&wrong).await?;
        if self.random.random_ratio(3, 4) {
            self.see_why(payment, refund, REFUSED).await;
        }
        if self.random.random_ratio(1, 8) {
            return Ok(());
        }
        let right = self.account(path, BANK);
        self.told(&right).await.map(drop)
    }

    fn account(&mut self, path: &str, bank: &str) -> Request {
        let number = format!("{ACCOUNT_CANARY}{:03}", self.random.random_range(0..1_000));
        let body = json!({ "bank": bank, "number": number, "holder": "a shopper" });
        self.client.request(new_key(&mut self.random), path, body)
    }

    /// Waits until the refund is said to wait for this reason, or to be done.
    async fn see_why(&self, payment: &str, refund: &str, why: &str) {
        let is_so = |seen: &Value| {
            let refunds = seen.get("refunds").and_then(Value::as_array);
            refunds.into_iter().flatten().any(|one| {
                one.get("id").is_some_and(|id| id == refund)
                    && (one.get("delayReason").is_some_and(|is| is == why)
                        || one.get("status").is_some_and(|is| is == "SUCCEEDED"))
            })
        };
        self.see_in_time(payment, DEPOSIT_PATIENCE, is_so).await;
    }
}
