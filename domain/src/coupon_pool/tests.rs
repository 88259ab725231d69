//! The coupon pool's rules, by example and as a table over a coupon's stages and all commands.

use super::*;
use crate::money::{Money, MoneyError};
use crate::mothers::{at, coupon, krw, order_id, pool_id, usd, user};
use crate::spec::{Given, Table, given, history};

/// The pool of the table: two coupons of 500 won, from minute 0 to minute 60.
const TABLE: Table<CouponPool> = Table {
    stages: &[
        ("(none)", ""),
        ("open", "create"),
        ("issued", "create claim"),
        ("held", "create claim hold"),
        ("held-by-2", "create claim hold-2"),
        ("used", "create claim hold use"),
        ("used-by-2", "create claim hold-2 use-2"),
        ("released", "create claim hold release"),
        ("given-back", "create claim hold use give-back"),
        ("bobs", "create claim-bob"),
        ("sold-out", "create claim-bob claim-cid"),
        ("closed", "create close"),
        ("closed-issued", "create claim close"),
        ("closed-held", "create claim hold close"),
        ("closed-used", "create claim hold use close"),
        ("closed-given-back", "create claim hold use close give-back"),
    ],
    command,
    additive: &[],
    cells: "
    nopool = COUPON_POOL_NOT_FOUND
    none = COUPON_NOT_FOUND
    exists = COUPON_POOL_ALREADY_EXISTS
    again = COUPON_ALREADY_ISSUED
    soldout = COUPON_SOLD_OUT
    shut = COUPON_POOL_CLOSED
    used = COUPON_ALREADY_USED
    late = COUPON_EXPIRED
    Created = CouponPoolCreated
    Closed = CouponPoolClosed
    Issued = CouponIssued
    Held = CouponHeld
    Used = CouponUsed
    Freed = CouponReleased
    Back = CouponGivenBack

                       create   create-2  claim    hold  hold-2  use   use-2  release  give-back  close
    (none)             Created  Created   nopool   none  none    none  none   none     none       nopool
    open               -        exists    Issued   none  none    none  none   none     none       Closed
    issued             -        exists    again    Held  Held    used  used   -        -          Closed
    held               -        exists    again    -     used    Used  used   Freed    -          Closed
    held-by-2          -        exists    again    used  -       used  Used   -        -          Closed
    used               -        exists    again    used  used    -     used   -        Back       Closed
    used-by-2          -        exists    again    used  used    used  -      -        -          Closed
    released           -        exists    again    Held  Held    used  used   -        -          Closed
    given-back         -        exists    again    Held  Held    used  used   -        -          Closed
    bobs               -        exists    Issued   none  none    none  none   none     none       Closed
    sold-out           -        exists    soldout  none  none    none  none   none     none       Closed
    closed             -        exists    shut     none  none    none  none   none     none       -
    closed-issued      -        exists    again    late  late    used  used   -        -          -
    closed-held        -        exists    again    -     used    Used  used   Freed    -          -
    closed-used        -        exists    again    used  used    -     used   -        Back       -
    closed-given-back  -        exists    again    late  late    used  used   -        -          -
    ",
};

fn command(name: &str) -> CouponPoolCommand {
    let user_id = user("ann");
    match name {
        "create" => create(fixed(krw(500)), 2),
        "create-2" => create(fixed(krw(600)), 2),
        "claim" => claim("ann", 1),
        "claim-bob" => claim("bob", 1),
        "claim-cid" => claim("cid", 1),
        "hold" => hold(1, krw(2_000), 2),
        "hold-2" => hold(2, krw(2_000), 2),
        "use" | "use-2" => CouponPoolCommand::Use {
            user_id,
            order_id: order_id(if name == "use" { 1 } else { 2 }),
        },
        "release" => CouponPoolCommand::Release {
            user_id,
            order_id: order_id(1),
        },
        "give-back" => CouponPoolCommand::GiveBack {
            user_id,
            order_id: order_id(1),
        },
        "close" => CouponPoolCommand::Close { now: at(60) },
        other => panic!("no command {other}"),
    }
}

fn fixed(amount: Money) -> DiscountRule {
    DiscountRule::Fixed { amount }
}

fn percent(percent: u8, max_amount: Option<Money>) -> DiscountRule {
    DiscountRule::Percent {
        percent,
        max_amount,
    }
}

fn create(discount: DiscountRule, quantity: u32) -> CouponPoolCommand {
    CouponPoolCommand::Create {
        name: "spring".to_owned(),
        quantity,
        discount,
        valid_from: at(0),
        valid_until: at(60),
    }
}

