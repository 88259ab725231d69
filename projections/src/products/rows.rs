//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::table::row;

row! {
    ProductRow in "products" key (id) {
        id: Uuid as "uuid",
        name: String as "text",
        category: String as "text",
        brand: String as "text",
        description: Option<String> as "text",
        images: Value as "jsonb",
        currency: String as "text",
        price_amount: i64 as "bigint",
        state: String as "text",
        created_at: DateTime<Utc> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    SalesRow in "product_sales" key (product_id) {
        product_id: Uuid as "uuid",
        sold_count: i64 as "bigint",
    }
}

row! {
    StockRow in "stock" key (product_id) {
        product_id: Uuid as "uuid",
        stock: i64 as "bigint",
        reserved_stock: i64 as "bigint",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    WarehouseRow in "stock_by_warehouse" key (product_id, warehouse) {
        product_id: Uuid as "uuid",
        warehouse: String as "text",
        stock: i64 as "bigint",
        reserved_stock: i64 as "bigint",
    }
}
