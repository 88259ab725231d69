//! A slow disk: PostgreSQL is restarted with a library that makes every fsync and fdatasync take longer.
//! This machine's disk answers in a tenth of a millisecond; a disk over a network takes milliseconds.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use crate::error::BenchError;
use crate::server::Server;

/// As a network disk of a cloud.
pub(crate) const DELAY: Duration = Duration::from_millis(2);
const SOURCE: &str = include_str!("fsync_delay.c");
/// The script of `./dev` that starts and stops PostgreSQL.
const CONTROL: &str = "TEST_POSTGRES_CONTROL";

/// A server on a slow disk, until it is stopped.
pub(crate) struct SlowDisk {
    control: PathBuf,
    /// Where the library is: the account that runs PostgreSQL must be able to read it.
    _folder: tempfile::TempDir,
}

impl SlowDisk {
    pub(crate) async fn start(server: &Server) -> Result<Self, BenchError> {
        let control = std::env::var_os(CONTROL)
            .map(PathBuf::from)
            .ok_or_else(|| {
                BenchError::Environment(format!("{CONTROL} is not set: run `./dev bench`"))
            })?;
        let folder = readable_folder()?;
        let library = build(folder.path()).await?;
        let slow = Self {
            control,
            _folder: folder,
        };
        slow.call("stop", None).await?;
        slow.call("start", Some(&library)).await?;
        server.reconnect().await?;
        Ok(slow)
    }

    /// Gives the server its disk back.
    pub(crate) async fn stop(self, server: &Server) -> Result<(), BenchError> {
        self.call("stop", None).await?;
        self.call("start", None).await?;
        server.reconnect().await
    }

    async fn call(&self, verb: &str, library: Option<&PathBuf>) -> Result<(), BenchError> {
        let mut command = Command::new(&self.control);
        command.arg(verb);
        if let Some(library) = library {
            command
                .env("LD_PRELOAD", library)
                .env("FSYNC_DELAY_US", DELAY.as_micros().to_string());
        }
        let output = command.output().await?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(BenchError::Environment(format!(
            "PostgreSQL did not {verb}: {said}"
        )))
    }
}

fn readable_folder() -> Result<tempfile::TempDir, BenchError> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

async fn build(folder: &std::path::Path) -> Result<PathBuf, BenchError> {
    let (source, library) = (folder.join("fsync_delay.c"), folder.join("fsync_delay.so"));
    std::fs::write(&source, SOURCE)?;
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-shared", "-fPIC", "-o"]);
    let output = compiler
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .await?;
    if output.status.success() {
        return Ok(library);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(BenchError::Environment(format!("cc: {said}")))
}
