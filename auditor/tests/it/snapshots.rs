//! 14: snapshots.

use auditor::verify_snapshots;
use event_store::StoreConfig;
use testkit::eventually;

use crate::shop::Shop;

async fn shop_with_a_snapshot() -> Shop {
    let shop = Shop::open_with(StoreConfig {
        snapshot_every_events: 5,
        ..StoreConfig::default()
    })
    .await;
    let product = shop.product(10).await;
    for pieces in 1..8 {
        shop.receive(product, pieces).await;
    }
    eventually("a snapshot is written", async || {
        let report = verify_snapshots(&shop.owner).await.expect("a report");
        (report.compared > 0).then_some(())
    })
    .await;
    shop
}

#[tokio::test]
async fn snapshots_a_changed_one_is_found() {
    for damage in [
        "UPDATE event_store.snapshots SET payload = replace(payload::text, '\"stock\":', '\"stock\":1')::json",
        "UPDATE event_store.snapshots SET last_sequence = last_sequence - 1",
        "UPDATE event_store.snapshots SET last_sequence = last_sequence + 100",
        "UPDATE event_store.snapshots SET payload = '7'",
    ] {
        let shop = shop_with_a_snapshot().await;
        let before = verify_snapshots(&shop.owner).await.expect("a report");
        assert_eq!(before.violations, [], "whole before: {damage}");
        shop.as_owner(damage).await;
        let after = verify_snapshots(&shop.owner).await.expect("a report");
        assert_eq!(after.violations.len(), 1, "{damage}");
        shop.close().await;
    }
}

#[tokio::test]
async fn a_snapshot_of_another_version_is_ignored() {
    let shop = shop_with_a_snapshot().await;
    shop.as_owner("UPDATE event_store.snapshots SET state_version = 99, payload = '7'")
        .await;
    let report = verify_snapshots(&shop.owner).await.expect("a report");
    assert_eq!((report.compared, report.ignored), (0, 1));
    assert_eq!(report.violations, []);
    shop.close().await;
}
