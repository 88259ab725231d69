//! Operations by short names, and a shop to do them in: the mothers of this folder.

use super::shop::Shop;
use crate::checkout::{
    AskedBy, CancelOrder, ConfirmOrder, ExpireOrder, GatewayAnswer, OrderItem, PlaceOrder,
    RefundAnswer, RequestPayment, RetrySchedule, SettlePayment, SettleRefund,
};
use crate::coupon_pool::{ClaimCoupon, CouponPool, CreateCouponPool, DiscountRule};
use crate::ids::CouponCode;
use crate::inventory::ReceiveStock;
use crate::money::Money;
use crate::mothers::{
    at, krw, lot_id, order_id, order_item_id, payment_id, pieces, pool_id, product_id, refund_id,
    usd, user, warehouse,
};
use crate::payment::DepositAccount;
use crate::points::{EarningPolicy, Points};
use crate::product::{ChangeProduct, ProductCommand, ProductDetails};

/// 1 000 won, ten in Seoul.
pub(super) const TEA: u32 = 1;
/// 2 500 won, five in Seoul and three in Busan.
pub(super) const CUP: u32 = 2;
/// Not on sale.
pub(super) const DRAFT: u32 = 3;
/// 10.99 dollars.
pub(super) const IMPORT: u32 = 4;
/// As dear as money can be.
pub(super) const JEWEL: u32 = 5;

/// Coupons of 500 won, from minute 0 to minute 60.
pub(super) const FIXED: u32 = 1;
/// Coupons that make an order free.
pub(super) const FREE: u32 = 2;
/// Coupons of one dollar.
pub(super) const DOLLAR: u32 = 3;

impl Shop {
    /// A shop with its shelves full and its coupon pools open.
    pub(super) fn open() -> Self {
        let mut shop = Self::default();
        shop.sells(TEA, krw(1_000), &[("seoul", 10)]);
        shop.sells(CUP, krw(2_500), &[("seoul", 5), ("busan", 3)]);
        shop.stocks(DRAFT, krw(100), &[("seoul", 5)]);
        shop.sells(IMPORT, usd(1_099), &[("seoul", 5)]);
        shop.sells(JEWEL, krw(9_999_999_999_999), &[("seoul", 5)]);
        let percent = DiscountRule::Percent {
            percent: 100,
            max_amount: None,
        };
        shop.does(&pool(FIXED, DiscountRule::Fixed { amount: krw(500) }));
        shop.does(&pool(FREE, percent));
        shop.does(&pool(DOLLAR, DiscountRule::Fixed { amount: usd(100) }));
        shop
    }

    /// A product on sale.
    pub(super) fn sells(&mut self, product: u32, price: Money, stock: &[(&str, u32)]) {
        self.stocks(product, price, stock);
        self.does(&change(product, ProductCommand::PutOnSale));
    }

    fn stocks(&mut self, product: u32, price: Money, stock: &[(&str, u32)]) {
        self.does(&change(product, create(price)));
        for (name, quantity) in stock {
            self.does(&receive(product, name, *quantity));
        }
    }

    /// The code of the coupon that a user takes now.
    pub(super) fn gives(&mut self, pool: u32, name: &str) -> CouponCode {
        self.does(&claim(pool, name));
        let state = self.state::<CouponPool>(pool_id(pool));
        state.coupon_of(&user(name)).unwrap().code
    }

    /// Order 1, of Ann: two teas with a coupon of 500 won, 1 500 in all; payment 1 is under way.
    pub(super) fn with_a_payment_under_way() -> Self {
        let mut shop = Self::open();
        let coupon = shop.gives(FIXED, "ann");
        shop.does(&PlaceOrder {
            coupon: Some(coupon),
            ..place(1, "ann", &[(TEA, 2)])
        });
        shop.does(&pay(1, 1, "ann"));
        shop
    }

    /// The same, with this token.
    pub(super) fn with_a_payment_by(token: &str) -> Self {
        let mut shop = Self::open();
        shop.does(&place(1, "ann", &[(TEA, 2)]));
        shop.does(&RequestPayment {
            token: token.to_owned(),
            ..pay(1, 1, "ann")
        });
        shop
    }

    /// The same, paid.
    pub(super) fn with_a_paid_order() -> Self {
        let mut shop = Self::with_a_payment_under_way();
        shop.does(&settle(1, approved(1_500)));
        shop
    }
}

pub(super) fn create(price: Money) -> ProductCommand {
    let details = ProductDetails {
        name: "a product".to_owned(),
        category: "tea".to_owned(),
        brand: "Boseong".to_owned(),
        description: None,
        images: vec![],
    };
    ProductCommand::Create { details, price }
}

pub(super) fn change(product: u32, command: ProductCommand) -> ChangeProduct {
    ChangeProduct {
        product_id: product_id(product),
        command,
    }
}

