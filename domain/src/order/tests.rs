//! The order's rules, by example and as a table over all stages and commands.

use super::*;
use crate::money::{Money, MoneyError};
use crate::mothers::{at, discount, krw, line, order_item_id, payment_id, product_id, usd, user};
use crate::spec::{Table, given};

const TABLE: Table<Order> = Table {
    stages: &[
        ("(none)", ""),
        ("pending", "place"),
        ("discounted", "place discount"),
        ("paying", "place start"),
        ("paid", "place start pay"),
        ("confirmed", "place start pay confirm"),
        ("shipped", "place start pay confirm ship"),
        ("delivered", "place start pay confirm ship deliver"),
        ("cancelled", "place cancel"),
        ("cancelled-paying", "place start cancel"),
        ("cancelled-paid", "place start pay cancel"),
    ],
    command,
    additive: &[],
    cells: "
    none = ORDER_NOT_FOUND
    twice = ORDER_ALREADY_EXISTS
    other = COUPON_ALREADY_APPLIED
    nopay = ORDER_NOT_PAYABLE
    wrong = ORDER_STATUS_CONFLICT
    late = ORDER_NOT_CANCELLABLE
    again = ORDER_ALREADY_CANCELLED
    Starts = OrderPaymentStarted
    Discounted = OrderDiscounted

                      place        discount    discount-2  start   start-2  pay        pay-2  confirm         ship          deliver         cancel
    (none)            OrderPlaced  none        none        none    none     none       none   none            none          none            none
    pending           twice        Discounted  Discounted  Starts  Starts   nopay      nopay  wrong           wrong         wrong           OrderCancelled
    discounted        twice        -           other       Starts  Starts   nopay      nopay  wrong           wrong         wrong           OrderCancelled
    paying            twice        nopay       nopay       -       nopay    OrderPaid  nopay  wrong           wrong         wrong           OrderCancelled
    paid              twice        nopay       nopay       -       nopay    -          nopay  OrderConfirmed  wrong         wrong           OrderCancelled
    confirmed         twice        nopay       nopay       -       nopay    -          nopay  -               OrderShipped  wrong           late
    shipped           twice        nopay       nopay       -       nopay    -          nopay  -               -             OrderDelivered  late
    delivered         twice        nopay       nopay       -       nopay    -          nopay  -               -             -               late
    cancelled         twice        nopay       nopay       nopay   nopay    nopay      nopay  wrong           wrong         wrong           again
    cancelled-paying  twice        nopay       nopay       -       nopay    nopay      nopay  wrong           wrong         wrong           again
    cancelled-paid    twice        nopay       nopay       -       nopay    nopay      nopay  wrong           wrong         wrong           again
    ",
};

fn command(name: &str) -> OrderCommand {
    match name {
        "place" => place(vec![line(1, 2, krw(1_000))], None),
        "discount" => OrderCommand::ApplyDiscount {
            discount: discount(1, krw(500)),
        },
        "discount-2" => OrderCommand::ApplyDiscount {
            discount: discount(2, krw(700)),
        },
        "start" => OrderCommand::StartPayment {
            payment_id: payment_id(1),
        },
        "start-2" => OrderCommand::StartPayment {
            payment_id: payment_id(2),
        },
        "pay" => pay(1),
        "pay-2" => pay(2),
        "confirm" => OrderCommand::Confirm,
        "ship" => OrderCommand::Ship,
        "deliver" => OrderCommand::Deliver,
        "cancel" => cancel(),
        other => panic!("no command {other}"),
    }
}

fn place(lines: Vec<OrderLine>, discount: Option<Discount>) -> OrderCommand {
    OrderCommand::Place {
        user_id: user("ann"),
        lines,
        discount,
        payment_due_at: at(15),
    }
}

fn pay(number: u32) -> OrderCommand {
    OrderCommand::Pay {
        payment_id: payment_id(number),
        confirmation_due_at: at(31),
    }
}

fn cancel() -> OrderCommand {
    OrderCommand::Cancel {
        reason: changed_my_mind(),
    }
}

