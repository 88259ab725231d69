//! What must be in the shop before anybody can buy.

use super::requests::{create_product, put_on_sale, receive_stock};
use super::wire::Client;
use crate::error::BenchError;

const OK: u16 = 200;
const CREATED: u16 = 201;
/// Events of one product on sale: created, stocked, put on sale.
pub(super) const COMMANDS_A_PRODUCT: u64 = 3;

/// A product on sale, with so many pieces.
pub(super) async fn product_on_sale(
    client: &Client,
    operator: &str,
    pieces: u32,
) -> Result<String, BenchError> {
    let created = client
        .call(&create_product(operator))
        .await?
        .expect(CREATED)?;
    let product = created.id()?;
    client
        .call(&receive_stock(operator, &product, pieces))
        .await?
        .expect(OK)?;
    client
        .call(&put_on_sale(operator, &product))
        .await?
        .expect(OK)?;
    Ok(product)
}

/// Several.
pub(super) async fn products_on_sale(
    client: &Client,
    operator: &str,
    products: u64,
    pieces: u32,
) -> Result<Vec<String>, BenchError> {
    let mut on_sale = Vec::new();
    for _ in 0..products {
        on_sale.push(product_on_sale(client, operator, pieces).await?);
    }
    Ok(on_sale)
}