pub(super) fn receive(product: u32, name: &str, quantity: u32) -> ReceiveStock {
    ReceiveStock {
        product_id: product_id(product),
        warehouse: warehouse(name),
        quantity: pieces(quantity),
    }
}

/// A pool of three coupons.
pub(super) fn pool(number: u32, discount: DiscountRule) -> CreateCouponPool {
    CreateCouponPool {
        pool_id: pool_id(number),
        name: "spring".to_owned(),
        quantity: 3,
        discount,
        valid_from: at(0),
        valid_until: at(60),
    }
}

pub(super) fn claim(pool: u32, name: &str) -> ClaimCoupon {
    ClaimCoupon {
        pool_id: pool_id(pool),
        user_id: user(name),
        now: at(0),
    }
}

/// Placed at minute 0, to be paid by minute 15.
pub(super) fn place(order: u32, name: &str, items: &[(u32, u32)]) -> PlaceOrder {
    let items = items.iter().zip(0_u32..);
    let items = items.map(|((product, quantity), place)| OrderItem {
        order_item_id: order_item_id(order * 100 + place),
        product_id: product_id(*product),
        quantity: pieces(*quantity),
    });
    PlaceOrder {
        order_id: order_id(order),
        user_id: user(name),
        items: items.collect(),
        coupon: None,
        now: at(0),
        payment_due_at: at(15),
    }
}

/// Asked for at minute 1.
pub(super) fn pay(payment: u32, order: u32, name: &str) -> RequestPayment {
    RequestPayment {
        payment_id: payment_id(payment),
        order_id: order_id(order),
        user_id: user(name),
        gateway: "mock".to_owned(),
        token: "tok_approve".to_owned(),
        method_id: None,
        points: Points::ZERO,
        coupon: None,
        now: at(1),
        confirmation_due_at: at(31),
    }
}

/// Answered at minute 2. A payment's refund has the payment's number.
/// The gateway has an account for the buyer, open until the minute 10 080.
pub(super) fn account(amount: i64) -> GatewayAnswer {
    GatewayAnswer::WaitingForDeposit {
        gateway_transaction_id: "gw-1".to_owned(),
        amount: krw(amount),
        account: DepositAccount {
            bank: "20".to_owned(),
            number: "X6505636518308".to_owned(),
            holder: None,
            until: at(7 * 24 * 60),
            open_until: None,
        },
    }
}

pub(super) fn settle(payment: u32, answer: GatewayAnswer) -> SettlePayment {
    SettlePayment {
        payment_id: payment_id(payment),
        answer,
        refund_id: refund_id(payment),
        now: at(2),
        confirmation_due_at: at(32),
        inquiries: RetrySchedule::default(),
        out_of_turn: false,
        asked_at: u32::MAX,
        deposit_window: crate::checkout::DEPOSIT_WINDOW_DEFAULT,
    }
}

pub(super) fn approved(won: i64) -> GatewayAnswer {
    charged(krw(won), "gw-1")
}

pub(super) fn charged(charged: Money, gateway_transaction_id: &str) -> GatewayAnswer {
    GatewayAnswer::Approved {
        gateway_transaction_id: gateway_transaction_id.to_owned(),
        charged,
    }
}

pub(super) fn declined() -> GatewayAnswer {
    GatewayAnswer::Declined {
        code: "CARD_DECLINED".to_owned(),
        message: "The card was declined.".to_owned(),
    }
}

pub(super) fn unknown() -> GatewayAnswer {
    GatewayAnswer::Unknown {
        reason: "timeout".to_owned(),
    }
}

pub(super) fn refunded(payment: u32, answer: RefundAnswer) -> SettleRefund {
    SettleRefund {
        payment_id: payment_id(payment),
        refund_id: refund_id(payment),
        answer,
        now: at(3),
        attempts: RetrySchedule::default(),
    }
}

pub(super) fn not_done() -> RefundAnswer {
    RefundAnswer::NotDone {
        reason: "timeout".to_owned(),
    }
}

pub(super) fn cancel(order: u32, by: AskedBy) -> CancelOrder {
    CancelOrder {
        order_id: order_id(order),
        by,
        reason: "changed my mind".to_owned(),
        refund_id: refund_id(order),
    }
}

pub(super) fn by(name: &str) -> AskedBy {
    AskedBy::User(user(name))
}

pub(super) fn expire(order: u32, minute: i64) -> ExpireOrder {
    ExpireOrder {
        order_id: order_id(order),
        now: at(minute),
    }
}

pub(super) fn confirm(order: u32) -> ConfirmOrder {
    ConfirmOrder {
        order_id: order_id(order),
        lot_id: lot_id(order),
        earning: EarningPolicy::default(),
        now: at(40),
    }
}
