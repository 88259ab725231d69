//! The rules of points by example.

use crate::mothers::{
    adjustment_id, at, line_points, lot_id, order_id, order_item_id, points, refund_id, user,
};
use crate::points::{
    Allocation, GivenBack, Lot, LotPoints, PointAccount, PointsCommand, PointsError, PointsEvent,
};
use crate::spec::{Given, given, history};

pub(super) fn earn(order: u32, lot: u32, lines: &[(u32, i64)], until: i64) -> PointsCommand {
    PointsCommand::Earn {
        order_id: order_id(order),
        lot_id: lot_id(lot),
        lines: line_points(lines),
        now: at(0),
        expires_at: at(until),
    }
}

pub(super) fn hold(order: u32, lines: &[(u32, i64)]) -> PointsCommand {
    PointsCommand::Hold {
        order_id: order_id(order),
        amount: points(lines.iter().map(|(_, number)| number).sum()),
        lines: line_points(lines),
        now: at(1),
    }
}

pub(super) fn give_back(order: u32, refund: u32, lines: &[(u32, i64)]) -> PointsCommand {
    PointsCommand::Return {
        order_id: order_id(order),
        refund_id: refund_id(refund),
        lines: line_points(lines),
    }
}

pub(super) fn take_back(order: u32, refund: u32, lines: &[(u32, i64)]) -> PointsCommand {
    PointsCommand::TakeBack {
        order_id: order_id(order),
        refund_id: refund_id(refund),
        lines: line_points(lines),
    }
}

pub(super) fn expire(lot: u32, minute: i64) -> PointsCommand {
    PointsCommand::Expire {
        lot_id: lot_id(lot),
        now: at(minute),
    }
}

pub(super) fn adjust(id: u32, delta: i64, until: Option<i64>) -> PointsCommand {
    PointsCommand::Adjust {
        adjustment_id: adjustment_id(id),
        delta,
        reason: "goodwill".to_owned(),
        by: user("olga"),
        expires_at: until.map(at),
        now: at(1),
    }
}

fn spend(order: u32) -> PointsCommand {
    PointsCommand::Spend {
        order_id: order_id(order),
    }
}

fn allocation(line: u32, lot: u32, number: i64) -> Allocation {
    Allocation {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
    }
}

fn back(line: u32, lot: u32, number: i64, repaid: i64, expired: i64) -> GivenBack {
    GivenBack {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
        repaid: points(repaid),
        expired: points(expired),
    }
}

fn account(commands: impl IntoIterator<Item = PointsCommand>) -> Given<PointAccount> {
    given::<PointAccount>(history::<PointAccount>(commands))
}

/// Earned, spent, expired, taken back, remaining, owed.
fn numbers(given: &Given<PointAccount>, lot: u32) -> [i64; 6] {
    let numbers = |lot: &Lot| {
        [
            lot.earned,
            lot.spent,
            lot.expired,
            lot.taken_back,
            lot.remaining,
            lot.owed,
        ]
    };
    numbers(given.state().lot(lot_id(lot)).unwrap()).map(i64::from)
}

fn invalid(field: &'static str, reason: &'static str) -> PointsError {
    PointsError::Invalid { field, reason }
}

#[test]
fn a_payment_takes_the_lots_that_expire_first_and_lays_them_over_the_lines() {
    let lots = [
        earn(1, 1, &[(1, 50)], 90),
        earn(2, 2, &[(2, 30)], 60),
        earn(3, 3, &[(3, 30)], 60),
    ];
    let held = PointsEvent::PointsHeld {
        order_id: order_id(9),
        points: points(75),
        allocations: vec![
            allocation(91, 2, 30),
            allocation(91, 3, 10),
            allocation(92, 3, 20),
            allocation(92, 1, 15),
        ],
        held_at: at(1),
    };
    let given = account(lots)
        .when(hold(9, &[(91, 40), (92, 35), (93, 0)]))
        .then(vec![held]);
    assert_eq!(numbers(&given, 1), [50, 15, 0, 0, 35, 0]);
    assert_eq!(
        given.state().held_by(order_id(9)),
        line_points(&[(91, 40), (92, 35)])
    );
    assert_eq!(given.state().balance(), 35);
}

#[test]
fn a_lot_whose_time_is_over_is_not_spent_though_its_timer_is_late() {
    let given = account([earn(1, 1, &[(1, 50)], 60), earn(2, 2, &[(2, 30)], 90)]);
    assert_eq!(given.state().balance(), 80);
    assert_eq!(given.state().spendable(at(59)), points(80));
    assert_eq!(given.state().spendable(at(60)), points(30));
    let late = PointsCommand::Hold {
        order_id: order_id(9),
        amount: points(31),
        lines: line_points(&[(9, 31)]),
        now: at(60),
    };
    given.when(late).then_refused(PointsError::Insufficient {
        requested: points(31),
        spendable: points(30),
    });
}

