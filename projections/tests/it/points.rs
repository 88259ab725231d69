//! Users' points.

use chrono::{DateTime, TimeDelta, Utc};
use domain::points::{AdjustPoints, ExpirePoints, LinePoints, PointAccount, Points, PointsCommand};
use domain::{
    AdjustmentId, Halt, LotId, Operation, OrderId, OrderItemId, RefundId, StreamId, UserId,
    Workspace,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::Shop;

/// Any one command to an account: what payments and refunds do to it within their own operations.
#[derive(Clone, Debug)]
struct Ask(UserId, PointsCommand);

impl Operation for Ask {
    fn name(&self) -> &'static str {
        "ask-points"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PointAccount>(&self.0)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace.execute::<PointAccount>(&self.0, self.1.clone())?;
        Ok(json!({}))
    }
}

fn ann() -> UserId {
    "ann".parse().unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn line(number: u128, points: i64) -> LinePoints {
    LinePoints {
        order_item_id: OrderItemId::new(id(number)),
        points: Points::new(points).unwrap(),
    }
}

async fn ask(shop: &Shop, command: PointsCommand) {
    shop.execute(Ask(ann(), command)).await;
}

async fn earn(shop: &Shop, number: u128, points: i64, expires_at: DateTime<Utc>) {
    ask(
        shop,
        PointsCommand::Earn {
            order_id: OrderId::new(id(number)),
            lot_id: LotId::new(id(100 + number)),
            lines: vec![line(200 + number, points)],
            now: shop.now(),
            expires_at,
        },
    )
    .await;
}

/// Order 9 is paid with points of two lots on two lines, and refunded in part; a third lot is taken back,
/// given, taken and expired. The lots of orders 1 and 2 expire after one and two days.
pub(crate) async fn some_of_everything(shop: &Shop) {
    let (order_id, refund_id) = (OrderId::new(id(9)), RefundId::new(id(50)));
    let now = shop.now();
    earn(shop, 1, 100, now + TimeDelta::days(1)).await;
    earn(shop, 2, 100, now + TimeDelta::days(2)).await;
    let hold = |order_id, lines: Vec<LinePoints>| PointsCommand::Hold {
        order_id,
        amount: Points::sum(lines.iter().map(|line| line.points)).unwrap(),
        lines,
        now,
    };
    ask(shop, hold(order_id, vec![line(301, 90), line(302, 40)])).await;
    ask(shop, PointsCommand::Spend { order_id }).await;
    let other = OrderId::new(id(10));
    ask(shop, hold(other, vec![line(303, 20)])).await;
    ask(shop, PointsCommand::Release { order_id: other }).await;
    ask(
        shop,
        PointsCommand::TakeBack {
            order_id: OrderId::new(id(1)),
            refund_id,
            lines: vec![line(201, 30)],
        },
    )
    .await;
    shop.execute(ExpirePoints {
        user_id: ann(),
        lot_id: LotId::new(id(101)),
        now: now + TimeDelta::days(1),
    })
    .await;
    ask(
        shop,
        PointsCommand::Return {
            order_id,
            refund_id,
            lines: vec![line(301, 90)],
        },
    )
    .await;
    for (number, delta, days) in [(60, 50, Some(5)), (61, -75, None)] {
        shop.execute(AdjustPoints {
            user_id: ann(),
            adjustment_id: AdjustmentId::new(id(number)),
            delta,
            reason: "goodwill".to_owned(),
            by: "olga".parse().unwrap(),
            expires_at: days.map(|days| now + TimeDelta::days(days)),
            now,
        })
        .await;
    }
}

#[tokio::test]
async fn lots_history_and_allocations_say_what_happened_to_the_points() {
    let shop = Shop::open().await;
    shop.project();
    some_of_everything(&shop).await;
    shop.caught_up().await;
    let lots = shop
        .rows(
            "SELECT jsonb_build_array(origin, earned, spent, expired, taken_back, remaining, owed) AS lot
               FROM read_model.point_lots ORDER BY origin DESC, expires_at",
        )
        .await;
    let lots: Vec<&Value> = lots.iter().map(|row| &row["lot"]).collect();
    // Of the first lot 100 were spent, 90 came back: 30 of them paid the debt, 60 expired at once.
    assert_eq!(
        lots,
        [
            &json!(["ORDER", 100, 10, 60, 30, 0, 0]),
            &json!(["ORDER", 100, 30, 0, 70, 0, 0]),
            &json!(["ADJUSTMENT", 50, 0, 0, 5, 45, 0]),
        ]
    );
    let account = "SELECT balance, remaining, owed FROM read_model.point_accounts";
    assert_eq!(
        shop.row(account).await,
        json!({"balance": 45, "remaining": 45, "owed": 0}),
    );
    let history = shop
        .rows(
            "SELECT jsonb_build_array(kind, points, change) AS entry
               FROM read_model.point_history WHERE user_id = 'ann' ORDER BY position",
        )
        .await;
    let history: Vec<&Value> = history.iter().map(|row| &row["entry"]).collect();
    // The first lot expired empty, which is no news.
    assert_eq!(
        history,
        [
            &json!(["EARNED", 100, 100]),
            &json!(["EARNED", 100, 100]),
            &json!(["HELD", 130, -130]),
            &json!(["SPENT", 130, 0]),
            &json!(["HELD", 20, -20]),
            &json!(["RELEASED", 20, 20]),
            &json!(["TAKEN_BACK", 30, -30]),
            &json!(["RETURNED", 90, 30]),
            &json!(["ADJUSTED", 50, 50]),
            &json!(["ADJUSTED", 75, -75]),
        ]
    );
    let sum = "SELECT sum(change) AS sum FROM read_model.point_history";
    assert_eq!(shop.row(sum).await["sum"], 45);
    let allocations = shop
        .rows(
            "SELECT jsonb_build_array(state, points, returned) AS part
               FROM read_model.point_allocations ORDER BY order_id, order_item_id, lot_id",
        )
        .await;
    let allocations: Vec<&Value> = allocations.iter().map(|row| &row["part"]).collect();
    assert_eq!(
        allocations,
        [
            &json!(["SPENT", 90, 90]),
            &json!(["SPENT", 10, 0]),
            &json!(["SPENT", 30, 0]),
            &json!(["RELEASED", 20, 0]),
        ]
    );
    assert_eq!(shop.differences().await, "");
    shop.close().await;
}

#[tokio::test]
async fn a_user_is_told_of_the_points_that_they_earned() {
    let shop = Shop::open().await;
    shop.project();
    earn(&shop, 1, 100, shop.now() + TimeDelta::days(1)).await;
    shop.caught_up().await;
    let told = "SELECT user_id, kind, params->'points' AS points FROM read_model.notifications";
    assert_eq!(
        shop.row(told).await,
        json!({"user_id": "ann", "kind": "POINTS_EARNED", "points": 100}),
    );
    shop.close().await;
}
