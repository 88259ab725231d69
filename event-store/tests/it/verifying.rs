//! A verification that cannot fail would be a defect: each promise is broken once by hand.

use event_store::verify;

use crate::shop::{Shop, command, create_product, product_id, receive};

async fn findings_after(damage: &str) -> Vec<&'static str> {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..4 {
        shop.store
            .execute(command(receive(product, 1)))
            .await
            .unwrap();
    }
    let owner = shop.database.owner_pool().await;
    assert_eq!(
        verify(&owner).await.unwrap().findings,
        vec![],
        "whole before the damage"
    );
    sqlx::raw_sql(damage).execute(&owner).await.unwrap();
    let found = verify(&owner).await.unwrap().findings;
    shop.close().await;
    found.into_iter().map(|finding| finding.invariant).collect()
}

#[tokio::test]
async fn a_deleted_event_is_found() {
    let found = findings_after("DELETE FROM event_store.events WHERE position = 3").await;
    assert_eq!(found, ["positions are dense", "every stream is dense"]);
}

#[tokio::test]
async fn a_skipped_position_is_found() {
    let found =
        findings_after("UPDATE event_store.events SET position = 9 WHERE position = 5").await;
    assert_eq!(found, ["positions are dense"]);
}

#[tokio::test]
async fn a_hole_in_a_stream_is_found() {
    let found = findings_after(
        "UPDATE event_store.events SET sequence = 9 WHERE aggregate_type = 'inventory' AND sequence = 4",
    )
    .await;
    assert_eq!(found, ["every stream is dense"]);
}

#[tokio::test]
async fn a_lost_command_is_found() {
    let found = findings_after("DELETE FROM event_store.commands WHERE position = 2").await;
    assert_eq!(found, ["every event's command is stored"]);
}

#[tokio::test]
async fn an_event_id_that_stands_twice_is_found() {
    let found = findings_after(
        "UPDATE event_store.events SET metadata = (
             SELECT metadata FROM event_store.events WHERE position = 2) WHERE position = 3",
    )
    .await;
    assert_eq!(found, ["every event's id is its own"]);
}
