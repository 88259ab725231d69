//! Giving a paid order back, whole and in parts.

use super::deeds::{
    CUP, FIXED, TEA, approved, by, cancel, confirm, declined, not_done, pay, place, settle,
};
use super::shop::Shop;
use crate::checkout::{
    AskedBy, PlaceOrder, RefundAnswer, RefundPayment, RetrySchedule, SettleRefund,
};
use crate::coupon_pool::CouponState;
use crate::inventory::Inventory;
use crate::money::Money;
use crate::mothers::{at, krw, order_item_id, payment_id, product_id, refund_id, usd};
use crate::order::{
    LineTender, Order, OrderCommand, OrderError, OrderStatus, RefundItem, RefundScope,
};
use crate::payment::{PaymentError, PaymentStatus};
use crate::rejection::Rejection;
use crate::workspace::{Halt, Operation, Workspace};

/// Refund number `number` of payment 1, asked for by an operator.
fn refund(number: u32, scope: RefundScope) -> RefundPayment {
    RefundPayment {
        refund_id: refund_id(number),
        payment_id: payment_id(1),
        scope,
        reason: "too small".to_owned(),
        by: AskedBy::Operator,
    }
}

/// So many pieces of the order's line at this place.
fn pieces_of(line: u32, quantity: u32) -> RefundScope {
    RefundScope::Items(vec![RefundItem {
        order_item_id: order_item_id(100 + line),
        quantity,
    }])
}

fn money(amount: Money) -> RefundScope {
    RefundScope::Amount(amount)
}

fn answered(number: u32, answer: RefundAnswer) -> SettleRefund {
    SettleRefund {
        payment_id: payment_id(1),
        refund_id: refund_id(number),
        answer,
        now: at(4),
        attempts: RetrySchedule::default(),
    }
}

fn done(number: u32) -> SettleRefund {
    answered(number, RefundAnswer::Done)
}

/// Ann's paid order: three teas (3 000) and two cups (5 000), less a coupon of 500: 7 500 in all.
fn shop() -> Shop {
    let mut shop = Shop::open();
    let coupon = shop.gives(FIXED, "ann");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 3), (CUP, 2)])
    });
    shop.does(&pay(1, 1, "ann"));
    shop.does(&settle(1, approved(7_500)));
    shop
}

fn amounts(shop: &Shop) -> Vec<i64> {
    let payment = shop.payment(1);
    payment
        .refunds
        .iter()
        .map(|refund| refund.amount.amount())
        .collect()
}

#[test]
fn each_line_was_paid_with_its_share_and_the_shares_are_the_whole() {
    let tenders = shop().order(1).tenders();
    let of = |discount, paid| LineTender {
        discount,
        points: 0,
        paid,
    };
    // 500 × 3 000 ÷ 8 000 = 187.5, and 312.5: the first of two equal losses is made up for.
    assert_eq!(tenders, [of(188, 2_812), of(312, 4_688)]);
}

#[test]
fn pieces_give_back_their_share_and_the_last_of_them_the_rest() {
    let mut shop = shop();
    for (number, expected) in [(1, 937), (2, 937), (3, 938)] {
        let reply = shop.does(&refund(number, pieces_of(0, 1)));
        assert_eq!(reply["amount"]["amount"], expected);
        assert_eq!(reply["status"], "PENDING");
        assert_eq!(
            shop.last(),
            ["OrderRefundStarted", "PaymentRefundRequested"]
        );
        shop.does(&done(number));
        assert_eq!(
            shop.last(),
            ["PaymentRefunded", "OrderRefunded", "StockReturned"]
        );
    }
    assert_eq!(shop.payment(1).status, PaymentStatus::PartiallyRefunded);
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    let too_many = Rejection::from(OrderError::TooManyPieces { index: 0, left: 0 });
    assert_eq!(shop.refuses(&refund(4, pieces_of(0, 1))), too_many);
}

