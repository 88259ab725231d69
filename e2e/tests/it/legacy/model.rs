//! What has to become of the rows of `rows.sql`, worked out number by number, without a database.

use std::collections::BTreeMap;

/// The remainders of this say what is wrong with a row.
const CYCLE: u64 = 10_007;

/// What the migration must come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Model {
    /// By subject: how many are carried over.
    pub(crate) carried: BTreeMap<&'static str, i64>,
    /// By subject and reason.
    pub(crate) rejected: BTreeMap<(&'static str, &'static str), i64>,
    /// By type, status and currency: rows, and the sum in hundredths.
    pub(crate) transactions: BTreeMap<(&'static str, &'static str, &'static str), (i64, i64)>,
    pub(crate) links: i64,
    /// Bodies with something cut out, of payments and of methods.
    pub(crate) masked: (i64, i64),
    /// Bodies that were no JSON.
    pub(crate) quoted: i64,
}

/// How many of the rows belong to nothing.
pub(crate) fn orphans(n: u64) -> u64 {
    n / 1_000
}

/// How many methods there are.
pub(crate) fn methods(n: u64) -> u64 {
    n / 5
}

/// Why payment `i` is rejected, if it is.
fn payment_reason(i: u64) -> Option<&'static str> {
    match i % CYCLE {
        17 => Some("DUPLICATE_TRANSACTION"),
        2 => Some("UNKNOWN_STATUS"),
        3 | 4 | 11 => Some("AMOUNT_DOES_NOT_FIT"),
        5 | 13 => Some("BAD_DATE"),
        6 => Some("BROKEN_TEXT"),
        8 => Some("TEXT_TOO_LONG"),
        9 => Some("UNKNOWN_TYPE"),
        10 => Some("UNKNOWN_CURRENCY"),
        _ => None,
    }
}

/// For `n` payments.
pub(crate) fn model(n: u64) -> Model {
    let mut model = Model::default();
    for i in 1..=n {
        let kind = i % CYCLE;
        model.payment(i, kind);
        let history = match kind {
            16 => Some("TEXT_TOO_LONG"),
            _ => payment_reason(i).map(|_| "PARENT_REJECTED"),
        };
        model.count("HISTORY", history);
        // An order of its own, unless it is a refund.
        if !i.is_multiple_of(20) {
            model.count("ORDER", payment_reason(i).map(|_| "PARENT_REJECTED"));
        }
    }
    for _ in 0..orphans(n) {
        model.count("HISTORY", Some("ORPHAN"));
        model.count("ORDER", Some("ORPHAN"));
    }
    for i in 1..=methods(n) {
        let reason = match i % CYCLE {
            2 => Some("DUPLICATE_BILLING_KEY"),
            4 => Some("UNKNOWN_TYPE"),
            _ => None,
        };
        model.masked.1 += i64::from(i % CYCLE == 6);
        model.count("METHOD", reason);
    }
    model
}

impl Model {
    fn payment(&mut self, i: u64, kind: u64) {
        let reason = payment_reason(i);
        self.count("PAYMENT", reason);
        if reason.is_some() {
            return;
        }
        if kind == 7 {
            *self
                .rejected
                .entry(("PAYMENT_ORDER", "ORPHAN"))
                .or_default() += 1;
        }
        self.masked.0 += i64::from(kind == 14);
        self.quoted += i64::from(kind == 12);
        let is_refund = i.is_multiple_of(20);
        // Named by the payment, or else by the order that is its own.
        self.links += i64::from(!matches!(kind, 7 | 15) || !is_refund);
        let status = match (20..=10_000).contains(&kind).then_some(i % 50) {
            Some(49) => "PENDING",
            Some(48) => "FAILED",
            Some(_) | None => "SUCCESS",
        };
        let base = i64::try_from(1_000 + i % 100_000).expect("small");
        // Dollars are hundredths of the same number; the column counts in hundredths.
        let (currency, hundredths) = if kind >= 20 && i % 10 == 3 {
            ("USD", base)
        } else {
            ("KRW", base * 100)
        };
        let kind = if is_refund { "REFUND" } else { "PAYMENT" };
        let total = self
            .transactions
            .entry((kind, status, currency))
            .or_default();
        total.0 += 1;
        total.1 += hundredths;
    }

    fn count(&mut self, subject: &'static str, reason: Option<&'static str>) {
        match reason {
            None => *self.carried.entry(subject).or_default() += 1,
            Some(reason) => *self.rejected.entry((subject, reason)).or_default() += 1,
        }
    }
}
