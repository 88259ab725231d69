//! A gateway's adapter under observation: counts calls, and stops the world at one of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use payment_gateways::{ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest};
use tokio::sync::watch;
use uuid::Uuid;

/// A call, by its kind and its idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Confirm(Uuid),
    Inquire(Uuid),
    Refund(Uuid),
}

/// Where a call is caught: before the company hears of it, or when it has done all and the answer is on
/// its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

pub(crate) struct Watched {
    inner: Arc<dyn PaymentGateway>,
    calls: Mutex<Vec<Call>>,
    /// The call, counted from here on, that never comes back.
    trap: Mutex<Option<(usize, Moment)>>,
    sprung: watch::Sender<bool>,
    /// While held, answers are kept back.
    held: watch::Sender<bool>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    /// So many more calls find the circuit open.
    turned_away: AtomicUsize,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn PaymentGateway>) -> Self {
        Self {
            inner,
            calls: Mutex::default(),
            trap: Mutex::default(),
            sprung: watch::Sender::new(false),
            held: watch::Sender::new(false),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            turned_away: AtomicUsize::new(0),
        }
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    /// How often each call was made.
    pub(crate) fn counts(&self) -> HashMap<Call, usize> {
        let mut counts = HashMap::new();
        for call in self.calls() {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }

    /// The most calls that were under way at once.
    pub(crate) fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::SeqCst)
    }

    /// The next so many charges are not sent, as while a circuit is open.
    pub(crate) fn turn_away(&self, calls: usize) {
        self.turned_away.store(calls, Ordering::SeqCst);
    }

    /// Waits until only so many more are turned away.
    pub(crate) async fn until_turned_away(&self, left: usize) {
        testkit::eventually(
            &format!("{left} calls left to be turned away"),
            async || (self.turned_away.load(Ordering::SeqCst) <= left).then_some(()),
        )
        .await;
    }

    fn is_turned_away(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let (set, get) = (Ordering::SeqCst, Ordering::SeqCst);
        self.turned_away.fetch_update(set, get, less).is_ok()
    }

    /// Keeps all answers back, as a slow line would: the company has done what it was asked.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets them through.
    pub(crate) fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// Waits until so many calls were made.
    pub(crate) async fn until_called(&self, times: usize) {
        testkit::eventually(&format!("{times} calls of the gateway"), async || {
            (self.calls().len() >= times).then_some(())
        })
        .await;
    }

    /// Catches the `nth` call from now on, counted from 1.
    pub(crate) fn trap(&self, nth: usize, moment: Moment) {
        self.sprung.send_replace(false);
        *lock(&self.trap) = Some((nth, moment));
    }

    pub(crate) fn disarm(&self) {
        *lock(&self.trap) = None;
    }

    /// Waits until a call is caught.
    pub(crate) async fn sprung(&self) {
        let _ = self.sprung.subscribe().wait_for(|sprung| *sprung).await;
    }

    async fn watch<R>(&self, call: Call, answer: impl Future<Output = R>) -> R {
        lock(&self.calls).push(call);
        let caught = self.caught();
        if caught == Some(Moment::Before) {
            self.never().await;
        }
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        let _leaving = Leaving(&self.under_way);
        let answer = answer.await;
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        if caught == Some(Moment::After) {
            self.never().await;
        }
        answer
    }

    fn caught(&self) -> Option<Moment> {
        let mut trap = lock(&self.trap);
        let (left, moment) = trap.as_mut()?;
        *left -= 1;
        let moment = (*left == 0).then_some(*moment)?;
        *trap = None;
        Some(moment)
    }

    async fn never(&self) {
        self.sprung.send_replace(true);
        std::future::pending().await
    }
}

struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl PaymentGateway for Watched {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        if self.is_turned_away() {
            let reason = "CIRCUIT_OPEN".to_owned();
            return GatewayReply::NotAttempted { reason };
        }
        let call = Call::Confirm(request.payment_id);
        self.watch(call, self.inner.confirm(request)).await
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let call = Call::Inquire(payment_id);
        self.watch(call, self.inner.inquire(payment_id)).await
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        let call = Call::Refund(request.key());
        self.watch(call, self.inner.refund(request)).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
