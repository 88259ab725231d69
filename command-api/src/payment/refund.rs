//! `POST /payments/{id}/refunds`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::checkout::{AskedBy, RefundPayment};
use domain::order::{RefundItem, RefundScope};
use domain::{OrderItemId, PaymentId, RefundId};
use platform::{ApiError, JsonWithBytes, Principal, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund_wait::RefundRequest;
use crate::api::CommandApi;
use crate::call::{KeyedCall, user_of};
use crate::execute::detached;
use crate::input::{self, Length, MoneyBody, Problem, Problems};
use crate::openapi::{KeyedHeaders, WITH_BODY_AND_KEY, errors};
use crate::respond::{Reply, respond};

/// Where the payment can be read, with its refunds.
const COLLECTION: &str = "/api/v1/payments/";
/// How long the reason may be; the domain's own limit.
const REASON: Length = Length { min: 1, max: 200 };
/// The most items of one refund: as many as an order has lines.
const ITEMS_MAX: usize = 500;

/// What goes back: `items`, or `amount`, or, with neither, all that is left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRefund)]
pub(super) struct Body {
    /// Pieces of the order's items; an item that is named twice counts together.
    #[schema(min_items = 1, max_items = 500)]
    items: Option<Vec<ItemBody>>,
    /// Money, shared over the order's items; an operator's to refund.
    amount: Option<MoneyBody>,
    /// In the caller's words.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Pieces that go back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RefundItemInput)]
pub(super) struct ItemBody {
    /// The order's item.
    #[schema(value_type = Uuid)]
    order_item_id: String,
    /// How many.
    #[schema(minimum = 1)]
    quantity: i64,
}

/// A refund that was asked for.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefundRequested)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct RequestedBody {
    /// The refund.
    id: Uuid,
    /// The payment that gives the money back.
    payment_id: Uuid,
    /// Its order.
    order_id: Uuid,
    /// Money that goes back.
    amount: MoneyBody,
    /// Points that go back.
    points: i64,
    /// SUCCEEDED, or PENDING until the gateway says that the money is back.
    status: String,
    /// What of which item.
    items: Vec<ItemAnswer>,
}

/// What a refund takes of an item.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefundItemTaken)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct ItemAnswer {
    /// The order's item.
    order_item_id: Uuid,
    /// Pieces.
    quantity: u32,
    /// Money.
    amount: MoneyBody,
    /// Points.
    points: i64,
}

errors!(
    Errors,
    WITH_BODY_AND_KEY,
    [
        404: ["PAYMENT_NOT_FOUND"],
        409: [
            "NOTHING_TO_REFUND",
            "ORDER_NOT_REFUNDABLE",
            "REFUND_EXCEEDS_BALANCE",
            "TOO_MANY_REFUNDS",
        ],
    ]
);

/// Gives a payment back, whole or in parts, and waits, bounded, for the gateway. A customer refunds items of
/// their own order until it is shipped; an operator anything, and amounts. Two refunds at once never exceed
/// what was paid, in all and for each item.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = Uuid, Path, description = "The payment."),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: 202 at once."),
        KeyedHeaders
    ),
    request_body = Body,
    responses(
        (status = 201, description = "Done, or under way.", body = platform::Data<RequestedBody>),
        (status = 202, description = "Under way; ask `Location`.", body = platform::Data<RequestedBody>),
        Errors
    ),
    security(("bearer" = []))
)]
#[post("/payments/{id}/refunds")]
pub(super) async fn refund_payment(
    api: Data<CommandApi>,
    caller: Principal,
    call: KeyedCall,
    id: Path<String>,
    body: JsonWithBytes<Body>,
) -> Result<HttpResponse, ApiError> {
    let KeyedCall(call) = call;
    let payment_id = payment_in_path(&id)?;
    let by = asked_by(&caller, &body.value)?;
    let operation = body.value.into_operation(payment_id, by)?;
    let request = RefundRequest {
        store: api.store().clone(),
        outcomes: api.outcomes().clone(),
        ticket: api.take(&caller, &call, &body.bytes)?,
        operation,
        wait: (!call.respond_async).then_some(api.config().payment_wait),
    };
    let outcome = detached(request.run()).await?;
    Ok(respond(outcome, &Reply::created_in_payment(COLLECTION)))
}

/// The payment of a path: what is no id is no payment's.
pub(super) fn payment_in_path(id: &str) -> Result<PaymentId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("PAYMENT_NOT_FOUND"))
}

/// The refund of a path.
pub(super) fn refund_in_path(id: &str) -> Result<RefundId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("REFUND_NOT_FOUND"))
}

fn asked_by(caller: &Principal, body: &Body) -> Result<AskedBy, ApiError> {
    if caller.has(Role::Operator) {
        return Ok(AskedBy::Operator);
    }
    caller.require(Role::Customer)?;
    if body.amount.is_some() {
        // Goods have a price that the order tells; what an apology is worth is the shop's to say.
        return Err(ApiError::forbidden());
    }
    user_of(caller).map(AskedBy::User)
}

impl Body {
    fn into_operation(self, payment_id: PaymentId, by: AskedBy) -> Result<RefundPayment, ApiError> {
        let mut problems = Problems::default();
        let scope = match (self.items, self.amount) {
            (Some(_), Some(_)) => {
                let both = Problem::new("INVALID_VALUE", "either items or amount, not both");
                problems.take("amount", Err(both))
            }
            (Some(items), None) => items_in(&mut problems, items).map(RefundScope::Items),
            (None, Some(amount)) => problems.price("amount", &amount).map(RefundScope::Amount),
            (None, None) => Some(RefundScope::Everything),
        };
        let reason = problems.take("reason", input::prose(self.reason, REASON));
        let (Some(scope), Some(reason), true) = (scope, reason, problems.is_empty()) else {
            return Err(problems.into_error());
        };
        Ok(RefundPayment {
            refund_id: RefundId::new(Uuid::now_v7()),
            payment_id,
            scope,
            reason,
            by,
        })
    }
}

fn items_in(problems: &mut Problems, items: Vec<ItemBody>) -> Option<Vec<RefundItem>> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        let message = format!("1 to {ITEMS_MAX} items");
        problems.take::<()>("items", Err(Problem::new("OUT_OF_RANGE", message)));
        return None;
    }
    let items = items.into_iter().enumerate().map(|(index, item)| {
        let id = item.order_item_id.parse::<OrderItemId>();
        let id = id.map_err(|_| Problem::new("INVALID_VALUE", "not an id"));
        let id = problems.take(format!("items[{index}].orderItemId"), id);
        let quantity = input::quantity(item.quantity);
        let quantity = problems.take(format!("items[{index}].quantity"), quantity);
        Some(RefundItem {
            order_item_id: id?,
            quantity: quantity?.get(),
        })
    });
    // All of them are looked at, so that all that is wrong is told at once.
    let items: Vec<Option<RefundItem>> = items.collect();
    items.into_iter().collect()
}
