//! Given / when / then for any aggregate, on events and typed errors, and tables over all of its
//! stages and commands.
//!
//! Whatever passes through here is also written as the log would write it and read back, so that each
//! test of a rule is a test of the storage format too.

use std::fmt::Write as _;

use cqrs_es::DomainEvent as _;

use crate::decider::Decider;
use crate::rejection::Rejection;

/// An aggregate with a history.
pub(crate) struct Given<D: Decider> {
    state: D::State,
}

/// What a command came to.
pub(crate) struct When<D: Decider> {
    given: Given<D>,
    outcome: Result<Vec<D::Event>, D::Error>,
}

/// An aggregate to which these events happened.
#[track_caller]
pub(crate) fn given<D: Decider>(history: Vec<D::Event>) -> Given<D> {
    let mut given = Given {
        state: D::State::default(),
    };
    given.take(&history);
    given
}

/// The history that these commands make, none of which may be refused.
#[track_caller]
pub(crate) fn history<D: Decider>(commands: impl IntoIterator<Item = D::Command>) -> Vec<D::Event> {
    let mut given = given::<D>(vec![]);
    let mut history = Vec::new();
    for command in commands {
        let events = D::decide(&given.state, command).unwrap();
        given.take(&events);
        history.extend(events);
    }
    history
}

impl<D: Decider> Given<D> {
    /// Something is asked of it.
    pub(crate) fn when(self, command: D::Command) -> When<D> {
        let outcome = D::decide(&self.state, command);
        When {
            given: self,
            outcome,
        }
    }

    /// What it has become.
    pub(crate) fn state(&self) -> &D::State {
        &self.state
    }

    #[track_caller]
    fn take(&mut self, events: &[D::Event]) {
        for event in events {
            let json = serde_json::to_value(event).unwrap();
            let tag = json.as_object().and_then(|object| object.keys().next());
            assert_eq!(tag, Some(&event.event_type()), "the stored name");
            let read: D::Event = serde_json::from_value(json).unwrap();
            assert_eq!(read, *event, "the event as it is read back");
            D::evolve(&mut self.state, &read);
        }
        let snapshot = serde_json::to_string(&self.state).unwrap();
        let read: D::State = serde_json::from_str(&snapshot).unwrap();
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(again, snapshot, "the snapshot as it is read back");
    }
}

impl<D: Decider> When<D> {
    /// Just this happens.
    #[track_caller]
    pub(crate) fn then(mut self, expected: Vec<D::Event>) -> Given<D> {
        let events = self.outcome.unwrap();
        assert_eq!(events, expected);
        self.given.take(&events);
        self.given
    }

    /// It is accepted, and nothing happens.
    #[track_caller]
    pub(crate) fn then_nothing(self) -> Given<D> {
        self.then(vec![])
    }

    /// It is refused, for this reason.
    #[track_caller]
    pub(crate) fn then_refused(self, expected: D::Error)
    where
        D::Error: PartialEq,
    {
        assert_eq!(self.outcome.unwrap_err(), expected);
    }

    /// The outcome as the cell of a table: names of events, `-` for nothing, or the refusal's code.
    fn cell(&self) -> String
    where
        D::Error: Clone,
    {
        match &self.outcome {
            Ok(events) if events.is_empty() => "-".to_owned(),
            Ok(events) => {
                let names: Vec<String> = events.iter().map(|event| event.event_type()).collect();
                names.join("+")
            }
            Err(error) => {
                let rejection: Rejection = error.clone().into();
                rejection.code().to_owned()
            }
        }
    }
}

/// One cell of a table.
pub(crate) struct Cell<'t> {
    pub(crate) row: &'t str,
    pub(crate) column: &'t str,
    /// Written out, if it was an abbreviation.
    pub(crate) text: &'t str,
}

