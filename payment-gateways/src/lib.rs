//! Payment gateways: one port, one adapter a company, and the mock company's server.
//!
//! The port ([`PaymentGateway`]) speaks the shop's words only; an adapter translates them into its
//! company's HTTP. Its replies are values, never errors, because every one of them is a fact that the
//! payment has to take in. Above all [`GatewayReply::Unknown`]: a payment counts as declined only
//! on a code that the company's adapter lists; a timeout, a 5xx, a broken answer, a lost connection and any
//! code not listed are unknown, and are asked again under the same id.
//!
//! [`Gateways`] finds the adapter by the name that the request gave, measures each call and logs it
//! once, by ids only: neither tokens nor card numbers are ever logged.
//!
//! To add a company: a folder beside `mock/` with its adapter, and a line where the program is put together.

mod client;
mod error;
mod gateway_text;
mod gateways;
mod measured;
pub mod mock;
mod port;

pub use error::PaymentGatewaysError;
pub use gateways::Gateways;
pub use port::{ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest};
