//! The companies' mocks through their adapters, over real sockets.

#[cfg(test)]
mod behaviours;
#[cfg(test)]
mod companies;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod kill_nine;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod merchant;
#[cfg(test)]
mod observability;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod rubbish;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stranger;
#[cfg(test)]
mod switches;
#[cfg(test)]
mod toss_mock;
#[cfg(test)]
mod watched_calls;
#[cfg(test)]
mod webhooks;
