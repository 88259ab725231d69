//! A defect for each check, and that no other check takes it for its own.

use event_store::CommandId;
use serde_json::Value;

use super::*;
use crate::journal::{Line, Request, Verb};
use crate::shoppers::Told;

const KEPT: &str = "every acknowledged command is in the log, with its events";
const REFUSED: &str = "no refused command has events";
const UNKNOWN: &str = "a command without an answer happened once or not at all";
const WANTED: &str = "nothing is in the log that nobody asked for";
const SAME: &str = "every answer to one key has the same bytes";
const TOLD: &str = "a notice does no more than to have its company asked";
const REUSED: &str = "a key with another request than its first is refused";

const ORDER: &str = "01a1ff8e-ced3-70c4-b150-dd9f3e1331fe";

/// What one shopper was told, and what the log has of it.
struct Run {
    lines: Vec<Line>,
    stored: Stored,
}

impl Run {
    /// An order that was placed, one that was refused, one whose answer was lost on the way.
    fn good() -> Self {
        let mut run = Self {
            lines: Vec::new(),
            stored: Stored {
                outcomes: BTreeMap::new(),
                events: BTreeMap::new(),
            },
        };
        run.ask("placed");
        run.told(201, &placed());
        run.happened("placed", 201, 2);
        run.ask("refused");
        run.told(409, r#"{"error":"INSUFFICIENT_STOCK"}"#);
        run.happened("refused", 409, 0);
        run.ask("lost");
        run.lost();
        run.happened("lost", 201, 2);
        run.ask("never-arrived");
        run.lost();
        run.send(other_than("placed"));
        run.told(422, r#"{"error":"IDEMPOTENCY_KEY_REUSED"}"#);
        run.noticed(&["PaymentInquiryRequested"]);
        run
    }

    fn ask(&mut self, key: &str) {
        self.send(request(key));
    }

    fn send(&mut self, request: Request) {
        let n = self.next();
        self.lines.push(Line::Ask { n, ms: 0, request });
    }

    fn told(&mut self, status: u16, body: &str) {
        let (n, body) = (self.next() - 1, body.to_owned());
        self.lines.push(Line::Told {
            n,
            ms: 0,
            status,
            body,
        });
    }

    fn lost(&mut self) {
        let (n, why) = (self.next() - 1, "cut".to_owned());
        self.lines.push(Line::Lost { n, ms: 0, why });
    }

    fn next(&self) -> u64 {
        let asked = |line: &&Line| matches!(line, Line::Ask { .. });
        u64::try_from(self.lines.iter().filter(asked).count()).expect("few lines")
    }

    fn happened(&mut self, key: &str, status: u16, count: i64) {
        self.stored.outcomes.insert(id(key), status);
        if count > 0 {
            self.has_events(id(key), "alice", count);
        }
    }

    fn has_events(&mut self, id: Uuid, principal: &str, count: i64) {
        let events = Events {
            principal: principal.to_owned(),
            count,
            types: vec!["OrderPlaced".to_owned()],
            streams: vec![ORDER.to_owned()],
        };
        self.stored.events.insert(id, events);
    }

    /// A company told of something, and this is what came of it.
    fn noticed(&mut self, types: &[&str]) {
        let (id, count) = (Uuid::from_u128(7), 1);
        self.has_events(id, "webhook/toss", count);
        let events = self.stored.events.get_mut(&id).expect("its events");
        events.types = types.iter().map(|name| (*name).to_owned()).collect();
    }

    /// The checks that do not hold.
    fn broken(self) -> Vec<&'static str> {
        let checks = check(&History::of(self.lines), &self.stored);
        assert_eq!(checks.len(), 7);
        let broken = checks.iter().filter(|check| !check.holds());
        broken.map(|check| check.name).collect()
    }
}

fn request(key: &str) -> Request {
    Request {
        user: "alice".to_owned(),
        operator: false,
        fresh_ids: false,
        key: key.to_owned(),
        verb: Verb::Post,
        path: "/orders".to_owned(),
        body: Value::Null,
    }
}

fn other_than(key: &str) -> Request {
    Request {
        body: Value::Bool(true),
        ..request(key)
    }
}

/// A claim of a coupon, under a request id of its own each time it is sent.
fn claim(key: &str) -> Request {
    Request {
        fresh_ids: true,
        path: "/coupon-pools/p/coupons".to_owned(),
        ..request(key)
    }
}

fn id(key: &str) -> Uuid {
    CommandId::from_key("alice", key).uuid()
}

fn placed() -> String {
    format!(r#"{{"data":{{"id":"{ORDER}"}}}}"#)
}

#[test]
fn a_run_in_which_nothing_went_wrong_breaks_nothing() {
    let run = Run::good();
    let checks = check(&History::of(run.lines), &run.stored);
    let looked_at: Vec<_> = checks.iter().map(|check| check.looked_at).collect();
    assert_eq!(looked_at, [1, 1, 2, 2, 1, 2, 1]);
    assert!(checks.iter().all(Check::holds), "{checks:?}");
}

/// It names itself, and its events are its payment's.
#[test]
fn a_refund_is_looked_for_where_its_payment_is() {
    for (payment, broken) in [(ORDER, vec![]), (&Uuid::nil().to_string(), vec![KEPT])] {
        let mut run = Run::good();
        run.send(Request {
            path: format!("/payments/{payment}/refunds"),
            ..request("refund")
        });
        let body = format!(
            r#"{{"data":{{"id":"{}","paymentId":"{payment}"}}}}"#,
            Uuid::max()
        );
        run.told(201, &body);
        run.happened("refund", 201, 2);
        assert_eq!(run.broken(), broken, "{payment}");
    }
}

/// Where the refund is tried soon in any case, that its account was told is no event; else it is its payment's.
#[test]
fn an_account_of_a_refund_is_looked_for_where_its_payment_is_or_by_its_command() {
    let other = Uuid::nil().to_string();
    for (payment, is_stored, events, broken) in [
        (ORDER, true, 1, vec![]),
        (ORDER, true, 0, vec![]),
        (ORDER, false, 0, vec![KEPT]),
    ] {
        let mut run = Run::good();
        run.send(Request {
            path: format!("/payments/{payment}/refunds/{other}/account"),
            ..request("account")
        });
        let body = format!(r#"{{"data":{{"id":"{other}","paymentId":"{payment}"}}}}"#);
        run.told(202, &body);
        if is_stored {
            run.happened("account", 202, events);
        }
        assert_eq!(run.broken(), broken, "{is_stored} {events}");
    }
}

#[test]
fn an_acknowledged_command_without_its_outcome_is_lost() {
    let mut run = Run::good();
    run.stored.outcomes.remove(&id("placed"));
    assert_eq!(run.broken(), [KEPT]);
}

#[test]
fn an_acknowledged_command_without_its_events_is_lost() {
    let mut run = Run::good();
    run.stored.events.remove(&id("placed"));
    assert_eq!(run.broken(), [KEPT]);
}

#[test]
fn an_acknowledged_order_must_be_the_one_in_the_log() {
    let mut run = Run::good();
    let events = run.stored.events.get_mut(&id("placed"));
    events.expect("its events").streams = vec![Uuid::nil().to_string()];
    assert_eq!(run.broken(), [KEPT]);
}

#[test]
fn a_refused_command_has_no_events() {
    let mut run = Run::good();
    run.has_events(id("refused"), "alice", 1);
    assert_eq!(run.broken(), [REFUSED]);
}

#[test]
fn a_command_without_an_answer_is_not_stored_in_half() {
    let mut without_events = Run::good();
    without_events.stored.events.remove(&id("lost"));
    assert_eq!(without_events.broken(), [UNKNOWN]);
    let mut without_outcome = Run::good();
    without_outcome.stored.outcomes.remove(&id("lost"));
    assert_eq!(without_outcome.broken(), [UNKNOWN]);
}

#[test]
fn what_nobody_asked_for_is_found_unless_the_sagas_did_it() {
    let mut run = Run::good();
    run.has_events(Uuid::max(), SAGAS, 1);
    run.has_events(Uuid::nil(), "mallory", 1);
    assert_eq!(run.broken(), [WANTED]);
}

#[test]
fn a_notice_that_is_believed_is_found() {
    let mut run = Run::good();
    run.noticed(&["PaymentInquiryRequested", "PaymentSucceeded"]);
    assert_eq!(run.broken(), [TOLD]);
}

#[test]
fn a_card_that_is_the_default_already_needs_no_event_but_its_outcome() {
    let make_default = || Request {
        path: format!("/payment-methods/{ORDER}/default"),
        ..request("default")
    };
    for (is_stored, broken) in [(true, vec![]), (false, vec![KEPT])] {
        let mut run = Run::good();
        run.send(make_default());
        run.told(200, &placed());
        if is_stored {
            run.happened("default", 200, 0);
        }
        assert_eq!(run.broken(), broken, "{is_stored}");
    }
    let mut lost = Run::good();
    lost.send(make_default());
    lost.lost();
    lost.happened("default", 200, 0);
    assert_eq!(lost.broken(), [""; 0]);
}

/// Its events are its user's, and it names itself.
#[test]
fn a_saved_method_is_looked_for_by_its_command() {
    let mut run = Run::good();
    run.send(Request {
        path: "/payment-methods".to_owned(),
        ..request("card")
    });
    run.told(202, &placed());
    run.happened("card", 202, 1);
    let events = run.stored.events.get_mut(&id("card"));
    events.expect("its events").streams = vec!["alice".to_owned()];
    assert_eq!(run.broken(), [""; 0]);
}

#[test]
fn another_answer_to_the_same_key_is_found_however_little_differs() {
    let mut run = Run::good();
    run.ask("placed");
    run.told(201, &format!("{} ", placed()));
    assert_eq!(run.broken(), [SAME]);
}

#[test]
fn an_answer_that_says_nothing_definite_is_no_other_answer() {
    let mut run = Run::good();
    for (status, body) in [
        (503, "{}"),
        (429, "{}"),
        (409, r#"{"error":"REQUEST_IN_PROGRESS"}"#),
    ] {
        run.ask("placed");
        run.told(status, body);
    }
    assert_eq!(run.broken(), [""; 0]);
}

#[test]
fn another_request_under_a_key_must_be_refused_and_by_that_name() {
    for (status, body) in [
        (201, placed()),
        (422, r#"{"error":"VALIDATION_FAILED"}"#.to_owned()),
    ] {
        let mut run = Run::good();
        run.send(other_than("placed"));
        run.told(status, &body);
        assert_eq!(run.broken(), [REUSED], "{status} {body}");
    }
}

#[test]
fn only_a_refused_claim_may_differ_in_the_requests_id_and_in_nothing_else() {
    let sold_out = |id: &str| format!(r#"{{"error":"COUPON_POOL_EXHAUSTED","requestId":"{id}"}}"#);
    let told = |body: &str| Told {
        status: 409,
        body: body.to_owned(),
    };
    let (first, again) = (told(&sold_out("one")), told(&sold_out("two")));
    assert!(again.repeats(&first, &claim("c")));
    assert!(
        !again.repeats(&first, &request("c")),
        "an order's answer is in the log"
    );
    let same_id = Request {
        fresh_ids: false,
        ..claim("c")
    };
    assert!(!again.repeats(&first, &same_id));
    for other in [r#"{"error":"OTHER","requestId":"two"}"#, "{}", "no JSON"] {
        assert!(!told(other).repeats(&first, &claim("c")), "{other}");
    }
}
