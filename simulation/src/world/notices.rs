//! What the gateway tells by itself, from the gateway to the shop's edge: doubled, late, in another order, lost; and
//! what others tell in its name. The edge does as the handler of `command-api` does: it looks at the payment, and has
//! the gateway asked if the notice may change anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::checkout::{DEPOSIT_WINDOW_DEFAULT, GatewayAnswer, RetrySchedule, SettlePayment};
use domain::payment::{GatewayNotice, InquiryCause, Payment, RequestInquiry, RequestedPayment};
use domain::{Currency, Money, PaymentId, RefundId, StreamId};
use event_store::sans_io::Wanted;
use event_store::{Command, CommandId, Context, Fingerprint};
use uuid::Uuid;

use super::office::BANK;
use super::operations::new_id;
use super::{NOBODY, NODES, World, tell};
use crate::bank::CHARGED;
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// How long a notice takes.
const WAY_US: std::ops::Range<u64> = 2_000..400_000;
/// How late one is that comes late.
const LATE_US: std::ops::Range<u64> = 30_000_000..400_000_000;
/// The copies of one that is doubled come within this time.
const COPIES_US: u64 = 20_000_000;
/// How many arrive of one that is doubled.
const COPIES: usize = 10;
/// One that is overtaken waits no longer for the next.
const HELD_MAX_US: u64 = 120_000_000;
/// A company waits so long for an answer to a notice.
const ANSWER_MAX_US: u64 = 10_000_000;
/// The waits between its tries.
const RETRIES_US: [u64; 4] = [3_000_000, 15_000_000, 60_000_000, 240_000_000];

/// A notice on its way.
#[derive(Clone, Debug)]
struct Notice {
    payment_id: Uuid,
    claim: GatewayNotice,
    /// Tries so far; a forged one has only one.
    tries: usize,
    is_forged: bool,
}

/// The notices that are under way.
#[derive(Default)]
pub(super) struct Notices {
    sent: usize,
    /// Those that were delivered, until they are answered.
    unanswered: BTreeSet<u64>,
    next: u64,
    /// Those that wait for the next of their payment.
    held: BTreeMap<Uuid, Vec<Notice>>,
}

impl Notices {
    /// Whether none is under way.
    pub(super) fn are_told(&self) -> bool {
        self.sent == 0 && self.unanswered.is_empty() && self.held.is_empty()
    }

    pub(super) fn open(&self) -> usize {
        self.sent + self.unanswered.len() + self.held.len()
    }
}

/// From the gateway.
impl World {
    /// The gateway tells of all that is new; before anything else arrives, if it is early.
    pub(super) fn spread_news(&mut self, is_early: bool) {
        for payment_id in self.bank.take_news() {
            let Some(claim) = self.bank.notice(payment_id) else {
                continue;
            };
            let notice = Notice {
                payment_id,
                claim,
                tries: 0,
                is_forged: false,
            };
            let status = notice.claim.notice_id.as_str();
            tell!(self, "gateway: gives notice of {payment_id}: {status}");
            self.send_notice(notice, is_early);
        }
    }

    fn send_notice(&mut self, notice: Notice, is_early: bool) {
        let mut rng = self.draw(Topic::Notice, 0);
        let mut way = if is_early { 0 } else { rng.u64(WAY_US) };
        let overtaken = self.notices.held.remove(&notice.payment_id);
        if self.strikes(Kind::NoticeLost, NOBODY) {
            // Of those that waited for it, too.
            return;
        }
        if !is_early && self.strikes(Kind::NoticeOvertaken, NOBODY) {
            let (payment_id, mut held) = (notice.payment_id, overtaken.unwrap_or_default());
            held.push(notice);
            self.notices.held.insert(payment_id, held);
            self.after(HELD_MAX_US, move |world| world.release_notices(payment_id));
            return;
        }
        if self.strikes(Kind::NoticeLate, NOBODY) {
            way += rng.u64(LATE_US);
        }
        if self.strikes(Kind::NoticeDoubled, NOBODY) {
            for _ in 1..COPIES {
                let later = way + rng.u64(0..COPIES_US);
                self.deliver_notice(notice.clone(), later);
            }
        }
        self.deliver_notice(notice, way);
        // The latest that waited first: all the wrong way round.
        for (old, gap) in overtaken.into_iter().flatten().rev().zip(1_u64..) {
            self.deliver_notice(old, way + gap * 100_000);
        }
    }

    /// Nothing overtakes these any more.
    fn release_notices(&mut self, payment_id: Uuid) {
        let held = self.notices.held.remove(&payment_id);
        for notice in held.into_iter().flatten().rev() {
            self.deliver_notice(notice, 0);
        }
    }

    /// Somebody else makes one up: about this payment, another, or none.
    pub(super) fn forge_notice(&mut self, payment_id: Uuid) {
        let mut rng = self.draw(Topic::Notice, 1);
        let (status, amount) = match rng.u8(0..5) {
            0 => ("CANCELED", None),
            1 => ("WAITING_FOR_DEPOSIT", Some(rng.i64(1..9_000))),
            2 => (CHARGED, Some(rng.i64(1..9_000))),
            _ => (CHARGED, None),
        };
        let payment_id = match rng.u8(0..6) {
            0 => new_id(&mut rng),
            1 => self.bank.any(rng.usize(..)).unwrap_or(payment_id),
            _ => payment_id,
        };
        let currency = if rng.u8(0..5) == 0 { "USD" } else { "KRW" };
        let claim = GatewayNotice {
            notice_id: format!("forged-{}", rng.u32(..)),
            status: Some(status.to_owned()),
            amount,
            currency: Some(currency.to_owned()),
            left: (rng.u8(0..3) == 0).then(|| rng.i64(0..9_000)),
            signed: rng.bool(),
        };
        tell!(self, "somebody forges a notice of {payment_id}: {claim:?}");
        let way = rng.u64(0..2_000_000);
        let notice = Notice {
            payment_id,
            claim,
            tries: RETRIES_US.len(),
            is_forged: true,
        };
        self.deliver_notice(notice, way);
    }

