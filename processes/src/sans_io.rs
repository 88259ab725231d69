//! The sagas' runner without its tasks, its timers and its database, for whoever stands in for those: the
//! simulation.
//!
//! [`Plan`] says what follows from events, [`Intake`] what of it is done at once, [`Lanes`] what there is room
//! for; [`execute`] does an action in an [`Office`], and [`fate`] says what becomes of its row. [`agenda`] and
//! [`begin_fenced`] are what PostgreSQL makes of the table: a stand-in must say the same, and its contract
//! tests compare.

pub use crate::agenda::DueRow;
pub use crate::execute::{Done, execute};
pub use crate::fate::{Fate, Trouble, fate};
pub use crate::fenced::begin as begin_fenced;
pub use crate::intake::{Intake, Plan};
pub use crate::item::{Item, Origin};
pub use crate::lanes::{Claim, Lane, Lanes};
pub use crate::office::Office;
pub use crate::parked_events::Unreadable;
pub use crate::timers::{Alarm, note_backlogs, take_up};

/// The table in PostgreSQL.
pub mod agenda {
    pub use crate::agenda::{adopt, delete, due, failed, insert, next_due_at, unpark};
}