fn changed_my_mind() -> CancelReason {
    CancelReason::Requested {
        reason: "changed my mind".to_owned(),
    }
}

/// An order that nobody has placed yet, asked to have these lines.
fn placing(lines: Vec<OrderLine>) -> crate::spec::When<Order> {
    given::<Order>(vec![]).when(place(lines, None))
}

fn bad_lines() -> OrderError {
    OrderError::BadLines {
        max: Order::LINES_MAX,
    }
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn an_order_adds_its_lines_up_and_takes_the_coupon_off() {
    let lines = vec![line(1, 2, krw(1_000)), line(2, 1, krw(250))];
    let coupon = discount(1, krw(300));
    given::<Order>(vec![])
        .when(place(lines.clone(), Some(coupon.clone())))
        .then(vec![OrderEvent::OrderPlaced {
            user_id: user("ann"),
            lines,
            subtotal: krw(2_250),
            discount: Some(coupon),
            total: krw(1_950),
            payment_due_at: at(15),
        }]);
}

#[test]
fn a_coupon_may_make_an_order_free_but_never_cheaper_than_that() {
    let lines = vec![line(1, 1, krw(500))];
    let free = given::<Order>(vec![]).when(place(lines.clone(), Some(discount(1, krw(500)))));
    let free = free.then(vec![OrderEvent::OrderPlaced {
        user_id: user("ann"),
        lines: lines.clone(),
        subtotal: krw(500),
        discount: Some(discount(1, krw(500))),
        total: krw(0),
        payment_due_at: at(15),
    }]);
    assert!(free.state().placed().unwrap().total.is_zero());
    given::<Order>(vec![])
        .when(place(lines, Some(discount(1, krw(501)))))
        .then_refused(OrderError::BadTotal(MoneyError::Negative));
}

#[test]
fn an_order_has_at_least_one_line() {
    placing(vec![]).then_refused(bad_lines());
}

#[test]
fn an_order_has_at_most_so_many_lines() {
    let most = u32::try_from(Order::LINES_MAX).unwrap();
    let lines = |count| (1..=count).map(|n| line(n, 1, krw(1))).collect();
    placing(lines(most + 1)).then_refused(bad_lines());
    assert_eq!(
        crate::spec::history::<Order>([place(lines(most), None)]).len(),
        1
    );
}

#[test]
fn an_order_has_one_line_a_product() {
    placing(vec![line(1, 1, krw(10)), line(1, 2, krw(10))]).then_refused(bad_lines());
}

#[test]
fn an_order_is_in_one_currency() {
    placing(vec![line(1, 1, krw(10)), line(2, 1, usd(10))])
        .then_refused(OrderError::BadTotal(MoneyError::CurrencyMismatch));
}

#[test]
fn an_order_too_dear_to_be_counted_is_refused() {
    let dearest = krw(9_999_999_999_999);
    placing(vec![line(1, 1, dearest), line(2, 1, krw(1))])
        .then_refused(OrderError::BadTotal(MoneyError::TooLarge));
}

#[test]
fn a_line_whose_amount_is_not_its_price_times_its_quantity_is_refused() {
    let lied = OrderLine {
        amount: krw(1),
        ..line(1, 2, krw(1_000))
    };
    placing(vec![lied]).then_refused(OrderError::BadTotal(MoneyError::TooLarge));
}

#[test]
fn a_coupon_given_when_paying_lowers_what_is_to_be_paid() {
    let given = given::<Order>(TABLE.history("pending"));
    let coupon = discount(1, krw(500));
    let apply = OrderCommand::ApplyDiscount {
        discount: coupon.clone(),
    };
    let given = given.when(apply).then(vec![OrderEvent::OrderDiscounted {
        discount: coupon,
        total: krw(1_500),
    }]);
    let order = given.state().placed().unwrap();
    assert_eq!((order.subtotal, order.total), (krw(2_000), krw(1_500)));
}

#[test]
fn a_coupon_given_when_paying_cannot_take_more_off_than_there_is() {
    let apply = |amount: Money| OrderCommand::ApplyDiscount {
        discount: discount(1, amount),
    };
    given::<Order>(TABLE.history("pending"))
        .when(apply(krw(2_001)))
        .then_refused(OrderError::BadTotal(MoneyError::Negative));
    given::<Order>(TABLE.history("pending"))
        .when(apply(usd(1)))
        .then_refused(OrderError::BadTotal(MoneyError::CurrencyMismatch));
}

#[test]
fn an_order_paid_twice_stays_paid() {
    let paid = OrderEvent::OrderPaid {
        payment_id: payment_id(1),
        confirmation_due_at: at(31),
    };
    let given = given::<Order>(TABLE.history("paying"));
    let given = given
        .when(pay(1))
        .then(vec![paid])
        .when(pay(1))
        .then_nothing();
    let order = given.state().placed().unwrap();
    assert_eq!(order.status, OrderStatus::Paid);
    assert_eq!(order.payment_id, Some(payment_id(1)));
}

#[test]
fn an_order_cannot_be_paid_after_it_was_cancelled() {
    for stage in ["cancelled", "cancelled-paying", "cancelled-paid"] {
        let status = OrderStatus::Cancelled;
        given::<Order>(TABLE.history(stage))
            .when(pay(1))
            .then_refused(OrderError::NotPayable { status });
    }
}

#[test]
fn an_order_cancelled_before_it_was_paid_says_so_and_one_after_too() {
    for (stage, was_paid) in [("pending", false), ("paying", false), ("paid", true)] {
        let reason = changed_my_mind();
        given::<Order>(TABLE.history(stage))
            .when(cancel())
            .then(vec![OrderEvent::OrderCancelled { reason, was_paid }])
            .when(cancel())
            .then_refused(OrderError::AlreadyCancelled);
    }
}

#[test]
fn a_confirmed_order_is_not_cancelled() {
    let stages = [
        ("confirmed", OrderStatus::Confirmed),
        ("shipped", OrderStatus::Shipped),
        ("delivered", OrderStatus::Delivered),
    ];
    for (stage, status) in stages {
        given::<Order>(TABLE.history(stage))
            .when(cancel())
            .then_refused(OrderError::NotCancellable { status });
    }
}

/// It was refused: the operator had confirmed sooner, the parcel had left, and the timer's late
/// confirmation failed where its repeat should have done nothing.
#[test]
fn a_confirmation_that_comes_after_the_parcel_has_left_does_nothing() {
    for stage in ["confirmed", "shipped", "delivered"] {
        let given = given::<Order>(TABLE.history(stage));
        given.when(OrderCommand::Confirm).then_nothing();
    }
}

#[test]
fn an_order_remembers_the_prices_that_it_was_placed_at() {
    let lines = vec![line(7, 3, krw(990))];
    let placed = crate::spec::history::<Order>([place(lines.clone(), None)]);
    let given = given::<Order>(placed);
    let order = given.state().placed().unwrap();
    assert_eq!(order.lines.as_ref(), lines.as_slice());
    assert_eq!(order.lines[0].product_id, product_id(7));
    assert_eq!(order.lines[0].order_item_id, order_item_id(7));
}

#[test]
fn the_order_of_another_is_as_if_it_did_not_exist() {
    let given = given::<Order>(TABLE.history("pending"));
    assert!(given.state().placed_by(&user("ann")).is_ok());
    let of_bob = given.state().placed_by(&user("bob"));
    assert_eq!(of_bob, Err(OrderError::NotFound));
    assert_eq!(OrderState::default().placed(), Err(OrderError::NotFound));
}

#[test]
fn a_status_reads_in_json_as_in_the_api() {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Paid, Pending, Shipped};
    for status in [Pending, Paid, Confirmed, Shipped, Delivered, Cancelled] {
        let json = serde_json::to_value(status).unwrap();
        assert_eq!(json, status.as_str());
        assert_eq!(status.to_string(), status.as_str());
    }
}
