//! The same checkout as one would build it with the stock framework: cqrs-es with postgres-es, the same
//! aggregates, the same HTTP server and tokens, the same gateway. A command an aggregate, one after the
//! other, since the framework has no transaction over several; a conflict is tried again; its query keeps
//! a view of each order up to date before the command's call returns.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path};
use chrono::{TimeDelta, Utc};
use cqrs_es::persist::{GenericQuery, ViewRepository as _};
use cqrs_es::{AggregateError, EventEnvelope, View};
use domain::inventory::{Allocation, Inventory, InventoryCommand};
use domain::order::{Order, OrderCommand, OrderEvent, OrderLine};
use domain::payment::{Payment, PaymentCommand};
use domain::product::{Product, ProductEvent};
use domain::{
    Aggregate, Decider, Money, OrderId, OrderItemId, PaymentId, ProductId, Quantity, UserId,
};
use payment_gateways::mock::{MockGateway, MockGatewayConfig};
use payment_gateways::{ConfirmRequest, GatewayReply, PaymentGateway as _};
use platform::auth::{AuthConfig, Verifier};
use platform::config::Env;
use platform::health::Health;
use platform::http::{HttpConfig, Service, serve};
use platform::shutdown;
use platform::{ApiError, Customer};
use postgres_es::{PostgresCqrs, PostgresViewRepository, postgres_cqrs};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::history::{product_commands, receive};
use super::serve::DATABASE;
use crate::error::BenchError;
use crate::server::Database;
use crate::store::{STOCK_TABLE, stock_metadata};

/// Where the gateway is, and how many products there are to be.
pub(super) const GATEWAY: &str = "BENCH_GATEWAY_URL";
pub(super) const PRODUCTS: &str = "BENCH_PRODUCTS";

/// The framework's tables of views, as its documentation makes them.
const VIEWS: &str = "
    CREATE TABLE order_view (view_id text PRIMARY KEY, version bigint NOT NULL, payload json NOT NULL);
    CREATE TABLE product_view (view_id text PRIMARY KEY, version bigint NOT NULL, payload json NOT NULL)";

type Cqrs<D> = PostgresCqrs<Aggregate<D>>;
type Views<V, D> = PostgresViewRepository<V, Aggregate<D>>;

/// An order as it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct OrderView {
    status: String,
    total: Option<Money>,
    lines: Vec<OrderLine>,
}

/// What the shop shows of a product.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ProductView {
    name: String,
    price: Option<Money>,
}

impl View<Aggregate<Order>> for OrderView {
    fn update(&mut self, event: &EventEnvelope<Aggregate<Order>>) {
        match &event.payload {
            OrderEvent::OrderPlaced { lines, total, .. } => {
                "PENDING".clone_into(&mut self.status);
                self.lines.clone_from(lines);
                self.total = Some(*total);
            }
            OrderEvent::OrderPaymentStarted { .. } => "PAYING".clone_into(&mut self.status),
            OrderEvent::OrderPaid { .. } => "PAID".clone_into(&mut self.status),
            _ => {}
        }
    }
}

impl View<Aggregate<Product>> for ProductView {
    fn update(&mut self, event: &EventEnvelope<Aggregate<Product>>) {
        if let ProductEvent::ProductCreated { details, price } = &event.payload {
            self.name.clone_from(&details.name);
            self.price = Some(*price);
        }
    }
}

struct Shop {
    orders: Cqrs<Order>,
    payments: Cqrs<Payment>,
    inventories: Cqrs<Inventory>,
    products: Cqrs<Product>,
    order_views: Views<OrderView, Order>,
    product_views: Views<ProductView, Product>,
    gateway: MockGateway,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    product_id: Uuid,
    quantity: u32,
}

#[derive(Debug, Deserialize)]
struct NewPayment {
    token: String,
}