#[test]
fn the_whole_order_gives_back_all_of_its_money_its_pieces_and_its_coupon() {
    let mut shop = shop();
    shop.does(&refund(1, RefundScope::Everything));
    assert_eq!(amounts(&shop), [7_500]);
    assert_eq!(
        shop.coupon(FIXED, "ann"),
        CouponState::Used(crate::mothers::order_id(1))
    );
    shop.does(&done(1));
    let events = [
        "PaymentRefunded",
        "OrderRefunded",
        "StockReturned",
        "StockReturned",
        "CouponGivenBack",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.payment(1).status, PaymentStatus::Refunded);
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
    assert_eq!((shop.stock(TEA), shop.stock(CUP)), ((10, 0, 10), (8, 0, 8)));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
    let nothing = Rejection::from(OrderError::NothingLeft);
    assert_eq!(shop.refuses(&refund(2, RefundScope::Everything)), nothing);
}

#[test]
fn the_coupon_comes_back_with_the_last_refund_to_be_done_not_to_be_asked_for() {
    let mut shop = shop();
    shop.does(&refund(1, pieces_of(0, 3)));
    shop.does(&refund(2, RefundScope::Everything));
    shop.does(&done(2));
    assert_eq!(
        shop.coupon(FIXED, "ann"),
        CouponState::Used(crate::mothers::order_id(1))
    );
    shop.does(&done(1));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
}

#[test]
fn an_amount_is_shared_over_the_lines_and_moves_no_piece() {
    let mut shop = shop();
    let reply = shop.does(&refund(1, money(krw(1_000))));
    let shares: Vec<_> = reply["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["amount"]["amount"])
        .collect();
    assert_eq!(shares, [375, 625]);
    shop.does(&done(1));
    assert_eq!(shop.last(), ["PaymentRefunded", "OrderRefunded"]);
    assert_eq!(shop.stock(TEA), (7, 0, 7));
    // What is left of the line goes back with its pieces.
    shop.does(&refund(2, pieces_of(0, 3)));
    assert_eq!(amounts(&shop), [1_000, 2_812 - 375]);
}

#[test]
fn two_refunds_never_exceed_what_was_paid_whether_or_not_the_first_is_done() {
    for first_is_done in [false, true] {
        let mut shop = shop();
        shop.does(&refund(1, money(krw(4_500))));
        if first_is_done {
            shop.does(&done(1));
        }
        let refused = shop.refuses(&refund(2, money(krw(4_500))));
        assert_eq!(
            refused,
            OrderError::RefundTooLarge { left: krw(3_000) }.into()
        );
        shop.does(&refund(2, money(krw(3_000))));
        assert_eq!(amounts(&shop), [4_500, 3_000]);
    }
}

#[test]
fn a_refund_that_the_gateway_does_not_do_stays_owed_and_gives_nothing_back_before() {
    let mut shop = shop();
    shop.does(&refund(1, pieces_of(1, 2)));
    shop.does(&answered(1, not_done()));
    assert_eq!(shop.last(), ["PaymentRefundDelayed"]);
    assert_eq!(shop.stock(CUP), (6, 0, 6));
    let pending = shop.payment(1).refunds.remove(0);
    assert_eq!((pending.done, pending.attempts), (false, 1));
    shop.does(&done(1));
    assert_eq!(shop.stock(CUP), (8, 0, 8));
}

#[test]
fn pieces_go_back_to_the_warehouses_that_they_came_from() {
    let mut shop = Shop::open();
    // Five in Seoul, three in Busan.
    shop.does(&place(1, "ann", &[(CUP, 7)]));
    shop.does(&pay(1, 1, "ann"));
    shop.does(&settle(1, approved(17_500)));
    let mut shelves = Vec::new();
    for (number, quantity) in [(1, 4), (2, 3)] {
        shop.does(&refund(number, pieces_of(0, quantity)));
        shop.does(&done(number));
        let inventory = shop.state::<Inventory>(product_id(CUP));
        let stocks = inventory
            .warehouses()
            .map(|(name, stock)| (name.to_string(), stock.stock));
        shelves.push(stocks.collect::<Vec<_>>());
    }
    let shelf = |busan, seoul| vec![("busan".to_owned(), busan), ("seoul".to_owned(), seoul)];
    assert_eq!(shelves[1], shelf(3, 5));
    let back: u32 = shelves[0].iter().map(|(_, stock)| stock).sum();
    assert_eq!(back, 1 + 4);
}

#[test]
fn what_has_left_the_warehouse_is_no_stock_again_by_itself() {
    for step in [OrderCommand::Ship, OrderCommand::Deliver] {
        let mut shop = shop();
        shop.does(&confirm(1));
        shop.does(&Step(OrderCommand::Ship));
        shop.does(&Step(step));
        shop.does(&refund(1, pieces_of(0, 3)));
        shop.does(&done(1));
        assert_eq!(
            shop.last(),
            ["PaymentRefunded", "OrderRefunded", "PointsTakenBack"]
        );
        assert_eq!(shop.stock(TEA), (7, 0, 7));
        let by_buyer = RefundPayment {
            by: by("ann"),
            ..refund(2, pieces_of(1, 1))
        };
        let status = shop.order(1).status;
        assert_eq!(
            shop.refuses(&by_buyer),
            OrderError::NotRefundable { status }.into()
        );
    }
}

/// A step of delivery, which has no operation yet.
#[derive(Debug)]
struct Step(OrderCommand);

impl Operation for Step {
    fn name(&self) -> &'static str {
        "step"
    }
    fn streams(&self) -> Vec<crate::streams::StreamId> {
        vec![]
    }
    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<serde_json::Value, Halt> {
        workspace.execute::<Order>(crate::mothers::order_id(1), self.0.clone())?;
        Ok(serde_json::Value::Null)
    }
}

