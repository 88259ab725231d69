//! A shop where all is well.

use auditor::Findings;
use domain::Currency;

use crate::shop::{PRICE, Shop};

#[tokio::test]
async fn a_shop_that_has_seen_some_of_everything_holds() {
    let shop = Shop::open().await;
    let lived = shop.live().await;
    let pass = shop.pass().await;
    assert_eq!(pass.findings(), &Findings::default());
    assert_eq!(pass.parked(), []);
    let kept = i128::from(2 * PRICE - 100);
    let totals = pass.shop().money(Currency::Krw);
    assert_eq!(
        (totals.kept, totals.refunded),
        (kept, i128::from(2 * PRICE))
    );
    assert_eq!(totals.owed, i128::from(2 * PRICE), "the late one");
    assert_eq!(pass.shop().coupons(lived.pool), Some((1, 2)));
    shop.close().await;
}

#[tokio::test]
async fn an_empty_log_holds() {
    let shop = Shop::open().await;
    assert_eq!(shop.audit().await, Findings::default());
    shop.close().await;
}

#[tokio::test]
async fn a_pass_goes_on_from_where_it_was() {
    let shop = Shop::open().await;
    let product = shop.product(10).await;
    let mut pass = shop.pass().await;
    let order = shop.order("ann", product, None).await;
    shop.cancel("ann", order).await;
    let head = shop.store.log().head().await.expect("the head");
    pass.follow(head).await.expect("it follows");
    assert_eq!(pass.shop().position(), head);
    assert_eq!(pass.findings(), &Findings::default());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_holds_while_writers_go_on() {
    let shop = Shop::open().await;
    let product = shop.product(100_000).await;
    let buying = async |user: &str| {
        for round in 0..40 {
            let order = shop.order(user, product, None).await;
            if round % 2 == 0 {
                shop.cancel(user, order).await;
            } else {
                shop.pay(user, order, 2 * PRICE).await;
            }
        }
    };
    let looking = async {
        for _ in 0..8 {
            assert_eq!(shop.audit().await, Findings::default());
        }
    };
    tokio::join!(buying("ann"), buying("bob"), buying("cid"), looking);
    assert_eq!(shop.audit().await, Findings::default());
    shop.close().await;
}
