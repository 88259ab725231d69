//! Shoppers, all at once: they buy, pay with money and points, by saved cards and into accounts, cancel, give back
//! (and tell where to), claim coupons, race for last pieces, hang up, ask again.

mod clerk;
mod client;
mod giving_back;
mod shopper;
mod wallet;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use platform::Role;
use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use client::{Client, Told, Wire};
pub(crate) use giving_back::{ACCOUNT_CANARY, NO_BANK};

use crate::chance;
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::journal::Journal;
use crate::shop::Shop;
use clerk::Shelves;

/// Everybody who is in the shop.
pub(crate) struct Crowd {
    people: JoinSet<Result<(), ChaosError>>,
    pub(crate) wire: Arc<Wire>,
}

impl Crowd {
    /// Opens the doors: all come, and stay until `stop`.
    pub(crate) async fn enter(
        shop: &Shop,
        journal: Journal,
        chronicle: Arc<Chronicle>,
        seed: u64,
        count: u16,
        stop: &CancellationToken,
    ) -> Result<Self, ChaosError> {
        let wire = Arc::new(Wire {
            urls: shop.command_urls.clone(),
            read_url: shop.read_url.clone(),
            gateway_url: shop.gateway_url.clone(),
            journal,
            chronicle,
            attempts: AtomicU64::new(0),
        });
        let shelves = Arc::new(Shelves::default());
        let mut random = chance::stream(seed, "clerk");
        let clerk = client(shop, &wire, "clerk", Role::Operator)?;
        let names: Vec<String> = (1..=count)
            .map(|number| format!("shopper-{number}"))
            .collect();
        clerk::open(&clerk, &shelves, &names, &mut random).await?;
        let mut people = JoinSet::new();
        people.spawn(clerk::run(
            clerk,
            Arc::clone(&shelves),
            random,
            stop.clone(),
        ));
        for (number, name) in names.into_iter().enumerate() {
            let mut client = client(shop, &wire, &name, Role::Customer)?;
            client.fresh_ids = !number.is_multiple_of(2);
            let random = chance::stream(seed, &name);
            people.spawn(shopper::run(
                client,
                Arc::clone(&shelves),
                random,
                stop.clone(),
            ));
        }
        Ok(Self { people, wire })
    }

    /// Waits until all have had their last answer.
    pub(crate) async fn leave(mut self) -> Result<(), ChaosError> {
        while let Some(left) = self.people.join_next().await {
            left.map_err(|error| ChaosError::said(format!("a shopper failed: {error}")))??;
        }
        Ok(())
    }
}

/// A user of the shop.
pub(crate) fn client(
    shop: &Shop,
    wire: &Arc<Wire>,
    user: &str,
    role: Role,
) -> Result<Client, ChaosError> {
    Ok(Client {
        user: user.to_owned(),
        operator: role == Role::Operator,
        fresh_ids: false,
        token: shop.token(user, role)?,
        http: reqwest::Client::builder().no_proxy().build()?,
        wire: Arc::clone(wire),
    })
}

fn new_key(random: &mut StdRng) -> String {
    Uuid::from_u128(random.random()).to_string()
}
