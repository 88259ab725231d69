//! What companies tell by themselves. A notice is never the truth about a payment: it makes the company be asked
//! about it now, by an event, so that a crash loses none. Which adapter reads a company's notices is not known here.
//! Only that a billing key charges no more is believed (`billing_key.rs` says why).

mod billing_key;
mod pace;
mod receive;
mod taken;

use chrono::{DateTime, Utc};
use domain::PaymentId;
use domain::payment::GatewayNotice;
use platform::ApiError;
use platform::config::Secret;
use utoipa_actix_web::service_config::ServiceConfig;

pub use billing_key::{SavedKeys, SavedMethod};
pub(crate) use pace::Pace;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(receive::receive_webhook);
}

/// Reads the deliveries of all companies.
pub trait Webhooks: Send + Sync {
    /// Reads one, and looks whether the company sent it. No I/O.
    ///
    /// # Errors
    /// It is not the company's, or makes no sense: as the company is to be answered.
    fn read(&self, delivery: &Delivery<'_>) -> Result<Notice, ApiError>;

    /// How a company wants to hear that a delivery was taken.
    fn acknowledgement(&self, company: &str) -> Acknowledgement;
}

/// One delivery, as it came.
pub struct Delivery<'a> {
    /// Whose it claims to be: the last part of the path.
    pub company: &'a str,
    /// Its header lines.
    pub headers: &'a [(String, String)],
    /// Its raw bytes.
    pub body: &'a [u8],
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// What a delivery says.
pub struct Notice {
    /// The payments to ask about; none when it is about something else.
    pub payments: Vec<PaymentId>,
    /// The billing key that charges no more; none when it is about something else.
    pub billing_key: Option<Secret>,
    /// What it claims.
    pub claim: GatewayNotice,
}

/// How a company wants to hear that a delivery was taken.
pub struct Acknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}
