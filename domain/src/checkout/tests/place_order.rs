//! Placing an order: lines, prices, stock and coupon, or nothing at all.

use serde_json::json;

use super::deeds::{CUP, DOLLAR, DRAFT, FIXED, FREE, IMPORT, JEWEL, TEA};
use super::deeds::{by, cancel, change, claim, place};
use super::shop::Shop;
use crate::checkout::{CheckoutError, PlaceOrder};
use crate::coupon_pool::{CouponPoolError, CouponState};
use crate::ids::{CouponCode, PaymentId};
use crate::inventory::InventoryError;
use crate::money::MoneyError;
use crate::mothers::{allocations, at, krw, order_id, order_item_id, pool_id, product_id};
use crate::order::{Discount, Order, OrderError, OrderStatus};
use crate::product::{ProductCommand, ProductError};
use crate::quantity::QuantityError;
use crate::rejection::Rejection;

fn with(coupon: CouponCode, order: PlaceOrder) -> PlaceOrder {
    PlaceOrder {
        coupon: Some(coupon),
        ..order
    }
}

/// The refusal of the item at this place.
fn item(index: usize, product: u32, rejection: impl Into<Rejection>) -> Rejection {
    let error = CheckoutError::Item {
        index,
        product_id: product_id(product),
        rejection: Box::new(rejection.into()),
    };
    error.into()
}

#[test]
fn an_order_holds_its_stock_and_answers_with_its_total() {
    let mut shop = Shop::open();
    let reply = shop.does(&place(1, "ann", &[(TEA, 2), (CUP, 1)]));
    let expected = json!({
        "id": order_id(1),
        "paymentId": PaymentId::of_order(order_id(1)),
        "totalAmount": { "amount": 4_500, "currency": "KRW" },
        "status": "PENDING",
    });
    assert_eq!(reply, expected);
    assert_eq!(
        shop.last(),
        ["StockReserved", "StockReserved", "OrderPlaced"]
    );
    assert_eq!(shop.stock(TEA), (10, 2, 8));
    assert_eq!(shop.stock(CUP), (8, 1, 7));
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
}

#[test]
fn lines_of_one_product_count_together_at_the_place_of_the_first() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(CUP, 1), (TEA, 2), (CUP, 3)]));
    assert_eq!(
        shop.last(),
        ["StockReserved", "StockReserved", "OrderPlaced"]
    );
    let lines = shop.order(1).lines;
    let bought: Vec<_> = lines
        .iter()
        .map(|l| (l.product_id, l.quantity, l.order_item_id))
        .collect();
    assert_eq!(
        bought,
        [
            (product_id(CUP), 4, order_item_id(100)),
            (product_id(TEA), 2, order_item_id(101)),
        ]
    );
}

#[test]
fn lines_that_are_enough_alone_may_be_too_many_together() {
    let mut shop = Shop::open();
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 6), (TEA, 5)]));
    let insufficient = InventoryError::InsufficientStock {
        requested: 11,
        available: 10,
    };
    assert_eq!(refused, item(0, TEA, insufficient));
    assert_eq!(refused.code(), "INSUFFICIENT_STOCK");
}

#[test]
fn lines_whose_sum_is_no_quantity_name_the_line_that_was_too_many() {
    let mut shop = Shop::open();
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 1), (CUP, 1), (TEA, 1_000_000)]));
    let error = QuantityError;
    assert_eq!(refused, CheckoutError::TooMany { index: 2, error }.into());
    assert_eq!(refused.code(), "VALIDATION_FAILED");
}

#[test]
fn an_order_remembers_which_warehouses_its_pieces_come_from() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(CUP, 7)]));
    let expected = allocations(&[("seoul", 5), ("busan", 2)]);
    assert_eq!(shop.order(1).lines[0].allocations, expected);
}

#[test]
fn an_order_keeps_its_price_when_the_product_is_repriced() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 1)]));
    let reprice = ProductCommand::Edit {
        details: None,
        price: Some(krw(7_777)),
        seen: None,
    };
    shop.does(&change(TEA, reprice));
    shop.does(&place(2, "ann", &[(TEA, 1)]));
    assert_eq!(shop.order(1).total, krw(1_000));
    assert_eq!(shop.order(2).total, krw(7_777));
}

#[test]
fn an_unknown_product_is_named_by_its_place() {
    let mut shop = Shop::open();
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 1), (99, 1)]));
    assert_eq!(refused, item(1, 99, ProductError::NotFound));
    assert_eq!(refused.code(), "PRODUCT_NOT_FOUND");
}

