//! How a call can be made to go.
//!
//! | behaviour | confirm | inquiry | refund |
//! | --- | --- | --- | --- |
//! | `approve` | charges, answers | answers | gives back, answers |
//! | `decline` | declines: `CARD_DECLINED` | – | refuses: `REFUND_REFUSED` |
//! | `timeout` | never charges, never answers | never answers | never gives back, never answers |
//! | `charge-then-timeout` | charges, never answers | – | gives back, never answers |
//! | `error` | 500, not charged | 500 | 500, not given back |
//! | `slow` | charges, answers after 3 s | answers after 3 s | gives back, answers after 3 s |
//! | `wrong-amount` | charges one minor unit more | – | – |

use serde::{Deserialize, Serialize};

/// What is asked of the mock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Call {
    Confirm,
    Inquire,
    Refund,
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    Approve,
    Decline,
    Timeout,
    ChargeThenTimeout,
    Error,
    Slow,
    WrongAmount,
}

const ALL: [(Behaviour, &str, &str); 7] = [
    (Behaviour::Approve, "approve", "tok_approve"),
    (Behaviour::Decline, "decline", "tok_decline"),
    (Behaviour::Timeout, "timeout", "tok_timeout"),
    (
        Behaviour::ChargeThenTimeout,
        "charge-then-timeout",
        "tok_charge_then_timeout",
    ),
    (Behaviour::Error, "error", "tok_error"),
    (Behaviour::Slow, "slow", "tok_slow"),
    (Behaviour::WrongAmount, "wrong-amount", "tok_wrong_amount"),
];

impl Behaviour {
    /// By its name, as in the header.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, own_name, _)| *own_name == name);
        found.map(|(behaviour, ..)| *behaviour)
    }

    /// By a token: the behaviour's own, alone or with a suffix after `_`.
    pub(super) fn of_token(token: &str) -> Option<Self> {
        let own = |prefix: &str| {
            let rest = token.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let found = ALL.iter().find(|(.., prefix)| own(prefix));
        found.map(|(behaviour, ..)| *behaviour)
    }

    /// Whether it means anything for this call.
    pub(super) fn suits(self, call: Call) -> bool {
        match self {
            Self::Approve | Self::Timeout | Self::Error | Self::Slow => true,
            Self::Decline | Self::ChargeThenTimeout => call != Call::Inquire,
            Self::WrongAmount => call == Call::Confirm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_has_one_name_everywhere() {
        for (behaviour, name, _) in ALL {
            let json = serde_json::to_string(&behaviour).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(Behaviour::named(name), Some(behaviour));
        }
        assert_eq!(Behaviour::named("explode"), None);
    }

    #[test]
    fn a_token_chooses_by_its_prefix_with_or_without_a_suffix() {
        for (behaviour, _, token) in ALL {
            assert_eq!(Behaviour::of_token(token), Some(behaviour));
            let unique = format!("{token}_7f3a");
            assert_eq!(Behaviour::of_token(&unique), Some(behaviour));
            assert_eq!(Behaviour::of_token(&format!("{token}er")), None);
        }
        for unknown in ["", "tok", "tok_", "tok_unheard_of", "approve"] {
            assert_eq!(Behaviour::of_token(unknown), None, "{unknown:?}");
        }
    }
}
