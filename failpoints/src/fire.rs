//! What a point does when it is armed.

use std::fs::File;
use std::io::{Error, Write as _};
use std::time::Duration;

use fail::{FailScenario, fail_point};

/// Where each firing is noted.
const FIRED: &str = "FAILPOINTS_FIRED";

/// Arms the points that `FAILPOINTS` names, for as long as the process lives.
pub fn arm() {
    std::mem::forget(FailScenario::setup());
}

/// Passes a point.
///
/// # Errors
/// The point is armed to fail.
pub async fn hit(name: &'static str) -> Result<(), Error> {
    let Some(action) = action(name) else {
        return Ok(());
    };
    note(name, &action);
    match action.split_once(':').unwrap_or((&action, "")) {
        ("abort", _) => std::process::abort(),
        ("delay", ms) => {
            let ms = ms
                .parse()
                .map_err(|_| Error::other(format!("{name}: {action}")))?;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(())
        }
        _ => Err(Error::other(format!("the fail point {name} says {action}"))),
    }
}

fn action(name: &'static str) -> Option<String> {
    fail_point!(name, |action| Some(action.unwrap_or_default()));
    None
}

/// One write, which is whole or not there: the process may end right after it.
fn note(name: &str, action: &str) {
    let Some(path) = std::env::var_os(FIRED) else {
        return;
    };
    // A point that cannot be noted fires all the same; the run that counts misses it.
    if let Ok(mut file) = File::options().create(true).append(true).open(path) {
        let _ = file.write_all(format!("{name} {action}\n").as_bytes());
    }
}