#[test]
fn a_product_that_is_not_on_sale_is_not_sold() {
    let mut shop = Shop::open();
    let refused = shop.refuses(&place(1, "ann", &[(DRAFT, 1)]));
    assert_eq!(refused, item(0, DRAFT, ProductError::NotOnSale));
    shop.does(&change(TEA, ProductCommand::MarkSoldOut));
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 1)]));
    assert_eq!(refused, item(0, TEA, ProductError::NotOnSale));
    assert_eq!(refused.code(), "PRODUCT_NOT_ON_SALE");
}

#[test]
fn an_order_of_which_one_item_is_missing_holds_nothing_of_the_others() {
    let mut shop = Shop::open();
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 1), (CUP, 9)]));
    let insufficient = InventoryError::InsufficientStock {
        requested: 9,
        available: 8,
    };
    assert_eq!(refused, item(1, CUP, insufficient));
    assert_eq!(shop.stock(TEA), (10, 0, 10));
}

#[test]
fn the_last_piece_is_sold_once() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 10)]));
    let refused = shop.refuses(&place(2, "bob", &[(TEA, 1)]));
    let insufficient = InventoryError::InsufficientStock {
        requested: 1,
        available: 0,
    };
    assert_eq!(refused, item(0, TEA, insufficient));
    shop.does(&cancel(1, by("ann")));
    shop.does(&place(3, "bob", &[(TEA, 10)]));
}

#[test]
fn an_order_of_nothing_is_refused() {
    let max = Order::LINES_MAX;
    let refused = Shop::open().refuses(&place(1, "ann", &[]));
    assert_eq!(refused, OrderError::BadLines { max }.into());
}

/// All items were read and reserved before the order counted its lines.
#[test]
fn an_order_of_too_many_products_is_refused_before_any_of_them_is_looked_at() {
    let mut shop = Shop::open();
    let most = u32::try_from(Order::LINES_MAX).unwrap();
    let items: Vec<(u32, u32)> = (1_000..=1_000 + most).map(|product| (product, 1)).collect();
    let loads = shop.loads;
    let refused = shop.refuses(&place(1, "ann", &items));
    let max = Order::LINES_MAX;
    assert_eq!(refused, OrderError::BadLines { max }.into());
    assert_eq!(shop.loads, loads);
    // As many as are allowed are looked at, and the first of them is nobody's.
    let refused = shop.refuses(&place(1, "ann", &items[1..]));
    assert_ne!(refused, OrderError::BadLines { max }.into());
    assert!(shop.loads > loads);
}

#[test]
fn an_order_in_two_currencies_is_refused() {
    let refused = Shop::open().refuses(&place(1, "ann", &[(TEA, 1), (IMPORT, 1)]));
    let mismatch = OrderError::BadTotal(MoneyError::CurrencyMismatch);
    assert_eq!(refused, mismatch.into());
    assert_eq!(refused_code(&[(IMPORT, 1)]), None);
}

/// The code of the refusal of an order of these items.
fn refused_code(items: &[(u32, u32)]) -> Option<&'static str> {
    let refused = Shop::open().attempt(&place(1, "ann", items)).err();
    refused.map(|rejection| rejection.code())
}

#[test]
fn an_order_whose_money_overflows_is_refused_and_does_not_wrap() {
    let mut shop = Shop::open();
    let too_large = || OrderError::BadTotal(MoneyError::TooLarge);
    let refused = shop.refuses(&place(1, "ann", &[(JEWEL, 2)]));
    assert_eq!(refused, item(0, JEWEL, too_large()));
    let refused = shop.refuses(&place(1, "ann", &[(JEWEL, 1), (TEA, 1)]));
    assert_eq!(refused, too_large().into());
    assert_eq!(refused.code(), "VALIDATION_FAILED");
    shop.does(&place(1, "ann", &[(JEWEL, 1)]));
}

#[test]
fn a_coupon_is_held_by_the_order_that_it_makes_cheaper() {
    let mut shop = Shop::open();
    let code = shop.gives(FIXED, "ann");
    let reply = shop.does(&with(code, place(1, "ann", &[(TEA, 2)])));
    assert_eq!(reply["totalAmount"]["amount"], 1_500);
    assert_eq!(shop.last(), ["StockReserved", "CouponHeld", "OrderPlaced"]);
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Held(order_id(1)));
    let amount = krw(500);
    assert_eq!(shop.order(1).discount, Some(Discount { code, amount }));
}

