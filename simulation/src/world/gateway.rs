//! Calls on their way to the gateway, and answers on their way back.

mod call;

use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, GatewayReply, IssueBillingKeyRequest,
    RefundReply, RefundRequest,
};
use uuid::Uuid;

pub(super) use self::call::{Call, Hears, Said};
use super::{NOBODY, World, node_name, tell};
use crate::bank::{ACCOUNT_TOKEN, Mood};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// An adapter's deadline: then the answer is unknown.
const DEADLINE_US: u64 = 10_000_000;
/// Longer than the processes wait for any call.
const ENDLESS_US: u64 = 70_000_000;

/// A gateway that is away is away for so long.
const AWAY_US: u64 = 600_000_000;

/// So long an answer takes that a notice, or the answer to a later question, comes before.
const EARLY_US: std::ops::Range<u64> = 500_000..8_000_000;
/// So long the gateway is undecided.
const UNDECIDED_US: std::ops::Range<u64> = 2_000_000..150_000_000;

impl World {
    /// A call leaves a process.
    pub(super) fn call(&mut self, n: usize, call: Call, hears: Hears) {
        if let Some(payment_id) = call.payment_id()
            && self.strikes(Kind::NoticeForged, NOBODY)
        {
            self.forge_notice(payment_id);
        }
        if self.strikes(Kind::GatewayCrashBefore, n) {
            return self.crash(n);
        }
        if self.is_circuit_open() {
            let back = self.latency(n);
            let nothing_sent = call.not_attempted();
            return self.answer_call(n, back, hears, nothing_sent);
        }
        if self.strikes(Kind::GatewayUnreached, n) {
            let silence = call.unknown("TIMEOUT");
            return self.answer_call(n, DEADLINE_US, hears, silence);
        }
        if !matches!(call, Call::Inquire(_)) && self.strikes(Kind::GatewayLate, n) {
            let silence = call.unknown("TIMEOUT");
            self.answer_call(n, DEADLINE_US, hears, silence);
            let late = self.draw(Topic::Gateway, 0).u64(15_000_000..180_000_000);
            return self.call_again(late, call);
        }
        let way = self
            .draw(Topic::Gateway, 1 + node_name(n))
            .u64(5_000..250_000);
        let incarnation = self.nodes[n].incarnation;
        self.after(way, move |world| {
            let said = world.gateway_does(&call);
            let is_early = world.bank.has_news() && world.strikes(Kind::NoticeEarly, n);
            world.spread_news(is_early);
            if world.strikes(Kind::GatewayDoubled, n) {
                let again = world.draw(Topic::Gateway, 0).u64(10_000..30_000_000);
                world.call_again(again, call.clone());
            }
            if world.strikes(Kind::DatabaseCrashed, n) {
                // Whose table may not know any more that it was to be done; nor a process that shared its machine.
                world.crash_database();
                let takes_both = world.draw(Topic::Gateway, 16 + node_name(n)).bool();
                if takes_both && world.is_alive(n, incarnation) {
                    return world.crash(n);
                }
            }
            if !world.is_alive(n, incarnation) {
                return;
            }
            if world.strikes(Kind::GatewayCrashAfter, n) {
                return world.crash(n);
            }
            if world.strikes(Kind::GatewaySlept, n) {
                // It goes on as a zombie: another has its lease, and it still has an answer.
                world.sleep(n);
            }
            let mut back = world.latency(n);
            if is_early || world.strikes(Kind::GatewayDawdled, n) {
                back += world.draw(Topic::Gateway, 0).u64(EARLY_US);
            }
            if world.strikes(Kind::GatewayUnheard, n) {
                let silence = call.unknown("TIMEOUT");
                world.answer_call(n, DEADLINE_US, hears, silence);
            } else if world.strikes(Kind::GatewaySlow, n) {
                world.answer_call(n, ENDLESS_US, hears, said);
            } else {
                world.answer_call(n, back, hears, said);
            }
        });
    }

    fn answer_call(&mut self, n: usize, delay_us: u64, hears: Hears, said: Said) {
        self.on_node(n, delay_us, move |_, _| hears.hears(said));
    }

    fn call_again(&mut self, delay_us: u64, call: Call) {
        self.late_calls += 1;
        self.after(delay_us, move |world| {
            world.late_calls -= 1;
            world.gateway_does(&call);
            world.spread_news(false);
        });
    }

    /// The gateway, its bank or a buyer does something by itself, some time; the gateway tells of it.
    pub(super) fn by_itself(&mut self, delay_us: u64, task: impl FnOnce(&mut Self) + 'static) {
        self.late_calls += 1;
        self.after(delay_us, move |world| {
            world.late_calls -= 1;
            task(world);
            world.spread_news(false);
        });
    }

    /// The gateway is in trouble from now on.
    pub(super) fn take_gateway_away(&mut self) {
        self.gateway_away_until = self.now + AWAY_US;
    }

    /// While a gateway is in trouble, most calls are not even sent: its circuit is open but for a look now and then.
    fn is_circuit_open(&mut self) -> bool {
        self.now < self.gateway_away_until && self.draw(Topic::Gateway, 8).u8(0..3) > 0
    }