#[test]
fn points_go_back_to_the_lots_of_their_line_the_latest_expiry_first() {
    let given = account([
        earn(1, 1, &[(1, 10)], 60),
        earn(2, 2, &[(2, 10)], 90),
        hold(9, &[(91, 15), (92, 5)]),
        spend(9),
    ]);
    let returned = |refund, number, allocations| PointsEvent::PointsReturned {
        order_id: order_id(9),
        refund_id: refund_id(refund),
        points: points(number),
        allocations,
    };
    let first = returned(1, 7, vec![back(91, 2, 5, 0, 0), back(91, 1, 2, 0, 0)]);
    let given = given.when(give_back(9, 1, &[(91, 7)])).then(vec![first]);
    let rest = vec![back(92, 2, 5, 0, 0), back(91, 1, 8, 0, 0)];
    let given = given
        .when(give_back(9, 2, &[(92, 5), (91, 8)]))
        .then(vec![returned(2, 13, rest)]);
    assert_eq!(numbers(&given, 1), [10, 0, 0, 0, 10, 0]);
    assert_eq!(numbers(&given, 2), [10, 0, 0, 0, 10, 0]);
}

#[test]
fn a_line_gets_back_no_more_than_it_was_paid_with() {
    let given = account([
        earn(1, 1, &[(1, 100)], 60),
        hold(9, &[(91, 15), (92, 5)]),
        spend(9),
        give_back(9, 1, &[(91, 10)]),
    ]);
    let left = given.state().returnable(order_id(9));
    assert_eq!(left, line_points(&[(91, 5), (92, 5)]));
    let refused = PointsError::NotReturnable {
        order_item_id: order_item_id(91),
        returnable: points(5),
    };
    given
        .when(give_back(9, 2, &[(92, 5), (91, 6)]))
        .then_refused(refused);
}

#[test]
fn what_comes_back_to_an_expired_lot_expires_at_once() {
    let given = account([
        earn(1, 1, &[(1, 100)], 60),
        hold(9, &[(91, 30)]),
        expire(1, 60),
    ]);
    assert_eq!(numbers(&given, 1), [100, 30, 70, 0, 0, 0]);
    let released = PointsEvent::PointsReleased {
        order_id: order_id(9),
        points: points(30),
        allocations: vec![back(91, 1, 30, 0, 30)],
    };
    let release = PointsCommand::Release {
        order_id: order_id(9),
    };
    let given = given.when(release).then(vec![released]);
    assert_eq!(numbers(&given, 1), [100, 0, 100, 0, 0, 0]);
    assert_eq!(given.state().balance(), 0);
}

#[test]
fn a_refund_takes_back_what_is_spent_already_and_the_return_pays_the_debt() {
    let given = account([
        earn(1, 1, &[(1, 60), (2, 40)], 60),
        hold(9, &[(91, 70)]),
        spend(9),
    ]);
    let taken_back = PointsEvent::PointsTakenBack {
        order_id: order_id(1),
        refund_id: refund_id(1),
        lot_id: lot_id(1),
        points: points(90),
        lines: line_points(&[(1, 60), (2, 30)]),
        unexpired: points(0),
        owed: points(60),
    };
    let given = given
        .when(take_back(1, 1, &[(1, 60), (2, 30)]))
        .then(vec![taken_back]);
    assert_eq!(numbers(&given, 1), [100, 70, 0, 90, 0, 60]);
    assert_eq!(given.state().balance(), -60);
    assert_eq!(given.state().spendable(at(1)), points(0));
    let returned = PointsEvent::PointsReturned {
        order_id: order_id(9),
        refund_id: refund_id(2),
        points: points(70),
        allocations: vec![back(91, 1, 70, 60, 0)],
    };
    let given = given
        .when(give_back(9, 2, &[(91, 70)]))
        .then(vec![returned]);
    assert_eq!(numbers(&given, 1), [100, 0, 0, 90, 10, 0]);
    let left = given.state().takeable(order_id(1));
    assert_eq!(left, line_points(&[(1, 0), (2, 10)]));
}

#[test]
fn what_expired_and_is_taken_back_never_expired() {
    let given = account([
        earn(1, 1, &[(1, 100)], 60),
        hold(9, &[(91, 30)]),
        spend(9),
        expire(1, 60),
    ]);
    let given = account_then(given, take_back(1, 1, &[(1, 80)]));
    assert_eq!(numbers(&given, 1), [100, 30, 0, 80, 0, 10]);
    let given = account_then(given, give_back(9, 2, &[(91, 30)]));
    assert_eq!(numbers(&given, 1), [100, 0, 20, 80, 0, 0]);
}

/// One more command, whatever it does.
fn account_then(given: Given<PointAccount>, command: PointsCommand) -> Given<PointAccount> {
    use crate::decider::Decider as _;
    let events = PointAccount::decide(given.state(), command.clone()).unwrap();
    given.when(command).then(events)
}

