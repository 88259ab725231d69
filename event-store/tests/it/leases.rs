//! Leases and checkpoints: one holder, one owner of each step forward.

use std::time::Duration;

use event_store::{Lease, StoreError, checkpoint};
use testkit::{TestDatabase, eventually};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn only_one_of_many_gets_a_lease() {
    let database = TestDatabase::create().await;
    let pool = database.app_pool().await;
    let tries = (0..20).map(|n| {
        let pool = pool.clone();
        tokio::spawn(async move {
            Lease::acquire(&pool, "one", &n.to_string(), LONG)
                .await
                .unwrap()
        })
    });
    let mut holders = 0;
    for one in tries.collect::<Vec<_>>() {
        holders += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(holders, 1);
    database.drop_now().await;
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_under_a_higher_epoch() {
    let database = TestDatabase::create().await;
    let pool = database.app_pool().await;
    let first = Lease::acquire(&pool, "l", "a", SHORT)
        .await
        .unwrap()
        .unwrap();
    let second = eventually("the lease runs out", async || {
        Lease::acquire(&pool, "l", "b", LONG).await.unwrap()
    })
    .await;
    assert!(second.epoch() > first.epoch());
    assert!(!first.renew(&pool, LONG).await.unwrap(), "too late");
    let mut transaction = pool.begin().await.unwrap();
    assert!(!first.holds(&mut transaction).await.unwrap());
    assert!(second.holds(&mut transaction).await.unwrap());
    transaction.rollback().await.unwrap();
    database.drop_now().await;
}

#[tokio::test]
async fn a_renewed_lease_is_kept_and_a_released_one_is_free_at_once() {
    let database = TestDatabase::create().await;
    let pool = database.app_pool().await;
    let lease = Lease::acquire(&pool, "l", "a", LONG)
        .await
        .unwrap()
        .unwrap();
    assert!(lease.renew(&pool, LONG).await.unwrap());
    assert_eq!(Lease::acquire(&pool, "l", "b", LONG).await.unwrap(), None);
    lease.release(&pool).await.unwrap();
    assert!(
        Lease::acquire(&pool, "l", "b", LONG)
            .await
            .unwrap()
            .is_some()
    );
    database.drop_now().await;
}

#[tokio::test]
async fn a_checkpoint_moves_only_from_where_it_is_and_only_with_its_rows() {
    let database = TestDatabase::create().await;
    let pool = database.app_pool().await;
    assert_eq!(checkpoint::position(&pool, "s").await.unwrap(), 0);
    let mut transaction = pool.begin().await.unwrap();
    checkpoint::advance(&mut transaction, "s", 0, 5)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(
        checkpoint::position(&pool, "s").await.unwrap(),
        0,
        "rolled back with its rows"
    );

    let mut transaction = pool.begin().await.unwrap();
    checkpoint::advance(&mut transaction, "s", 0, 5)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for from in [0, 4, 6] {
        let mut transaction = pool.begin().await.unwrap();
        let moved = checkpoint::advance(&mut transaction, "s", from, 9).await;
        assert!(
            matches!(moved, Err(StoreError::CheckpointMoved { .. })),
            "from {from}: {moved:?}"
        );
        transaction.rollback().await.unwrap();
    }
    let mut transaction = pool.begin().await.unwrap();
    checkpoint::advance(&mut transaction, "s", 5, 9)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(checkpoint::position(&pool, "s").await.unwrap(), 9);
    database.drop_now().await;
}
