//! What the program says to whoever typed the command: results on standard output, troubles on standard
//! error. Servers do not use it; they log.

use std::error::Error;
use std::io::Write as _;

/// One line of a result. Whoever read it may have had enough (`| head`): the verb goes on, and its exit code
/// stays true.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What went wrong, and what caused it.
#[expect(clippy::print_stderr, reason = "the program's last words")]
pub(crate) fn complain(error: &dyn Error) {
    eprintln!("commerce: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
