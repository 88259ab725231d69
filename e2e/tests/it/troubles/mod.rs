//! What a payment company can do to a shop, one trouble after the other, with each company's mock on real
//! processes: the row "PG gateway" of what must be survived. After each the money is the company's own ledger's.

mod outage;
mod play;
mod table;
