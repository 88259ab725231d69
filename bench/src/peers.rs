//! The peers that must be installed: where they are, or why they are not.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::error::BenchError;
use crate::registry::Contestant;
use crate::report::Missing;
use crate::shop::program;
use crate::store::pgbench_is_installed;

/// The folder that `./dev bench` installs them into.
const FOLDER: &str = "BENCH_PEERS";

/// Who is there.
pub(crate) struct Peers {
    /// `None`: nobody has installed any.
    folder: Option<PathBuf>,
    pgbench: bool,
}

/// A peer that is a program of its own.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Its table of events.
    pub(crate) table: &'static str,
    program: PathBuf,
    script: Option<PathBuf>,
}

impl Program {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.script);
        command
    }
}

/// All that may be missing.
const INSTALLED: [Contestant; 9] = [
    Contestant::Pgbench,
    Contestant::MessageDb,
    Contestant::MessageDbOneCategory,
    Contestant::Emmett,
    Contestant::Disintegrate,
    Contestant::Rebuild,
    Contestant::Relay,
    Contestant::OrdersSlow,
    Contestant::OrdersFast,
];

impl Peers {
    pub(crate) fn look() -> Self {
        Self {
            folder: std::env::var_os(FOLDER).map(PathBuf::from),
            pgbench: pgbench_is_installed(),
        }
    }

    /// Everybody who cannot run, and why.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let missing = INSTALLED.into_iter().filter_map(|contestant| {
            Some(Missing {
                contestant: contestant.name().to_owned(),
                reason: self.reason(contestant)?,
            })
        });
        missing.collect()
    }

    /// Why this one cannot run.
    pub(crate) fn reason(&self, contestant: Contestant) -> Option<String> {
        let needs_pgbench = matches!(
            contestant,
            Contestant::Pgbench | Contestant::MessageDb | Contestant::MessageDbOneCategory
        );
        if needs_pgbench && !self.pgbench {
            return Some("pgbench is not installed".to_owned());
        }
        let needs_program = matches!(
            contestant,
            Contestant::Rebuild
                | Contestant::Relay
                | Contestant::OrdersSlow
                | Contestant::OrdersFast
        );
        if needs_program && program().is_none() {
            return Some("COMMERCE_BIN names no program: `./dev bench` builds it".to_owned());
        }
        let (name, file) = match contestant {
            Contestant::MessageDb | Contestant::MessageDbOneCategory => ("node", MESSAGE_DB),
            Contestant::Emmett => ("node", EMMETT),
            Contestant::Disintegrate => ("disintegrate", DISINTEGRATE),
            _ => return None,
        };
        let Some(folder) = &self.folder else {
            return Some(format!("{FOLDER} is not set: `./dev bench` installs it"));
        };
        if folder.join(file).exists() {
            return None;
        }
        Some(reason_of(folder, name))
    }

    /// The folder of message-db's SQL.
    pub(crate) fn message_db(&self) -> Result<PathBuf, BenchError> {
        self.path(Contestant::MessageDb, MESSAGE_DB)
    }

    pub(crate) fn program(&self, contestant: Contestant) -> Result<Program, BenchError> {
        Ok(if contestant == Contestant::Emmett {
            Program {
                name: contestant.name(),
                table: "emt_messages",
                program: PathBuf::from("node"),
                script: Some(self.path(contestant, EMMETT)?),
            }
        } else {
            Program {
                name: contestant.name(),
                table: "event",
                program: self.path(contestant, DISINTEGRATE)?,
                script: None,
            }
        })
    }

    fn path(&self, contestant: Contestant, file: &str) -> Result<PathBuf, BenchError> {
        let folder = self
            .folder
            .as_deref()
            .filter(|_| self.reason(contestant).is_none());
        let folder = folder.ok_or_else(|| BenchError::Peer {
            who: contestant.name().to_owned(),
            said: "it is not installed".to_owned(),
        })?;
        Ok(folder.join(file))
    }
}

const MESSAGE_DB: &str = "node/node_modules/@eventide/message-db/database";
const EMMETT: &str = "node/emmett.js";
const DISINTEGRATE: &str = "disintegrate/peer";

/// What the installation wrote down when it failed.
fn reason_of(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(format!("{name}.missing"))).map_or_else(
        |_| "it is not installed".to_owned(),
        |text| text.trim().to_owned(),
    )
}