#[test]
fn a_debt_is_outweighed_by_later_lots_and_never_collected_from_them() {
    let given = account([
        earn(1, 1, &[(1, 100)], 60),
        hold(9, &[(91, 100)]),
        spend(9),
        take_back(1, 1, &[(1, 80)]),
        earn(2, 2, &[(2, 100)], 60),
    ]);
    assert_eq!(given.state().balance(), 20);
    assert_eq!(given.state().owed(), points(80));
    assert_eq!(numbers(&given, 2), [100, 0, 0, 0, 100, 0]);
    let given = account_then(given, hold(10, &[(101, 20)]));
    given
        .when(hold(11, &[(111, 1)]))
        .then_refused(PointsError::Insufficient {
            requested: points(1),
            spendable: points(0),
        });
}

#[test]
fn a_correction_upwards_is_a_lot_and_downwards_takes_the_oldest_expiry_first() {
    let id = adjustment_id(1);
    let own = LotPoints {
        lot_id: crate::ids::LotId::new(id.uuid()),
        points: points(30),
    };
    let adjusted = |id, delta, lots, until: Option<i64>| PointsEvent::PointsAdjusted {
        adjustment_id: adjustment_id(id),
        delta,
        reason: "goodwill".to_owned(),
        by: user("olga"),
        lots,
        adjusted_at: at(1),
        expires_at: until.map(at),
    };
    let given = account([earn(1, 1, &[(1, 100)], 60)])
        .when(adjust(1, 30, Some(50)))
        .then(vec![adjusted(1, 30, vec![own], Some(50))]);
    let rest = LotPoints {
        lot_id: lot_id(1),
        points: points(15),
    };
    let given =
        given
            .when(adjust(2, -45, None))
            .then(vec![adjusted(2, -45, vec![own, rest], None)]);
    assert_eq!(numbers(&given, 1), [100, 0, 0, 15, 85, 0]);
    given
        .when(adjust(3, -86, None))
        .then_refused(PointsError::Insufficient {
            requested: points(86),
            spendable: points(85),
        });
}

#[test]
fn a_correction_must_say_what_when_and_why() {
    let refused = |command: PointsCommand, error| account([]).when(command).then_refused(error);
    let delta = invalid(
        "delta",
        "a whole number from -10 000 000 to 10 000 000, not 0",
    );
    refused(adjust(1, 0, None), delta.clone());
    refused(adjust(1, 10_000_001, Some(60)), delta.clone());
    refused(adjust(1, i64::MIN, None), delta);
    refused(
        adjust(1, 1, None),
        invalid("expiresAt", "needed for points that are given"),
    );
    refused(
        adjust(1, -1, Some(60)),
        invalid("expiresAt", "not for points that are taken"),
    );
    let future = invalid("expiresAt", "in the future, and within ten years");
    refused(adjust(1, 1, Some(1)), future.clone());
    refused(adjust(1, 1, Some(3_651 * 24 * 60)), future);
    let mut blank = adjust(1, 1, Some(60));
    if let PointsCommand::Adjust { reason, .. } = &mut blank {
        *reason = " ".to_owned();
    }
    refused(blank, invalid("reason", "1 to 200 characters"));
}

#[test]
fn lines_that_do_not_fit_are_refused() {
    let lines = invalid(
        "lines",
        "each line once, and at most as many as an order may have",
    );
    account([earn(1, 1, &[(1, 100)], 60)])
        .when(hold(9, &[(91, 1), (91, 2)]))
        .then_refused(lines.clone());
    let many: Vec<(u32, i64)> = (0..501).map(|number| (number, 1)).collect();
    account([]).when(earn(1, 1, &many, 60)).then_refused(lines);
    let unequal = PointsCommand::Hold {
        order_id: order_id(9),
        amount: points(3),
        lines: line_points(&[(91, 2)]),
        now: at(1),
    };
    account([earn(1, 1, &[(1, 100)], 60)])
        .when(unequal)
        .then_refused(invalid("points", "the sum of the lines"));
}

#[test]
fn nothing_is_earned_held_or_given_back_without_points() {
    for command in [
        earn(1, 1, &[(1, 0)], 60),
        hold(9, &[(91, 0)]),
        give_back(9, 1, &[(91, 0)]),
        take_back(9, 1, &[]),
    ] {
        account([]).when(command).then_nothing();
    }
}

#[test]
fn a_lot_of_another_is_not_overwritten() {
    account([earn(1, 1, &[(1, 100)], 60)])
        .when(earn(2, 1, &[(2, 5)], 60))
        .then_refused(PointsError::LotExists);
}

#[test]
fn an_account_holds_no_more_than_can_be_counted() {
    let most = crate::points::Points::MAX.get();
    account([earn(1, 1, &[(1, most)], 60)])
        .when(earn(2, 2, &[(2, 1)], 60))
        .then_refused(PointsError::OutOfRange(crate::points::PointsRangeError));
}
