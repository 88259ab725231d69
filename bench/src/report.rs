//! Figures as JSON, and where they were taken.

use std::path::Path;

use serde::Serialize;

use crate::error::BenchError;

/// The machine, so that nobody compares figures of two of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processors: usize,
    pub(crate) model: String,
    pub(crate) taken_at: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let model = std::fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|line| line.starts_with("model name"))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            })
            .unwrap_or_else(|| "unknown".to_owned());
        Self {
            processors,
            model,
            taken_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        }
    }
}

/// Writes figures where they were asked for.
pub(crate) fn write_json(path: &Path, figures: &impl Serialize) -> Result<(), BenchError> {
    let failed = |source| BenchError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut json = serde_json::to_string_pretty(figures)?;
    json.push('\n');
    std::fs::write(path, json).map_err(failed)
}
