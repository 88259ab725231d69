//! One action on its way from an event to its end.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::{Action, Due, Recorded, Step};
use uuid::Uuid;

/// After so long something else may have happened to the order: it is looked at before it is charged.
const FRESH_MAX: TimeDelta = TimeDelta::seconds(10);

/// An action to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its id: the row's key, and what its command's id follows from.
    pub action_id: Uuid,
    /// The step's name.
    pub name: String,
    /// What is to be done.
    pub action: Action,
    /// Not before this moment.
    pub due_at: DateTime<Utc>,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// The whole that it belongs to.
    pub correlation_id: Uuid,
    /// The event that it follows from.
    pub causation_id: Uuid,
    /// How it got here.
    pub origin: Origin,
}

/// How it got here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Straight from its event, which this holder reads once and none before it can have read: nobody has ever tried it.
    New {
        /// The event's time.
        occurred_at: DateTime<Utc>,
    },
    /// From the table, or once more from its event: somebody may have tried it, and died over it.
    Old,
}

impl Origin {
    /// Of what follows from an event. The rows of an intake are not flushed by themselves, so a crash of the database
    /// can take them back though their steps were begun: what the log held when a holder came, one before it may have
    /// read, whatever the table says.
    pub(crate) fn of(recorded: &Recorded, head_before: u64) -> Self {
        if recorded.position > head_before {
            let occurred_at = recorded.occurred_at;
            Self::New { occurred_at }
        } else {
            Self::Old
        }
    }
}

impl Item {
    /// The item of a step that follows from an event.
    pub(crate) fn new(
        step: Step,
        (recorded, origin): (&Recorded, Origin),
        correlation_id: Uuid,
        now: DateTime<Utc>,
    ) -> Self {
        let due_at = match step.due {
            // Since its event; and at once, though the clock of whoever took the command be ahead.
            Due::Now => whole_microseconds_before(recorded.occurred_at.min(now)),
            Due::At(at) => whole_microseconds_after(at),
        };
        Self {
            action_id: step.id(recorded.event_id),
            name: step.name.to_owned(),
            action: step.action,
            due_at,
            attempts: 0,
            correlation_id,
            causation_id: recorded.event_id,
            origin,
        }
    }

    /// Whether nobody can have tried it before.
    pub(crate) fn is_first_try(&self) -> bool {
        matches!(self.origin, Origin::New { .. }) && self.attempts == 0
    }

    /// Whether so little time has passed that the world is still as its event left it.
    pub(crate) fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        match self.origin {
            Origin::New { occurred_at } => now - occurred_at < FRESH_MAX,
            Origin::Old => false,
        }
    }
}

/// The next whole microsecond, which is what the table can hold. Rounded down, a timer would fire a
/// moment early, and its command would find that nothing is due.
fn whole_microseconds_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let floor = whole_microseconds_before(at);
    if floor < at {
        floor + TimeDelta::microseconds(1)
    } else {
        at
    }
}

/// The last whole microsecond.
fn whole_microseconds_before(at: DateTime<Utc>) -> DateTime<Utc> {
    // Rounding fails in years that no timer will see; then the time stays as it is.
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use domain::coupon_pool::CouponPoolEvent;
    use domain::{DomainEvent, OrderId};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_timer_is_never_stored_earlier_than_it_is_due() {
        let after = whole_microseconds_after;
        let exact = at("2026-03-01T10:00:00.123456Z");
        assert_eq!(after(exact), exact);
        let later = at("2026-03-01T10:00:00.123456001Z");
        assert_eq!(after(later), at("2026-03-01T10:00:00.123457Z"));
        let carried = at("2026-03-01T10:00:00.999999999Z");
        assert_eq!(after(carried), at("2026-03-01T10:00:01Z"));
        let extreme = DateTime::<Utc>::MAX_UTC;
        assert_eq!(after(extreme), extreme);
    }

    #[test]
    fn what_the_log_held_when_the_holder_came_may_have_been_tried() {
        let recorded = Recorded {
            position: 7,
            event_id: Uuid::nil(),
            aggregate_id: Uuid::nil().to_string(),
            sequence: 1,
            occurred_at: at("2026-03-01T10:00:00Z"),
            event: DomainEvent::CouponPool(CouponPoolEvent::CouponPoolClosed {}),
        };
        let occurred_at = recorded.occurred_at;
        assert_eq!(Origin::of(&recorded, 7), Origin::Old);
        assert_eq!(Origin::of(&recorded, 6), Origin::New { occurred_at });
    }

    #[test]
    fn what_is_due_at_once_is_due_even_by_a_clock_that_lags_behind() {
        let occurred_at = at("2026-03-01T10:00:00.000000789Z");
        let recorded = Recorded {
            position: 1,
            event_id: Uuid::nil(),
            aggregate_id: Uuid::nil().to_string(),
            sequence: 1,
            occurred_at,
            event: DomainEvent::CouponPool(CouponPoolEvent::CouponPoolClosed {}),
        };
        let step = Step {
            name: "confirm-order",
            due: Due::Now,
            action: Action::ConfirmOrder {
                order_id: OrderId::new(Uuid::nil()),
            },
        };
        for now in [occurred_at, occurred_at - TimeDelta::seconds(3)] {
            let item = Item::new(step.clone(), (&recorded, Origin::Old), Uuid::nil(), now);
            assert!(item.due_at <= now);
        }
        let later = occurred_at + TimeDelta::hours(1);
        let item = Item::new(step, (&recorded, Origin::Old), Uuid::nil(), later);
        assert_eq!(
            item.due_at,
            at("2026-03-01T10:00:00Z"),
            "it has been due for an hour"
        );
    }
}
