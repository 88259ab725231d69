//! Following the log: nothing missed, nothing twice, in order, across processes.

use std::collections::HashMap;

use event_store::RecordedEvent;
use testkit::eventually_within;

use crate::shop::{Shop, command, create_product, product_id, receive};
use std::sync::Arc;
use std::time::Duration;

async fn collect(
    mut subscription: event_store::Subscription,
    count: usize,
) -> Vec<Arc<RecordedEvent>> {
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(subscription.next(64).await.unwrap());
    }
    events
}

fn assert_whole(events: &[Arc<RecordedEvent>]) {
    let mut sequences: HashMap<(&str, &str), u64> = HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position, "no hole and no repeat");
        let stream = (event.aggregate_type.as_str(), event.aggregate_id.as_str());
        let sequence = sequences.entry(stream).or_default();
        assert_eq!(
            event.sequence,
            *sequence + 1,
            "every stream in its own order"
        );
        *sequence = event.sequence;
    }
}

#[tokio::test]
async fn readers_by_position_miss_nothing_while_three_processes_write() {
    let shop = Shop::open().await;
    let writers = [
        shop.store.clone(),
        shop.another_store().await,
        shop.another_store().await,
    ];
    let reader_elsewhere = shop.another_store().await;
    let total = 3 * 8 * 20;
    let readers = [
        tokio::spawn(collect(writers[0].log().subscribe(0), total)),
        tokio::spawn(collect(reader_elsewhere.log().subscribe(0), total)),
    ];
    let mut tasks = Vec::new();
    for store in &writers {
        for _ in 0..8 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let product = product_id();
                store
                    .execute(command(create_product(product)))
                    .await
                    .unwrap();
                for _ in 1..20 {
                    store.execute(command(receive(product, 1))).await.unwrap();
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for reader in readers {
        let events = tokio::time::timeout(Duration::from_secs(20), reader)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(events.len(), total);
        assert_whole(&events);
    }
    shop.close().await;
}

#[tokio::test]
async fn a_subscription_resumes_after_the_position_it_is_given() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..9 {
        shop.store
            .execute(command(receive(product, 1)))
            .await
            .unwrap();
    }
    let mut subscription = shop.store.log().subscribe(7);
    let events = subscription.next(100).await.unwrap();
    assert_eq!(
        events.iter().map(|e| e.position).collect::<Vec<_>>(),
        [8, 9, 10]
    );
    assert_eq!(subscription.position(), 10);
    assert!(subscription.try_next(100).await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn what_another_process_writes_wakes_a_waiting_subscriber_well_before_it_polls() {
    let shop = Shop::open().await;
    let other = shop.another_store().await;
    let mut waiting = shop.store.log().subscribe(0);
    let reader = tokio::spawn(async move { waiting.next(10).await.unwrap() });
    // The listener may still be connecting: the notification that counts is a later one.
    let woken = eventually_within(Duration::from_secs(10), "the reader wakes", async || {
        other
            .execute(command(create_product(product_id())))
            .await
            .unwrap();
        reader.is_finished().then_some(())
    });
    woken.await;
    assert!(!reader.await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn a_decoded_event_has_its_type_and_its_reason_back() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let events = shop.store.log().read(0, 10).await.unwrap();
    let event = events.first().unwrap();
    assert_eq!(event.metadata.principal, "tester");
    let recorded = event.decode().unwrap();
    assert_eq!(recorded.aggregate_id, product.to_string());
    assert!(matches!(
        recorded.event,
        domain::DomainEvent::Product(domain::product::ProductEvent::ProductCreated { .. })
    ));
    shop.close().await;
}
