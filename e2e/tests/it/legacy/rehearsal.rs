//! The rehearsal: a million payments, all steps, killed in the middle of the copy and of the drop, a second
//! run, and the way back. Its times are those of `docs/legacy-migration/`.

use std::time::Instant;

use super::shop::LegacyShop;
use super::steps::{PATIENCE, kill_in_the_middle_of_drop};

const PAYMENTS: u64 = 1_000_000;

#[tokio::test]
#[ignore = "minutes, and both cores: ./dev test runs it alone"]
async fn a_million_payments_go_there_and_back_through_kills() {
    let started = Instant::now();
    let shop = LegacyShop::new(PAYMENTS).await;
    let before = shop.portrait().await;
    tell(&shop, started, "the legacy shop is made");
    shop.run(&["all", "--until", "drop-foreign-keys"]);
    let copy = shop.installation.start(&["migrate-legacy", "copy"], &[]);
    let middle = "SELECT last_key > 400000 AND NOT finished FROM payment.legacy_progress WHERE subject = 'PAYMENT'";
    shop.until("the copy is in the middle", middle, PATIENCE * 10)
        .await;
    copy.kill();
    let in_the_middle = shop
        .number("SELECT count(*) FROM payment.transactions")
        .await;
    assert!(
        in_the_middle < shop.model.carried["PAYMENT"],
        "{in_the_middle}"
    );
    tell(&shop, started, "the copy was killed in the middle");
    shop.run(&["all", "--until", "switch"]);
    shop.assert_carried().await;
    tell(&shop, started, "verified and switched");
    kill_in_the_middle_of_drop(&shop).await;
    shop.run(&["all"]);
    let again = shop.run(&["all"]);
    assert_eq!(again.matches("nothing to do").count(), 7, "{again}");
    assert_eq!(
        shop.legacy_tables().await.len(),
        4,
        "three backups, and the orders"
    );
    shop.assert_carried().await;
    tell(&shop, started, "dropped, and a second run changed nothing");
    shop.run(&["back", "--to", "start"]);
    assert_eq!(shop.portrait().await, before);
    assert_eq!(
        shop.number("SELECT count(*) FROM payment.transactions")
            .await,
        0
    );
    tell(&shop, started, "taken back to the start");
    shop.close().await;
}

/// For whoever watches with `--nocapture`.
#[expect(clippy::print_stdout, reason = "a test of minutes says where it is")]
fn tell(shop: &LegacyShop, started: Instant, what: &str) {
    println!(
        "{:.0?}: {what}\n{}",
        started.elapsed(),
        shop.run(&["report"])
    );
}
