//! The mock company, served over HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use payment_gateways::mock::server::{MockServer, MockServerConfig, serve};
use payment_gateways::mock::{MockGateway, MockGatewayConfig};
use payment_gateways::toss::{TossConfig, TossGateway};
use payment_gateways::{Link, PaymentGateway};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long the company takes for `tok_slow`.
const SLOW: Duration = Duration::from_millis(700);

pub(crate) struct Bank {
    addr: SocketAddr,
    books: tempfile::TempDir,
    http: reqwest::Client,
    server: Option<(MockServer, CancellationToken)>,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        let mut bank = Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            books: tempfile::tempdir().expect("a folder"),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            server: None,
        };
        bank.reopen().await;
        bank
    }

    /// Serves again, at the same address and with the same ledger.
    pub(crate) async fn reopen(&mut self) {
        let config = MockServerConfig {
            ledger_file: Some(self.books.path().join("ledger.jsonl")),
            slow: SLOW,
            ..MockServerConfig::default()
        };
        let shutdown = CancellationToken::new();
        let server = serve(self.addr, config, shutdown.clone())
            .await
            .expect("the mock serves");
        self.addr = server.addr();
        self.server = Some((server, shutdown));
    }

    /// Nobody answers any more.
    pub(crate) async fn go_away(&mut self) {
        if let Some((server, shutdown)) = self.server.take() {
            shutdown.cancel();
            server.stopped().await.expect("the mock ends in order");
        }
    }

    pub(crate) async fn close(mut self) {
        self.go_away().await;
    }

    pub(crate) fn adapter(&self, deadline: Duration) -> Arc<dyn PaymentGateway> {
        let base_url = format!("http://{}", self.addr);
        let config = MockGatewayConfig { base_url, deadline };
        Arc::new(MockGateway::new(&config).expect("an adapter"))
    }

    /// The same company's server as Toss, which knows accounts to pay into.
    pub(crate) fn toss(&self, deadline: Duration) -> Arc<dyn PaymentGateway> {
        let config = TossConfig {
            base_url: self.url("/toss"),
            secret_key: "test_sk_processes".to_owned(),
            security_keys: Vec::new(),
            deadline,
        };
        Arc::new(TossGateway::new(config, Link::bare()).expect("an adapter"))
    }

    /// Makes calls of a kind (`confirm`, `inquire`, `refund`) go wrong.
    pub(crate) async fn fail(&self, call: &str, behaviour: &str, times: u32) {
        let fault = serde_json::json!({ "call": call, "behaviour": behaviour, "times": times });
        let request = self.http.post(self.url("/faults")).json(&fault).send();
        assert_eq!(request.await.expect("the mock answers").status(), 204);
    }

    /// Nothing goes wrong any more.
    pub(crate) async fn behave(&self) {
        let request = self.http.delete(self.url("/faults")).send();
        assert_eq!(request.await.expect("the mock answers").status(), 204);
    }

    /// Somebody pays into the account of a payment.
    pub(crate) async fn deposit(&self, payment_id: Uuid) {
        self.account("/deposits", payment_id).await;
    }

    /// The bank takes that back.
    pub(crate) async fn take_deposit_back(&self, payment_id: Uuid) {
        self.account("/deposits/errors", payment_id).await;
    }

    async fn account(&self, path: &str, payment_id: Uuid) {
        let of = serde_json::json!({ "company": "toss", "orderId": payment_id });
        let request = self.http.post(self.url(path)).json(&of).send();
        let answer = request.await.expect("the mock answers");
        assert_eq!(answer.status(), 204, "{path} {payment_id}");
    }

    /// Charges, declines and refunds, in order.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let answer = self
            .http
            .get(self.url("/ledger"))
            .send()
            .await
            .expect("the ledger");
        let mut page: Value = answer.json().await.expect("JSON");
        assert_eq!(page["next"], Value::Null, "one page is all");
        serde_json::from_value(page["entries"].take()).expect("entries")
    }

    /// What the company keeps of this order's money, and how often it charged for it.
    pub(crate) async fn balance(&self, order_id: Uuid) -> Balance {
        let id = order_id.to_string();
        let mut balance = Balance::default();
        for entry in self.ledger().await {
            if entry["orderId"] != id.as_str() {
                continue;
            }
            let amount = entry["amount"].as_i64().expect("an amount");
            match (entry["kind"].as_str(), entry["state"].as_str()) {
                (Some("CHARGE"), Some("DECLINED")) => balance.declines += 1,
                (Some("CHARGE"), Some(_)) => {
                    balance.charges += 1;
                    balance.kept += amount;
                }
                (Some("REFUND"), Some("REFUNDED")) => {
                    balance.refunds += 1;
                    balance.kept -= amount;
                }
                other => unreachable!("an entry of another kind: {other:?}"),
            }
        }
        balance
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

/// One order on the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) charges: u32,
    pub(crate) declines: u32,
    pub(crate) refunds: u32,
    /// Charged and not given back, in minor units.
    pub(crate) kept: i64,
}