fn claim(name: &str, minute: i64) -> CouponPoolCommand {
    CouponPoolCommand::Claim {
        pool_id: pool_id(1),
        user_id: user(name),
        now: at(minute),
    }
}

/// Ann's coupon, for her order of this number and sum.
fn hold(order: u32, subtotal: Money, minute: i64) -> CouponPoolCommand {
    CouponPoolCommand::Hold {
        user_id: user("ann"),
        code: coupon(1),
        order_id: order_id(order),
        subtotal,
        now: at(minute),
    }
}

/// A pool of this rule with one coupon, which is Ann's.
fn anns(discount: DiscountRule) -> Given<CouponPool> {
    given::<CouponPool>(history::<CouponPool>([
        create(discount, 1),
        claim("ann", 1),
    ]))
}

fn held(amount: Money) -> CouponPoolEvent {
    CouponPoolEvent::CouponHeld {
        user_id: user("ann"),
        code: coupon(1),
        order_id: order_id(1),
        amount,
    }
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn the_first_to_come_is_served_first_and_the_last_coupon_is_the_last() {
    let issued = |name, serial| CouponPoolEvent::CouponIssued {
        user_id: user(name),
        code: coupon(serial),
    };
    let given = given::<CouponPool>(TABLE.history("open"));
    assert_eq!(given.state().remaining(), 2);
    let given = given.when(claim("ann", 1)).then(vec![issued("ann", 1)]);
    let given = given.when(claim("bob", 1)).then(vec![issued("bob", 2)]);
    let state = given.state();
    assert_eq!(
        (state.quantity(), state.issued_count(), state.remaining()),
        (2, 2, 0)
    );
    let holders: Vec<_> = state.holders().cloned().collect();
    assert_eq!(holders, [user("ann"), user("bob")]);
    given
        .when(claim("cid", 1))
        .then_refused(CouponPoolError::SoldOut);
}

#[test]
fn a_user_who_has_one_is_told_so_even_when_the_pool_is_empty() {
    let given = anns(fixed(krw(500)));
    assert_eq!(given.state().remaining(), 0);
    given
        .when(claim("ann", 2))
        .then_refused(CouponPoolError::AlreadyIssued);
}

#[test]
fn a_used_coupon_given_back_does_not_allow_a_second_claim() {
    let given = given::<CouponPool>(TABLE.history("given-back"));
    given
        .when(claim("ann", 2))
        .then_refused(CouponPoolError::AlreadyIssued);
}

#[test]
fn none_is_issued_before_the_validity_begins_nor_at_the_moment_it_ends() {
    let open = || given::<CouponPool>(TABLE.history("open"));
    for minute in [-1, 60, 61] {
        let refused = open().when(claim("ann", minute));
        refused.then_refused(CouponPoolError::Closed);
    }
    for minute in [0, 59] {
        let issued = CouponPoolEvent::CouponIssued {
            user_id: user("ann"),
            code: coupon(1),
        };
        open().when(claim("ann", minute)).then(vec![issued]);
    }
}

#[test]
fn a_coupon_past_its_validity_cannot_be_used_even_before_its_pool_is_closed() {
    let issued = || anns(fixed(krw(500)));
    issued()
        .when(hold(1, krw(900), 59))
        .then(vec![held(krw(500))]);
    let refused = issued().when(hold(1, krw(900), 60));
    refused.then_refused(CouponPoolError::Expired);
}

#[test]
fn a_pool_is_not_closed_before_its_time() {
    let given = given::<CouponPool>(TABLE.history("open"));
    let close = |minute| CouponPoolCommand::Close { now: at(minute) };
    let given = given.when(close(59)).then_nothing();
    given
        .when(close(60))
        .then(vec![CouponPoolEvent::CouponPoolClosed {}]);
}

#[test]
fn the_coupon_of_another_does_not_exist() {
    let given = given::<CouponPool>(TABLE.history("bobs"));
    given
        .when(hold(1, krw(900), 2))
        .then_refused(CouponPoolError::CouponNotFound);
}

#[test]
fn a_code_that_is_not_the_users_own_does_not_exist() {
    let given = given::<CouponPool>(TABLE.history("issued"));
    let guess = CouponPoolCommand::Hold {
        user_id: user("ann"),
        code: coupon(2),
        order_id: order_id(1),
        subtotal: krw(900),
        now: at(2),
    };
    given
        .when(guess)
        .then_refused(CouponPoolError::CouponNotFound);
}

#[test]
fn a_fixed_coupon_takes_off_its_amount_but_not_more_than_the_order() {
    let rule = || anns(fixed(krw(500)));
    rule().when(hold(1, krw(501), 2)).then(vec![held(krw(500))]);
    rule().when(hold(1, krw(499), 2)).then(vec![held(krw(499))]);
}

#[test]
fn a_rate_is_rounded_down_to_whole_units() {
    let rule = || anns(percent(15, None));
    rule().when(hold(1, krw(999), 2)).then(vec![held(krw(149))]);
    rule().when(hold(1, krw(6), 2)).then(vec![held(krw(0))]);
    let all = anns(percent(100, None)).when(hold(1, krw(999), 2));
    all.then(vec![held(krw(999))]);
}

#[test]
fn a_rate_may_have_a_ceiling() {
    let rule = || anns(percent(50, Some(krw(300))));
    rule().when(hold(1, krw(600), 2)).then(vec![held(krw(300))]);
    rule().when(hold(1, krw(601), 2)).then(vec![held(krw(300))]);
    rule().when(hold(1, krw(598), 2)).then(vec![held(krw(299))]);
}

#[test]
fn a_coupon_of_another_currency_does_not_fit() {
    let mismatch = CouponPoolError::DoesNotFit(MoneyError::CurrencyMismatch);
    let rules = [fixed(usd(500)), percent(10, Some(usd(500)))];
    for rule in rules {
        let refused = anns(rule).when(hold(1, krw(900), 2));
        refused.then_refused(mismatch.clone());
    }
    // A rate without a ceiling is in no currency at all.
    let fits = anns(percent(10, None)).when(hold(1, krw(900), 2));
    fits.then(vec![held(krw(90))]);
}

#[test]
fn a_coupon_says_what_it_takes_off_and_where_it_stands() {
    let given = given::<CouponPool>(TABLE.history("held"));
    let state = given.state();
    assert_eq!(state.amount_off(krw(900)), Ok(krw(500)));
    let of_ann = state.coupon_of(&user("ann")).unwrap();
    assert_eq!(
        (of_ann.code, of_ann.state),
        (coupon(1), CouponState::Held(order_id(1)))
    );
    assert_eq!(state.coupon_of(&user("bob")), None);
    let none = CouponPoolState::default();
    assert_eq!(
        none.amount_off(krw(900)),
        Err(CouponPoolError::CouponNotFound)
    );
    assert!(!none.exists() && state.exists());
}

#[test]
fn a_pool_has_terms_within_their_bounds() {
    let good = CouponPoolCommand::Create {
        name: "n".repeat(100),
        quantity: CouponPool::QUANTITY_MAX,
        discount: percent(1, Some(krw(1))),
        valid_from: at(0),
        valid_until: at(1),
    };
    assert_eq!(history::<CouponPool>([good]).len(), 1);

    let refused = |command, field, reason| {
        let refused = given::<CouponPool>(vec![]).when(command);
        refused.then_refused(CouponPoolError::Invalid { field, reason });
    };
    for name in [String::new(), "  ".to_owned(), "n".repeat(101)] {
        let (quantity, discount) = (1, fixed(krw(1)));
        let (valid_from, valid_until) = (at(0), at(1));
        let command = CouponPoolCommand::Create {
            name,
            quantity,
            discount,
            valid_from,
            valid_until,
        };
        refused(command, "name", "1 to 100 characters");
    }
    for quantity in [0, CouponPool::QUANTITY_MAX + 1] {
        refused(
            create(fixed(krw(1)), quantity),
            "quantity",
            "1 to 1 000 000",
        );
    }
    for rate in [0, 101, 255] {
        refused(
            create(percent(rate, None), 1),
            "discount.percent",
            "1 to 100",
        );
    }
    refused(create(fixed(krw(0)), 1), "discount.amount", "above zero");
    let no_ceiling = percent(10, Some(krw(0)));
    refused(create(no_ceiling, 1), "discount.maxAmount", "above zero");
}

#[test]
fn a_pool_ends_after_it_begins() {
    let backwards = CouponPoolCommand::Create {
        name: "spring".to_owned(),
        quantity: 1,
        discount: fixed(krw(1)),
        valid_from: at(1),
        valid_until: at(1),
    };
    let (field, reason) = ("validUntil", "after validFrom");
    let refused = given::<CouponPool>(vec![]).when(backwards);
    refused.then_refused(CouponPoolError::Invalid { field, reason });
}