/// The cells of a table: first a line `short = TEXT` for each abbreviation, then a head with the names
/// of the columns, then the rows, each with its name in front.
#[track_caller]
pub(crate) fn cells(table: &str) -> Vec<Cell<'_>> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let legend = lines.iter().filter_map(|line| line.split_once(" = "));
    let legend: Vec<(&str, &str)> = legend.map(|(k, v)| (k.trim(), v.trim())).collect();
    let mut rows = lines
        .iter()
        .filter(|line| !line.is_empty() && !line.contains(" = "))
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let mut cells = Vec::new();
    for row in rows {
        assert_eq!(row.len(), 1 + head.len(), "the cells of row {}", row[0]);
        for (column, cell) in head.iter().zip(row.iter().skip(1)) {
            let full = legend.iter().find(|(short, _)| short == cell);
            let text = full.map_or(*cell, |(_, full)| *full);
            cells.push(Cell {
                row: row[0],
                column,
                text,
            });
        }
    }
    cells
}

/// What a command does in each stage of an aggregate's life.
pub(crate) struct Table<D: Decider> {
    /// Each stage's name, and the names of the commands that lead there.
    pub(crate) stages: &'static [(&'static str, &'static str)],
    /// The command of a name.
    pub(crate) command: fn(&str) -> D::Command,
    /// Commands that add up when repeated: their repeats are told apart by the command's id.
    pub(crate) additive: &'static [&'static str],
    /// For [`cells`]: a row a stage, a column a command; in them the names of events, `-` for nothing, or
    /// the refusal's code.
    pub(crate) cells: &'static str,
}

impl<D: Decider> Table<D>
where
    D::Error: Clone,
{
    /// The history of a stage.
    #[track_caller]
    pub(crate) fn history(&self, stage: &str) -> Vec<D::Event> {
        let path = self.stages.iter().find(|(name, _)| *name == stage);
        let path = path.unwrap_or_else(|| panic!("no stage {stage}")).1;
        history::<D>(path.split_whitespace().map(self.command))
    }

    /// Every cell is as the rules have it; and whatever took effect has none when it is repeated.
    #[track_caller]
    pub(crate) fn check(&self) {
        let mut wrong = String::new();
        let mut stages = Vec::new();
        for Cell { row, column, text } in cells(self.cells) {
            if stages.last() != Some(&row) {
                stages.push(row);
            }
            self.check_cell(row, column, text, &mut wrong);
        }
        let all: Vec<&str> = self.stages.iter().map(|(name, _)| *name).collect();
        assert_eq!(stages, all, "the table's stages");
        assert!(wrong.is_empty(), "{wrong}");
    }

    fn check_cell(&self, stage: &str, name: &str, expected: &str, wrong: &mut String) {
        let when = given::<D>(self.history(stage)).when((self.command)(name));
        let cell = when.cell();
        if cell != expected {
            writeln!(wrong, "{stage} × {name}: {cell}, not {expected}").unwrap();
        }
        let Ok(events) = when.outcome else { return };
        if events.is_empty() || self.additive.contains(&name) {
            return;
        }
        let mut given = when.given;
        given.take(&events);
        let again = given.when((self.command)(name));
        if again.outcome.is_ok_and(|events| !events.is_empty()) {
            writeln!(wrong, "{stage} × {name}: takes effect twice").unwrap();
        }
    }
}

/// The checker must be able to fail: a pool's table with one fault each.
mod faults {
    use super::Table;
    use crate::inventory::{Inventory, InventoryCommand};
    use crate::mothers::{order_id, pieces, warehouse};

    fn table(cells: &'static str) -> Table<Inventory> {
        Table {
            stages: &[("(empty)", ""), ("stocked", "receive")],
            command: |name| match name {
                "receive" => InventoryCommand::Receive {
                    warehouse: warehouse("seoul"),
                    quantity: pieces(1),
                },
                "reserve" => InventoryCommand::Reserve {
                    order_id: order_id(1),
                    quantity: pieces(1),
                },
                other => panic!("no command {other}"),
            },
            additive: &[],
            cells,
        }
    }

    #[test]
    #[should_panic(expected = "(empty) × reserve: INSUFFICIENT_STOCK, not -")]
    fn a_wrong_cell_is_found() {
        table("reserve\n (empty) -\n stocked StockReserved").check();
    }

    #[test]
    #[should_panic(expected = "(empty) × receive: takes effect twice")]
    fn a_command_that_takes_effect_twice_is_found() {
        table("receive\n (empty) StockReceived\n stocked StockReceived").check();
    }

    #[test]
    #[should_panic(expected = "the table's stages")]
    fn a_stage_without_a_row_is_found() {
        table("reserve\n (empty) INSUFFICIENT_STOCK").check();
    }
}
