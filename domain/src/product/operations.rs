//! What an operator does to the catalogue.

use serde_json::{Value, json};

use super::{Product, ProductCommand, ProductDetails};
use crate::ids::ProductId;
use crate::money::Money;
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// One command to one product.
#[derive(Clone, Debug)]
pub struct ChangeProduct {
    /// Which.
    pub product_id: ProductId,
    /// What.
    pub command: ProductCommand,
}

impl Operation for ChangeProduct {
    fn name(&self) -> &'static str {
        match self.command {
            ProductCommand::Create { .. } => "create-product",
            ProductCommand::Edit { .. } => "edit-product",
            ProductCommand::PutOnSale => "put-product-on-sale",
            ProductCommand::MarkSoldOut => "mark-product-sold-out",
        }
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Product>(self.product_id)]
    }

    fn new_streams(&self) -> Vec<StreamId> {
        match self.command {
            ProductCommand::Create { .. } => self.streams(),
            ProductCommand::Edit { .. }
            | ProductCommand::PutOnSale
            | ProductCommand::MarkSoldOut => Vec::new(),
        }
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace.execute::<Product>(self.product_id, self.command.clone())?;
        let version = workspace.read::<Product>(self.product_id)?.version;
        Ok(json!({ "id": self.product_id, "version": version }))
    }
}

/// An edit that names only some fields (`PATCH`): the others stay as they are.
#[derive(Clone, Debug)]
pub struct PatchProduct {
    /// Which.
    pub product_id: ProductId,
    /// A new name.
    pub name: Option<String>,
    /// A new category.
    pub category: Option<String>,
    /// A new brand.
    pub brand: Option<String>,
    /// A new description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// New images.
    pub images: Option<Vec<String>>,
    /// A new price.
    pub price: Option<Money>,
    /// The version that the editor saw (`If-Match`).
    pub seen: Option<u64>,
}

impl Operation for PatchProduct {
    fn name(&self) -> &'static str {
        "edit-product"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Product>(self.product_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let product = workspace.read::<Product>(self.product_id)?;
        let old = product.details().map_err(Rejection::from)?.clone();
        let details = ProductDetails {
            name: self.name.clone().unwrap_or(old.name),
            category: self.category.clone().unwrap_or(old.category),
            brand: self.brand.clone().unwrap_or(old.brand),
            description: self.description.clone().unwrap_or(old.description),
            images: self.images.clone().unwrap_or(old.images),
        };
        let edit = ProductCommand::Edit {
            details: Some(details),
            price: self.price,
            seen: self.seen,
        };
        ChangeProduct {
            product_id: self.product_id,
            command: edit,
        }
        .decide(workspace)
    }
}
