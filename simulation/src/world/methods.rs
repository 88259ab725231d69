//! Saved payment methods: the way to the safe that keeps their keys, and what must be true of them at rest.

use std::collections::{BTreeMap, BTreeSet};

use domain::payment_method::{
    MethodStage, PaymentMethodEvent, PaymentMethods, PaymentMethodsState,
};
use domain::{DomainEvent, PaymentMethodId, StreamId};
use event_store::sans_io::Wanted;
use payment_vault::{BillingKey, Keeping, KeptMethod, NewMethod, RefundAccount, VaultError};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{World, tell};
use crate::fault::Kind;
use crate::plant::Plant;

/// What the safe is asked.
pub(super) enum KeyAsk {
    Keep(NewMethod, oneshot::Sender<Result<Keeping, VaultError>>),
    Open(
        Uuid,
        oneshot::Sender<Result<Option<KeptMethod>, VaultError>>,
    ),
    Find(
        String,
        BillingKey,
        oneshot::Sender<Result<Option<Uuid>, VaultError>>,
    ),
    Retire(Uuid, oneshot::Sender<Result<bool, VaultError>>),
    Wipe(Uuid, oneshot::Sender<Result<(), VaultError>>),
    OpenAccount(
        Uuid,
        oneshot::Sender<Result<Option<RefundAccount>, VaultError>>,
    ),
    WipeAccount(Uuid, oneshot::Sender<Result<(), VaultError>>),
}

impl World {
    /// A question to the safe leaves a process.
    pub(super) fn ask_safe(&mut self, n: usize, ask: KeyAsk) {
        match ask {
            KeyAsk::Open(method_id, reply) => {
                self.read_safe(n, reply, move |world| world.safe.open(method_id));
            }
            KeyAsk::Find(company, key, reply) => {
                self.read_safe(n, reply, move |world| world.safe.find(&company, &key));
            }
            KeyAsk::Keep(new, reply) => self.write_safe(n, reply, move |world| {
                tell!(world, "the safe keeps the key of {}", new.method_id);
                world.safe.keep(&new)
            }),
            KeyAsk::Retire(method_id, reply) => {
                self.write_safe(n, reply, move |world| world.safe.retire(method_id));
            }
            KeyAsk::Wipe(method_id, reply) => self.write_safe(n, reply, move |world| {
                tell!(world, "the safe wipes the key of {method_id}");
                if world.plant != Some(Plant::LeakySafe) {
                    world.safe.wipe(method_id);
                }
            }),
            KeyAsk::OpenAccount(refund_id, reply) => {
                if self.safe.open_account(refund_id).is_none() {
                    self.find_out_where_to(refund_id);
                }
                self.read_safe(n, reply, move |world| {
                    let kept = world.safe.open_account(refund_id);
                    kept.filter(|_| world.plant != Some(Plant::LostAccount))
                });
            }
            KeyAsk::WipeAccount(refund_id, reply) => self.write_safe(n, reply, move |world| {
                tell!(world, "the safe wipes the account of refund {refund_id}");
                if world.plant != Some(Plant::LeakyDrawer) {
                    world.safe.wipe_account(refund_id);
                }
            }),
        }
    }