/// Serves until a signal. Says where it listens on its first line, and its products on the second.
pub(crate) async fn run() -> Result<(), BenchError> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let (auth, http) = Env::process()
        .read(|env| {
            (
                AuthConfig::read(env),
                HttpConfig::read(env, "COMMAND_API", any_port),
            )
        })
        .map_err(|error| failed(&error))?;
    let variable = |name| std::env::var(name).map_err(|error| failed(&error));
    let database = Database::at(&variable(DATABASE)?)?;
    let pool = database.pool().await?;
    sqlx::raw_sql(STOCK_TABLE).execute(&pool).await?;
    sqlx::raw_sql(VIEWS).execute(&pool).await?;
    let shop = Data::new(Shop::new(&pool, &variable(GATEWAY)?)?);
    let products = shop
        .stock_up(variable(PRODUCTS)?.parse().unwrap_or(1))
        .await?;
    let verifier = Arc::new(Verifier::new(&auth).map_err(|error| failed(&error))?);
    let health = Arc::new(Health::new());
    let service = Service::new("stock", "The stock framework", health).with_verifier(verifier);
    let routes = move |config: &mut ServiceConfig<'_>| {
        config.app_data(shop.clone());
        config.route("/api/v1/orders", web::post().to(place));
        config.route("/api/v1/orders/{id}", web::get().to(read));
        config.route("/api/v1/orders/{id}/payments", web::post().to(pay));
    };
    let stop = shutdown::on_signal()?;
    let server = serve(&http, service, stop, routes).map_err(|error| failed(&error))?;
    let mut out = tokio::io::stdout();
    let lines = format!("{}\n{}\n", server.addr(), products.join(","));
    out.write_all(lines.as_bytes()).await?;
    out.flush().await?;
    server.stopped().await.map_err(|error| failed(&error))
}

impl Shop {
    fn new(pool: &PgPool, gateway: &str) -> Result<Self, BenchError> {
        let order_views = || PostgresViewRepository::new("order_view", pool.clone());
        let product_views = || PostgresViewRepository::new("product_view", pool.clone());
        let orders: GenericQuery<Views<OrderView, Order>, OrderView, Aggregate<Order>> =
            GenericQuery::new(Arc::new(order_views()));
        let products: GenericQuery<Views<ProductView, Product>, ProductView, Aggregate<Product>> =
            GenericQuery::new(Arc::new(product_views()));
        let config = MockGatewayConfig::new(gateway);
        Ok(Self {
            orders: postgres_cqrs(pool.clone(), vec![Box::new(orders)], ()),
            payments: postgres_cqrs(pool.clone(), vec![], ()),
            inventories: postgres_cqrs(pool.clone(), vec![], ()),
            products: postgres_cqrs(pool.clone(), vec![Box::new(products)], ()),
            order_views: order_views(),
            product_views: product_views(),
            gateway: MockGateway::new(&config).map_err(|error| failed(&error))?,
        })
    }

    async fn stock_up(&self, products: u64) -> Result<Vec<String>, BenchError> {
        let mut made = Vec::new();
        for _ in 0..products {
            let id = ProductId::new(Uuid::now_v7()).to_string();
            for command in product_commands() {
                let done = self.products.execute(&id, command).await;
                done.map_err(|error| failed(&error))?;
            }
            if let Some(receive) = receive() {
                let done = self.inventories.execute(&id, receive).await;
                done.map_err(|error| failed(&error))?;
            }
            made.push(id);
        }
        Ok(made)
    }
}

async fn place(
    shop: Data<Shop>,
    customer: Customer,
    body: Json<NewOrder>,
) -> Result<HttpResponse, ApiError> {
    let user_id: UserId = customer.subject().parse().map_err(|error| wrong(&error))?;
    let order_id = OrderId::new(Uuid::now_v7());
    let mut lines = Vec::new();
    for item in &body.items {
        let product_id = ProductId::new(item.product_id);
        let view = shop.product_views.load(&product_id.to_string()).await;
        let view = view.map_err(|error| wrong(&error))?.unwrap_or_default();
        let unit_price = view.price.ok_or_else(ApiError::forbidden)?;
        let quantity = Quantity::new(item.quantity).map_err(|error| wrong(&error))?;
        execute(&shop.inventories, &product_id.to_string(), || {
            InventoryCommand::Reserve { order_id, quantity }
        })
        .await?;
        lines.push(OrderLine {
            order_item_id: OrderItemId::new(Uuid::now_v7()),
            product_id,
            name: view.name,
            quantity: item.quantity,
            unit_price,
            amount: unit_price
                .times(item.quantity)
                .map_err(|error| wrong(&error))?,
            allocations: vec![Allocation {
                warehouse: "seoul".parse().map_err(|error| wrong(&error))?,
                quantity: item.quantity,
            }],
        });
    }
    let payment_due_at = Utc::now() + TimeDelta::minutes(15);
    execute(&shop.orders, &order_id.to_string(), || {
        OrderCommand::Place {
            user_id: user_id.clone(),
            lines: lines.clone(),
            discount: None,
            payment_due_at,
        }
    })
    .await?;
    Ok(HttpResponse::Created().json(json!({ "data": { "id": order_id } })))
}

