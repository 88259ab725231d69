//! Commands become events: densely, once, and with an answer that is never forgotten.

use domain::inventory::Inventory;
use domain::{ProductId, Rejection};
use event_store::{CommandId, ExecuteError, verify};
use uuid::Uuid;

use crate::shop::{Shop, command, command_with_id, create_product, product_id, receive};

#[tokio::test]
async fn a_command_is_written_and_its_outcome_names_the_position_it_reached() {
    let shop = Shop::open().await;
    let product = product_id();
    let created = shop
        .store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    assert_eq!(
        (created.status, created.position, created.replayed),
        (200, 1, false)
    );
    let received = shop
        .store
        .execute(command(receive(product, 5)))
        .await
        .unwrap();
    assert_eq!(received.position, 2);
    assert!(
        received.body.contains(r#""availableStock":5"#),
        "{}",
        received.body
    );
    shop.close().await;
}

#[tokio::test]
async fn the_same_command_again_has_one_effect_and_the_same_bytes() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let id = CommandId::from_key("tester", "a key");
    let first = shop
        .store
        .execute(command_with_id(id, receive(product, 5)))
        .await
        .unwrap();
    let again = shop
        .store
        .execute(command_with_id(id, receive(product, 5)))
        .await
        .unwrap();
    assert_eq!((&again.body, again.status), (&first.body, first.status));
    assert_eq!(again.position, first.position);
    assert!(again.replayed);

    let restarted = shop.another_store().await;
    let later = restarted
        .execute(command_with_id(id, receive(product, 5)))
        .await
        .unwrap();
    assert_eq!(later.body, first.body);
    let (inventory, _) = restarted.load::<Inventory>(product).await.unwrap();
    assert_eq!(inventory.stock(), 5);
    shop.close().await;
}

#[tokio::test]
async fn fifty_repeats_at_once_have_one_effect() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let id = CommandId::from_key("tester", "at once");
    let repeats = (0..50).map(|_| {
        let store = shop.store.clone();
        tokio::spawn(async move {
            store
                .execute(command_with_id(id, receive(product, 1)))
                .await
        })
    });
    let mut bodies = Vec::new();
    for repeat in repeats.collect::<Vec<_>>() {
        bodies.push(repeat.await.unwrap().unwrap().body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let (inventory, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert_eq!(inventory.stock(), 1);
    shop.close().await;
}

#[tokio::test]
async fn an_id_used_for_another_command_is_refused() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let id = CommandId::new(Uuid::now_v7());
    shop.store
        .execute(command_with_id(id, receive(product, 5)))
        .await
        .unwrap();
    let other = shop
        .store
        .execute(command_with_id(id, receive(product, 6)))
        .await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "{other:?}");
    shop.close().await;
}

#[tokio::test]
async fn a_refusal_is_an_outcome_and_is_remembered() {
    let shop = Shop::open().await;
    let unknown: ProductId = product_id();
    let id = CommandId::new(Uuid::now_v7());
    let refused = shop
        .store
        .execute(command_with_id(id, receive(unknown, 1)))
        .await
        .unwrap();
    let code = Rejection::from(domain::product::ProductError::NotFound).code();
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains(code), "{}", refused.body);
    shop.store
        .execute(command(create_product(unknown)))
        .await
        .unwrap();
    // The product exists now; the first answer stands.
    let again = shop
        .store
        .execute(command_with_id(id, receive(unknown, 1)))
        .await
        .unwrap();
    assert_eq!(again.body, refused.body);
    shop.close().await;
}

#[tokio::test]
async fn several_processes_at_one_hot_aggregate_lose_and_double_nothing() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let stores = [
        shop.store.clone(),
        shop.another_store().await,
        shop.another_store().await,
    ];
    let mut tasks = Vec::new();
    for store in stores.iter().cycle().take(300) {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            store.execute(command(receive(product, 1))).await
        }));
    }
    let mut positions = Vec::new();
    for task in tasks {
        positions.push(task.await.unwrap().unwrap().position);
    }
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(
        positions.len(),
        300,
        "every command has a position of its own"
    );
    for store in &stores {
        let (inventory, sequence) = store.load::<Inventory>(product).await.unwrap();
        assert_eq!((inventory.stock(), sequence), (300, 300));
    }
    let report = verify(&shop.database.app_pool().await).await.unwrap();
    assert_eq!((report.events, report.findings), (301, vec![]));
    shop.close().await;
}
