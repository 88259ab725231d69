//! The mock company through its adapter, over real sockets.

#[cfg(test)]
mod behaviours;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod kill_nine;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod rubbish;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stranger;
#[cfg(test)]
mod webhooks;
