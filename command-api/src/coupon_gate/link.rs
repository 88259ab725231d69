//! The way to Redis: one connection that all claims share, each step bounded in time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation,
};
use deadpool_redis::{Manager, Pool, PoolError};
use tokio::runtime::Handle;

use super::breaker::Breaker;
use crate::error::CommandApiError;

/// Connections of the pool. One carries all claims, pipelined; the others are for when it broke.
const POOL_MAX: usize = 4;
/// How long one step of a rebuild may take: it moves thousands of members.
const REBUILD_STEP_TIMEOUT: Duration = Duration::from_secs(2);

/// Why Redis did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Away {
    /// It failed a moment ago, and is left alone.
    #[error("Redis failed a moment ago")]
    Resting,
    /// It did not answer in time.
    #[error("Redis did not answer within {0:?}")]
    Slow(Duration),
    /// It, or the way to it, failed.
    #[error("Redis failed: {0}")]
    Failed(#[from] RedisError),
    /// No connection could be had.
    #[error("no connection to Redis: {0}")]
    Unreachable(#[from] PoolError),
    /// The runtime is going down.
    #[error("the connection's task was cut short")]
    Stopping,
}

pub(super) struct Link {
    pool: Pool,
    /// The connection in use. Clones of it share one socket, so that claims at the same time are one write.
    shared: Mutex<Option<MultiplexedConnection>>,
    /// One claim connects; those that come meanwhile use what it gets.
    connecting: tokio::sync::Mutex<()>,
    breaker: Breaker,
    timeout: Duration,
    runtime: Handle,
}

impl Link {
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, CommandApiError> {
        // The time of a step is bounded here; the connection's own limit is that of the longest step.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(REBUILD_STEP_TIMEOUT.max(timeout)));
        let bad_url = |error: &dyn std::fmt::Display| CommandApiError::RedisUrl(error.to_string());
        let manager = Manager::new_with_config(url, config).map_err(|error| bad_url(&error))?;
        let pool = Pool::builder(manager).max_size(POOL_MAX).build();
        Ok(Self {
            pool: pool.map_err(|error| bad_url(&error))?,
            shared: Mutex::new(None),
            connecting: tokio::sync::Mutex::new(()),
            breaker: Breaker::default(),
            timeout,
            runtime: Handle::current(),
        })
    }

    /// The runtime that the gate's own work runs on: not a worker's, which has requests to answer.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// How often Redis went away so far.
    pub(super) fn outages(&self) -> u64 {
        self.breaker.outages()
    }

    /// Runs a script.
    pub(super) async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Away> {
        let step = async |mut connection| script.invoke_async::<T>(&mut connection).await;
        self.bounded(self.timeout, step).await
    }

    /// Runs a script that ends a rebuild.
    pub(super) async fn long_script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Away> {
        let step = async |mut connection| script.invoke_async::<T>(&mut connection).await;
        self.bounded(REBUILD_STEP_TIMEOUT, step).await
    }

    /// Runs the commands of one step of a rebuild.
    pub(super) async fn pipeline(&self, commands: &Pipeline) -> Result<(), Away> {
        self.transaction(commands).await
    }

    /// Runs one command that reads.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        let step = async |mut connection| command.query_async::<T>(&mut connection).await;
        self.bounded(REBUILD_STEP_TIMEOUT, step).await
    }

    /// Runs commands that read, at one moment.
    pub(super) async fn transaction<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, Away> {
        let step = async |mut connection| commands.query_async::<T>(&mut connection).await;
        self.bounded(REBUILD_STEP_TIMEOUT, step).await
    }

    /// Whether Redis answers. Asked also while it is left alone.
    pub(super) async fn ping(&self) -> Result<(), Away> {
        let ping = async {
            let mut connection = self.connection().await?;
            let answer: RedisResult<()> = Cmd::new().arg("PING").query_async(&mut connection).await;
            answer.map_err(Away::from)
        };
        let answer = tokio::time::timeout(self.timeout, ping).await;
        self.judged(answer.unwrap_or(Err(Away::Slow(self.timeout))))
    }

    async fn bounded<T>(
        &self,
        limit: Duration,
        step: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Away> {
        if !self.breaker.lets_through(Instant::now()) {
            return Err(Away::Resting);
        }
        let step = async { Ok(step(self.connection().await?).await?) };
        let answer = tokio::time::timeout(limit, step).await;
        self.judged(answer.unwrap_or(Err(Away::Slow(limit))))
    }

    /// Tells the breaker, and logs what is new.
    fn judged<T>(&self, answer: Result<T, Away>) -> Result<T, Away> {
        match &answer {
            Ok(_) => {
                if self.breaker.succeeded() {
                    tracing::info!("Redis is back: the coupon gate is rebuilt pool by pool");
                }
            }
            Err(error) => {
                self.connection_slot().take();
                if self.breaker.failed(Instant::now()) {
                    metrics::counter!("coupon_gate_outages_total").increment(1);
                    tracing::warn!(error = %error, "the coupon gate is bypassed: {error}");
                }
            }
        }
        answer
    }

    async fn connection(&self) -> Result<MultiplexedConnection, Away> {
        if let Some(connection) = self.connection_slot().clone() {
            return Ok(connection);
        }
        let _alone = self.connecting.lock().await;
        if let Some(connection) = self.connection_slot().clone() {
            return Ok(connection);
        }
        let pool = self.pool.clone();
        // The connection's driver lives where it was made, so it is not made on a worker.
        let fresh = self.runtime.spawn(async move { pool.get().await });
        let fresh = fresh.await.map_err(|_| Away::Stopping)??;
        let connection = MultiplexedConnection::clone(&fresh);
        *self.connection_slot() = Some(connection.clone());
        Ok(connection)
    }

    fn connection_slot(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