    fn deliver_notice(&mut self, notice: Notice, delay_us: u64) {
        self.notices.sent += 1;
        self.after(delay_us, move |world| {
            world.notices.sent -= 1;
            let number = world.notices.next;
            world.notices.next += 1;
            world.notices.unanswered.insert(number);
            let n = world.draw(Topic::Notice, 2).usize(0..NODES);
            if world.nodes[n].is_up {
                let payment = (notice.payment_id, notice.claim.clone());
                world.on_node(n, 0, move |world, n| world.receive(n, number, payment));
            }
            world.after(ANSWER_MAX_US, move |world| {
                world.notice_again(number, notice);
            });
        });
    }

    /// Whoever was not answered in time tries again.
    fn notice_again(&mut self, number: u64, mut notice: Notice) {
        if !self.notices.unanswered.remove(&number) || notice.is_forged {
            return;
        }
        let wait = RETRIES_US.get(notice.tries).copied();
        notice.tries += 1;
        if let Some(wait) = wait {
            self.deliver_notice(notice, wait);
        }
    }
}

/// At the shop's edge.
impl World {
    fn receive(&mut self, n: usize, number: u64, (payment_id, claim): (Uuid, GatewayNotice)) {
        let way = self.latency(n);
        self.on_node(n, way, move |world, n| {
            if world.database_fails(Kind::ReadFailed, n) {
                // Answered 503.
                return;
            }
            let Some(payment) = world.payment(payment_id) else {
                return;
            };
            if !payment.wants_inquiry(&claim, world.wall(n)) {
                return world.acknowledge(n, number);
            }
            let command = world.notice_command(n, payment_id, &payment, &claim);
            world.submit(n, command, move |world, n, answer| {
                if answer.is_ok() {
                    world.acknowledge(n, number);
                }
            });
        });
    }

    /// A payment as the log has it, if it is the shop's and this gateway's.
    pub(super) fn payment(&self, payment_id: Uuid) -> Option<RequestedPayment> {
        let stream = StreamId::of::<Payment>(PaymentId::new(payment_id));
        let wanted = Wanted { stream, base: None };
        let read = self.log.load(vec![wanted]).pop()?.ok()?;
        let state = read.loaded.state_of::<Payment>()?;
        let payment = state.requested().ok()?;
        (payment.gateway == BANK).then(|| payment.clone())
    }

    /// What a notice comes to. Doubles that come at once are one command; the payment knows those that come later.
    fn notice_command(
        &mut self,
        n: usize,
        payment_id: Uuid,
        payment: &RequestedPayment,
        claim: &GatewayNotice,
    ) -> Command {
        let principal = format!("webhook/{BANK}");
        let key = format!("{}/{payment_id}/{}", claim.notice_id, payment.notices);
        let (id, fingerprint) = (
            CommandId::from_key(&principal, &key),
            Fingerprint::of(&[key.as_bytes()]),
        );
        let now = self.wall(n);
        let context = Context {
            principal,
            correlation_id: new_id(&mut self.draw(Topic::Notice, 3)),
            causation_id: None,
            occurred_at: now,
        };
        if self.plant == Some(Plant::BelievedNotice)
            && let Some(settle) = believed(payment, payment_id, claim, now)
        {
            return Command::new(id, fingerprint, settle, context);
        }
        let inquiry = RequestInquiry {
            payment_id: PaymentId::new(payment_id),
            cause: InquiryCause::Notice(claim.clone()),
            now,
        };
        Command::new(id, fingerprint, inquiry, context)
    }

    fn acknowledge(&mut self, n: usize, number: u64) {
        if !self.strikes(Kind::NoticeUnheard, n) {
            self.notices.unanswered.remove(&number);
        }
    }
}

/// The planted defect: a notice of a charge is taken for the gateway's answer.
fn believed(
    payment: &RequestedPayment,
    payment_id: Uuid,
    claim: &GatewayNotice,
    now: DateTime<Utc>,
) -> Option<SettlePayment> {
    if claim.status.as_deref() != Some(CHARGED) {
        return None;
    }
    let amount = claim.amount.unwrap_or(payment.amount.amount());
    let answer = GatewayAnswer::Approved {
        gateway_transaction_id: format!("t-{}", payment_id.simple()),
        charged: Money::new(amount, Currency::Krw).ok()?,
    };
    Some(SettlePayment {
        payment_id: PaymentId::new(payment_id),
        answer,
        refund_id: RefundId::new(Uuid::new_v5(&payment_id, b"refund")),
        now,
        confirmation_due_at: now,
        inquiries: RetrySchedule::default(),
        out_of_turn: true,
        asked_at: u32::MAX,
        deposit_window: DEPOSIT_WINDOW_DEFAULT,
    })
}