#[test]
fn a_customer_refunds_their_own_only() {
    let mut shop = shop();
    let of = |name| RefundPayment {
        by: by(name),
        ..refund(1, pieces_of(0, 1))
    };
    assert_eq!(shop.refuses(&of("bob")), PaymentError::NotFound.into());
    shop.does(&of("ann"));
    assert_eq!(amounts(&shop), [937]);
}

#[test]
fn nothing_is_refunded_of_an_order_that_is_not_paid_or_cancelled() {
    let mut unpaid = Shop::with_a_payment_under_way();
    let status = OrderStatus::Pending;
    let refused = unpaid.refuses(&refund(1, RefundScope::Everything));
    assert_eq!(refused, OrderError::NotRefundable { status }.into());
    unpaid.does(&settle(1, declined()));
    let status = OrderStatus::Cancelled;
    let refused = unpaid.refuses(&refund(1, RefundScope::Everything));
    assert_eq!(refused, OrderError::NotRefundable { status }.into());
    let unknown = RefundPayment {
        payment_id: payment_id(9),
        ..refund(1, RefundScope::Everything)
    };
    assert_eq!(unpaid.refuses(&unknown), PaymentError::NotFound.into());
}

#[test]
fn an_order_of_which_a_part_went_back_is_not_cancelled_any_more() {
    let mut shop = shop();
    shop.does(&refund(1, pieces_of(0, 1)));
    let status = OrderStatus::Paid;
    assert_eq!(
        shop.refuses(&cancel(1, by("ann"))),
        OrderError::NotCancellable { status }.into()
    );
}

#[test]
fn a_refund_that_is_malformed_says_which_field() {
    let mut shop = shop();
    let bad = |field: &str, reason| {
        Rejection::from(OrderError::BadRefund {
            field: field.to_owned(),
            reason,
        })
    };
    let cases = [
        (pieces_of(0, 0), bad("items[0].quantity", "1 or more")),
        (
            pieces_of(7, 1),
            bad("items[0].orderItemId", "the order has no such item"),
        ),
        (
            money(usd(1)),
            bad("amount.currency", "the order's own currency"),
        ),
        (money(krw(0)), bad("amount.amount", "above 0")),
        (
            pieces_of(1, 3),
            OrderError::TooManyPieces { index: 0, left: 2 }.into(),
        ),
    ];
    for (scope, expected) in cases {
        assert_eq!(shop.refuses(&refund(1, scope)), expected);
    }
    for reason in [String::new(), " ".to_owned(), "x".repeat(201)] {
        let refused = shop.refuses(&RefundPayment {
            reason,
            ..refund(1, RefundScope::Everything)
        });
        assert_eq!(refused, bad("reason", "1 to 200 characters"));
    }
}

