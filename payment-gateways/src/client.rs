//! One HTTP exchange with a gateway, within its limits: for the adapters of all companies.

use std::time::Duration;

use failpoints::failpoint;
use reqwest::{Client, RequestBuilder, Url, redirect, retry};

use crate::error::PaymentGatewaysError;

/// The longest that a call may take: the saga waits for it, and the buyer with it.
const DEADLINE_MAX_SECONDS: u64 = 60;
/// The biggest answer that is read. A payment is some 2 KiB; the rest is a fault or an attack.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// An idle connection is given up before the usual server closes it (5 s): a request sent into a closing
/// connection has an unknown outcome.
const IDLE_MAX_SECONDS: u64 = 3;
/// Idle connections kept: calls beyond them open their own.
const IDLE_MAX_CONNECTIONS: usize = 32;
/// The most header lines of an answer.
const ANSWER_MAX_HEADERS: usize = 64;

/// What a gateway's server answered, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no whole answer. None of these says whether the request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The deadline passed.
    Timeout,
    /// No connection.
    ConnectFailed,
    /// The connection broke, or what came over it was no HTTP.
    ConnectionLost,
    /// The body exceeds its limit.
    AnswerTooLarge,
    /// The request could not be put together.
    NotSent,
}

impl Trouble {
    /// The stable word that the payment keeps.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "TIMEOUT",
            Self::ConnectFailed => "CONNECT_FAILED",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::AnswerTooLarge => "ANSWER_TOO_LARGE",
            Self::NotSent => "NOT_SENT",
        }
    }
}

/// A client that sends each request once, to the end of its deadline, and follows no redirect: nobody but the
/// gateway may be handed a token.
#[derive(Clone, Debug)]
pub(crate) struct GatewayClient {
    client: Client,
    base_url: String,
    deadline: Duration,
}

impl GatewayClient {
    pub(crate) fn new(base_url: &str, deadline: Duration) -> Result<Self, PaymentGatewaysError> {
        let longest = Duration::from_secs(DEADLINE_MAX_SECONDS);
        if deadline.is_zero() || deadline > longest {
            return Err(PaymentGatewaysError::InvalidSetting {
                setting: "the gateway's deadline",
                bounds: "above 0 and at most 60 s",
            });
        }
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(deadline)
            .pool_idle_timeout(Duration::from_secs(IDLE_MAX_SECONDS))
            .pool_max_idle_per_host(IDLE_MAX_CONNECTIONS)
            .http1_only()
            .http1_max_headers(ANSWER_MAX_HEADERS)
            .build()
            .map_err(PaymentGatewaysError::Client)?;
        Ok(Self {
            client,
            base_url: checked_base_url(base_url)?,
            deadline,
        })
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base_url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base_url))
    }

    /// Sends it and reads the whole answer, all within the deadline.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        tokio::time::timeout(self.deadline, exchange(request))
            .await
            .unwrap_or(Err(Trouble::Timeout))
    }
}

async fn exchange(request: RequestBuilder) -> Result<Answer, Trouble> {
    failpoint!("payment-gateways.exchange.before");
    let mut response = request.send().await.map_err(trouble)?;
    failpoint!("payment-gateways.exchange.sent");
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(trouble)? {
        if body.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(Trouble::AnswerTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    failpoint!("payment-gateways.exchange.after");
    Ok(Answer { status, body })
}

fn trouble(error: reqwest::Error) -> Trouble {
    let trouble = if error.is_builder() {
        Trouble::NotSent
    } else if error.is_timeout() {
        Trouble::Timeout
    } else if error.is_connect() {
        Trouble::ConnectFailed
    } else {
        Trouble::ConnectionLost
    };
    let reason = trouble.reason();
    // The outcome itself is logged by whoever measures the call; here is the detail for the curious.
    let error = error.without_url();
    tracing::debug!(gateway.reason = reason, error = ?error, "gateway exchange failed: {reason}");
    trouble
}

/// The base URL without its last slash.
fn checked_base_url(raw: &str) -> Result<String, PaymentGatewaysError> {
    let invalid = |reason| PaymentGatewaysError::InvalidBaseUrl { reason };
    let url = Url::parse(raw).map_err(|_| invalid("it is not a URL"))?;
    if url.scheme() != "http" {
        // TLS comes with the first real company: this build has none, and would fail at the first call.
        return Err(invalid("its scheme is not http"));
    }
    if !url.has_host() {
        return Err(invalid("it has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it holds credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_checked_at_start() {
        let base = |raw| checked_base_url(raw).ok();
        let plain = Some("http://127.0.0.1:8090".to_owned());
        assert_eq!(base("http://127.0.0.1:8090"), plain);
        assert_eq!(base("http://127.0.0.1:8090/"), plain);
        assert_eq!(base("http://pg/a/"), Some("http://pg/a".to_owned()));
        let unusable = [
            "",
            "pg",
            "https://pg",
            "file:///x",
            "http://u:p@pg",
            "http://pg/?a=1",
        ];
        for bad in unusable {
            assert_eq!(base(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_deadline_is_neither_nothing_nor_endless() {
        for bad in [
            Duration::ZERO,
            Duration::from_secs(DEADLINE_MAX_SECONDS + 1),
        ] {
            let refused = GatewayClient::new("http://pg", bad).err();
            assert_eq!(
                refused.map(|error| error.code()),
                Some("GATEWAY_SETTING_INVALID")
            );
        }
    }
}
