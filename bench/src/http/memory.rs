//! The resident memory of a process, watched while it works (Linux: `/proc/PID/status`).

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::BenchError;

/// Names the process.
const PID_VARIABLE: &str = "COMMERCE_PID";
/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(100);
const KB_PER_MB: f64 = 1_024.0;

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Memory {
    /// The highest while it was watched.
    pub(super) highest_mb: f64,
    /// The highest since the process began, as the kernel kept it.
    pub(super) ever_mb: f64,
}

/// Looks until it is told to stop.
pub(super) struct Watch {
    watching: JoinHandle<Result<Memory, BenchError>>,
    stop: CancellationToken,
}

impl Watch {
    /// Starts to look; `None` when no process was named.
    pub(super) fn start() -> Result<Option<Self>, BenchError> {
        let Ok(pid) = std::env::var(PID_VARIABLE) else {
            return Ok(None);
        };
        let pid: u32 = pid.parse().map_err(|_| {
            BenchError::Environment(format!("{PID_VARIABLE} is not a process id: {pid}"))
        })?;
        let path = PathBuf::from(format!("/proc/{pid}/status"));
        let stop = CancellationToken::new();
        let watching = tokio::spawn(watch(path, stop.clone()));
        Ok(Some(Self { watching, stop }))
    }

    /// Ends, and says what was seen.
    pub(super) async fn stop(self) -> Result<Memory, BenchError> {
        self.stop.cancel();
        self.watching.await?
    }
}

async fn watch(path: PathBuf, stop: CancellationToken) -> Result<Memory, BenchError> {
    let mut highest_kb = 0_u32;
    loop {
        let status = std::fs::read_to_string(&path).map_err(|source| BenchError::File {
            path: path.clone(),
            source,
        })?;
        highest_kb = highest_kb.max(field_kb(&status, "VmRSS:")?);
        tokio::select! {
            () = stop.cancelled() => {
                return Ok(Memory {
                    highest_mb: f64::from(highest_kb) / KB_PER_MB,
                    ever_mb: f64::from(field_kb(&status, "VmHWM:")?) / KB_PER_MB,
                });
            }
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

fn field_kb(status: &str, name: &str) -> Result<u32, BenchError> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok())
        .ok_or_else(|| BenchError::Value(format!("the process's status has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_own_lines() {
        let status = "Name:\tcommerce\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n";
        assert_eq!(field_kb(status, "VmRSS:").unwrap(), 102_400);
        assert_eq!(field_kb(status, "VmHWM:").unwrap(), 204_800);
        assert!(field_kb(status, "VmSwap:").is_err());
    }
}
