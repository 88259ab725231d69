//! The safe: the same random questions to the one in memory and to the real one, which seals what it keeps.

use chrono::Utc;
use fastrand::Rng;
use payment_vault::{
    AccountOfRefund, BillingKey, KeptMethod, KeySafe as _, NewMethod, RefundAccount, Vault,
    VaultKeys,
};
use simulation::safe::Safe;
use sqlx::postgres::PgPoolOptions;
use testkit::TestDatabase;
use uuid::Uuid;

const KEYS: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// Few methods, companies and keys: so they meet.
const METHODS: u128 = 40;
const QUESTIONS: usize = 400;

/// A method's company is its own.
fn company(method: u128) -> String {
    let company = if method.is_multiple_of(2) {
        "toss"
    } else {
        "bank"
    };
    company.to_owned()
}

fn new_method(method: u128, rng: &mut Rng) -> NewMethod {
    NewMethod {
        method_id: Uuid::from_u128(method),
        user_id: format!("user-{}", rng.u8(0..3)),
        company: company(method),
        billing_key: key(rng),
        customer_key: BillingKey::new("customer".to_owned()),
        kind: "CARD",
        card_company: rng.bool().then(|| "71".to_owned()),
        card_last4: rng.bool().then(|| "1234".to_owned()),
        now: Utc::now(),
    }
}

fn key(rng: &mut Rng) -> BillingKey {
    BillingKey::new(format!("key-{}", rng.u8(0..8)))
}

/// What it says, revealed, and whether it charges.
fn shown(kept: Option<KeptMethod>) -> Option<(String, bool)> {
    kept.map(|kept| {
        let secrets = [&kept.billing_key, &kept.customer_key].map(BillingKey::reveal);
        let card = (&kept.card_company, &kept.card_last4);
        let shown = format!("{} {secrets:?} {card:?}", kept.user_id);
        (shown, kept.is_active)
    })
}

#[tokio::test]
async fn the_safe_in_memory_says_what_the_vault_says() {
    let database = TestDatabase::create().await;
    let pool = PgPoolOptions::new()
        .connect_with(database.role_options("payment_service"))
        .await
        .unwrap();
    let vault = Vault::new(pool.clone(), KEYS.parse::<VaultKeys>().unwrap());
    let (mut safe, mut rng) = (Safe::default(), Rng::with_seed(5));
    for number in 0..QUESTIONS {
        let method = rng.u128(1..=METHODS);
        let id = Uuid::from_u128(method);
        match rng.u8(0..8) {
            0..=2 => {
                let new = new_method(method, &mut rng);
                let real = vault.keep(&new).await.unwrap();
                assert_eq!(safe.keep(&new), real, "question {number}: {new:?}");
            }
            3 => {
                let real = vault.retire(id, Utc::now()).await.unwrap();
                assert_eq!(safe.retire(id), real, "question {number}: {id}");
            }
            4 if number % 8 == 0 => {
                vault.wipe(id, Utc::now()).await.unwrap();
                safe.wipe(id);
            }
            6 if number % 2 == 0 => {
                let told = RefundAccount {
                    bank: "20".to_owned(),
                    number: rng.u32(..).to_string(),
                    holder: "somebody".to_owned(),
                };
                let told = AccountOfRefund {
                    refund_id: id,
                    account: told,
                    told_at: Utc::now(),
                };
                vault.keep_account(&told).await.unwrap();
                safe.keep_account(id, told.account);
            }
            6 => {
                vault.wipe_account(id).await.unwrap();
                safe.wipe_account(id);
            }
            5 => {
                let (company, key) = (company(method), key(&mut rng));
                let real = vault.find(&company, &key).await.unwrap();
                assert_eq!(safe.find(&company, &key), real, "question {number}");
            }
            _ => {
                let real = vault.open(id, &company(method)).await.unwrap();
                assert_eq!(shown(safe.open(id)), shown(real), "question {number}");
                let account = vault.open_account(id).await.unwrap();
                assert_eq!(safe.open_account(id), account, "question {number}");
            }
        }
    }
    let kept: Vec<Uuid> =
        sqlx::query_scalar("SELECT method_id FROM payment.method_keys ORDER BY method_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(safe.kept().collect::<Vec<_>>(), kept);
    pool.close().await;
    drop(vault);
    database.drop_now().await;
}
