//! What each operation is called in logs and metrics, which streams it has read ahead, and which it takes for
//! empty.

use chrono::Duration;

use super::super::{
    AskedBy, CancelOrder, ConfirmOrder, ExpireOrder, GatewayAnswer, OrderItem, PlaceOrder,
    RefundAnswer, RequestPayment, RetrySchedule, SettlePayment, SettleRefund,
};
use super::back_office::{adjust, patch};
use crate::coupon_pool::{ClaimCoupon, CloseCouponPool, CreateCouponPool, DiscountRule};
use crate::inventory::ReceiveStock;
use crate::mothers::{
    at, coupon, krw, lot_id, order_id, order_item_id, payment_id, pieces, pool_id, product_id,
    refund_id, user, warehouse,
};
use crate::points::{EarningPolicy, Points};
use crate::product::{ChangeProduct, ProductCommand, ProductDetails};
use crate::workspace::Operation;

fn named(streams: &[crate::streams::StreamId]) -> Vec<String> {
    streams.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn is(operation: &dyn Operation, name: &str, streams: &[String], new: &[String]) {
    assert_eq!(operation.name(), name);
    assert_eq!(named(&operation.streams()), streams, "{name}");
    assert_eq!(named(&operation.new_streams()), new, "{name}");
}

fn order() -> String {
    format!("order/{}", order_id(1))
}

fn payment() -> String {
    format!("payment/{}", payment_id(1))
}

fn account() -> String {
    format!("points/{}", user("alice"))
}

fn pool() -> String {
    format!("coupon_pool/{}", pool_id(1))
}

fn product(number: u32) -> String {
    format!("product/{}", product_id(number))
}

fn inventory(number: u32) -> String {
    format!("inventory/{}", product_id(number))
}

fn schedule() -> RetrySchedule {
    RetrySchedule::new(vec![Duration::minutes(1)])
}

#[test]
fn an_orders_operations() {
    let item = |number| OrderItem {
        order_item_id: order_item_id(number),
        product_id: product_id(number),
        quantity: pieces(1),
    };
    let place = PlaceOrder {
        order_id: order_id(1),
        user_id: user("alice"),
        items: vec![item(1), item(2)],
        coupon: Some(coupon(1)),
        now: at(0),
        payment_due_at: at(30),
    };
    let streams = [
        order(),
        product(1),
        inventory(1),
        product(2),
        inventory(2),
        pool(),
    ];
    is(&place, "place-order", &streams, &[order()]);
    let cancel = CancelOrder {
        order_id: order_id(1),
        by: AskedBy::Operator,
        reason: "why not".to_owned(),
        refund_id: refund_id(1),
    };
    is(&cancel, "cancel-order", &[order()], &[]);
    let expire = ExpireOrder {
        order_id: order_id(1),
        now: at(30),
    };
    is(&expire, "expire-order", &[order()], &[]);
    let confirm = ConfirmOrder {
        order_id: order_id(1),
        lot_id: lot_id(1),
        earning: EarningPolicy::default(),
        now: at(40),
    };
    is(&confirm, "confirm-order", &[order()], &[]);
}

#[test]
fn a_payments_operations() {
    let request = RequestPayment {
        payment_id: payment_id(1),
        order_id: order_id(1),
        user_id: user("alice"),
        gateway: "mock".to_owned(),
        token: "token".to_owned(),
        method_id: None,
        points: Points::new(100).unwrap(),
        coupon: Some(coupon(1)),
        now: at(0),
        confirmation_due_at: at(30),
    };
    let streams = [order(), payment(), pool(), account()];
    is(&request, "request-payment", &streams, &[payment()]);
    let settle = SettlePayment {
        payment_id: payment_id(1),
        answer: GatewayAnswer::Declined {
            code: "NO_FUNDS".to_owned(),
            message: "no".to_owned(),
        },
        refund_id: refund_id(1),
        now: at(0),
        confirmation_due_at: at(30),
        inquiries: schedule(),
        out_of_turn: false,
        asked_at: u32::MAX,
        deposit_window: crate::checkout::DEPOSIT_WINDOW_DEFAULT,
    };
    is(&settle, "settle-payment", &[payment()], &[]);
    let refund = SettleRefund {
        payment_id: payment_id(1),
        refund_id: refund_id(1),
        answer: RefundAnswer::Done,
        now: at(0),
        attempts: schedule(),
    };
    is(&refund, "settle-refund", &[payment()], &[]);
}

#[test]
fn a_coupon_pools_operations() {
    let create = CreateCouponPool {
        pool_id: pool_id(1),
        name: "Spring".to_owned(),
        quantity: 10,
        discount: DiscountRule::Fixed { amount: krw(1_000) },
        valid_from: at(0),
        valid_until: at(60),
    };
    is(&create, "create-coupon-pool", &[pool()], &[pool()]);
    let claim = ClaimCoupon {
        pool_id: pool_id(1),
        user_id: user("alice"),
        now: at(0),
    };
    is(&claim, "claim-coupon", &[pool()], &[]);
    let close = CloseCouponPool {
        pool_id: pool_id(1),
        now: at(60),
    };
    is(&close, "close-coupon-pool", &[pool()], &[]);
}

#[test]
fn a_products_operations() {
    let details = ProductDetails {
        name: "A kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Hearth".to_owned(),
        description: None,
        images: Vec::new(),
    };
    let change = |command| ChangeProduct {
        product_id: product_id(1),
        command,
    };
    let create = change(ProductCommand::Create {
        details: details.clone(),
        price: krw(39_000),
    });
    is(&create, "create-product", &[product(1)], &[product(1)]);
    for (command, name) in [
        (
            ProductCommand::Edit {
                details: Some(details),
                price: Some(krw(39_000)),
                seen: None,
            },
            "edit-product",
        ),
        (ProductCommand::PutOnSale, "put-product-on-sale"),
        (ProductCommand::MarkSoldOut, "mark-product-sold-out"),
    ] {
        is(&change(command), name, &[product(1)], &[]);
    }
    is(&patch(1), "edit-product", &[product(1)], &[]);
    let receive = ReceiveStock {
        product_id: product_id(1),
        warehouse: warehouse("seoul"),
        quantity: pieces(1),
    };
    let streams = [product(1), inventory(1)];
    is(&receive, "receive-stock", &streams, &[]);
    is(&adjust(1, -1), "adjust-stock", &streams, &[]);
}
