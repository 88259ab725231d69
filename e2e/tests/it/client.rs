//! A client of the shop.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// Longer than the server's own bound.
const TIMEOUT: Duration = Duration::from_secs(40);

/// How long a command is repeated.
const RETRY_PATIENCE: Duration = Duration::from_secs(90);
/// How often.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// A client of both APIs, with a token in hand.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    command_url: String,
    read_url: String,
    token: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
    pub(crate) retry_after: Option<String>,
    pub(crate) replayed: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let json = self.json();
        json.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn position(&self) -> u64 {
        self.json()
            .pointer("/meta/position")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// The id of what was created; panics with the answer when it was not.
    pub(crate) fn id(&self) -> String {
        let id = self.text("/data/id");
        assert!(
            !id.is_empty(),
            "no id in {} {}",
            self.status,
            String::from_utf8_lossy(&self.bytes)
        );
        id
    }
}

impl Client {
    pub(crate) fn new(command_port: u16, read_port: u16, token: String) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .expect("a client");
        let url = |port| format!("http://127.0.0.1:{port}/api/v1");
        Self {
            http,
            command_url: url(command_port),
            read_url: url(read_port),
            token,
        }
    }

    /// A command under a key; `None` when the connection broke.
    pub(crate) async fn try_post(&self, path: &str, key: &str, body: &Value) -> Option<Answer> {
        let request = self
            .http
            .request(Method::POST, format!("{}{path}", self.command_url))
            .header("Idempotency-Key", key)
            .json(body);
        self.send(request).await
    }

    /// Any call of the command API, with headers.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let url = format!("{}{path}", self.command_url);
        let mut request = self.http.request(method, url).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await.expect("the command API answers")
    }

    /// A command under a new key.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let key = Uuid::now_v7().to_string();
        self.try_post(path, &key, &body)
            .await
            .expect("the command API answers")
    }

    /// A command that is repeated until it has an answer that is not "later".
    pub(crate) async fn post_until_answered(&self, path: &str, key: &str, body: &Value) -> Answer {
        let started = Instant::now();
        loop {
            if let Some(answer) = self.try_post(path, key, body).await {
                let later = answer.status == 503 || answer.text("/error") == "REQUEST_IN_PROGRESS";
                if !later {
                    return answer;
                }
            }
            assert!(
                started.elapsed() < RETRY_PATIENCE,
                "no answer from {path} within {RETRY_PATIENCE:?}"
            );
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// A query of a state at least as new as a position.
    pub(crate) async fn get_at(&self, path: &str, min_position: u64) -> Answer {
        let request = self
            .http
            .request(Method::GET, format!("{}{path}", self.read_url))
            .header("Min-Position", min_position);
        self.send(request).await.expect("the read API answers")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_at(path, 0).await
    }

    async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        let response = request.bearer_auth(&self.token).send().await.ok()?;
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("a header is text").to_owned())
        };
        let retry_after = header("Retry-After");
        let replayed = header("Idempotent-Replayed").is_some();
        let bytes = response.bytes().await.ok()?.to_vec();
        Some(Answer {
            status,
            bytes,
            retry_after,
            replayed,
        })
    }

    /// Enters a product, stocks it and puts it on sale. As an operator.
    pub(crate) async fn stocked_product(&self, price: i64, pieces: u32) -> String {
        let body = json!({
            "name": "A kettle", "category": "kitchen", "brand": "Acme",
            "price": { "amount": price, "currency": "KRW" },
        });
        let product = self.post("/products", body).await.id();
        let receipt = json!({ "warehouse": "seoul", "quantity": pieces });
        self.post(&format!("/products/{product}/stock/receipts"), receipt)
            .await
            .id();
        self.post(&format!("/products/{product}/on-sale"), json!({}))
            .await
            .id();
        product
    }

    /// Places an order of one product.
    pub(crate) async fn order(&self, product: &str, quantity: u32) -> Answer {
        let body = json!({ "items": [{ "productId": product, "quantity": quantity }] });
        self.post("/orders", body).await
    }

    /// Pays an order with a token of the mock gateway.
    pub(crate) async fn pay(&self, order: &str, token: &str) -> Answer {
        self.post(
            &format!("/orders/{order}/payments"),
            json!({ "token": token }),
        )
        .await
    }
}
