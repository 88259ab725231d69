//! Who runs.

/// Who runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// This event store.
    Ours,
    /// This event store, with a new aggregate for every command where it else has one.
    OursNew,
    /// cqrs-es with postgres-es, as its documentation sets it up, with the same aggregates.
    Stock,
    /// The same, with a new aggregate for every command.
    StockNew,
    /// One prepared single-row INSERT a transaction, over sqlx, on a connection of its own.
    BareInsert,
    /// The same INSERT from PostgreSQL's own tool.
    Pgbench,
}

impl Contestant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursNew => "ours, new aggregates",
            Self::Stock => "stock cqrs-es",
            Self::StockNew => "stock, new aggregates",
            Self::BareInsert => "bare insert (sqlx)",
            Self::Pgbench => "bare insert (pgbench)",
        }
    }
}
