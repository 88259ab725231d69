//! A product.

use super::Cases;
use crate::mothers::krw;
use crate::product::{ProductDetails, ProductEvent};

pub(super) fn cases() -> Cases<ProductEvent> {
    let plain = ProductDetails {
        name: "green tea".to_owned(),
        category: "tea".to_owned(),
        brand: "Boseong".to_owned(),
        description: None,
        images: vec![],
    };
    let full = ProductDetails {
        description: Some("첫물 녹차, hand picked".to_owned()),
        images: vec!["https://images.example.org/tea.jpg".to_owned()],
        ..plain.clone()
    };
    let price = krw(9_900);
    vec![
        (
            None,
            ProductEvent::ProductCreated {
                details: full.clone(),
                price,
            },
        ),
        (
            Some("plain"),
            ProductEvent::ProductCreated {
                details: plain,
                price,
            },
        ),
        (None, ProductEvent::ProductDescribed { details: full }),
        (None, ProductEvent::ProductRepriced { price }),
        (None, ProductEvent::ProductPutOnSale {}),
        (None, ProductEvent::ProductMarkedSoldOut {}),
    ]
}