#[test]
fn items_that_are_named_twice_count_together() {
    let mut shop = shop();
    let item = |quantity| RefundItem {
        order_item_id: order_item_id(100),
        quantity,
    };
    let refused = shop.refuses(&refund(1, RefundScope::Items(vec![item(2), item(2)])));
    assert_eq!(
        refused,
        OrderError::TooManyPieces { index: 0, left: 3 }.into()
    );
    let huge = vec![item(u32::MAX), item(u32::MAX)];
    let refused = shop.refuses(&refund(1, RefundScope::Items(huge)));
    assert_eq!(
        refused,
        OrderError::TooManyPieces { index: 0, left: 3 }.into()
    );
    shop.does(&refund(1, RefundScope::Items(vec![item(2), item(1)])));
    assert_eq!(amounts(&shop), [2_812]);
}

#[test]
fn a_refund_asked_for_twice_under_one_id_is_one() {
    let mut shop = shop();
    shop.does(&refund(1, pieces_of(0, 1)));
    shop.does(&refund(1, pieces_of(0, 1)));
    assert!(shop.last().is_empty());
    shop.does(&done(1));
    shop.does(&done(1));
    assert!(shop.last().is_empty());
    assert_eq!(shop.stock(TEA), (8, 0, 8));
}

#[test]
fn an_order_is_refunded_in_so_many_steps_at_most() {
    let mut shop = shop();
    for number in 1..=100 {
        shop.does(&refund(number, money(krw(1))));
    }
    let refused = shop.refuses(&refund(101, money(krw(1))));
    assert_eq!(refused, OrderError::TooManyRefunds { max: 100 }.into());
}

/// What Ann's account has: earned, taken back and remaining, over its lots.
fn points(shop: &Shop) -> (i64, i64, i64) {
    let account = shop.state::<crate::points::PointAccount>("ann");
    account.lots().fold((0, 0, 0), |sum, (_, lot)| {
        let of = |points: crate::points::Points| points.get();
        (
            sum.0 + of(lot.earned),
            sum.1 + of(lot.taken_back),
            sum.2 + of(lot.remaining),
        )
    })
}

#[test]
fn what_an_order_earned_goes_with_its_money_and_all_of_it_with_the_last() {
    let mut shop = shop();
    // Asked for before the order is confirmed, done after: it counts as paid until it is back.
    shop.does(&refund(1, pieces_of(0, 1)));
    shop.does(&confirm(1));
    assert_eq!(points(&shop), (75, 0, 75));
    shop.does(&refund(2, pieces_of(1, 1)));
    // 46 or 47 of 75 points are the cups': half of them goes with one of the two.
    shop.does(&done(2));
    assert_eq!(points(&shop), (75, 23, 52));
    shop.does(&done(1));
    shop.does(&refund(3, RefundScope::Everything));
    shop.does(&done(3));
    assert_eq!(points(&shop).2, 0);
    assert_eq!(shop.payment(1).status, PaymentStatus::Refunded);
}

#[test]
fn what_went_back_before_the_order_was_confirmed_earns_nothing() {
    let mut shop = shop();
    shop.does(&refund(1, pieces_of(1, 2)));
    shop.does(&done(1));
    shop.does(&confirm(1));
    assert_eq!(points(&shop), (28, 0, 28));
    shop.does(&refund(2, RefundScope::Everything));
    shop.does(&done(2));
    assert_eq!(points(&shop).2, 0);
}
