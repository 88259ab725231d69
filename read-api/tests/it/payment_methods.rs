//! Saved payment methods.

use chrono::Utc;
use domain::PaymentMethodId;
use domain::checkout::RetrySchedule;
use domain::payment_method::{
    MethodKind, RegistrationAnswer, RequestPaymentMethod, SettleRegistration,
};
use uuid::Uuid;

use crate::shop::{Shop, column};

impl Shop {
    /// A card that a user saves.
    async fn save_card(&self, user: &str, last4: &str) -> (Uuid, u64) {
        let method_id = PaymentMethodId::new(Uuid::now_v7());
        let request = RequestPaymentMethod {
            user_id: user.parse().expect("a user"),
            method_id,
            gateway: "toss".to_owned(),
            auth_token: "auth-canary".to_owned(),
        };
        self.execute(request).await;
        let settle = SettleRegistration {
            user_id: user.parse().expect("a user"),
            method_id,
            answer: RegistrationAnswer::Kept {
                kind: MethodKind::Card,
                card_company: Some("71".to_owned()),
                card_last4: Some(last4.to_owned()),
            },
            now: Utc::now(),
            attempts: RetrySchedule::default(),
        };
        let position = self.execute(settle).await.1;
        (method_id.uuid(), position)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_see_their_own_methods_the_default_first_and_nobody_elses() {
    let shop = Shop::open().await;
    let (first, _) = shop.save_card("ann", "1111").await;
    shop.save_card("ann", "2222").await;
    let (_, position) = shop.save_card("ann", "3333").await;

    let ann = shop.customer("ann");
    let methods = ann.see("/payment-methods", position).await;
    assert_eq!(column(&methods, "cardLast4"), ["1111", "3333", "2222"]);
    assert_eq!(methods[0]["isDefault"], true);
    assert_eq!(methods[1]["isDefault"], false);
    let path = format!("/payment-methods/{first}");
    let method = ann.see(&path, position).await;
    assert_eq!(method, methods[0]);
    assert_eq!(
        (&method["status"], &method["methodType"]),
        (&"ACTIVE".into(), &"CARD".into())
    );

    let bob = shop.customer("bob");
    assert_eq!(
        bob.see("/payment-methods", position).await,
        serde_json::json!([])
    );
    let events = shop.operator().see("/events", position).await;
    assert!(!events.to_string().contains("canary"), "{events}");
    assert!(
        events.to_string().contains("PaymentMethodRequested"),
        "{events}"
    );
}
