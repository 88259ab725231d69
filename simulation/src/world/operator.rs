//! A person who looks after what no process does by itself. When all is quiet they compare the books of the accounts
//! that were paid into late, or that the bank has emptied again: only a notice tells of those, and notices are lost.
//! And they have refunds tried again that are tried no more.

use std::collections::{BTreeMap, BTreeSet};

use domain::payment::{InquiryCause, RequestInquiry, RetryRefund};
use domain::{Operation, PaymentId};
use event_store::{Command, CommandId, Context, Fingerprint};
use uuid::Uuid;

use super::operations::new_id;
use super::{World, tell};
use crate::chance::Topic;
use crate::plant::Plant;

/// Who does it.
const OPERATOR: &str = "operator";

impl World {
    /// Does what there is to do. Whether there was anything.
    pub(super) fn look_after(&mut self) -> bool {
        if self.plant == Some(Plant::UnseenTakeBack) {
            return false;
        }
        let stories: Vec<_> = self.bank.accounts().collect();
        let mut any = false;
        for story in stories {
            let Some(payment) = self.payment(story.payment_id) else {
                continue;
            };
            let payment_id = PaymentId::new(story.payment_id);
            let is_unheard = story.was_late && !story.was_taken_back && payment.capture.is_none();
            let is_unseen =
                story.was_taken_back && payment.capture.is_some() && payment.review.is_none();
            if (is_unheard || is_unseen) && self.looked_after.insert(story.payment_id) {
                let cause = InquiryCause::Operator {};
                self.operate(
                    story.payment_id,
                    RequestInquiry {
                        payment_id,
                        cause,
                        now: self.wall(0),
                    },
                );
                any = true;
            }
            if story.was_taken_back {
                // There is nothing to give back: no account and no other try helps.
                continue;
            }
            let given_up = payment.pending_refunds();
            let given_up = given_up.filter(|refund| refund.next_attempt_at.is_none());
            let given_up: Vec<_> = given_up.map(|refund| refund.refund_id).collect();
            for refund_id in given_up {
                if self.tell_account(payment_id, refund_id) {
                    any = true;
                } else if self.looked_after.insert(refund_id.uuid()) {
                    let now = self.wall(0);
                    let retry = RetryRefund {
                        payment_id,
                        refund_id,
                        now,
                    };
                    self.operate(refund_id.uuid(), retry);
                    any = true;
                }
            }
        }
        any
    }

    pub(super) fn operate(&mut self, about: Uuid, operation: impl Operation + 'static) {
        let name = operation.name();
        self.operate_then(about, operation, move |world, done| {
            if !done {
                world.fail("operator", format!("{name} of {about} was refused"));
            }
        });
    }

    /// An operator's command, and what follows when it was taken, or refused.
    pub(super) fn operate_then(
        &mut self,
        about: Uuid,
        operation: impl Operation + 'static,
        then: impl FnOnce(&mut Self, bool) + 'static,
    ) {
        let name = operation.name();
        tell!(self, "the operator: {name} of {about}");
        let key = format!("{name}-{about}");
        let context = Context {
            principal: OPERATOR.to_owned(),
            correlation_id: new_id(&mut self.draw(Topic::Ids, 1 << 41)),
            causation_id: None,
            occurred_at: self.wall(0),
        };
        let id = CommandId::from_key(OPERATOR, &key);
        let command = Command::new(id, Fingerprint::of(&[key.as_bytes()]), operation, context);
        self.on_node(0, 0, move |world, n| {
            world.submit(n, command, move |world, _, answer| {
                then(world, answer.is_ok_and(|outcome| outcome.status < 400));
            });
        });
    }

    /// What the sagas have given up is for a person to see, and only that which a gateway's account gives cause for;
    /// a deposit that was taken back is among it. Returns the payments.
    pub(super) fn check_given_up(&mut self) -> BTreeSet<Uuid> {
        let parked: BTreeMap<String, String> = self.shop.parked().into_iter().collect();
        let mut without_cause = parked.clone();
        let (mut known, mut unseen) = (BTreeSet::new(), None);
        for story in self.bank.accounts() {
            let stream = format!("payment/{}", story.payment_id);
            let has_cause = story.was_taken_back || story.is_mismatched;
            if has_cause {
                without_cause.remove(&stream);
            }
            let payment = self.payment(story.payment_id);
            let was_counted = payment.is_some_and(|payment| payment.capture.is_some());
            if !story.was_taken_back || !was_counted {
                continue;
            }
            if parked.contains_key(&stream) {
                known.insert(story.payment_id);
            } else {
                unseen = Some(stream);
            }
        }
        if let Some((stream, why)) = without_cause.first_key_value() {
            self.fail("sagas-end", format!("{stream} was given up: {why}"));
        }
        if let Some(stream) = unseen {
            let what = format!("{stream}: its deposit was taken back, and nobody knows");
            self.fail("deposits", what);
        }
        known
    }
}