    fn read_safe<T: 'static>(
        &mut self,
        n: usize,
        reply: oneshot::Sender<Result<T, VaultError>>,
        read: impl FnOnce(&Self) -> T + 'static,
    ) {
        let way = self.latency(n);
        self.on_node(n, way, move |world, n| {
            let said = if world.database_fails(Kind::ReadFailed, n) {
                Err(VaultError::away())
            } else {
                Ok(read(world))
            };
            // Whoever asked may have lost the lease meanwhile.
            drop(reply.send(said));
        });
    }

    /// A change of the safe is on its way. Whether its process still lives is nothing to the safe.
    fn write_safe<T: 'static>(
        &mut self,
        n: usize,
        reply: oneshot::Sender<Result<T, VaultError>>,
        write: impl FnOnce(&mut Self) -> T + 'static,
    ) {
        let (way, back) = (self.latency(n), self.latency(n));
        let incarnation = self.nodes[n].incarnation;
        self.after(way, move |world| {
            if world.is_alive(n, incarnation) && world.strikes(Kind::SafeCrashBefore, n) {
                return world.crash(n);
            }
            let done = if world.database_fails(Kind::SafeLost, n) {
                Err(VaultError::away())
            } else {
                let done = write(world);
                if world.is_alive(n, incarnation) && world.strikes(Kind::SafeCrashAfter, n) {
                    return world.crash(n);
                }
                if world.strikes(Kind::SafeUnacknowledged, n) {
                    Err(VaultError::away())
                } else {
                    Ok(done)
                }
            };
            world.on_incarnation(n, incarnation, back, move |_, _| drop(reply.send(done)));
        });
    }

    pub(super) fn methods_of(&self, user: &str) -> PaymentMethodsState {
        let stream = StreamId::of::<PaymentMethods>(user);
        let wanted = Wanted { stream, base: None };
        let read = self.log.load(vec![wanted]).pop().and_then(Result::ok);
        let state = read.and_then(|read| read.loaded.state_of::<PaymentMethods>().cloned());
        state.unwrap_or_default()
    }

    /// At rest the company, the safe and the shop agree on each key: one for each registration, kept as long as its
    /// method can be charged, and nowhere afterwards.
    pub(super) fn check_keys(&mut self) {
        if let Some(wrong) = self.wrong_key() {
            self.fail("billing-keys", wrong);
        }
    }

    fn wrong_key(&self) -> Option<String> {
        let mut accounts = self.safe.accounts();
        if let Some(refund_id) = accounts.find(|refund_id| !self.is_owed(*refund_id)) {
            return Some(format!("the account of refund {refund_id} is kept"));
        }
        let mut requests: BTreeMap<&str, Uuid> = BTreeMap::new();
        let mut alive = BTreeSet::new();
        for (text, key) in self.bank.keys() {
            if let Some(other) = requests.insert(&key.auth_key, key.request_id) {
                let (auth, id) = (&key.auth_key, key.request_id);
                return Some(format!("two keys were issued for {auth}: {other} and {id}"));
            }
            if key.is_alive {
                alive.insert(text);
            }
        }
        let mut kept: BTreeSet<Uuid> = self.safe.kept().collect();
        for (user, method_id) in self.log_of_methods(|event| {
            matches!(event, PaymentMethodEvent::PaymentMethodRequested { .. })
        }) {
            let methods = self.methods_of(&user);
            let Ok(method) = methods.method(method_id) else {
                // It failed, or is erased.
                continue;
            };
            let key = self.safe.open(method_id.uuid());
            let charges = key.is_some_and(|key| {
                let text = key.billing_key.reveal();
                key.is_active && key.user_id == user && alive.contains(text)
            });
            kept.remove(&method_id.uuid());
            let is_active = match method.stage {
                MethodStage::Active { .. } => true,
                // By now each is registered, has failed, or is erased.
                MethodStage::Pending { .. } | MethodStage::Deleted { .. } => false,
            };
            if !is_active || !charges {
                let stage = &method.stage;
                let what = format!("method {method_id} is {stage:?}; its key charges: {charges}");
                return Some(what);
            }
        }
        if let Some(method_id) = kept.first() {
            return Some(format!(
                "a key of {method_id} is kept, and the shop has no method"
            ));
        }
        let erased: BTreeSet<Uuid> = self
            .log_of_methods(|event| matches!(event, PaymentMethodEvent::PaymentMethodErased { .. }))
            .map(|(_, method_id)| method_id.uuid())
            .collect();
        let mut keys = self.bank.keys();
        let left = keys.find(|(_, key)| key.is_alive && erased.contains(&key.request_id));
        left.map(|(_, key)| format!("the key of {} is erased, and charges", key.request_id))
    }

    /// The methods to which something happened, and whose they are.
    fn log_of_methods(
        &self,
        what: impl Fn(&PaymentMethodEvent) -> bool,
    ) -> impl Iterator<Item = (String, PaymentMethodId)> {
        let events = self.log.decoded(0, usize::MAX).iter();
        events.filter_map(move |recorded| {
            let DomainEvent::PaymentMethod(event) = &recorded.event else {
                return None;
            };
            what(event).then(|| (recorded.aggregate_id.clone(), event.method_id()))
        })
    }
}
