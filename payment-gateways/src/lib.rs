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
//! Each company's calls go through a client ([`Link`]) that leaves the company alone while it is in trouble
//! ([`Circuit`]) and tells an [`ExchangeLog`] what was said, without anything that must not be kept.
//!
//! To add a company: a folder beside `toss/` with its adapter, and a line where the program is put together.

mod circuit;
mod client;
mod error;
mod exchange;
mod gateway_text;
mod gateways;
mod measured;
pub mod mock;
pub mod nice;
mod port;
mod tls;
pub mod toss;

pub use circuit::{Circuit, CircuitRules, CircuitState, MachineClock, Monotonic};
pub use client::Link;
pub use error::PaymentGatewaysError;
pub use exchange::{Exchange, ExchangeLog, NoLog};
pub use gateways::Gateways;
pub use port::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeleteBillingKeyRequest,
    DeletionReply, DepositAccount, GatewayReply, GatewayTransaction, IssueBillingKeyRequest,
    IssuedBillingKey, NoticeClaim, NoticeSubject, NoticeTrust, PaymentGateway, RefundAccount,
    RefundReply, RefundRequest, TransactionKind, TransactionsPage, TransactionsQuery,
    TransactionsReply, WebhookAcknowledgement, WebhookDelivery, WebhookNotice, WebhookRefusal,
};
pub use tls::prepare_tls;
