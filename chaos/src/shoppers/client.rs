//! Sending a command until it has an answer, and writing down all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::Value;

use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::journal::{Journal, Line, Request, Verb};

/// How long one attempt may take: less than the shop's own limit, so that answers are missed.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(6);
/// The longest pause between two attempts, in milliseconds.
const PAUSE_MAX_MS: u64 = 300;

/// What a client was told in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Told {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the shop has decided. Otherwise the same request again may get another answer.
    pub(crate) fn is_definite(&self) -> bool {
        match self.status {
            408 | 425 | 429 | 500.. => false,
            409 => !self.body.contains("\"REQUEST_IN_PROGRESS\""),
            _ => true,
        }
    }

    /// Whether this is how the shop must answer a request that it has answered so before. A refusal of the
    /// coupon gate alone is not in the log: it has the same bytes as long as the request's id is the same.
    pub(crate) fn repeats(&self, first: &Self, request: &Request) -> bool {
        let is_claim = request.path.ends_with("/coupons");
        self == first
            || (is_claim
                && request.fresh_ids
                && !self.is_success()
                && self.status == first.status
                && self.without_request_id().is_some()
                && self.without_request_id() == first.without_request_id())
    }

    fn without_request_id(&self) -> Option<Value> {
        let mut json: Value = serde_json::from_str(&self.body).ok()?;
        json.as_object_mut()?.remove("requestId")?;
        Some(json)
    }

    /// The position that the log had reached.
    pub(crate) fn position(&self) -> Option<u64> {
        let json: Value = serde_json::from_str(&self.body).ok()?;
        json.pointer("/meta/position")?.as_u64()
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<String> {
        let json: Value = serde_json::from_str(&self.body).ok()?;
        json.pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    }
}

/// What all clients share.
pub(crate) struct Wire {
    pub(crate) urls: Vec<String>,
    pub(crate) read_url: String,
    pub(crate) gateway_url: String,
    pub(crate) journal: Journal,
    pub(crate) chronicle: Arc<Chronicle>,
    pub(crate) attempts: AtomicU64,
}

/// A user with a token and connections of their own.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) user: String,
    pub(crate) operator: bool,
    /// Whether each attempt has a request id of its own; else all of a request have its key.
    pub(crate) fresh_ids: bool,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
    pub(crate) wire: Arc<Wire>,
}

impl Client {
    /// A request of this user under a new key.
    pub(crate) fn request(&self, key: String, path: impl Into<String>, body: Value) -> Request {
        Request {
            user: self.user.clone(),
            operator: self.operator,
            fresh_ids: self.fresh_ids,
            key,
            verb: Verb::Post,
            path: path.into(),
            body,
        }
    }

    /// Sends a request until it has a definite answer; `None` when patience ends first.
    pub(crate) async fn ask(
        &self,
        request: &Request,
        patience: Duration,
        random: &mut impl Rng,
    ) -> Result<Option<Told>, ChaosError> {
        let started = Instant::now();
        loop {
            if let Some(told) = self.attempt(request, ATTEMPT_LIMIT, random).await?
                && told.is_definite()
            {
                return Ok(Some(told));
            }
            if started.elapsed() > patience {
                return Ok(None);
            }
            let pause = Duration::from_millis(random.random_range(20..PAUSE_MAX_MS));
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends a request once.
    pub(crate) async fn attempt(
        &self,
        request: &Request,
        limit: Duration,
        random: &mut impl Rng,
    ) -> Result<Option<Told>, ChaosError> {
        let wire = &self.wire;
        let n = wire.attempts.fetch_add(1, Ordering::Relaxed);
        let ms = wire.chronicle.elapsed_ms();
        let ask = Line::Ask {
            n,
            ms,
            request: request.clone(),
        };
        wire.journal.write(&ask).await?;
        let sent = Instant::now();
        let which = random.random_range(0..wire.urls.len());
        let url = wire.urls.get(which).map_or("", String::as_str);
        let answered = tokio::time::timeout(limit, self.send(url, request)).await;
        let ms = wire.chronicle.elapsed_ms();
        let (line, told) = match answered {
            Ok(Ok(told)) => {
                let (status, body) = (told.status, told.body.clone());
                (
                    Line::Told {
                        n,
                        ms,
                        status,
                        body,
                    },
                    Some(told),
                )
            }
            Ok(Err(error)) => (
                Line::Lost {
                    n,
                    ms,
                    why: error.to_string(),
                },
                None,
            ),
            Err(_) => (
                Line::Lost {
                    n,
                    ms,
                    why: format!("no answer within {limit:?}"),
                },
                None,
            ),
        };
        wire.journal.write(&line).await?;
        match &told {
            Some(told) if told.is_definite() => {
                wire.chronicle.add("acknowledged", 1);
                wire.chronicle.succeeded(sent);
            }
            Some(told) => wire.chronicle.add(&format!("status:{}", told.status), 1),
            None => wire.chronicle.add("lost", 1),
        }
        Ok(told)
    }

    /// Asks the read API once; the status, or why there is none. A question changes nothing, so nothing is written
    /// down.
    pub(crate) async fn look(&self, path: &str, min_position: Option<u64>) -> String {
        match self.query(path, min_position).await {
            Ok(answer) => answer.status().as_str().to_owned(),
            Err(error) if error.is_timeout() => "timeout".to_owned(),
            Err(_) => "none".to_owned(),
        }
    }

    /// What the read API has under this path, if it answers.
    pub(crate) async fn see(&self, path: &str, min_position: Option<u64>) -> Option<Value> {
        let answer = self.query(path, min_position).await.ok()?;
        let answer = answer.error_for_status().ok()?;
        let body: Value = answer.json().await.ok()?;
        body.get("data").cloned()
    }

    async fn query(
        &self,
        path: &str,
        min_position: Option<u64>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let url = format!("{}{path}", self.wire.read_url);
        let mut asked = self.http.get(url).bearer_auth(&self.token);
        if let Some(position) = min_position {
            asked = asked.header("Min-Position", position);
        }
        asked.timeout(ATTEMPT_LIMIT).send().await
    }

    async fn send(&self, url: &str, request: &Request) -> Result<Told, reqwest::Error> {
        let address = format!("{url}{}", request.path);
        let sending = match request.verb {
            Verb::Post => self.http.post(address),
            Verb::Delete => self.http.delete(address),
        };
        let mut sending = sending
            .bearer_auth(&self.token)
            .header("Idempotency-Key", &request.key);
        if !self.fresh_ids {
            sending = sending.header("X-Request-Id", &request.key);
        }
        if !request.body.is_null() {
            sending = sending.json(&request.body);
        }
        let response = sending.send().await?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        Ok(Told { status, body })
    }
}
