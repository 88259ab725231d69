//! Points, their lots and their history.

use chrono::{Duration, Utc};
use domain::AdjustmentId;
use domain::points::AdjustPoints;
use serde_json::json;
use uuid::Uuid;

use crate::shop::{Shop, column};

impl Shop {
    /// An operator gives a user points that expire in so many days, or takes some.
    async fn adjust_points(&self, user: &str, delta: i64, days: Option<i64>) -> u64 {
        let now = Utc::now();
        let adjust = AdjustPoints {
            user_id: user.parse().expect("a user"),
            adjustment_id: AdjustmentId::new(Uuid::now_v7()),
            delta,
            reason: "goodwill".to_owned(),
            by: "olga".parse().expect("a user"),
            expires_at: days.map(|days| now + Duration::days(days)),
            now,
        };
        self.execute(adjust).await.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_see_their_own_points_and_operators_those_of_anybody() {
    let shop = Shop::open().await;
    shop.adjust_points("ann", 100, Some(10)).await;
    shop.adjust_points("ann", 200, Some(300)).await;
    let position = shop.adjust_points("ann", -30, None).await;

    let ann = shop.customer("ann");
    let account = ann.see("/points", position).await;
    for (field, points) in [
        ("balance", 270),
        ("spendable", 270),
        ("owed", 0),
        ("expiringSoon", 70),
    ] {
        assert_eq!(account[field], points, "{field}");
    }
    assert!(account["nextExpiryAt"].is_string());
    let lots = ann.see("/points/lots", position).await;
    assert_eq!(column(&lots, "remaining"), ["200", "70"]);
    assert_eq!(column(&lots, "takenBack"), ["0", "30"]);
    let oldest = ann
        .see("/points/lots?sort=earnedAt,asc&size=1", position)
        .await;
    assert_eq!(column(&oldest, "earned"), ["100"]);
    let history = ann.see("/points/history", position).await;
    assert_eq!(column(&history, "type"), ["ADJUSTED"; 3]);
    assert_eq!(column(&history, "change"), ["-30", "200", "100"]);
    assert_eq!(history[0]["detail"]["reason"], "goodwill");

    let operator = shop.operator();
    let seen = operator.see("/points/ann", position).await;
    assert_eq!(seen, account);
    assert_eq!(operator.see("/points/ann/lots", position).await, lots);
    assert_eq!(operator.see("/points/ann/history", position).await, history);
    let bob = shop.customer("bob");
    for path in ["/points/ann", "/points/ann/lots", "/points/ann/history"] {
        assert_eq!(bob.get(path).await.error(), (403, "FORBIDDEN".to_owned()));
    }
    let none = bob.see("/points", position).await;
    assert_eq!(
        none,
        json!({
            "userId": "bob", "balance": 0, "spendable": 0, "owed": 0,
            "expiringSoon": 0, "nextExpiryAt": null,
        })
    );
    let nul = operator.get("/points/a%00b").await;
    assert_eq!(nul.error(), (400, "VALIDATION_FAILED".to_owned()));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn points_past_their_time_are_not_spendable_though_their_timer_is_late() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let lot = |id: u32, remaining: i64, until: &str| {
        format!(
            "INSERT INTO projection_points_1.point_lots (id, user_id, origin, earned, spent, expired,
                    taken_back, remaining, owed, earned_at, expires_at, updated_at)
             VALUES ('00000000-0000-7000-8000-00000000000{id}', 'ann', 'ORDER', {remaining}, 0, 0, 0,
                     {remaining}, 0, now(), now() + '{until}', now());"
        )
    };
    shop.sql(&lot(1, 10, "-1 h")).await;
    shop.sql(&lot(2, 20, "29 d")).await;
    shop.sql(&lot(3, 40, "31 d")).await;
    shop.sql(
        "INSERT INTO projection_points_1.point_accounts (user_id, remaining, owed, updated_at, version)
         VALUES ('ann', 70, 15, now(), 1);",
    )
    .await;
    let account = shop.customer("ann").see("/points", 0).await;
    for (field, points) in [
        ("balance", 55),
        ("spendable", 45),
        ("owed", 15),
        ("expiringSoon", 20),
    ] {
        assert_eq!(account[field], points, "{field}");
    }
    shop.close().await;
}
