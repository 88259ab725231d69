//! Who runs.

/// Who runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contestant {
    /// This event store.
    Ours,
    /// This event store, with a new aggregate for every command where it else has one.
    OursNew,
    /// cqrs-es with postgres-es, as its documentation sets it up, with the same aggregates.
    Stock,
    /// The same, with a new aggregate for every command where it else has one.
    StockNew,
    /// One prepared single-row INSERT a transaction, over sqlx, on a connection of its own.
    BareInsert,
    /// The same INSERT from PostgreSQL's own tool.
    Pgbench,
    /// message-db's `write_message`, called by pgbench; each stream in a category of its own, which is
    /// what it is fastest at.
    MessageDb,
    /// The same with all streams in one category, as an application would have them.
    MessageDbOneCategory,
    /// Emmett on Node.
    Emmett,
    /// disintegrate, patched for this PostgreSQL.
    Disintegrate,
    /// `POST /products`: a new aggregate.
    CreateProduct,
    /// `POST /orders`: a product read, stock held, an order placed.
    PlaceOrder,
    /// A request as large, answered with its own body by the same server.
    Echo,
    /// Claims by buyers whose tokens the server has never seen.
    Claim,
    /// Claims by buyers whose tokens it has verified before.
    ClaimSeen,
    /// The gate's script in Redis, without anything around it.
    RedisScript,
    /// A sale to buyers whose tokens the server has never seen.
    FlashSale,
    /// A sale to buyers whose tokens it has verified before.
    FlashSaleSeen,
    /// `commerce rebuild orders`.
    Rebuild,
    /// `commerce serve --roles relay` with a log that was never sent.
    Relay,
    /// Orders at 20 a second.
    OrdersSlow,
    /// Orders at 500 a second.
    OrdersFast,
}

impl Contestant {
    /// Its name in tables and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursNew => "ours, new aggregates",
            Self::Stock => "stock cqrs-es",
            Self::StockNew => "stock cqrs-es, new aggregates",
            Self::BareInsert => "bare insert (sqlx)",
            Self::Pgbench => "bare insert (pgbench)",
            Self::MessageDb => "message-db",
            Self::MessageDbOneCategory => "message-db, one category",
            Self::Emmett => "Emmett",
            Self::Disintegrate => "disintegrate",
            Self::CreateProduct => "POST /products",
            Self::PlaceOrder => "POST /orders",
            Self::Echo => "echo",
            Self::Claim => "claim, new token",
            Self::ClaimSeen => "claim, token seen before",
            Self::RedisScript => "Redis EVALSHA",
            Self::FlashSale => "refusals, new tokens",
            Self::FlashSaleSeen => "refusals, tokens seen before",
            Self::Rebuild => "rebuild of the orders",
            Self::Relay => "relay",
            Self::OrdersSlow => "20 orders a second",
            Self::OrdersFast => "500 orders a second",
        }
    }
}
