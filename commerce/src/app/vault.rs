//! The safe of billing keys, on a pool of its own that logs in as `payment_service`.

use std::sync::Arc;

use command_api::CustomerKeys;
use payment_vault::{KeySafe, Vault};

use crate::config::{DatabaseConfig, ServeConfig};
use crate::database;
use crate::error::CommerceError;

/// Connections of one process: a key is opened in a millisecond, and few at once are.
const POOL_SIZE: u32 = 4;

/// The safe, where it is configured.
pub(super) fn key_safe(config: &ServeConfig) -> Result<Option<Arc<dyn KeySafe>>, CommerceError> {
    let Some(settings) = &config.vault else {
        return Ok(None);
    };
    let limits = DatabaseConfig {
        pool_size: POOL_SIZE,
        ..config.database.clone()
    };
    let pool = database::pool("PAYMENT_DATABASE_URL", &settings.url, &limits)?;
    Ok(Some(Arc::new(Vault::new(pool, settings.keys.clone()))))
}

/// With the names by which companies know users, where payment methods are saved.
pub(super) fn with_customer_keys(
    gateways: command_api::Gateways,
    config: &ServeConfig,
) -> command_api::Gateways {
    let Some(settings) = &config.vault else {
        return gateways;
    };
    let keys = settings.keys.clone();
    gateways.with_customer_keys(CustomerKeys::new(move |user_id| keys.customer_key(user_id)))
}
