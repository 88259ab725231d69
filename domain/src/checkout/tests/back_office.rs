//! What operators and users do outside an order: catalogue, stock, coupon pools.

use serde_json::json;

use super::deeds::{FIXED, TEA};
use super::deeds::{change, claim, create, place, pool, receive};
use super::shop::Shop;
use crate::coupon_pool::{ClaimCoupon, CloseCouponPool, CouponPoolError, DiscountRule};
use crate::inventory::{AdjustStock, InventoryError};
use crate::mothers::{at, coupon, krw, pool_id, product_id, user, warehouse};
use crate::product::{PatchProduct, Product, ProductCommand, ProductError};

pub(super) fn adjust(product: u32, delta: i32) -> AdjustStock {
    AdjustStock {
        product_id: product_id(product),
        warehouse: warehouse("seoul"),
        delta,
        reason: "counted".to_owned(),
    }
}

pub(super) fn patch(product: u32) -> PatchProduct {
    PatchProduct {
        product_id: product_id(product),
        name: None,
        category: None,
        brand: None,
        description: None,
        images: None,
        price: None,
        seen: None,
    }
}

#[test]
fn stock_that_arrives_is_answered_with_what_there_is() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    let reply = shop.does(&receive(TEA, "busan", 5));
    let expected = json!({
        "id": product_id(TEA),
        "stock": 15,
        "reservedStock": 2,
        "availableStock": 13,
    });
    assert_eq!(reply, expected);
    assert_eq!(shop.last(), ["StockReceived"]);
}

#[test]
fn stock_is_corrected_but_not_below_what_orders_hold() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    let refused = shop.refuses(&adjust(TEA, -9));
    assert_eq!(
        refused,
        InventoryError::BelowReserved { reserved: 2 }.into()
    );
    assert_eq!(refused.code(), "INSUFFICIENT_STOCK");
    let reply = shop.does(&adjust(TEA, -8));
    assert_eq!(reply["availableStock"], 0);
}

#[test]
fn there_is_no_stock_of_a_product_that_does_not_exist() {
    let mut shop = Shop::open();
    let none = ProductError::NotFound.into();
    assert_eq!(shop.refuses(&receive(99, "seoul", 1)), none);
    assert_eq!(shop.refuses(&adjust(99, 1)), none);
}

#[test]
fn a_product_is_created_and_put_on_sale_with_its_version() {
    let mut shop = Shop::open();
    let reply = shop.does(&change(50, create(krw(10))));
    assert_eq!(reply, json!({ "id": product_id(50), "version": 1 }));
    let reply = shop.does(&change(50, ProductCommand::PutOnSale));
    assert_eq!(reply["version"], 2);
    let reply = shop.does(&change(50, ProductCommand::PutOnSale));
    assert_eq!(reply["version"], 2);
    assert!(shop.last().is_empty());
}

#[test]
fn an_edit_changes_only_what_it_names() {
    let mut shop = Shop::open();
    let edit = PatchProduct {
        name: Some("white tea".to_owned()),
        description: Some(Some("first flush".to_owned())),
        ..patch(TEA)
    };
    shop.does(&edit);
    assert_eq!(shop.last(), ["ProductDescribed"]);
    let state = shop.state::<Product>(product_id(TEA));
    let details = state.details().unwrap();
    assert_eq!(
        (details.name.as_str(), details.brand.as_str()),
        ("white tea", "Boseong")
    );
    assert_eq!(details.description.as_deref(), Some("first flush"));

    let take_away = PatchProduct {
        description: Some(None),
        price: Some(krw(1_200)),
        seen: Some(3),
        ..patch(TEA)
    };
    shop.does(&take_away);
    assert_eq!(shop.last(), ["ProductDescribed", "ProductRepriced"]);
    let state = shop.state::<Product>(product_id(TEA));
    assert_eq!(state.details().unwrap().description, None);
    assert_eq!(state.offer(), Ok(("white tea", krw(1_200))));
    let refused = shop.refuses(&take_away);
    assert_eq!(refused, ProductError::Stale { current: 5 }.into());
}

#[test]
fn an_edit_of_no_product_is_refused() {
    let refused = Shop::open().refuses(&patch(99));
    assert_eq!(refused, ProductError::NotFound.into());
}

#[test]
fn a_coupon_is_answered_with_its_code() {
    let mut shop = Shop::open();
    let reply = shop.does(&claim(FIXED, "ann"));
    let code = coupon(1);
    let expected = json!({ "id": code, "code": code, "poolId": pool_id(FIXED) });
    assert_eq!(reply, expected);
    assert_eq!(shop.last(), ["CouponIssued"]);
}

#[test]
fn a_second_claim_of_the_same_pool_is_refused() {
    let mut shop = Shop::open();
    shop.does(&claim(FIXED, "ann"));
    let refused = shop.refuses(&claim(FIXED, "ann"));
    assert_eq!(refused, CouponPoolError::AlreadyIssued.into());
    assert_eq!(refused.code(), "COUPON_ALREADY_ISSUED");
}

#[test]
fn a_pool_of_three_serves_three() {
    let mut shop = Shop::open();
    for name in ["ann", "bob", "cid"] {
        shop.does(&claim(FIXED, name));
    }
    let refused = shop.refuses(&claim(FIXED, "dan"));
    assert_eq!(refused, CouponPoolError::SoldOut.into());
    assert_eq!(refused.code(), "COUPON_SOLD_OUT");
}

#[test]
fn a_pool_is_created_once_and_closed_once_its_time_is_over() {
    let mut shop = Shop::open();
    let spring = pool(FIXED, DiscountRule::Fixed { amount: krw(500) });
    shop.does(&spring);
    assert!(shop.last().is_empty());
    let other = pool(FIXED, DiscountRule::Fixed { amount: krw(501) });
    assert_eq!(shop.refuses(&other), CouponPoolError::AlreadyExists.into());

    let close = |minute| CloseCouponPool {
        pool_id: pool_id(FIXED),
        now: at(minute),
    };
    shop.does(&close(59));
    assert!(shop.last().is_empty());
    for expected in [&["CouponPoolClosed"][..], &[]] {
        shop.does(&close(60));
        assert_eq!(shop.last(), expected);
    }
    // Also for a clock that is behind.
    let refused = shop.refuses(&claim(FIXED, "ann"));
    assert_eq!(refused, CouponPoolError::Closed.into());
    assert_eq!(refused.code(), "COUPON_POOL_CLOSED");
}

#[test]
fn there_is_no_coupon_of_a_pool_that_does_not_exist() {
    let mut shop = Shop::open();
    let nobody = ClaimCoupon {
        pool_id: pool_id(99),
        user_id: user("ann"),
        now: at(0),
    };
    assert_eq!(shop.refuses(&nobody), CouponPoolError::NotFound.into());
    let close = CloseCouponPool {
        pool_id: pool_id(99),
        now: at(60),
    };
    assert_eq!(shop.refuses(&close), CouponPoolError::NotFound.into());
}
