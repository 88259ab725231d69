//! The mock gateway's switches: how it misbehaves, and whom it tells of what.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;

use crate::error::ChaosError;
use crate::shop::Shop;

/// How long the gateway may take to hear.
const LIMIT: Duration = Duration::from_secs(2);
/// The pause before one that has not heard is told again.
const AGAIN: Duration = Duration::from_millis(200);

/// The gateway may have been killed a moment ago: each switch says whether it was heard.
pub(super) struct Switches {
    http: reqwest::Client,
    url: String,
}

impl Switches {
    pub(super) fn of(shop: &Shop) -> Result<Self, ChaosError> {
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT);
        Ok(Self {
            http: http.build()?,
            url: shop.gateway_url.clone(),
        })
    }

    pub(super) async fn turn(&self, path: &str, to: &Value) -> bool {
        heard(self.http.post(self.at(path)).json(to)).await
    }

    /// Tells it until it hears.
    pub(super) async fn turn_at_last(&self, path: &str, to: &Value) {
        while !self.turn(path, to).await {
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Takes back all that was turned, and insists on it.
    pub(super) async fn clear_at_last(&self, path: &str) {
        while !heard(self.http.delete(self.at(path))).await {
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

async fn heard(told: RequestBuilder) -> bool {
    let answer = told.send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
