//! What the probes answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::{HttpResponse, web};
use futures::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::check::{Check, CheckFailed, Need};

/// The checks of a service.
#[derive(Default)]
pub struct Health {
    checks: Vec<Check>,
}

impl Health {
    /// No checks: always ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check. It is asked at most once a second, and no answer within the deadline counts as down.
    #[must_use]
    pub fn check<F, Fut>(
        mut self,
        name: &'static str,
        need: Need,
        deadline: Duration,
        ask: F,
    ) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), CheckFailed>> + Send + 'static,
    {
        self.checks.push(Check::new(name, need, deadline, ask));
        self
    }

    /// Asks all of them at the same time.
    pub async fn report(&self) -> Report {
        let asked = self.checks.iter().map(|check| async move {
            let status = if check.is_up().await {
                CheckStatus::Up
            } else {
                CheckStatus::Down
            };
            (
                check.name,
                CheckReport {
                    status,
                    required: check.need == Need::Required,
                },
            )
        });
        let checks: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
        let is_down = |check: &CheckReport| check.status == CheckStatus::Down;
        let status = if checks
            .values()
            .any(|check| is_down(check) && check.required)
        {
            Status::NotReady
        } else if checks.values().any(is_down) {
            Status::Degraded
        } else {
            Status::Ready
        };
        Report { status, checks }
    }
}

/// The answer of `/health/ready`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// All of it.
    pub status: Status,
    /// Each check by name.
    #[schema(value_type = BTreeMap<String, CheckReport>)]
    pub checks: BTreeMap<&'static str, CheckReport>,
}

/// Whether the service takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything is up.
    Ready,
    /// It goes on without something.
    Degraded,
    /// Something that it needs is away.
    NotReady,
}

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckReport {
    /// Up or down.
    pub status: CheckStatus,
    /// Whether the service needs it.
    pub required: bool,
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It answered.
    Up,
    /// It did not, or not in time.
    Down,
}

/// `GET /health/live`: the process runs and its workers answer.
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "status": "live" }))
}

/// `GET /health/ready`: 200 when ready or degraded, 503 when something needed is away.
pub(crate) async fn ready(health: web::Data<Health>) -> HttpResponse {
    let report = health.report().await;
    let mut response = if report.status == Status::NotReady {
        let mut response = HttpResponse::ServiceUnavailable();
        response.insert_header((RETRY_AFTER, "1"));
        response
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(report)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const DEADLINE: Duration = Duration::from_millis(20);

    async fn status(required: bool, degradable: bool) -> Status {
        let answer = |is_up: bool| {
            move || async move {
                if is_up {
                    Ok(())
                } else {
                    Err(CheckFailed("away".into()))
                }
            }
        };
        let health = Health::new()
            .check("postgres", Need::Required, DEADLINE, answer(required))
            .check("redis", Need::Degradable, DEADLINE, answer(degradable));
        health.report().await.status
    }

    #[tokio::test]
    async fn a_service_is_not_ready_without_what_it_needs_and_degraded_without_the_rest() {
        assert_eq!(status(true, true).await, Status::Ready);
        assert_eq!(status(true, false).await, Status::Degraded);
        assert_eq!(status(false, true).await, Status::NotReady);
        assert_eq!(status(false, false).await, Status::NotReady);
    }

    #[tokio::test]
    async fn a_check_that_does_not_answer_is_down() {
        let health = Health::new().check("stuck", Need::Required, DEADLINE, std::future::pending);
        let report = health.report().await;
        assert_eq!(report.checks["stuck"].status, CheckStatus::Down);
    }

    #[tokio::test]
    async fn a_hundred_probes_at_once_ask_once() {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        let health = Health::new().check("postgres", Need::Required, DEADLINE, move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async {
                tokio::task::yield_now().await;
                Ok(())
            }
        });
        join_all((0..100).map(|_| health.report())).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
