//! `POST /orders` (O-01).

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{OrderItem, PlaceOrder};
use domain::order::Order;
use domain::{OrderId, OrderItemId, UserId};
use platform::{ApiError, Customer, JsonWithBytes};
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::CommandApi;
use crate::call::{KeyedCall, user_of};
use crate::input::{self, MoneyBody, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::respond::Reply;

/// Where an order can be read.
const COLLECTION: &str = "/api/v1/orders/";

/// An order to be placed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewOrder)]
pub(super) struct Body {
    /// Items of one product count together.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<ItemBody>,
    /// A coupon of the caller's.
    coupon_code: Option<String>,
}

/// What is ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewOrderItem)]
struct ItemBody {
    #[schema(format = Uuid)]
    product_id: String,
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: i64,
}

/// An order that was placed.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderPlaced)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct Placed {
    /// The order.
    id: Uuid,
    /// Its payment: the order number that the buyer's browser begins with at the gateway.
    payment_id: Uuid,
    /// What is to be paid.
    total_amount: MoneyBody,
    /// PENDING.
    status: String,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [
        400: ["COUPON_NOT_FOUND", "COUPON_ALREADY_USED", "COUPON_EXPIRED", "COUPON_NOT_APPLICABLE"],
        404: ["PRODUCT_NOT_FOUND"],
        409: ["INSUFFICIENT_STOCK", "PRODUCT_NOT_ON_SALE"],
    ]
);

/// Places an order at today's prices and holds its stock, and its coupon, until it is paid or cancelled.
#[utoipa::path(
    tag = "orders",
    params(KeyedHeaders),
    request_body = Body,
    responses((status = 201, description = "Placed.", body = platform::Data<Placed>), Errors),
    security(("bearer" = []))
)]
#[post("/orders")]
pub(super) async fn place_order(
    api: Data<CommandApi>,
    customer: Customer,
    call: KeyedCall,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let KeyedCall(call) = call;
    let payment_due_at = after(call.now, api.config().payment_time_limit);
    let operation = body
        .value
        .into_operation(user_of(&customer)?, call.now, payment_due_at)?;
    let reply = Reply::created(COLLECTION);
    api.execute(&customer, &call, &body.bytes, operation, reply)
        .await
}

impl Body {
    fn into_operation(
        self,
        user_id: UserId,
        now: DateTime<Utc>,
        payment_due_at: DateTime<Utc>,
    ) -> Result<PlaceOrder, ApiError> {
        let mut problems = Problems::default();
        let items = items(&mut problems, &self.items);
        let coupon = self.coupon_code;
        let coupon = coupon.and_then(|code| problems.take("couponCode", input::coupon_code(&code)));
        if !problems.is_empty() {
            return Err(problems.into_error());
        }
        let order_id = OrderId::new(Uuid::now_v7());
        Ok(PlaceOrder {
            order_id,
            user_id,
            items,
            coupon,
            now,
            payment_due_at,
        })
    }
}

fn items(problems: &mut Problems, bodies: &[ItemBody]) -> Vec<OrderItem> {
    let max = Order::LINES_MAX;
    if bodies.is_empty() || bodies.len() > max {
        let code = if bodies.is_empty() {
            "TOO_SHORT"
        } else {
            "TOO_MANY"
        };
        problems.take::<()>(
            "items",
            Err(Problem::new(code, format!("1 to {max} items"))),
        );
        // A refusal must be cheap: the items themselves are not looked at.
        return Vec::new();
    }
    let items = bodies.iter().enumerate().filter_map(|(index, body)| {
        let product_id = input::product_id(&body.product_id);
        let product_id = problems.take(format!("items[{index}].productId"), product_id);
        let quantity = input::quantity(body.quantity);
        let quantity = problems.take(format!("items[{index}].quantity"), quantity);
        Some(OrderItem {
            order_item_id: OrderItemId::new(Uuid::now_v7()),
            product_id: product_id?,
            quantity: quantity?,
        })
    });
    items.collect()
}

/// A time so much later; the end of time when that is beyond it.
pub(crate) fn after(now: DateTime<Utc>, delay: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(delay)
        .ok()
        .and_then(|delay| now.checked_add_signed(delay))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
