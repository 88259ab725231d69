//! One HTTP exchange with a gateway, within its limits: for the adapters of all companies.

mod base_url;
mod outgoing;
mod trouble;

use std::sync::Arc;
use std::time::{Duration, Instant};

use failpoints::failpoint;
use reqwest::{Client, redirect, retry};

use self::base_url::checked_base_url;
pub(crate) use self::outgoing::Outgoing;
pub(crate) use self::trouble::Trouble;
use crate::circuit::{Circuit, CircuitState};
use crate::error::PaymentGatewaysError;
use crate::exchange::{ExchangeLog, Heard, NoLog, exchange_of};

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
/// How often a connection is tried again that could not be made at all: nothing was sent over it.
const CONNECT_REPEATS_MAX: u32 = 2;
/// The wait before it is tried again; half of it by chance, so that not all callers come back at once.
const CONNECT_REPEAT_WAIT_MS: u64 = 100;

/// What a gateway's server answered, whole.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What watches over the calls of one company, beside its adapter.
#[derive(Clone)]
pub struct Link {
    /// Told of every exchange.
    pub log: Arc<dyn ExchangeLog>,
    /// Keeps calls back while the company is in trouble; none: every call is sent.
    pub circuit: Option<Arc<Circuit>>,
    /// Whether a connection that could not be made is tried again, within the deadline.
    pub repeats_connects: bool,
}

impl Link {
    /// Nobody watches: every call is sent, once.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            log: Arc::new(NoLog),
            circuit: None,
            repeats_connects: false,
        }
    }
}

/// A client that sends each request once, to the end of its deadline, and follows no redirect: nobody but the
/// gateway may be handed a token.
#[derive(Clone)]
pub(crate) struct GatewayClient {
    company: &'static str,
    client: Client,
    base_url: String,
    deadline: Duration,
    link: Link,
}

impl GatewayClient {
    pub(crate) fn new(
        company: &'static str,
        base_url: &str,
        deadline: Duration,
        link: Link,
    ) -> Result<Self, PaymentGatewaysError> {
        let longest = Duration::from_secs(DEADLINE_MAX_SECONDS);
        if deadline.is_zero() || deadline > longest {
            return Err(PaymentGatewaysError::InvalidSetting {
                setting: "the gateway's deadline",
                bounds: "above 0 and at most 60 s",
            });
        }
        crate::tls::prepare_tls();
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
            company,
            client,
            base_url: checked_base_url(base_url)?,
            deadline,
            link,
        })
    }

    /// Whether calls get through at present.
    pub(crate) fn circuit(&self) -> Option<CircuitState> {
        self.link.circuit.as_ref().map(|circuit| circuit.state())
    }

    /// Sends it and reads the whole answer, all within the deadline.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Answer, Trouble> {
        let permit = match &self.link.circuit {
            Some(circuit) => Some(circuit.permit().ok_or(Trouble::CircuitOpen)?),
            None => None,
        };
        let end = Instant::now() + self.deadline;
        let mut repeats = 0;
        let result = loop {
            let result = self.send_once(outgoing, end).await;
            let may_repeat = self.link.repeats_connects && repeats < CONNECT_REPEATS_MAX;
            if result.as_ref().err() != Some(&Trouble::ConnectFailed) || !may_repeat {
                break result;
            }
            let wait = repeat_wait();
            if Instant::now() + wait >= end {
                break result;
            }
            tokio::time::sleep(wait).await;
            repeats += 1;
        };
        if let Some(permit) = permit {
            permit.heard(is_trouble_of_the_company(&result));
        }
        result
    }

    async fn send_once(&self, outgoing: &Outgoing, end: Instant) -> Result<Answer, Trouble> {
        let started = Instant::now();
        let request = outgoing.request(&self.client, &self.base_url);
        let left = end.saturating_duration_since(started);
        let result = tokio::time::timeout(left, exchange(request))
            .await
            .unwrap_or(Err(Trouble::Timeout));
        if self.link.log.is_listening() {
            let took = started.elapsed();
            let heard = match &result {
                Ok(answer) => Heard::Answer(answer),
                Err(trouble) => Heard::Nothing(*trouble),
            };
            let exchange = exchange_of(self.company, outgoing, &heard, took);
            self.link.log.told(exchange);
        }
        result
    }
}

/// Whether the company, or the way to it, is to blame: not the request, and not the payment.
fn is_trouble_of_the_company(result: &Result<Answer, Trouble>) -> bool {
    match result {
        Ok(answer) => answer.status >= 500,
        Err(Trouble::Timeout | Trouble::ConnectFailed | Trouble::ConnectionLost) => true,
        Err(Trouble::AnswerTooLarge | Trouble::NotSent | Trouble::CircuitOpen) => false,
    }
}

fn repeat_wait() -> Duration {
    let half = CONNECT_REPEAT_WAIT_MS / 2;
    Duration::from_millis(half + fastrand::u64(..=half))
}

async fn exchange(request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
    failpoint!("payment-gateways.exchange.before");
    let mut response = request.send().await.map_err(Trouble::of)?;
    failpoint!("payment-gateways.exchange.sent");
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into())))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Trouble::of)? {
        if body.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(Trouble::AnswerTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    failpoint!("payment-gateways.exchange.after");
    Ok(Answer {
        status,
        headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_neither_nothing_nor_endless() {
        for bad in [
            Duration::ZERO,
            Duration::from_secs(DEADLINE_MAX_SECONDS + 1),
        ] {
            let refused = GatewayClient::new("mock", "http://pg", bad, Link::bare()).err();
            assert_eq!(
                refused.map(|error| error.code()),
                Some("GATEWAY_SETTING_INVALID")
            );
        }
    }

    #[test]
    fn only_silence_and_server_errors_count_against_a_company() {
        let answer = |status| {
            Ok(Answer {
                status,
                ..Answer::default()
            })
        };
        for trouble in [answer(500), answer(503), Err(Trouble::Timeout)] {
            assert!(is_trouble_of_the_company(&trouble), "{trouble:?}");
        }
        for fine in [answer(200), answer(402), answer(429), Err(Trouble::NotSent)] {
            assert!(!is_trouble_of_the_company(&fine), "{fine:?}");
        }
    }
}