async fn pay(
    shop: Data<Shop>,
    customer: Customer,
    id: Path<Uuid>,
    body: Json<NewPayment>,
) -> Result<HttpResponse, ApiError> {
    let user_id: UserId = customer.subject().parse().map_err(|error| wrong(&error))?;
    let (order_id, payment_id) = (OrderId::new(*id), PaymentId::new(Uuid::now_v7()));
    let order = shop.order_views.load(&order_id.to_string()).await;
    let order = order.map_err(|error| wrong(&error))?.unwrap_or_default();
    let amount = order.total.ok_or_else(ApiError::forbidden)?;
    let (order_key, payment_key) = (order_id.to_string(), payment_id.to_string());
    execute(&shop.payments, &payment_key, || PaymentCommand::Request {
        order_id,
        user_id: user_id.clone(),
        amount,
        gateway: "mock".to_owned(),
        token: body.token.clone(),
        method_id: None,
    })
    .await?;
    execute(&shop.orders, &order_key, || OrderCommand::StartPayment {
        payment_id,
    })
    .await?;
    let reply = shop
        .gateway
        .confirm(ConfirmRequest {
            payment_id: payment_id.uuid(),
            order_id: *id,
            amount_minor: amount.amount(),
            currency: "KRW".to_owned(),
            token: body.token.clone(),
        })
        .await;
    let GatewayReply::Approved { transaction_id, .. } = reply else {
        return Err(ApiError::unavailable());
    };
    execute(&shop.payments, &payment_key, || PaymentCommand::Succeed {
        charged: amount,
        gateway_transaction_id: transaction_id.clone(),
    })
    .await?;
    let confirmation_due_at = Utc::now() + TimeDelta::minutes(30);
    execute(&shop.orders, &order_key, || OrderCommand::Pay {
        payment_id,
        confirmation_due_at,
    })
    .await?;
    for line in &order.lines {
        let product = line.product_id.to_string();
        execute(&shop.inventories, &product, || InventoryCommand::Deduct {
            order_id,
        })
        .await?;
    }
    let data = json!({ "id": payment_id, "status": "SUCCEEDED" });
    // Its view is up to date when the command returns: there is no position to wait for.
    Ok(HttpResponse::Created().json(json!({ "data": data, "meta": { "position": 0 } })))
}

async fn read(shop: Data<Shop>, _: Customer, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let order = shop.order_views.load(&id.to_string()).await;
    let order = order.map_err(|error| wrong(&error))?.unwrap_or_default();
    Ok(HttpResponse::Ok().json(json!({ "data": order })))
}

/// A conflict is tried again, as every user of the framework has to.
async fn execute<D>(
    framework: &Cqrs<D>,
    id: &str,
    command: impl Fn() -> D::Command,
) -> Result<(), ApiError>
where
    D: Decider,
    D::Command: Send,
    D::Error: Send,
{
    loop {
        match framework
            .execute_with_metadata(id, command(), stock_metadata())
            .await
        {
            Ok(()) => return Ok(()),
            Err(AggregateError::AggregateConflict) => {}
            Err(error) => return Err(ApiError::internal(&error)),
        }
    }
}

fn wrong(error: &dyn std::error::Error) -> ApiError {
    ApiError::internal(error)
}

fn failed(error: &dyn std::error::Error) -> BenchError {
    BenchError::StockFramework(error.to_string())
}
