//! What the shoppers sent and what they were told: on disk before each request and after it, since it is
//! the truth that the shop is held against.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::error::ChaosError;

/// The journal, among what is kept of a run.
pub(crate) const JOURNAL: &str = "journal.jsonl";
/// Lines that share one flush.
const BATCH_MAX: usize = 512;

/// A line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub(crate) enum Line {
    /// A request, before it is sent.
    Ask { n: u64, ms: u64, request: Request },
    /// Its answer.
    Told {
        n: u64,
        ms: u64,
        status: u16,
        body: String,
    },
    /// It has none: the connection broke, or it took too long.
    Lost { n: u64, ms: u64, why: String },
}

/// How a command is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verb {
    #[default]
    Post,
    Delete,
}

/// A command, as it is sent, and sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) user: String,
    pub(crate) operator: bool,
    /// Whether each attempt had a request id of its own.
    pub(crate) fresh_ids: bool,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) verb: Verb,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// The journal of a run.
#[derive(Clone)]
pub(crate) struct Journal {
    lines: mpsc::Sender<(String, oneshot::Sender<()>)>,
    path: PathBuf,
}

impl Journal {
    pub(crate) fn create(path: &Path) -> Result<Self, ChaosError> {
        let file = File::create(path).map_err(ChaosError::file(path))?;
        let (lines, waiting) = mpsc::channel();
        // It ends with the last sender.
        std::thread::spawn(move || keep(file, &waiting));
        Ok(Self {
            lines,
            path: path.to_owned(),
        })
    }

    /// Writes a line; when this returns, it survives.
    pub(crate) async fn write(&self, line: &Line) -> Result<(), ChaosError> {
        let (kept, done) = oneshot::channel();
        let text = serde_json::to_string(line)?;
        let gone = || ChaosError::said(format!("{} cannot be written", self.path.display()));
        self.lines.send((text, kept)).map_err(|_| gone())?;
        done.await.map_err(|_| gone())
    }

    /// All lines, read from the disk.
    pub(crate) fn read(&self) -> Result<Vec<Line>, ChaosError> {
        let file = File::open(&self.path).map_err(ChaosError::file(&self.path))?;
        let lines = BufReader::new(file).lines();
        lines
            .map(|line| {
                Ok(serde_json::from_str(
                    &line.map_err(ChaosError::file(&self.path))?,
                )?)
            })
            .collect()
    }
}

/// Writes what waits, flushes once for all of it, and tells those who wait. A write that fails ends the
/// journal, and with it the run: nobody is told that a line was kept.
fn keep(mut file: File, waiting: &mpsc::Receiver<(String, oneshot::Sender<()>)>) {
    while let Ok(first) = waiting.recv() {
        let batch: Vec<_> = std::iter::once(first)
            .chain(waiting.try_iter().take(BATCH_MAX))
            .collect();
        let mut text = String::new();
        for (line, _) in &batch {
            text.push_str(line);
            text.push('\n');
        }
        if file.write_all(text.as_bytes()).is_err() || file.sync_data().is_err() {
            return;
        }
        for (_, kept) in batch {
            // Who asked may have been cancelled.
            let _ = kept.send(());
        }
    }
}
