//! Why there is no whole answer.

/// None of these says whether the request was carried out, but for [`Trouble::CircuitOpen`]: it was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The deadline passed.
    Timeout,
    /// No connection.
    ConnectFailed,
    /// The connection broke, or what came over it was no HTTP.
    ConnectionLost,
    /// The body exceeds its limit.
    AnswerTooLarge,
    /// The request could not be put together.
    NotSent,
    /// The company is in trouble, and is left alone for a while.
    CircuitOpen,
}

impl Trouble {
    /// The stable word that the payment keeps.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "TIMEOUT",
            Self::ConnectFailed => "CONNECT_FAILED",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::AnswerTooLarge => "ANSWER_TOO_LARGE",
            Self::NotSent => "NOT_SENT",
            Self::CircuitOpen => "CIRCUIT_OPEN",
        }
    }

    pub(super) fn of(error: reqwest::Error) -> Self {
        let trouble = if error.is_builder() {
            Self::NotSent
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::ConnectFailed
        } else {
            Self::ConnectionLost
        };
        let reason = trouble.reason();
        // The outcome itself is logged by whoever measures the call; here is the detail for the curious.
        let error = error.without_url();
        tracing::debug!(gateway.reason = reason, error = ?error, "gateway exchange failed: {reason}");
        trouble
    }
}
