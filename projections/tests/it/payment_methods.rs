//! Users' saved payment methods.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use domain::PaymentMethodId;
use domain::checkout::RetrySchedule;
use domain::payment_method::{
    DeletePaymentMethod, DeletionReason, ErasureAnswer, MakeDefaultPaymentMethod, MethodKind,
    RegistrationAnswer, RequestPaymentMethod, SettleErasure, SettleRegistration,
};
use serde_json::json;
use uuid::Uuid;

use crate::shop::Shop;

fn method(number: u128) -> PaymentMethodId {
    PaymentMethodId::new(Uuid::from_u128(number))
}

async fn request(shop: &Shop, number: u128) {
    let request = RequestPaymentMethod {
        user_id: "ann".parse().unwrap(),
        method_id: method(number),
        gateway: "toss".to_owned(),
        auth_token: "auth-canary".to_owned(),
    };
    shop.execute(request).await;
}

async fn settle(shop: &Shop, number: u128, answer: RegistrationAnswer) {
    let settle = SettleRegistration {
        user_id: "ann".parse().unwrap(),
        method_id: method(number),
        answer,
        now: shop.now(),
        attempts: RetrySchedule::default(),
    };
    shop.execute(settle).await;
}

async fn erase(shop: &Shop, number: u128, answer: ErasureAnswer) {
    let settle = SettleErasure {
        user_id: "ann".parse().unwrap(),
        method_id: method(number),
        answer,
        now: shop.now(),
        attempts: RetrySchedule::default(),
    };
    shop.execute(settle).await;
}

fn kept() -> RegistrationAnswer {
    RegistrationAnswer::Kept {
        kind: MethodKind::Card,
        card_company: Some("71".to_owned()),
        card_last4: Some("1234".to_owned()),
    }
}

/// Two cards, of which the first is deleted, one that is late and one that was refused.
pub(crate) async fn some_of_everything(shop: &Shop) {
    let reason = || "TIMEOUT".to_owned();
    for number in 1..=4 {
        request(shop, number).await;
    }
    settle(shop, 1, kept()).await;
    settle(shop, 2, RegistrationAnswer::NotDone { reason: reason() }).await;
    settle(shop, 2, kept()).await;
    settle(shop, 3, RegistrationAnswer::NotDone { reason: reason() }).await;
    let refused = RegistrationAnswer::Refused {
        code: "INVALID_AUTH_KEY".to_owned(),
        message: "no".to_owned(),
    };
    settle(shop, 4, refused).await;
    let user_id = || "ann".parse().unwrap();
    let method_id = method(2);
    let make_default = MakeDefaultPaymentMethod {
        user_id: user_id(),
        method_id,
    };
    shop.execute(make_default).await;
    for number in [2, 1] {
        let delete = DeletePaymentMethod {
            user_id: user_id(),
            method_id: method(number),
            reason: DeletionReason::Requested,
        };
        shop.execute(delete).await;
    }
    erase(shop, 1, ErasureAnswer::NotDone { reason: reason() }).await;
    erase(shop, 2, ErasureAnswer::Done).await;
    request(shop, 5).await;
    settle(shop, 5, kept()).await;
}

#[tokio::test]
async fn methods_are_as_their_events_made_them() {
    let shop = Shop::open().await;
    shop.project();
    some_of_everything(&shop).await;
    shop.caught_up().await;
    let rows = shop
        .rows(
            "SELECT jsonb_build_array(status, card_last4, attempts, failure_code, erased_at IS NOT NULL) AS row
               FROM read_model.payment_methods ORDER BY id",
        )
        .await;
    let rows: Vec<_> = rows.iter().map(|row| &row["row"]).collect();
    assert_eq!(
        rows,
        [
            &json!(["DELETED", "1234", 1, null, false]),
            &json!(["DELETED", "1234", 0, null, true]),
            &json!(["PENDING", null, 1, null, false]),
            &json!(["FAILED", null, 0, "INVALID_AUTH_KEY", false]),
            &json!(["ACTIVE", "1234", 0, null, false]),
        ]
    );
    let wallet = "SELECT user_id, default_id FROM read_model.payment_wallets";
    let default = json!({ "user_id": "ann", "default_id": method(5) });
    assert_eq!(shop.row(wallet).await, default);
    assert_eq!(shop.differences().await, "");
    shop.close().await;
}
