//! A log of whole checkouts, written by the shop's own rules without HTTP: placed, payment requested, paid.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use domain::checkout::{
    GatewayAnswer, OrderItem, PlaceOrder, RequestPayment, RetrySchedule, SettlePayment,
};
use domain::inventory::{Inventory, InventoryCommand};
use domain::points::Points;
use domain::product::{Product, ProductCommand, ProductDetails};
use domain::{
    Currency, Halt, Money, Operation, OrderId, OrderItemId, PaymentId, ProductId, Quantity,
    RefundId, StreamId, UserId, Workspace,
};
use event_store::{Command, CommandId, Context, EventStore, Fingerprint};
use serde_json::Value;
use uuid::Uuid;

use crate::error::BenchError;
use crate::measure::{Done, Load};

const PRODUCTS: usize = 64;
const PIECES: u32 = 1_000_000;
const PRICE: i64 = 12_900;
const WORKERS: usize = 256;
/// How long it may take.
const WINDOW: Duration = Duration::from_secs(600);

/// Writes so many.
pub(super) async fn write_checkouts(store: &EventStore, checkouts: u64) -> Result<(), BenchError> {
    let products: Arc<Vec<ProductId>> = Arc::new(
        (0..PRODUCTS)
            .map(|_| ProductId::new(Uuid::now_v7()))
            .collect(),
    );
    for product in products.iter() {
        execute(store, StockUp(*product)).await?;
    }
    let load = Load {
        workers: WORKERS,
        window: WINDOW,
        commands_max: checkouts,
    };
    let writer = store.clone();
    let written = load
        .run(move |turn| {
            let (store, products) = (writer.clone(), Arc::clone(&products));
            async move {
                let index = usize::try_from(turn.number).unwrap_or_default() % PRODUCTS;
                let product = products
                    .get(index)
                    .copied()
                    .unwrap_or(ProductId::new(Uuid::nil()));
                checkout(&store, product, turn.number).await?;
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    if written.acknowledged() == checkouts {
        return Ok(());
    }
    Err(BenchError::NothingMeasured(
        "writing the log took too long".to_owned(),
    ))
}

async fn checkout(store: &EventStore, product: ProductId, number: u64) -> Result<(), BenchError> {
    let user_id: UserId = format!("buyer-{}", number % 10_000)
        .parse()
        .map_err(value)?;
    let (order_id, payment_id) = (OrderId::new(Uuid::now_v7()), PaymentId::new(Uuid::now_v7()));
    let now = Utc::now();
    let later = now + TimeDelta::hours(1);
    let item = OrderItem {
        order_item_id: OrderItemId::new(Uuid::now_v7()),
        product_id: product,
        quantity: Quantity::new(1).map_err(value)?,
    };
    let place = PlaceOrder {
        order_id,
        user_id: user_id.clone(),
        items: vec![item],
        coupon: None,
        now,
        payment_due_at: later,
    };
    execute(store, place).await?;
    let request = RequestPayment {
        payment_id,
        order_id,
        user_id,
        gateway: "mock".to_owned(),
        token: "tok_approve".to_owned(),
        method_id: None,
        points: Points::ZERO,
        coupon: None,
        now,
        confirmation_due_at: later,
    };
    execute(store, request).await?;
    let settle = SettlePayment {
        payment_id,
        answer: GatewayAnswer::Approved {
            gateway_transaction_id: format!("gt-{payment_id}"),
            charged: price()?,
        },
        refund_id: RefundId::new(Uuid::now_v7()),
        now,
        confirmation_due_at: later,
        inquiries: RetrySchedule::default(),
        out_of_turn: false,
        asked_at: u32::MAX,
        deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
    };
    execute(store, settle).await
}

async fn execute(
    store: &EventStore,
    operation: impl Operation + 'static,
) -> Result<(), BenchError> {
    let id = Uuid::now_v7();
    let fingerprint = Fingerprint::of(&[operation.name().as_bytes(), id.as_bytes()]);
    let context = Context {
        principal: "bench".to_owned(),
        correlation_id: id,
        causation_id: None,
        occurred_at: Utc::now(),
    };
    let command = Command::new(CommandId::new(id), fingerprint, operation, context);
    let outcome = store.execute(command).await?;
    if outcome.status == 200 {
        return Ok(());
    }
    Err(BenchError::Refused {
        status: outcome.status,
        body: outcome.body,
    })
}

/// A product on sale with its stock, in one.
#[derive(Debug)]
struct StockUp(ProductId);

impl Operation for StockUp {
    fn name(&self) -> &'static str {
        "bench-stock-up"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![
            StreamId::of::<Product>(self.0),
            StreamId::of::<Inventory>(self.0),
        ]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        for command in product_commands() {
            workspace.execute::<Product>(self.0, command)?;
        }
        if let Some(receive) = receive() {
            workspace.execute::<Inventory>(self.0, receive)?;
        }
        Ok(Value::Null)
    }
}

/// Created and put on sale.
pub(super) fn product_commands() -> Vec<ProductCommand> {
    let details = ProductDetails {
        name: "Kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: Vec::new(),
    };
    let create = price()
        .ok()
        .map(|price| ProductCommand::Create { details, price });
    create
        .into_iter()
        .chain([ProductCommand::PutOnSale])
        .collect()
}

/// Its pieces.
pub(super) fn receive() -> Option<InventoryCommand> {
    Some(InventoryCommand::Receive {
        warehouse: "seoul".parse().ok()?,
        quantity: Quantity::new(PIECES).ok()?,
    })
}

/// What a piece costs.
pub(super) fn price() -> Result<Money, BenchError> {
    Money::new(PRICE, Currency::Krw).map_err(value)
}

fn value(error: impl std::fmt::Display) -> BenchError {
    BenchError::Value(error.to_string())
}
