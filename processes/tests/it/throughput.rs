//! Many at once: limits are kept, nothing is left behind, and one bad gateway harms no other.

use std::sync::Arc;

use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use payment_gateways::Gateways;
use processes::ProcessesConfig;

use crate::stage::{PATIENT, Shop, Watched};

#[tokio::test(flavor = "multi_thread")]
async fn more_payments_than_a_gateway_may_have_at_once_are_all_made_within_its_limit() {
    let shop = Shop::open().await;
    let mut sales = Vec::new();
    for _ in 0..60 {
        sales.push(shop.place_and_pay("tok_approve").await);
    }
    let runner = shop.start_with(ProcessesConfig {
        gateway_concurrency: 4,
        command_concurrency: 1,
        ..Shop::config()
    });
    for _ in 0..20 {
        sales.push(shop.place_and_pay("tok_approve").await);
    }
    for sale in &sales {
        shop.until_order(sale.order_id, OrderStatus::Paid).await;
    }
    let most = shop.gateway.most_under_way();
    assert!((2..=4).contains(&most), "{most} at once");
    assert_eq!(
        shop.gateway.calls().len(),
        sales.len(),
        "each was charged by one call"
    );
    shop.assert_books_balance(&sales).await;
    runner.stop().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hangs_holds_up_nobody_else() {
    let shop = Shop::open().await;
    let hung = Arc::new(Watched::new(shop.bank.adapter(PATIENT)));
    hung.hold();
    let gateways = [
        ("mock".to_owned(), Arc::clone(&shop.gateway) as _),
        ("hung".to_owned(), Arc::clone(&hung) as _),
    ];
    let config = ProcessesConfig {
        gateway_concurrency: 3,
        ..Shop::config()
    };
    let gateways = Gateways::new("mock", gateways).unwrap();
    let runner = shop.start_on(shop.store.clone(), gateways, config);
    let mut waiting = Vec::new();
    for _ in 0..10 {
        let order_id = shop.place().await;
        waiting.push(shop.pay(order_id, "hung", "tok_approve").await);
    }
    let sale = shop.place_and_pay("tok_approve").await;
    shop.until_order(sale.order_id, OrderStatus::Paid).await;
    assert_eq!(hung.most_under_way(), 3);
    for sale in &waiting {
        assert_eq!(
            shop.payment(sale.payment_id).await.status,
            PaymentStatus::Pending
        );
    }
    hung.let_go();
    for sale in &waiting {
        shop.until_order(sale.order_id, OrderStatus::Paid).await;
    }
    waiting.push(sale);
    shop.assert_books_balance(&waiting).await;
    runner.stop().await;
    shop.close().await;
}
