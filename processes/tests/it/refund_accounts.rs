//! Deposits that go back to an account that the buyer tells, on the mock of Toss, with a vault of its own.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use chrono::TimeDelta;
use domain::RefundId;
use domain::order::OrderStatus;
use domain::payment::{NoteRefundAccount, PaymentStatus, Refund};
use payment_vault::{AccountOfRefund, KeySafe as _, RefundAccount};
use processes::Clock as _;
use testkit::eventually;

use crate::stage::saving::Saving;
use crate::stage::{Call, Sale, Shop};

/// A bank that Toss knows, and one that it does not.
const BANK: &str = "20";
const NO_BANK: &str = "99";
/// An account is kept in a moment, and the refund waits for that.
const KEPT: TimeDelta = TimeDelta::seconds(2);

/// An order that was paid by a deposit and is cancelled: its refund waits for an account.
struct Waiting {
    saving: Saving,
    sale: Sale,
}

impl Waiting {
    async fn open() -> Self {
        let shop = Shop::open_with_toss().await;
        let saving = Saving::of(shop);
        let shop = &saving.shop;
        let sale = shop.place_and_pay("tok_virtual_account").await;
        eventually("an account to pay into", async || {
            shop.payment(sale.payment_id).await.deposit
        })
        .await;
        shop.until_idle().await;
        shop.bank.deposit(sale.payment_id.uuid()).await;
        shop.clock.advance(TimeDelta::minutes(10));
        shop.until_order(sale.order_id, OrderStatus::Paid).await;
        shop.cancel(sale.order_id).await;
        let waiting = Self { saving, sale };
        waiting.until_tried(1).await;
        assert_eq!(waiting.refunds_asked_for(), 0, "nobody said where to");
        waiting
    }

    async fn refund(&self) -> Refund {
        let mut refunds = self.saving.shop.payment(self.sale.payment_id).await.refunds;
        assert_eq!(refunds.len(), 1);
        refunds.remove(0)
    }

    async fn until_tried(&self, attempts: u32) {
        eventually("a refund that was tried", async || {
            (self.refund().await.attempts == attempts).then_some(())
        })
        .await;
        self.saving.shop.until_idle().await;
    }

    /// As the command API takes it in.
    async fn tell(&self, bank: &str) {
        let refund_id = self.note().await;
        let told = AccountOfRefund {
            refund_id: refund_id.uuid(),
            account: RefundAccount {
                bank: bank.to_owned(),
                number: "1002123456789".to_owned(),
                holder: "somebody".to_owned(),
            },
            told_at: self.saving.shop.clock.now(),
        };
        self.saving.vault.keep_account(&told).await.unwrap();
        self.saving.shop.clock.advance(KEPT);
    }

    async fn note(&self) -> RefundId {
        let refund_id = self.refund().await.refund_id;
        let note = NoteRefundAccount {
            payment_id: self.sale.payment_id,
            refund_id,
            user_id: None,
            now: self.saving.shop.clock.now(),
        };
        self.saving.shop.accepted(note).await;
        refund_id
    }

    fn refunds_asked_for(&self) -> usize {
        let calls = self.saving.shop.gateway.calls();
        let refunds = calls.iter().filter(|call| matches!(call, Call::Refund(_)));
        refunds.count()
    }

    async fn accounts_kept(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM payment.refund_accounts")
            .fetch_one(&self.saving.shop.owner)
            .await
            .unwrap()
    }

    /// The money is back, once, and the account is nowhere any more.
    async fn until_done(self) {
        self.saving
            .shop
            .until_payment(self.sale.payment_id, PaymentStatus::Cancelled)
            .await;
        eventually("the account is wiped", async || {
            (self.accounts_kept().await == 0).then_some(())
        })
        .await;
        self.saving.shop.until_idle().await;
        let ledger = self.saving.shop.bank.ledger().await;
        let back: Vec<_> = ledger
            .iter()
            .filter(|entry| entry["kind"] == "REFUND")
            .collect();
        assert_eq!(back.len(), 1, "{back:?}");
        self.saving.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_goes_back_to_the_account_that_was_told_and_the_account_is_wiped() {
    let waiting = Waiting::open().await;
    waiting.tell(BANK).await;
    waiting.until_done().await;
}

/// Toss repeats what it said to a key, whatever is sent under it later.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_refused_is_corrected_and_the_money_goes_there() {
    let waiting = Waiting::open().await;
    waiting.tell(NO_BANK).await;
    eventually("the account is refused", async || {
        (waiting.refund().await.refusals == 1).then_some(())
    })
    .await;
    waiting.saving.shop.until_idle().await;
    waiting.tell(BANK).await;
    // The schedule's next try may be nearer than the one that the correction makes.
    waiting.saving.shop.clock.advance(TimeDelta::seconds(5));
    waiting.until_done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_this_process_cannot_open_is_waited_for() {
    let mut waiting = Waiting::open().await;
    waiting.saving.stop().await;
    waiting.saving.start_with(None, Shop::config());
    waiting.tell(BANK).await;
    let shop = &waiting.saving.shop;
    shop.until_it_waits_because("this process does not have")
        .await;
    assert_eq!(waiting.refund().await.attempts, 0, "it counts for nothing");
    assert_eq!(waiting.refunds_asked_for(), 0);
    waiting.saving.stop().await;
    waiting.saving.start();
    waiting.saving.shop.clock.advance(TimeDelta::minutes(1));
    waiting.until_done().await;
}

/// The command was taken, and the process that was to keep the account died before it did.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_lost_on_its_way_is_asked_for_again() {
    let waiting = Waiting::open().await;
    waiting.note().await;
    waiting.saving.shop.clock.advance(KEPT);
    waiting.until_tried(1).await;
    assert_eq!(waiting.refunds_asked_for(), 0);
    waiting.tell(BANK).await;
    waiting.saving.shop.clock.advance(TimeDelta::seconds(5));
    waiting.until_done().await;
}

/// A crash after the money went back and before the account was wiped: whoever comes next wipes it.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_a_crash_left_behind_is_wiped_by_the_next() {
    let mut waiting = Waiting::open().await;
    let shop = &waiting.saving.shop;
    shop.gateway.hold();
    waiting.tell(BANK).await;
    eventually("the refund is asked for", async || {
        (waiting.refunds_asked_for() == 1).then_some(())
    })
    .await;
    let mut blockade = shop.owner.begin().await.unwrap();
    sqlx::query("LOCK TABLE payment.refund_accounts IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *blockade)
        .await
        .unwrap();
    shop.gateway.let_go();
    shop.until_payment(waiting.sale.payment_id, PaymentStatus::Cancelled)
        .await;
    waiting.saving.kill().await;
    blockade.rollback().await.unwrap();
    assert_eq!(waiting.accounts_kept().await, 1, "nobody wiped it");
    waiting.saving.start();
    waiting.until_done().await;
}
