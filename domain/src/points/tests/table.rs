//! What every command does in every stage of an account's life.

use super::examples::{adjust, earn, expire, give_back, hold, take_back};
use crate::mothers::order_id;
use crate::points::{PointAccount, PointsCommand};
use crate::spec::Table;

const TABLE: Table<PointAccount> = Table {
    stages: &[
        ("(empty)", ""),
        ("earned", "earn"),
        ("held", "earn hold"),
        ("spent", "earn hold spend"),
        ("released", "earn hold release"),
        ("returned", "earn hold spend return"),
        ("taken-back", "earn take-back"),
        ("in-debt", "earn hold spend take-back"),
        ("expired", "earn expire"),
        ("held-expired", "earn hold expire"),
        ("given", "give"),
    ],
    command,
    additive: &[],
    cells: "
    short = INSUFFICIENT_POINTS
    other = POINTS_ALREADY_HELD
    spent! = POINTS_ALREADY_SPENT
    none = NO_SUCH_POINTS_HOLD
    far = POINTS_NOT_RETURNABLE
    less = POINTS_NOT_EARNED
    Earned = PointsEarned
    Held = PointsHeld
    Spent = PointsSpent
    Released = PointsReleased
    Returned = PointsReturned
    Taken = PointsTakenBack
    Expired = PointsExpired
    Adjusted = PointsAdjusted

                  earn    hold   hold-2  hold-other  hold-all  spend  release   return    take-back  expire   too-early  give      withdraw
    (empty)       Earned  short  short   short       short     none   -         far       less       -        -          Adjusted  short
    earned        -       Held   Held    Held        Held      none   -         far       Taken      Expired  -          Adjusted  Adjusted
    held          -       -      short   other       short     Spent  Released  far       Taken      Expired  -          Adjusted  Adjusted
    spent         -       -      short   other       short     -      spent!    Returned  Taken      Expired  -          Adjusted  Adjusted
    released      -       Held   Held    Held        Held      none   -         far       Taken      Expired  -          Adjusted  Adjusted
    returned      -       -      Held    other       short     -      spent!    -         Taken      Expired  -          Adjusted  Adjusted
    taken-back    -       short  Held    Held        short     none   -         far       -          Expired  -          Adjusted  Adjusted
    in-debt       -       -      short   other       short     -      spent!    Returned  -          Expired  -          Adjusted  short
    expired       -       short  short   short       short     none   -         far       Taken      -        -          Adjusted  short
    held-expired  -       -      short   other       short     Spent  Released  far       Taken      -        -          Adjusted  short
    given         Earned  short  Held    Held        short     none   -         far       less       -        -          -         Adjusted
    ",
};

fn command(name: &str) -> PointsCommand {
    match name {
        "earn" => earn(1, 1, &[(1, 60), (2, 40)], 60),
        "hold" => hold(2, &[(3, 70), (4, 20)]),
        "hold-2" => hold(3, &[(5, 30)]),
        "hold-other" => hold(2, &[(3, 11)]),
        "hold-all" => hold(3, &[(5, 100)]),
        "spend" => PointsCommand::Spend {
            order_id: order_id(2),
        },
        "release" => PointsCommand::Release {
            order_id: order_id(2),
        },
        "return" => give_back(2, 1, &[(3, 30)]),
        "take-back" => take_back(1, 1, &[(1, 50)]),
        "expire" => expire(1, 60),
        "too-early" => expire(1, 59),
        "give" => adjust(1, 30, Some(90)),
        "withdraw" => adjust(2, -5, None),
        other => panic!("no command {other}"),
    }
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}
