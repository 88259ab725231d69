//! Calls on their way to the gateway, and answers on their way back.

use payment_gateways::{ConfirmRequest, GatewayReply, RefundReply, RefundRequest};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{NOBODY, World, node_name, tell};
use crate::bank::Mood;
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// An adapter's deadline: then the answer is unknown.
const DEADLINE_US: u64 = 10_000_000;
/// Longer than the processes wait for any call.
const ENDLESS_US: u64 = 70_000_000;

/// What a gateway is asked.
#[derive(Clone)]
pub(super) enum Call {
    Confirm(ConfirmRequest),
    Inquire(Uuid),
    Refund(RefundRequest),
}

/// What it says.
pub(super) enum Said {
    Payment(GatewayReply),
    Refund(RefundReply),
}

/// Where its answer goes.
pub(super) enum Hears {
    Payment(oneshot::Sender<GatewayReply>),
    Refund(oneshot::Sender<RefundReply>),
}

impl Hears {
    fn hears(self, said: Said) {
        // Whoever asked may be gone.
        match (self, said) {
            (Self::Payment(reply), Said::Payment(said)) => drop(reply.send(said)),
            (Self::Refund(reply), Said::Refund(said)) => drop(reply.send(said)),
            (Self::Payment(_), Said::Refund(_)) | (Self::Refund(_), Said::Payment(_)) => {}
        }
    }
}

impl World {
    /// A call leaves a process.
    pub(super) fn call(&mut self, n: usize, call: Call, hears: Hears) {
        if self.strikes(Kind::GatewayCrashBefore, n) {
            return self.crash(n);
        }
        if self.strikes(Kind::GatewayUnreached, n) {
            let silence = unknown(&call);
            return self.answer_call(n, DEADLINE_US, hears, silence);
        }
        if !matches!(call, Call::Inquire(_)) && self.strikes(Kind::GatewayLate, n) {
            let silence = unknown(&call);
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
            if world.strikes(Kind::GatewayDoubled, n) {
                let again = world.draw(Topic::Gateway, 0).u64(10_000..30_000_000);
                world.call_again(again, call.clone());
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
            let back = world.latency(n);
            if world.strikes(Kind::GatewayUnheard, n) {
                let silence = unknown(&call);
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
        });
    }

    /// A call reaches the gateway.
    fn gateway_does(&mut self, call: &Call) -> Said {
        match call {
            Call::Confirm(request) => {
                let mut request = request.clone();
                let known = self.bank.inquire(request.payment_id);
                let mut mood = Mood::default();
                if known == GatewayReply::NoRecord {
                    mood.declines = self.strikes(Kind::GatewayDeclined, NOBODY);
                    mood.charges_wrong =
                        !mood.declines && self.strikes(Kind::GatewayWrongAmount, NOBODY);
                } else if self.plant == Some(Plant::ChargedTwice) {
                    request.payment_id = Uuid::new_v5(&request.payment_id, b"again");
                }
                let mut rng = self.draw(Topic::Gateway, 9);
                let reply = self.bank.confirm(&request, mood, &mut rng);
                tell!(
                    self,
                    "gateway: confirm {} {} → {reply:?}",
                    request.payment_id,
                    request.amount_minor
                );
                Said::Payment(reply)
            }
            Call::Inquire(payment_id) => {
                let mut reply = self.bank.inquire(*payment_id);
                if reply != GatewayReply::NoRecord && self.strikes(Kind::GatewayNoRecord, NOBODY) {
                    reply = GatewayReply::NoRecord;
                }
                tell!(self, "gateway: inquire {payment_id} → {reply:?}");
                Said::Payment(reply)
            }
            Call::Refund(request) => {
                if self.strikes(Kind::GatewayRefused, NOBODY) {
                    return Said::Refund(RefundReply::Refused {
                        code: "LATER".to_owned(),
                        message: "not now".to_owned(),
                    });
                }
                let mut request = request.clone();
                if self.plant == Some(Plant::RefundedTwice) && self.bank.has_refunded(&request) {
                    request.refund_id = Uuid::new_v5(&request.refund_id, b"again");
                }
                let reply = self.bank.refund(&request);
                tell!(
                    self,
                    "gateway: refund {} of {} → {reply:?}",
                    request.amount_minor,
                    request.payment_id
                );
                Said::Refund(reply)
            }
        }
    }
}

fn unknown(call: &Call) -> Said {
    let reason = "TIMEOUT".to_owned();
    match call {
        Call::Confirm(_) | Call::Inquire(_) => Said::Payment(GatewayReply::Unknown { reason }),
        Call::Refund(_) => Said::Refund(RefundReply::Unknown { reason }),
    }
}
