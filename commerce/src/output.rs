//! What the program says to whoever typed the command: results on standard output, troubles on standard
//! error. Servers do not use it; they log.

use std::error::Error;

/// One line of a result.
#[expect(clippy::print_stdout, reason = "this is what the verb was asked for")]
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("{line}");
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
