//! Whether damage is found: each table, damaged, turns the verification red.

use std::time::Duration;

use domain::RefundId;
use domain::checkout::{AskedBy, RefundAnswer, RefundPayment};
use domain::order::RefundScope;
use uuid::Uuid;

use crate::shop::Shop;

#[tokio::test]
async fn a_changed_lost_or_invented_row_of_any_table_is_found() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 10_000, 10).await;
    let pool = shop.coupon_pool(2).await;
    let code = shop.claim("ann", pool).await;
    let order = shop.order_with("ann", &[(kettle, 1)], Some(code)).await;
    let payment = shop.pay("ann", order, 9_000).await;
    let refund = shop.cancel("ann", order).await;
    shop.settle_refund(payment, refund, RefundAnswer::Done)
        .await;
    let order = shop.order("bob", &[(kettle, 2)]).await;
    let payment = shop.pay("bob", order, 20_000).await;
    let refund_id = RefundId::new(Uuid::now_v7());
    shop.execute(RefundPayment {
        refund_id,
        payment_id: payment,
        scope: RefundScope::Everything,
        reason: "too small".to_owned(),
        by: AskedBy::Operator,
    })
    .await;
    shop.settle_refund(payment, refund_id, RefundAnswer::Done)
        .await;
    crate::points::some_of_everything(&shop).await;
    crate::payment_methods::some_of_everything(&shop).await;
    shop.caught_up().await;
    assert_eq!(shop.differences().await, "");

    for (table, damage) in [
        (
            "orders",
            "UPDATE projection_orders_1.orders SET updated_at = updated_at + '1 us'",
        ),
        ("order_items", "DELETE FROM projection_orders_1.order_items"),
        (
            "order_history",
            "UPDATE projection_orders_1.order_history SET detail = '{}' WHERE position = (SELECT max(position) FROM projection_orders_1.order_history)",
        ),
        (
            "order_payments",
            "INSERT INTO projection_orders_1.order_payments VALUES (gen_random_uuid(), gen_random_uuid())",
        ),
        (
            "order_refunds",
            "DELETE FROM projection_orders_1.order_refunds",
        ),
        (
            "order_refund_items",
            "DELETE FROM projection_orders_1.order_refund_items",
        ),
        (
            "payment_refunds",
            "DELETE FROM projection_payments_1.payment_refunds",
        ),
        (
            "payments",
            "UPDATE projection_payments_1.payments SET refunded_amount = 0",
        ),
        (
            "payment_states",
            "UPDATE projection_payments_1.payment_states SET current_status = 'PENDING'",
        ),
        (
            "products",
            "UPDATE projection_products_1.products SET price_amount = 1",
        ),
        (
            "product_sales",
            "UPDATE projection_products_1.product_sales SET sold_count = 1",
        ),
        (
            "stock",
            "UPDATE projection_products_1.stock SET stock = stock + 1",
        ),
        (
            "stock_by_warehouse",
            "UPDATE projection_products_1.stock_by_warehouse SET stock = stock + 1",
        ),
        (
            "coupon_pools",
            "UPDATE projection_coupons_1.coupon_pools SET issued = 2",
        ),
        (
            "user_coupons",
            "UPDATE projection_coupons_1.user_coupons SET user_id = 'eve'",
        ),
        (
            "notifications",
            "DELETE FROM projection_notifications_1.notifications WHERE kind = 'COUPON_ISSUED'",
        ),
        (
            "order_users",
            "DELETE FROM projection_notifications_1.order_users",
        ),
        (
            "pool_names",
            "DELETE FROM projection_notifications_1.pool_names",
        ),
        (
            "payment_methods",
            "UPDATE projection_payment_methods_1.payment_methods SET card_last4 = '9999'",
        ),
        (
            "payment_wallets",
            "DELETE FROM projection_payment_methods_1.payment_wallets",
        ),
        (
            "point_accounts",
            "UPDATE projection_points_1.point_accounts SET remaining = remaining + 1",
        ),
        (
            "point_lots",
            "UPDATE projection_points_1.point_lots SET expires_at = expires_at + '1 us'",
        ),
        (
            "point_history",
            "DELETE FROM projection_points_1.point_history WHERE kind = 'HELD'",
        ),
        (
            "point_allocations",
            "UPDATE projection_points_1.point_allocations SET state = 'HELD'",
        ),
    ] {
        shop.as_owner(damage).await;
        let differences = shop.differences().await;
        assert!(
            differences.contains(&format!("{table}: ")),
            "{table}: {differences}"
        );
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_do_not_depend_on_how_the_events_were_cut_into_batches() {
    let shop = Shop::open().await;
    shop.project_with(crate::shop::quick_in_batches_of(1));
    let kettle = shop.product("Kettle", 1_000, 100).await;
    for number in 0..10 {
        let user = format!("user-{number}");
        let order = shop.order(&user, &[(kettle, 2)]).await;
        if number % 3 == 0 {
            shop.cancel(&user, order).await;
        } else {
            shop.pay(&user, order, 2_000).await;
        }
    }
    shop.caught_up().await;
    // The verification folds in the largest batches that there are.
    assert_eq!(shop.differences().await, "");
    shop.close().await;
}

#[tokio::test]
async fn a_read_model_that_stands_still_is_named_with_the_event_that_it_lacks() {
    let shop = Shop::open().await;
    let owner = shop.database.owner_pool().await;
    let behind = async |at_most| {
        let behind = projections::behind(&owner, at_most).await;
        behind.expect("an answer")
    };
    assert_eq!(
        behind(Duration::ZERO).await,
        [],
        "an empty log keeps nobody waiting"
    );
    shop.product("Kettle", 10_000, 10).await;
    let names: Vec<String> = behind(Duration::ZERO)
        .await
        .into_iter()
        .map(|one| format!("{} {}", one.projection, one.position))
        .collect();
    assert_eq!(
        names,
        [
            "coupons 1",
            "notifications 1",
            "orders 1",
            "payment_methods 1",
            "payments 1",
            "points 1",
            "products 1"
        ]
    );
    assert_eq!(behind(Duration::from_secs(3_600)).await, []);
    owner.close().await;
    shop.close().await;
}
