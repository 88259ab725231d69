//! The operations over several aggregates and the sagas, over a shop in memory.

mod back_office;
mod books;
mod cancel_order;
mod chance;
mod confirm_and_expire;
mod deeds;
mod deposits;
mod faults;
mod gateway;
mod operations;
mod paying_with_points;
mod place_order;
mod properties;
mod refund_payment;
mod request_payment;
mod runner;
mod saga_table;
mod sagas;
mod settle_payment;
mod settle_refund;
mod shop;
