//! The public HTTP API, as a client sees it.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::error::BenchError;

/// How long one call may take: longer than the program's own limits.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    Operator,
    Customer,
}

/// A client of a running `commerce serve`.
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    operator: String,
    customer: String,
}

impl Client {
    /// From COMMAND_API_URL, OPERATOR_TOKEN and CUSTOMER_TOKEN; all that are missing are named together.
    pub(super) fn from_env() -> Result<Self, BenchError> {
        let mut missing = Vec::new();
        let mut read = |name: &'static str| {
            std::env::var(name).unwrap_or_else(|_| {
                missing.push(name);
                String::new()
            })
        };
        let (url, operator, customer) = (
            read("COMMAND_API_URL"),
            read("OPERATOR_TOKEN"),
            read("CUSTOMER_TOKEN"),
        );
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(BenchError::Environment(format!(
                "not set: {missing}. They name a running `commerce serve` and tokens of `commerce token`"
            )));
        }
        Ok(Self {
            http: reqwest::Client::builder().timeout(CALL_TIMEOUT).build()?,
            url: url.trim_end_matches('/').to_owned(),
            operator,
            customer,
        })
    }

    /// Calls, with a new idempotency key, and returns `data`. Any other status than the expected one is
    /// an error.
    pub(super) async fn post(
        &self,
        caller: Caller,
        path: &str,
        body: Option<&Value>,
        expected: &[u16],
    ) -> Result<Value, BenchError> {
        let token = match caller {
            Caller::Operator => &self.operator,
            Caller::Customer => &self.customer,
        };
        let mut request = self
            .http
            .request(Method::POST, format!("{}/api/v1{path}", self.url))
            .bearer_auth(token)
            .header("Idempotency-Key", Uuid::now_v7().to_string());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        if !expected.contains(&status) {
            return Err(BenchError::UnexpectedAnswer {
                call: format!("POST {path}"),
                status,
                body: text,
            });
        }
        let mut answer: Value = serde_json::from_str(&text)?;
        Ok(answer
            .get_mut("data")
            .map(Value::take)
            .unwrap_or(Value::Null))
    }
}
