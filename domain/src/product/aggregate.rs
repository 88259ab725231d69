//! The rules of a product.

use serde::{Deserialize, Serialize};

use super::commands::{ProductCommand, ProductDetails};
use super::error::ProductError;
use super::events::ProductEvent;
use crate::decider::Decider;
use crate::money::Money;

/// The most characters of a name.
const NAME_MAX_CHARS: usize = 200;
/// The most characters of a category or a brand.
const LABEL_MAX_CHARS: usize = 100;
/// The most characters of a description.
const DESCRIPTION_MAX_CHARS: usize = 5_000;
/// The most images.
const IMAGES_MAX: usize = 10;
/// The most characters of an image's URL.
const IMAGE_URL_MAX_CHARS: usize = 500;

/// The product's rules.
pub struct Product;

/// Whether it can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SaleState {
    /// In the catalogue, not yet on sale.
    Draft,
    /// Can be ordered.
    OnSale,
    /// Shown, cannot be ordered.
    SoldOut,
}

/// A product as its events made it; `None` before it was created.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductState {
    /// How many events it has: the version that `If-Match` names.
    pub version: u64,
    product: Option<Known>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    details: ProductDetails,
    price: Money,
    sale: SaleState,
}

impl ProductState {
    /// Whether it was created.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.product.is_some()
    }

    /// Its description, for an edit of some of its fields.
    ///
    /// # Errors
    /// There is no such product.
    pub fn details(&self) -> Result<&ProductDetails, ProductError> {
        self.known().map(|product| &product.details)
    }

    /// Its name and price, if it can be bought now.
    ///
    /// # Errors
    /// There is no such product, or it is not on sale.
    pub fn offer(&self) -> Result<(&str, Money), ProductError> {
        let product = self.known()?;
        match product.sale {
            SaleState::OnSale => Ok((&product.details.name, product.price)),
            SaleState::Draft | SaleState::SoldOut => Err(ProductError::NotOnSale),
        }
    }

    fn known(&self) -> Result<&Known, ProductError> {
        self.product.as_ref().ok_or(ProductError::NotFound)
    }
}

impl Decider for Product {
    const TYPE: &'static str = "product";
    const STATE_VERSION: u32 = 1;
    type State = ProductState;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Error = ProductError;

    fn decide(
        state: &ProductState,
        command: ProductCommand,
    ) -> Result<Vec<ProductEvent>, ProductError> {
        match command {
            ProductCommand::Create { details, price } => create(state, details, price),
            ProductCommand::Edit {
                details,
                price,
                seen,
            } => edit(state, details, price, seen),
            ProductCommand::PutOnSale => match state.known()?.sale {
                SaleState::OnSale => Ok(vec![]),
                SaleState::Draft | SaleState::SoldOut => {
                    Ok(vec![ProductEvent::ProductPutOnSale {}])
                }
            },
            ProductCommand::MarkSoldOut => match state.known()?.sale {
                SaleState::SoldOut => Ok(vec![]),
                SaleState::OnSale => Ok(vec![ProductEvent::ProductMarkedSoldOut {}]),
                SaleState::Draft => Err(ProductError::NeverOnSale),
            },
        }
    }

    fn evolve(state: &mut ProductState, event: &ProductEvent) {
        state.version += 1;
        if let ProductEvent::ProductCreated { details, price } = event {
            state.product = Some(Known {
                details: details.clone(),
                price: *price,
                sale: SaleState::Draft,
            });
        }
        let Some(product) = state.product.as_mut() else {
            return;
        };
        match event {
            ProductEvent::ProductCreated { .. } => {}
            ProductEvent::ProductDescribed { details } => product.details = details.clone(),
            ProductEvent::ProductRepriced { price } => product.price = *price,
            ProductEvent::ProductPutOnSale {} => product.sale = SaleState::OnSale,
            ProductEvent::ProductMarkedSoldOut {} => product.sale = SaleState::SoldOut,
        }
    }
}

fn create(
    state: &ProductState,
    details: ProductDetails,
    price: Money,
) -> Result<Vec<ProductEvent>, ProductError> {
    check_details(&details)?;
    check_price(price)?;
    match &state.product {
        None => Ok(vec![ProductEvent::ProductCreated { details, price }]),
        Some(known) if known.details == details && known.price == price => Ok(vec![]),
        Some(_) => Err(ProductError::AlreadyExists),
    }
}

fn edit(
    state: &ProductState,
    details: Option<ProductDetails>,
    price: Option<Money>,
    seen: Option<u64>,
) -> Result<Vec<ProductEvent>, ProductError> {
    let product = state.known()?;
    if seen.is_some_and(|seen| seen != state.version) {
        return Err(ProductError::Stale {
            current: state.version,
        });
    }
    let mut events = Vec::new();
    if let Some(details) = details.filter(|details| *details != product.details) {
        check_details(&details)?;
        events.push(ProductEvent::ProductDescribed { details });
    }
    if let Some(price) = price.filter(|price| *price != product.price) {
        check_price(price)?;
        events.push(ProductEvent::ProductRepriced { price });
    }
    Ok(events)
}

fn check_details(details: &ProductDetails) -> Result<(), ProductError> {
    check_text("name", &details.name, NAME_MAX_CHARS, "1 to 200 characters")?;
    check_text(
        "category",
        &details.category,
        LABEL_MAX_CHARS,
        "1 to 100 characters",
    )?;
    check_text(
        "brand",
        &details.brand,
        LABEL_MAX_CHARS,
        "1 to 100 characters",
    )?;
    let description = details.description.as_deref().unwrap_or_default();
    if description.chars().count() > DESCRIPTION_MAX_CHARS {
        return Err(invalid("description", "at most 5 000 characters"));
    }
    let too_long = |url: &String| url.is_empty() || url.chars().count() > IMAGE_URL_MAX_CHARS;
    if details.images.len() > IMAGES_MAX || details.images.iter().any(too_long) {
        return Err(invalid("images", "at most 10 URLs of 1 to 500 characters"));
    }
    Ok(())
}

fn check_text(
    field: &'static str,
    text: &str,
    max_chars: usize,
    reason: &'static str,
) -> Result<(), ProductError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= max_chars;
    if fits {
        Ok(())
    } else {
        Err(invalid(field, reason))
    }
}

fn check_price(price: Money) -> Result<(), ProductError> {
    if price.is_zero() {
        Err(invalid("price", "above zero"))
    } else {
        Ok(())
    }
}

fn invalid(field: &'static str, reason: &'static str) -> ProductError {
    ProductError::Invalid { field, reason }
}
