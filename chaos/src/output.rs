//! What the person at the terminal sees.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};

/// One line. Whoever read it may have had enough (`| head`): the run goes on.
pub(crate) fn say(line: impl std::fmt::Display) {
    let clear = if is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(std::io::stdout(), "{clear}{line}");
}

/// The line of progress: it replaces the one before on a terminal, and is left out elsewhere.
pub(crate) fn progress(line: impl std::fmt::Display) {
    if is_terminal() {
        let mut out = std::io::stdout();
        let _ = write!(out, "\r\x1b[K{line}");
        let _ = out.flush();
    }
}

pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Why the run could not be made, and what caused that.
pub(crate) fn complain(error: &dyn Error) {
    let mut out = std::io::stderr();
    let _ = writeln!(out, "chaos: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = writeln!(out, "  because: {cause}");
        source = cause.source();
    }
}
