//! The shop as its clients see it: the public HTTP API, with development tokens. Used by the verbs that
//! act as clients (`seed`, `tour`, `replay`); they know nothing of the inside.

mod answer;
mod error;

use std::time::Duration;

use platform::Role;
use platform::auth::{MintConfig, Minter};
use platform::config::Env;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

pub(crate) use answer::Answer;
pub(crate) use error::ClientError;

/// How long a token of a client lives.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// No answer takes longer than the server's own bound.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
/// How often an answer that says "again later" is heeded.
const ATTEMPTS_MAX: u32 = 60;
/// The longest wait between two attempts.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(2);

/// Where the APIs are, and the key that makes tokens for them.
#[derive(Clone, Debug)]
pub(crate) struct ClientConfig {
    command_url: String,
    read_url: String,
    mint: MintConfig,
}

impl ClientConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            command_url: env.text(
                "COMMAND_API_URL",
                "http://127.0.0.1:8080",
                "Where seed, tour and replay find the command API.",
            ),
            read_url: env.text(
                "READ_API_URL",
                "http://127.0.0.1:8081",
                "Where seed, tour and replay find the read API.",
            ),
            mint: MintConfig::read(env),
        }
    }
}

/// A client of the shop.
pub(crate) struct Client {
    http: reqwest::Client,
    config: ClientConfig,
    minter: Minter,
}

/// Which of the two APIs.
#[derive(Clone, Copy, Debug)]
enum Api {
    Commands,
    Queries,
}

/// A caller: a token in hand.
#[derive(Clone)]
pub(crate) struct Caller {
    token: String,
}

impl Client {
    /// A client; it connects when it first asks.
    pub(crate) fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(ClientError::Build)?;
        let minter = Minter::new(&config.mint)?;
        Ok(Self {
            http,
            config,
            minter,
        })
    }

    /// Someone with one role.
    pub(crate) fn caller(&self, subject: &str, role: Role) -> Result<Caller, ClientError> {
        Ok(Caller {
            token: self.minter.mint(subject, &[role], TOKEN_TTL)?,
        })
    }

    /// Sends a command. With a key it is repeated until it has an answer, since a repeat is recognised.
    pub(crate) async fn command(
        &self,
        caller: &Caller,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Answer, ClientError> {
        let url = self.url(Api::Commands, path);
        self.ask(&url, || {
            self.http
                .request(Method::POST, &url)
                .bearer_auth(&caller.token)
                .header("Idempotency-Key", key)
                .json(body)
        })
        .await
    }

    /// Asks a question, of a state at least as new as a position.
    pub(crate) async fn query(
        &self,
        caller: &Caller,
        path: &str,
        min_position: u64,
    ) -> Result<Answer, ClientError> {
        let url = self.url(Api::Queries, path);
        self.ask(&url, || {
            self.http
                .request(Method::GET, &url)
                .bearer_auth(&caller.token)
                .header("Min-Position", min_position)
        })
        .await
    }

    fn url(&self, api: Api, path: &str) -> String {
        let base = match api {
            Api::Commands => &self.config.command_url,
            Api::Queries => &self.config.read_url,
        };
        format!("{}/api/v1{path}", base.trim_end_matches('/'))
    }

    /// Asks until there is an answer: a lost connection and an answer that says "later" are tried again.
    async fn ask(
        &self,
        url: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, ClientError> {
        let mut wait = Duration::from_millis(50);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let failure = match request().send().await {
                Ok(response) => match Answer::read(response).await {
                    Ok(answer) if !answer.says_later() => return Ok(answer),
                    Ok(answer) => ClientError::Refused {
                        url: url.to_owned(),
                        answer,
                    },
                    Err(source) => ClientError::Lost {
                        url: url.to_owned(),
                        source,
                    },
                },
                Err(source) => ClientError::Lost {
                    url: url.to_owned(),
                    source,
                },
            };
            if attempts >= ATTEMPTS_MAX {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_WAIT_MAX);
        }
    }
}
