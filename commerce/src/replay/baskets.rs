//! The exported data, as `dev.d/export_baskets.py` describes it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use crate::error::CommerceError;

/// The whole file.
#[derive(Default)]
pub(super) struct Baskets {
    pub(super) items: Vec<Item>,
    pub(super) campaigns: Vec<Campaign>,
    pub(super) baskets: Vec<Basket>,
}

/// A product at one of its prices: what the shop sells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) brand: String,
    pub(super) price_cents: i64,
    /// What is sold of it in the file: so much is stocked.
    pub(super) quantity: u32,
}

/// A campaign whose coupons were redeemed.
#[derive(Debug, Deserialize)]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) households: Vec<String>,
}

/// What a household bought at once.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Basket {
    pub(super) id: String,
    pub(super) household: String,
    pub(super) day: String,
    pub(super) lines: Vec<Line>,
    pub(super) total_cents: i64,
    pub(super) coupon: Option<Redeemed>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) item: String,
    pub(super) quantity: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Redeemed {
    pub(super) campaign: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FileLine {
    Meta {},
    Product(Item),
    Campaign(Campaign),
    Basket(Basket),
}

/// Reads a file; also returns its fingerprint, which begins every key of its replay.
pub(super) fn read(path: &Path) -> Result<(Baskets, String), CommerceError> {
    let file = path.display().to_string();
    let unreadable = |source| CommerceError::File {
        file: file.clone(),
        source,
    };
    let reader = BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
    let mut all = Baskets::default();
    let mut fingerprint = Uuid::nil();
    for (line, number) in reader.lines().zip(1..) {
        let text = line.map_err(unreadable)?;
        fingerprint = Uuid::new_v5(&fingerprint, text.as_bytes());
        let parsed = serde_json::from_str(&text).map_err(|source| CommerceError::Baskets {
            file: file.clone(),
            line: number,
            source,
        })?;
        match parsed {
            FileLine::Meta {} => {}
            FileLine::Product(item) => all.items.push(item),
            FileLine::Campaign(campaign) => all.campaigns.push(campaign),
            FileLine::Basket(basket) => all.baskets.push(basket),
        }
    }
    if all.baskets.is_empty() {
        return Err(CommerceError::NoBaskets { file });
    }
    Ok((all, fingerprint.simple().to_string()))
}

impl Baskets {
    /// Each household's baskets, in order of time: a household is one shopper.
    pub(super) fn by_household(&self) -> BTreeMap<&str, Vec<&Basket>> {
        let mut shoppers: BTreeMap<&str, Vec<&Basket>> = BTreeMap::new();
        for basket in &self.baskets {
            shoppers.entry(&basket.household).or_default().push(basket);
        }
        shoppers
    }
}
