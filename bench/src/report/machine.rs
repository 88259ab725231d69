//! The machine, so that nobody compares figures of two of them.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::BenchError;
use crate::measure::{Spread, to_f64};
use crate::server::Setting;

/// How often the disk is asked.
const SYNCS: usize = 200;
/// What PostgreSQL writes at a time.
const PAGE_BYTES: usize = 8_192;
const KB_PER_GB: f64 = 1_048_576.0;

/// The machine and its server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processors: usize,
    pub(crate) model: String,
    pub(crate) memory_gb: f64,
    pub(crate) postgres: String,
    pub(crate) settings: Vec<Setting>,
}

impl Machine {
    /// This one.
    pub(crate) fn here(postgres: &str, settings: &[Setting]) -> Self {
        Self {
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            model: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            memory_gb: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.trim_end_matches("kB").trim().parse::<f64>().ok())
                .map_or(0.0, |kb| (kb / KB_PER_GB * 10.0).round() / 10.0),
            postgres: postgres.to_owned(),
            settings: settings.to_vec(),
        }
    }
}

/// How long the disk takes to make a page durable, in microseconds: the median of many.
pub(crate) fn fdatasync_us(folder: &Path) -> Result<f64, BenchError> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[7; PAGE_BYTES])?;
        let began = Instant::now();
        file.sync_data()?;
        took.push(to_f64(
            u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        ));
    }
    Ok(Spread::of(took).map_or(0.0, |spread| spread.median))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
