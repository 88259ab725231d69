//! `main.user_payment_method_mapping`.

use chrono::Utc;
use domain::PaymentMethodId;
use domain::checkout::RetrySchedule;
use domain::payment_method::{
    DeletePaymentMethod, DeletionReason, ErasureAnswer, MakeDefaultPaymentMethod, MethodKind,
    RegistrationAnswer, RequestPaymentMethod, SettleErasure, SettleRegistration,
};
use payment_ledger::Ledger;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Shop, ann};

const METHODS: &str = "SELECT id = payment_method_id AS same, user_id, payment_method_id AS id, is_default, is_active,
        deleted_at IS NOT NULL AS deleted
   FROM main.user_payment_method_mapping ORDER BY id";

fn row(id: PaymentMethodId, is_default: bool, is_active: bool) -> Value {
    json!({ "same": true, "user_id": "ann", "id": id.to_string(), "is_default": is_default,
            "is_active": is_active, "deleted": !is_active })
}

/// A method of Ann's whose company answered so.
async fn asked_for(shop: &Shop, answer: RegistrationAnswer) -> PaymentMethodId {
    let method_id = PaymentMethodId::new(Uuid::now_v7());
    shop.execute(RequestPaymentMethod {
        user_id: ann(),
        method_id,
        gateway: "toss".to_owned(),
        auth_token: "auth".to_owned(),
    })
    .await;
    shop.execute(SettleRegistration {
        user_id: ann(),
        method_id,
        answer,
        now: Utc::now(),
        attempts: RetrySchedule::default(),
    })
    .await;
    method_id
}

async fn saved(shop: &Shop) -> PaymentMethodId {
    let answer = RegistrationAnswer::Kept {
        kind: MethodKind::Card,
        card_company: Some("71".to_owned()),
        card_last4: Some("1234".to_owned()),
    };
    asked_for(shop, answer).await
}

async fn delete(shop: &Shop, method_id: PaymentMethodId) {
    shop.execute(DeletePaymentMethod {
        user_id: ann(),
        method_id,
        reason: DeletionReason::Requested,
    })
    .await;
    shop.execute(SettleErasure {
        user_id: ann(),
        method_id,
        answer: ErasureAnswer::Done,
        now: Utc::now(),
        attempts: RetrySchedule::default(),
    })
    .await;
}

#[tokio::test]
async fn a_users_methods_are_rows_from_their_key_on_and_one_of_them_is_the_default() {
    let shop = Shop::open().await;
    shop.keep_books();
    let first = saved(&shop).await;
    let failed = RegistrationAnswer::Refused {
        code: "INVALID_AUTH_KEY".to_owned(),
        message: String::new(),
    };
    asked_for(&shop, failed).await;
    let (second, third) = (saved(&shop).await, saved(&shop).await);
    shop.caught_up().await;
    let expected = [
        row(first, true, true),
        row(second, false, true),
        row(third, false, true),
    ];
    assert_eq!(shop.rows(METHODS).await, expected);
    shop.execute(MakeDefaultPaymentMethod {
        user_id: ann(),
        method_id: second,
    })
    .await;
    shop.caught_up().await;
    let expected = [
        row(first, false, true),
        row(second, true, true),
        row(third, false, true),
    ];
    assert_eq!(shop.rows(METHODS).await, expected);
    delete(&shop, second).await;
    shop.caught_up().await;
    let expected = [
        row(first, false, true),
        row(second, false, false),
        row(third, true, true),
    ];
    assert_eq!(shop.rows(METHODS).await, expected);
    let users = shop.rows("TABLE main.users").await;
    assert_eq!(users, [json!({ "id": "ann" })]);
    shop.close().await;
}

#[tokio::test]
async fn a_method_that_was_changed_added_or_taken_away_by_hand_is_found() {
    let shop = Shop::open().await;
    shop.keep_books();
    saved(&shop).await;
    let other = saved(&shop).await;
    delete(&shop, other).await;
    shop.caught_up().await;
    let compared = async || {
        let mut tables = shop.verified(Ledger::UserMethods).await.tables;
        tables.remove(0)
    };
    let same = compared().await;
    assert!(same.is_same() && same.rows == 2, "{same:?}");
    for (plant, told) in [
        (
            "UPDATE main.user_payment_method_mapping SET is_default = true",
            "is_default is true and should be false",
        ),
        (
            "UPDATE main.user_payment_method_mapping SET is_default = is_active, deleted_at = NULL",
            "deleted_at is null and should be ",
        ),
        (
            "DELETE FROM main.user_payment_method_mapping WHERE NOT is_active",
            "is not there",
        ),
    ] {
        shop.as_owner(plant).await;
        let found = compared().await;
        assert_eq!(found.differences, 1, "{plant}: {found:?}");
        assert!(found.told[0].contains(told), "{plant}: {found:?}");
    }
    shop.as_owner(
        "INSERT INTO main.users VALUES ('bob');
         INSERT INTO main.user_payment_method_mapping (id, user_id, payment_method_id, registered_at)
         VALUES (gen_random_uuid(), 'bob', gen_random_uuid(), now())",
    )
    .await;
    assert_eq!(compared().await.differences, 2);
    shop.close().await;
}

#[tokio::test]
async fn only_its_owner_may_look_at_which_methods_a_user_has() {
    let shop = Shop::open().await;
    for (role, may) in [
        ("main_service", true),
        ("payment_service", false),
        ("other_service", false),
    ] {
        let looked = sqlx::query("SELECT FROM main.user_payment_method_mapping")
            .fetch_all(&shop.pool(role))
            .await;
        assert_eq!(looked.is_ok(), may, "{role}: {looked:?}");
    }
    shop.close().await;
}
