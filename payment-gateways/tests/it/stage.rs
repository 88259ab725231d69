//! A mock that serves, an adapter that speaks to it, and what tests ask of both.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use payment_gateways::mock::server::{MockServer, MockServerConfig, serve};
use payment_gateways::mock::{MockGateway, MockGatewayConfig};
use payment_gateways::{ConfirmRequest, GatewayReply, Gateways, PaymentGateway, RefundRequest};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Long enough for any healthy answer on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);
/// Short enough to wait for; nothing that is meant to answer is called with it.
pub(crate) const HASTY: Duration = Duration::from_millis(250);
/// When waiting for a condition is given up.
const CONDITION_MAX: Duration = Duration::from_secs(30);

pub(crate) const ANY_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) struct Stage {
    pub(crate) server: MockServer,
    pub(crate) http: reqwest::Client,
    shutdown: CancellationToken,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(MockServerConfig::default()).await
    }

    pub(crate) async fn with(config: MockServerConfig) -> Self {
        let shutdown = CancellationToken::new();
        let server = serve(ANY_PORT, config, shutdown.clone()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            server,
            http,
            shutdown,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// The adapter, as the shop gets it.
    pub(crate) fn gateway(&self, deadline: Duration) -> Arc<dyn PaymentGateway> {
        gateway_at(&self.server.url(), deadline)
    }

    /// All entries of the ledger.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let answer = self.http.get(self.url("/ledger")).send().await.unwrap();
        let mut page = answer.json::<Value>().await.unwrap();
        assert_eq!(page["next"], Value::Null);
        serde_json::from_value(page["entries"].take()).unwrap()
    }

    /// Waits until the ledger has so many entries, and no more.
    pub(crate) async fn has_entries(&self, count: usize) {
        let enough = async || self.ledger().await.len() >= count;
        until("the ledger's entries", enough).await;
        assert_eq!(self.ledger().await.len(), count);
    }

    /// How many faults wait for their calls.
    pub(crate) async fn faults(&self) -> usize {
        let answer = self.http.get(self.url("/faults")).send().await.unwrap();
        let waiting = answer.json::<Value>().await.unwrap();
        waiting["faults"].as_array().unwrap().len()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> u16 {
        let request = self.http.post(self.url(path)).json(body);
        request.send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.server.stopped().await.unwrap();
    }
}

pub(crate) fn gateway_at(url: &str, deadline: Duration) -> Arc<dyn PaymentGateway> {
    let base_url = url.to_owned();
    let config = MockGatewayConfig { base_url, deadline };
    let mock: Arc<dyn PaymentGateway> = Arc::new(MockGateway::new(&config).unwrap());
    let gateways = Gateways::new("mock", [("mock".to_owned(), mock)]).unwrap();
    gateways.get("mock").unwrap()
}

pub(crate) fn payment(token: &str) -> ConfirmRequest {
    ConfirmRequest {
        payment_id: Uuid::now_v7(),
        order_id: Uuid::now_v7(),
        amount_minor: 12_900,
        currency: "KRW".to_owned(),
        token: token.to_owned(),
    }
}

pub(crate) fn refund_of(
    request: &ConfirmRequest,
    transaction_id: &str,
    amount: i64,
) -> RefundRequest {
    RefundRequest {
        payment_id: request.payment_id,
        refund_id: Uuid::now_v7(),
        key_round: 0,
        may_be_done: false,
        transaction_id: transaction_id.to_owned(),
        amount_minor: amount,
        is_all_left: amount == request.amount_minor,
        currency: request.currency.clone(),
        reason: "the order was cancelled".to_owned(),
        account: None,
    }
}

/// The transaction of an approval of just this request.
pub(crate) fn approved(request: &ConfirmRequest, reply: GatewayReply) -> String {
    match reply {
        GatewayReply::Approved {
            transaction_id,
            amount_minor,
            currency,
        } => {
            assert_eq!(amount_minor, request.amount_minor);
            assert_eq!(currency, request.currency);
            transaction_id
        }
        other => panic!("not approved: {other:?}"),
    }
}

pub(crate) fn unknown(reason: &str) -> GatewayReply {
    GatewayReply::Unknown {
        reason: reason.to_owned(),
    }
}

/// Waits, bounded, until the condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + CONDITION_MAX;
    while !holds().await {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
