//! Prometheus metrics: one recorder a process, and the page that a scraper reads.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Buckets of every `…_seconds` histogram: from a decision in memory to the longest wait of a request.
const SECONDS_BUCKETS: [f64; 16] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0,
];

/// Buckets of every `…_size` histogram: batches and pages.
const SIZE_BUCKETS: [f64; 12] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0,
];

/// How often samples are folded into their buckets. Until then each takes memory, also when nobody scrapes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The metrics cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Another recorder is installed, or a bucket list is empty.
    #[error("the metrics cannot be set up: {0}")]
    Build(#[from] BuildError),
    /// The thread that keeps them small cannot be started.
    #[error("the metrics' thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// Installs the recorder, the first time; afterwards it gives the same handle again.
///
/// # Errors
/// Something else has installed a recorder, or the thread for upkeep cannot be started.
pub fn install() -> Result<PrometheusHandle, MetricsError> {
    let mut installed = INSTALLED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZE_BUCKETS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    std::thread::Builder::new()
        .name("metrics-upkeep".into())
        .spawn(move || {
            loop {
                std::thread::sleep(UPKEEP_INTERVAL);
                upkeep.run_upkeep();
            }
        })?;
    *installed = Some(handle.clone());
    Ok(handle)
}

/// `GET /metrics`.
pub(crate) async fn page(handle: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(handle.render())
}