    /// A call reaches the gateway.
    fn gateway_does(&mut self, call: &Call) -> Said {
        if self.now < self.gateway_away_until {
            return call.unknown("HTTP_503");
        }
        match call {
            Call::Confirm(request) => Said::Payment(self.gateway_confirms(request.clone())),
            Call::Inquire(payment_id) => {
                let mut reply = self.bank.inquire(*payment_id);
                if reply != GatewayReply::NoRecord && self.strikes(Kind::GatewayNoRecord, NOBODY) {
                    reply = GatewayReply::NoRecord;
                }
                tell!(self, "gateway: inquire {payment_id} → {reply:?}");
                Said::Payment(reply)
            }
            Call::Refund(request) => Said::Refund(self.gateway_refunds(request.clone())),
            Call::Charge(request) => Said::Payment(self.gateway_charges(request.clone())),
            Call::Issue(request) => Said::Key(self.gateway_issues(request.clone())),
            Call::Erase(request) => {
                tell!(self, "gateway: erases a key");
                Said::Deletion(self.bank.erase(&request.billing_key))
            }
        }
    }

    fn gateway_refunds(&mut self, mut request: RefundRequest) -> RefundReply {
        let refuses = self.strikes(Kind::GatewayRefused, NOBODY);
        if self.plant == Some(Plant::RefundedTwice) && self.bank.has_refunded(&request) {
            request.refund_id = Uuid::new_v5(&request.refund_id, b"again");
        }
        if self.plant == Some(Plant::RefusalRepeated) {
            request.key_round = 0;
        }
        let reply = self.bank.refund(&request, refuses);
        if matches!(reply, RefundReply::Refused { .. }) {
            // Whoever waits for the money hears of it.
            self.find_out_where_to(request.refund_id);
        }
        tell!(
            self,
            "gateway: refund {} of {} → {reply:?}",
            request.amount_minor,
            request.payment_id
        );
        reply
    }

    fn gateway_charges(&mut self, mut request: ChargeBillingKeyRequest) -> GatewayReply {
        let mut mood = Mood::default();
        if self.bank.inquire(request.payment_id) == GatewayReply::NoRecord {
            mood = self.mood(request.payment_id, true);
        } else if self.plant == Some(Plant::ChargedTwice) {
            request.payment_id = Uuid::new_v5(&request.payment_id, b"again");
        }
        let mut rng = self.draw(Topic::Gateway, 9);
        let reply = self.bank.charge(&request, mood, &mut rng);
        let (payment_id, amount) = (request.payment_id, request.amount_minor);
        tell!(
            self,
            "gateway: charges by a key {payment_id} {amount} → {reply:?}"
        );
        reply
    }

    fn gateway_issues(&mut self, mut request: IssueBillingKeyRequest) -> BillingKeyReply {
        let is_known = self.bank.has_issued(request.request_id);
        let refuses = !is_known && self.strikes(Kind::KeyRefused, NOBODY);
        if is_known && self.plant == Some(Plant::KeyIssuedTwice) {
            request.request_id = Uuid::new_v5(&request.request_id, b"again");
        }
        let mut rng = self.draw(Topic::Gateway, 10);
        let reply = self.bank.issue(&request, refuses, &mut rng);
        let (request_id, outcome) = (request.request_id, reply.outcome());
        tell!(self, "gateway: a key for {request_id} → {outcome}");
        reply
    }

    fn gateway_confirms(&mut self, mut request: ConfirmRequest) -> GatewayReply {
        let mut mood = Mood::default();
        if self.bank.inquire(request.payment_id) == GatewayReply::NoRecord {
            mood = self.mood(request.payment_id, request.token != ACCOUNT_TOKEN);
        } else if self.plant == Some(Plant::ChargedTwice) {
            request.payment_id = Uuid::new_v5(&request.payment_id, b"again");
        }
        let reply = if request.token == ACCOUNT_TOKEN && !mood.declines && !mood.hesitates {
            self.open_account(&request)
        } else {
            let mut rng = self.draw(Topic::Gateway, 9);
            self.bank.confirm(&request, mood, &mut rng)
        };
        tell!(
            self,
            "gateway: confirm {} {} → {reply:?}",
            request.payment_id,
            request.amount_minor
        );
        reply
    }

    /// How the gateway feels about a charge that it hears of for the first time.
    fn mood(&mut self, payment_id: Uuid, charges_now: bool) -> Mood {
        let mut mood = Mood {
            declines: self.strikes(Kind::GatewayDeclined, NOBODY),
            ..Mood::default()
        };
        mood.hesitates = !mood.declines && self.strikes(Kind::GatewayHesitates, NOBODY);
        if mood.hesitates {
            let later = self.draw(Topic::Gateway, 0).u64(UNDECIDED_US);
            self.by_itself(later, move |world| {
                world.bank.decide(payment_id);
                tell!(world, "gateway: declines {payment_id} after all");
            });
        }
        let charges = charges_now && !mood.declines && !mood.hesitates;
        mood.charges_wrong = charges && self.strikes(Kind::GatewayWrongAmount, NOBODY);
        mood
    }
}
