//! The invariants, checked on nothing but the log: kept apart from the rules, so that a rule that is
//! wrong cannot also be its own judge. `faults.rs` shows for each that it can fail.

mod coupons;
mod money;
mod orders;
mod points;
mod shelf;

pub(super) use coupons::coupons_are_used_once;
pub(super) use money::{money_is_conserved, the_money_of_a_cancelled_order_goes_back};
pub(super) use orders::{
    every_saga_has_ended, no_line_gives_back_more_than_it_had, no_order_is_paid_after_cancellation,
    sold, totals_add_up,
};
pub(super) use points::{nobody_ever_bought, points_are_the_orders};
pub(super) use shelf::{stock_is_never_oversold, what_left_the_shelf_was_paid_for};

use crate::recorded::Recorded;

/// Everything that happened, and where each operation ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Log {
    pub(super) events: Vec<Recorded>,
    /// The number of events after each operation.
    pub(super) commits: Vec<usize>,
}

/// What a checker says: nothing, or what is wrong.
pub(super) type Verdict = Result<(), String>;

impl Log {
    /// Reads the log event by event, and looks at the books whenever an operation is complete.
    fn audit<B: Default>(
        &self,
        mut post: impl FnMut(&mut B, &Recorded) -> Verdict,
        look: impl Fn(&B) -> Verdict,
    ) -> Verdict {
        let mut books = B::default();
        let mut from = 0;
        for commit in &self.commits {
            for recorded in &self.events[from..*commit] {
                let posted = post(&mut books, recorded);
                posted.map_err(|what| format!("at {}: {what}", recorded.position))?;
            }
            look(&books).map_err(|what| format!("after {commit}: {what}"))?;
            from = *commit;
        }
        Ok(())
    }
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}
