//! Deciding one command: its operation against the aggregates, and the answer that is stored with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::{Decision, Halt, States, StreamId, Workspace};

use crate::command::{Answer, Command};

/// Why there is no decision.
pub(super) enum Undecided {
    /// These streams must be in memory first.
    Load(Vec<StreamId>),
    /// A defect of the program: this command fails, and no other.
    Defect(String),
}

/// Decides a command. A refusal is a decision too, without events.
pub(super) fn decide(
    command: &Command,
    states: &dyn States,
) -> Result<(Decision, Answer), Undecided> {
    // One loop decides for everybody: a defect in one operation must not end it. What unwinds leaves
    // nothing half done, since the states are only read and the workspace is thrown away.
    catch_unwind(AssertUnwindSafe(|| decide_unguarded(command, states)))
        .unwrap_or_else(|_| Err(Undecided::Defect("the operation panicked".to_owned())))
}

fn decide_unguarded(
    command: &Command,
    states: &dyn States,
) -> Result<(Decision, Answer), Undecided> {
    let mut workspace = Workspace::new(states);
    let (decision, result) = match command.operation.decide(&mut workspace) {
        Ok(reply) => (workspace.finish(), Ok(reply)),
        Err(Halt::Reject(rejection)) => {
            // What it read is checked like what it would have written: a refusal must be as true as an
            // acceptance.
            let nothing = Decision {
                expected: workspace.finish().expected,
                events: Vec::new(),
                states: Vec::new(),
            };
            (nothing, Err(rejection))
        }
        Err(Halt::Load(streams)) => return Err(Undecided::Load(streams)),
        Err(Halt::Unserialisable(error)) => return Err(Undecided::Defect(error.to_string())),
    };
    let answer = (command.render)(&result);
    Ok((decision, answer))
}
