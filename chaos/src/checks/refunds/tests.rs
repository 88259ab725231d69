//! A defect each, and what is open for a reason.

use testkit::TestDatabase;

use super::*;
use crate::journal::{Line, Request, Verb};

const PAYMENT: Uuid = Uuid::from_u128(1);
const REFUND: Uuid = Uuid::from_u128(2);
const AMOUNT: i64 = 1_500;
const GOOD: &str = "20";

/// A refund of a deposit at Toss, and who told where it goes.
struct Run {
    lines: Vec<Line>,
    refunds: Refunds,
}

impl Run {
    /// A good account was told, the money came back, and nothing is kept.
    fn good() -> Self {
        let mut run = Self::untold();
        run.tell("one", GOOD, 1_000, Some(202));
        run.refund().done.push(AMOUNT);
        run.refunds.books.insert(PAYMENT, AMOUNT);
        run
    }

    fn untold() -> Self {
        let refund = Refund {
            payment: PAYMENT,
            company: CAREFUL.to_owned(),
            ..Refund::default()
        };
        Self {
            lines: Vec::new(),
            refunds: Refunds {
                began: DateTime::UNIX_EPOCH,
                log: [(REFUND, refund)].into(),
                taken: BTreeMap::new(),
                kept: BTreeSet::new(),
                books: BTreeMap::new(),
            },
        }
    }

    /// A good account was told, and the refund was tried for the last time at this moment, in vain.
    fn open(told_ms: u64, last_try_ms: i64, why: &str) -> Self {
        let mut run = Self::untold();
        run.tell("one", GOOD, told_ms, Some(202));
        run.ended(last_try_ms, why);
        run
    }

    fn ended(&mut self, last_try_ms: i64, why: &str) {
        let planned = Some(at(last_try_ms));
        let delays = [("NO_ANSWER".to_owned(), planned), (why.to_owned(), None)];
        self.refund().delays = delays.into();
    }

    /// Tells an account, which the log takes, and is answered so, or not at all.
    fn tell(&mut self, key: &str, bank: &str, ms: u64, status: Option<u16>) {
        let n = u64::try_from(self.lines.len()).expect("few lines");
        let request = Request {
            user: "ann".to_owned(),
            operator: false,
            fresh_ids: false,
            key: key.to_owned(),
            verb: Verb::Post,
            path: format!("/payments/{PAYMENT}/refunds/{REFUND}/account"),
            body: serde_json::json!({ "bank": bank, "number": "1", "holder": "a" }),
        };
        self.lines.push(Line::Ask { n, ms, request });
        if status.is_none_or(|status| status == 202) {
            let id = event_store::CommandId::from_key("ann", key).uuid();
            let ms = i64::try_from(ms).expect("a moment");
            self.refunds.taken.insert(id, (at(ms), ms));
        }
        let (why, body) = ("cut".to_owned(), "{}".to_owned());
        self.lines.push(match status {
            Some(status) => Line::Told {
                n,
                ms,
                status,
                body,
            },
            None => Line::Lost { n, ms, why },
        });
    }

    fn refund(&mut self) -> &mut Refund {
        self.refunds.log.get_mut(&REFUND).expect("the refund")
    }

    fn check(self) -> Check {
        self.refunds.check(&History::of(self.lines))
    }

    fn stays_open(self, why: &str) {
        let check = self.check();
        assert_eq!((check.broken, check.looked_at), (0, 0), "{check:?}");
        let open = format!("open: 1 {why}");
        assert!(check.details[0].contains(&open), "{check:?}");
    }

    fn breaks(self, evidence: &str) {
        let check = self.check();
        assert_eq!(check.broken, 1, "{check:?}");
        assert!(check.evidence[0].contains(evidence), "{check:?}");
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)
}

#[test]
fn money_that_came_back_once_and_an_account_that_is_wiped_break_nothing() {
    let check = Run::good().check();
    assert!(check.holds() && check.looked_at == 1, "{check:?}");
}

#[test]
fn a_run_in_which_nobody_told_an_account_proves_nothing() {
    assert!(!Run::untold().check().holds());
}

#[test]
fn a_refund_that_is_left_open_though_its_account_was_taken_is_found() {
    // Nobody saw the account, or saw another; it was never tried; it would be tried some day.
    Run::open(1_000, 3_000, UNTOLD).breaks("is not done once");
    Run::open(1_000, 3_000, "REFUSED_INVALID_BANK").breaks("is not done once");
    let mut never = Run::open(1_000, 3_000, UNTOLD);
    never.refund().delays.clear();
    never.breaks("is not done once");
    let mut some_day = Run::open(1_000, 3_000, "NO_ANSWER");
    some_day.refund().delays[1].1 = Some(at(9_000));
    some_day.breaks("is not done once");
    let mut forgotten = Run::open(1_000, 3_000, "NO_ANSWER");
    forgotten.refunds.log.clear();
    forgotten.breaks("is not done once");
}

#[test]
fn a_correction_that_was_lost_is_found_and_a_good_account_that_was_replaced_is_not() {
    let mut corrected = Run::untold();
    corrected.tell("one", NO_BANK, 1_000, Some(202));
    corrected.tell("two", GOOD, 2_000, Some(202));
    corrected.ended(3_000, "REFUSED_INVALID_BANK");
    corrected.breaks("is not done once");
    let mut replaced = Run::untold();
    replaced.tell("one", GOOD, 1_000, Some(202));
    replaced.tell("two", NO_BANK, 2_000, Some(202));
    replaced.ended(3_000, "REFUSED_INVALID_BANK");
    replaced.stays_open("at a bank that the company refuses");
}

