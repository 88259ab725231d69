//! What most tests need in the shop before they begin, by the API's own commands.

use serde_json::{Value, json};
use testkit::unique;

use crate::world::{Answer, Request, World};

impl World {
    /// A product on sale at 10 000 won, with this many pieces in stock.
    pub(crate) async fn product_with_stock(&self, pieces: u32) -> String {
        let created = self
            .post("/products")
            .operator()
            .json(&a_product())
            .send()
            .await;
        let id = created.id();
        let on_sale = self.post(&format!("/products/{id}/on-sale")).operator();
        assert_eq!(on_sale.send().await.status, 200);
        if pieces > 0 {
            let receipt = json!({ "warehouse": "seoul", "quantity": pieces });
            let received = self
                .post(&format!("/products/{id}/stock/receipts"))
                .operator()
                .key(&unique("receipt"))
                .json(&receipt);
            assert_eq!(received.send().await.status, 200);
        }
        id
    }

    /// A request of this customer for so many pieces, under a key of its own.
    pub(crate) fn order(&self, customer: &str, product: &str, quantity: u32) -> Request<'_> {
        self.post("/orders")
            .customer(customer)
            .key(&unique("order"))
            .json(&one_item(product, quantity))
    }

    /// An order that was placed.
    pub(crate) async fn placed_order(&self, customer: &str, quantity: u32) -> String {
        let product = self.product_with_stock(quantity).await;
        let placed = self.order(customer, &product, quantity).send().await;
        assert_eq!(placed.status, 201, "{}", placed.text);
        placed.id()
    }

    /// A request of this customer to pay an order with this token, under a key of its own.
    pub(crate) fn pay(&self, customer: &str, order: &str, token: &str) -> Request<'_> {
        self.post(&format!("/orders/{order}/payments"))
            .customer(customer)
            .key(&unique("payment"))
            .json(&json!({ "token": token }))
    }

    pub(crate) async fn cancel(&self, customer: &str, order: &str) -> Answer {
        self.post(&format!("/orders/{order}/cancel"))
            .customer(customer)
            .json(&json!({ "reason": "changed my mind" }))
            .send()
            .await
    }

    /// An open pool of so many coupons, each of 1 000 won.
    pub(crate) async fn coupon_pool(&self, quantity: u32) -> String {
        let created = self
            .post("/coupon-pools")
            .operator()
            .json(&a_pool(quantity))
            .send()
            .await;
        created.id()
    }

    /// A claim of this customer, under a key of its own.
    pub(crate) fn claim(&self, customer: &str, pool: &str) -> Request<'_> {
        self.post(&format!("/coupon-pools/{pool}/coupons"))
            .customer(customer)
            .key(&unique("claim"))
    }
}

pub(crate) fn a_product() -> Value {
    json!({
        "name": "Teapot", "category": "kitchen", "brand": "Clay",
        "price": { "amount": 10_000, "currency": "KRW" },
    })
}

pub(crate) fn one_item(product: &str, quantity: u32) -> Value {
    json!({ "items": [{ "productId": product, "quantity": quantity }] })
}

pub(crate) fn a_pool(quantity: u32) -> Value {
    json!({
        "name": "Welcome", "quantity": quantity,
        "discount": { "type": "FIXED", "amount": { "amount": 1_000, "currency": "KRW" } },
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2100-01-01T00:00:00Z",
    })
}
