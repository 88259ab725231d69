//! Why the command API cannot start. What goes wrong in a request is an answer, not one of these.

/// The command API cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CommandApiError {
    /// The address of Redis is not one.
    #[error("REDIS_URL is not a redis:// URL: {0}")]
    RedisUrl(String),
    /// The default gateway is not among the known ones.
    #[error("the default gateway {default} is not one of {known:?}")]
    UnknownDefaultGateway {
        /// The default.
        default: String,
        /// The known ones.
        known: Vec<String>,
    },
}
