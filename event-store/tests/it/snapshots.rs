//! A long stream is read from its snapshot on, and comes out the same.

use domain::Decider as _;
use domain::StreamId;
use domain::inventory::{Inventory, InventoryState};
use event_store::StoreConfig;
use testkit::eventually;

use crate::shop::{Shop, command, create_product, product_id, receive};

#[tokio::test]
async fn a_long_stream_is_read_from_its_snapshot_and_comes_out_the_same() {
    let shop = Shop::open_with(StoreConfig {
        snapshot_every_events: 20,
        ..StoreConfig::default()
    })
    .await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..130 {
        shop.store
            .execute(command(receive(product, 1)))
            .await
            .unwrap();
    }
    let owner = shop.database.owner_pool().await;
    let stream = StreamId::of::<Inventory>(product);
    let sequence: i64 = eventually("a snapshot is written", async || {
        sqlx::query_scalar("SELECT last_sequence FROM event_store.snapshots WHERE aggregate_id = $1 AND last_sequence >= 100")
            .bind(stream.aggregate_id())
            .fetch_optional(&owner)
            .await
            .unwrap()
    })
    .await;
    let (from_snapshot, at) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!((from_snapshot.stock(), at), (130, 130));

    // That the snapshot really is what is read: a forged one shows.
    let mut forged = InventoryState::default();
    let event = domain::inventory::InventoryEvent::StockReceived {
        warehouse: "seoul".parse().unwrap(),
        quantity: 1_000,
    };
    Inventory::evolve(&mut forged, &event);
    let forge = async |assignment: &str| {
        let sql = format!("UPDATE event_store.snapshots SET {assignment} WHERE aggregate_id = $1");
        let forging = sqlx::query(&sql).bind(stream.aggregate_id());
        let rows = forging.execute(&owner).await.unwrap().rows_affected();
        assert_eq!(rows, 1, "{assignment}");
    };
    let state = serde_json::to_string(&forged).unwrap();
    forge(&format!("payload = '{state}'")).await;
    let (shown, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!(
        shown.stock(),
        1_000 + 130 - u64::try_from(sequence).unwrap()
    );

    // One that does not even parse is no reason not to sell.
    forge("payload = '[]'").await;
    let (replayed, at) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!((replayed.stock(), at), (130, 130));

    // A snapshot of another shape of the state is ignored.
    forge("state_version = 999").await;
    let (replayed, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!(replayed.stock(), 130);
    shop.close().await;
}