/// What the log refused, or never took, is no last word.
#[test]
fn a_bad_account_that_was_not_taken_excuses_nothing() {
    for is_refused in [true, false] {
        let mut run = Run::open(1_000, 9_000, "REFUSED_INVALID_BANK");
        run.tell("two", NO_BANK, 2_000, is_refused.then_some(409));
        let id = event_store::CommandId::from_key("ann", "two").uuid();
        run.refunds.taken.remove(&id);
        run.breaks("is not done once");
    }
}

#[test]
fn a_company_that_looks_at_no_bank_must_give_back_all_the_same() {
    let mut run = Run::untold();
    run.refund().company = "nice".to_owned();
    run.tell("one", NO_BANK, 1_000, Some(202));
    run.ended(3_000, UNTOLD);
    run.breaks("is not done once");
}

#[test]
fn a_refund_may_be_open_whose_teller_was_not_answered_or_too_late_or_whose_company_is_silent() {
    let mut lost = Run::untold();
    lost.tell("one", GOOD, 1_000, None);
    lost.ended(3_000, UNTOLD);
    lost.stays_open("whose teller does not know");
    Run::open(4_000, 3_000, UNTOLD).stays_open("told when the schedule was over");
    Run::open(1_000, 3_000, "NO_ANSWER").stays_open("of which the company said nothing");
}

#[test]
fn money_that_came_back_twice_or_not_at_all_is_found() {
    let mut twice = Run::good();
    twice.refund().done.push(AMOUNT);
    twice.refunds.books.insert(PAYMENT, 2 * AMOUNT);
    twice.breaks("is not done once");
    for books in [0, 2 * AMOUNT] {
        let mut run = Run::good();
        run.refunds.books.insert(PAYMENT, books);
        run.breaks("the books");
    }
}

#[test]
fn an_account_that_is_left_behind_or_nobodys_is_found() {
    let mut left = Run::good();
    left.refunds.kept.insert(REFUND);
    left.breaks("is kept");
    let mut nobodys = Run::good();
    nobodys.refunds.kept.insert(PAYMENT);
    nobodys.breaks("is kept");
    // Its teller was never answered, and would wipe it by asking again.
    let mut unanswered = Run::good();
    unanswered.tell("two", GOOD, 2_000, None);
    unanswered.refunds.kept.insert(REFUND);
    assert!(unanswered.check().holds());
}

/// What is read is what the log, the vault and the books have.
#[tokio::test]
async fn a_refund_is_read_as_it_is_stored() {
    let database = TestDatabase::create().await;
    let pool = database.owner_pool().await;
    let sql = format!(
        r#"INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                                           event_version, payload, metadata, recorded_at)
           SELECT n, 'payment', '{PAYMENT}', n, type, 1, json_build_object(type, payload::json), '{{}}', now()
             FROM (VALUES
               (1, 'PaymentRequested', '{{"gateway": "toss"}}'),
               (2, 'PaymentRefundRequested', '{{"refund_id": "{REFUND}"}}'),
               (3, 'PaymentRefundDelayed', '{{"refund_id": "{REFUND}", "reason": "{UNTOLD}",
                   "attempts": 1, "next_attempt_at": "1970-01-01T00:00:03Z"}}'),
               (4, 'PaymentRefundDelayed', '{{"refund_id": "{REFUND}", "reason": "NO_ANSWER",
                   "attempts": 2, "next_attempt_at": null}}'),
               (5, 'PaymentRefunded', '{{"refund_id": "{REFUND}",
                   "amount": {{"amount": {AMOUNT}, "currency": "KRW"}}}}')) stored (n, type, payload);
           INSERT INTO event_store.commands (command_id, fingerprint, status, body, position, recorded_at)
           VALUES ('{PAYMENT}', sha256('a'), 202, '{{}}', 5, '1970-01-01T00:00:02Z'),
                  ('{REFUND}', sha256('b'), 409, '{{}}', 5, now());
           INSERT INTO payment.refund_accounts (refund_id, key_name, sealed, given_at)
           VALUES ('{REFUND}', 'chaos', sha256('a') || sha256('b'), now());"#
    );
    sqlx::raw_sql(&sql)
        .execute(&pool)
        .await
        .expect("all of it is stored");
    let folder = tempfile::tempdir().expect("a folder");
    let entry =
        |kind, amount| format!(r#"{{"kind":"{kind}","paymentId":"{PAYMENT}","amount":{amount}}}"#);
    let book = [
        entry("DEPOSIT", 9),
        entry("REFUND", 1_000),
        entry("REFUND", 500),
    ];
    std::fs::write(folder.path().join(GATEWAY_BOOKS), book.join("\n")).expect("a file");
    let chronicle = Chronicle::create(&folder.path().join("c.jsonl")).expect("a chronicle");
    let read = Refunds::read(&pool, folder.path(), &chronicle).await;
    let read = read.expect("all of it is read");
    let refund = &read.log[&REFUND];
    assert_eq!((refund.payment, &*refund.company), (PAYMENT, CAREFUL));
    assert_eq!(refund.done, [AMOUNT]);
    let delays = [
        (UNTOLD.to_owned(), Some(at(3_000))),
        ("NO_ANSWER".to_owned(), None),
    ];
    assert_eq!(refund.delays, delays);
    assert_eq!(read.taken, [(PAYMENT, (at(2_000), 5))].into());
    assert_eq!(read.kept, [REFUND].into());
    assert_eq!(read.books, [(PAYMENT, AMOUNT)].into());
}
