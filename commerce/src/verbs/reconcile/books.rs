//! What each side says of each payment, and where they differ.

use std::collections::HashMap;
use std::fmt;

use chrono::NaiveDate;
use uuid::Uuid;

/// The most payments of a day and company, some 200 MB: beyond, the list is asked for in parts.
const PAYMENTS_MAX: usize = 2_000_000;

/// Money in minor units that moved on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) charged: i64,
    pub(super) refunded: i64,
}

/// One payment, on both sides.
#[derive(Clone, Copy, Debug, Default)]
struct Both {
    ours: Moved,
    theirs: Moved,
}

/// A side of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// All payments of a day.
#[derive(Default)]
pub(super) struct Books {
    payments: HashMap<Uuid, Both>,
    /// What the company lists under order numbers that are not the shop's.
    foreign: Vec<String>,
}

/// Where the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Of one payment.
    Payment {
        payment_id: Uuid,
        ours: Moved,
        theirs: Moved,
    },
    /// A movement of nobody the shop knows.
    Foreign(String),
}

impl Books {
    /// Books a movement.
    ///
    /// # Errors
    /// There are too many payments to be held.
    pub(super) fn book(
        &mut self,
        side: Side,
        payment_id: Uuid,
        moved: Moved,
    ) -> Result<(), &'static str> {
        if self.payments.len() >= PAYMENTS_MAX {
            return Err("more than 2 000 000 payments on one day");
        }
        let both = self.payments.entry(payment_id).or_default();
        let sums = match side {
            Side::Ours => &mut both.ours,
            Side::Theirs => &mut both.theirs,
        };
        sums.charged = sums.charged.saturating_add(moved.charged);
        sums.refunded = sums.refunded.saturating_add(moved.refunded);
        Ok(())
    }

    /// Books a movement whose order number is not the shop's.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn book_foreign(&mut self, transaction_id: String) -> Result<(), &'static str> {
        if self.foreign.len() >= PAYMENTS_MAX {
            return Err("more than 2 000 000 transactions of nobody's");
        }
        self.foreign.push(transaction_id);
        Ok(())
    }

    /// Whatever one side has and the other has not, or has otherwise; by payment.
    pub(super) fn differences(&self) -> Vec<Difference> {
        let payments = self.payments.iter();
        let mut differ: Vec<(Uuid, Both)> = payments
            .filter(|(_, both)| both.ours != both.theirs)
            .map(|(id, both)| (*id, *both))
            .collect();
        differ.sort_unstable_by_key(|(id, _)| *id);
        let payments = differ.into_iter().map(|(payment_id, both)| {
            let Both { ours, theirs } = both;
            Difference::Payment {
                payment_id,
                ours,
                theirs,
            }
        });
        let foreign = self.foreign.iter().cloned().map(Difference::Foreign);
        payments.chain(foreign).collect()
    }

    /// The last line.
    pub(super) fn summary(&self, company: &str, day: NaiveDate, differences: usize) -> String {
        let sum = |of: fn(&Both) -> Moved| {
            self.payments
                .values()
                .map(of)
                .fold((0_i64, 0_i64), |sum, moved| {
                    let charged = sum.0.saturating_add(moved.charged);
                    (charged, sum.1.saturating_add(moved.refunded))
                })
        };
        let (ours, theirs) = (sum(|both| both.ours), sum(|both| both.theirs));
        let payments = self.payments.len();
        let verdict = if differences == 0 {
            "agree".to_owned()
        } else {
            format!("{differences} differ")
        };
        format!(
            "{company} {day}: {payments} payments, {verdict}; charged {} (theirs {}), refunded {} (theirs {})",
            ours.0, theirs.0, ours.1, theirs.1
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(id) => write!(
                f,
                "theirs only: transaction {id}, under no order number of the shop"
            ),
            Self::Payment {
                payment_id,
                ours,
                theirs,
            } => {
                let side = if *ours == Moved::default() {
                    "theirs only"
                } else if *theirs == Moved::default() {
                    "ours only"
                } else {
                    "differs"
                };
                write!(
                    f,
                    "{side}: payment {payment_id}: ours charged {}, refunded {}; theirs charged {}, refunded {}",
                    ours.charged, ours.refunded, theirs.charged, theirs.refunded
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(charged: i64, refunded: i64) -> Moved {
        Moved { charged, refunded }
    }

    #[test]
    fn what_one_side_lacks_or_has_otherwise_is_listed_and_nothing_else() {
        let [same, ours, theirs, other] = [1, 2, 3, 4].map(Uuid::from_u128);
        let mut books = Books::default();
        for (side, id, charged, refunded) in [
            (Side::Ours, same, 1_000, 0),
            (Side::Ours, same, 0, 400),
            (Side::Theirs, same, 1_000, 400),
            (Side::Ours, ours, 500, 0),
            (Side::Theirs, theirs, 700, 0),
            (Side::Ours, other, 900, 0),
            (Side::Theirs, other, 901, 0),
        ] {
            books.book(side, id, moved(charged, refunded)).unwrap();
        }
        books.book_foreign("tx-9".to_owned()).unwrap();
        let found = books.differences();
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4);
        assert!(said[0].starts_with("ours only"), "{said:?}");
        assert!(said[1].starts_with("theirs only"), "{said:?}");
        assert!(said[2].starts_with("differs"), "{said:?}");
        assert!(said[3].contains("tx-9"), "{said:?}");
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let summary = books.summary("toss", day, found.len());
        assert!(summary.contains("4 payments, 4 differ"), "{summary}");
    }
}