#[test]
fn a_coupon_that_one_order_holds_is_not_used_by_another() {
    let mut shop = Shop::open();
    let code = shop.gives(FIXED, "ann");
    shop.does(&with(code, place(1, "ann", &[(TEA, 1)])));
    let refused = shop.refuses(&with(code, place(2, "ann", &[(CUP, 1)])));
    assert_eq!(refused, CouponPoolError::AlreadyUsed.into());
    assert_eq!(refused.code(), "COUPON_ALREADY_USED");
    assert_eq!(shop.stock(CUP), (8, 0, 8));
}

#[test]
fn a_coupon_that_a_paid_order_used_is_used() {
    let mut shop = Shop::with_a_paid_order();
    let code = shop.order(1).discount.unwrap().code;
    let refused = shop.refuses(&with(code, place(2, "ann", &[(TEA, 1)])));
    assert_eq!(refused, CouponPoolError::AlreadyUsed.into());
}

#[test]
fn the_coupon_of_another_does_not_exist() {
    let mut shop = Shop::open();
    let anns = shop.gives(FIXED, "ann");
    for stranger in ["bob", "cid"] {
        let refused = shop.refuses(&with(anns, place(1, stranger, &[(TEA, 1)])));
        assert_eq!(refused, CouponPoolError::CouponNotFound.into());
        shop.attempt(&claim(FIXED, stranger)).unwrap();
    }
}

#[test]
fn a_code_of_no_pool_does_not_exist() {
    let made_up = CouponCode::new(pool_id(99), 1);
    let refused = Shop::open().refuses(&with(made_up, place(1, "ann", &[(TEA, 1)])));
    assert_eq!(refused, CouponPoolError::CouponNotFound.into());
}

#[test]
fn a_coupon_past_its_validity_is_refused() {
    let mut shop = Shop::open();
    let code = shop.gives(FIXED, "ann");
    let late = PlaceOrder {
        now: at(60),
        payment_due_at: at(75),
        ..with(code, place(1, "ann", &[(TEA, 1)]))
    };
    let refused = shop.refuses(&late);
    assert_eq!(refused, CouponPoolError::Expired.into());
    assert_eq!(refused.code(), "COUPON_EXPIRED");
}

#[test]
fn a_coupon_of_another_currency_does_not_fit() {
    let mut shop = Shop::open();
    let code = shop.gives(DOLLAR, "ann");
    let refused = shop.refuses(&with(code, place(1, "ann", &[(TEA, 1)])));
    let mismatch = CouponPoolError::DoesNotFit(MoneyError::CurrencyMismatch);
    assert_eq!(refused, mismatch.into());
    shop.does(&with(code, place(1, "ann", &[(IMPORT, 1)])));
}

#[test]
fn a_free_order_still_waits_to_be_paid() {
    let mut shop = Shop::open();
    let code = shop.gives(FREE, "ann");
    shop.does(&with(code, place(1, "ann", &[(TEA, 2)])));
    let order = shop.order(1);
    assert_eq!((order.total, order.status), (krw(0), OrderStatus::Pending));
}

#[test]
fn an_order_placed_twice_is_placed_once() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 2)]));
    assert_eq!(refused, OrderError::AlreadyPlaced.into());
    assert_eq!(shop.stock(TEA), (10, 2, 8));
}

/// Once an order is paid its inventory forgets it, so that a repeat would reserve again.
#[test]
fn an_order_placed_again_after_it_was_paid_reserves_nothing() {
    let mut shop = Shop::with_a_paid_order();
    let refused = shop.refuses(&place(1, "ann", &[(TEA, 2)]));
    assert_eq!(refused, OrderError::AlreadyPlaced.into());
    assert_eq!(shop.stock(TEA), (8, 0, 8));
}

#[test]
fn an_order_from_a_cold_memory_is_the_same_order() {
    let mut shop = Shop::open();
    shop.forget();
    shop.does(&place(1, "ann", &[(TEA, 2), (CUP, 1)]));
    shop.check_memory();
    assert_eq!(
        shop.last(),
        ["StockReserved", "StockReserved", "OrderPlaced"]
    );
    assert!(shop.loads > 0);
}

#[test]
fn the_streams_that_an_order_names_are_all_that_it_reads() {
    let mut shop = Shop::open();
    let code = shop.gives(FIXED, "ann");
    let order = with(code, place(1, "ann", &[(TEA, 2), (CUP, 1)]));
    shop.remembers_only(&order);
    let loads = shop.loads;
    shop.does(&order);
    assert_eq!(shop.loads, loads);
}
