//! All gateways of the shop, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::circuit::CircuitState;
use crate::error::PaymentGatewaysError;
use crate::measured::{Measured, describe_metrics};
use crate::port::PaymentGateway;

/// The most characters of a gateway's name: as many as a payment keeps.
const NAME_MAX_CHARS: usize = 32;

/// The gateways that the shop can charge through, and the one it takes when nobody says which.
#[derive(Clone)]
pub struct Gateways {
    by_name: Arc<BTreeMap<String, Arc<dyn PaymentGateway>>>,
    default_name: String,
}

impl Gateways {
    /// These gateways. Every call through them is measured (`gateway_calls_total`,
    /// `gateway_call_duration_seconds`) and logged.
    ///
    /// # Errors
    /// A name is malformed or taken twice, or the default is none of them.
    pub fn new(
        default_name: &str,
        gateways: impl IntoIterator<Item = (String, Arc<dyn PaymentGateway>)>,
    ) -> Result<Self, PaymentGatewaysError> {
        describe_metrics();
        let mut by_name: BTreeMap<String, Arc<dyn PaymentGateway>> = BTreeMap::new();
        for (name, gateway) in gateways {
            if !is_name(&name) {
                return Err(PaymentGatewaysError::InvalidName { name });
            }
            let measured = Arc::new(Measured::new(name.clone(), gateway));
            if by_name.insert(name.clone(), measured).is_some() {
                return Err(PaymentGatewaysError::DuplicateName { name });
            }
        }
        let default_name = default_name.to_owned();
        if !by_name.contains_key(&default_name) {
            return Err(PaymentGatewaysError::UnknownDefault { name: default_name });
        }
        let by_name = Arc::new(by_name);
        Ok(Self {
            by_name,
            default_name,
        })
    }

    /// Whether there is a gateway of this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The name of the gateway that is taken when a request names none.
    #[must_use]
    pub fn default_name(&self) -> &str {
        &self.default_name
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Whether calls get through, of each gateway that keeps count.
    pub fn circuits(&self) -> impl Iterator<Item = (&str, CircuitState)> {
        let states = self.by_name.iter();
        states.filter_map(|(name, gateway)| Some((name.as_str(), gateway.circuit()?)))
    }

    /// The gateway of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn PaymentGateway>> {
        self.by_name.get(name).cloned()
    }
}

/// Names are metric labels and parts of paths (`/webhooks/{company}`), so they are plain.
fn is_name(name: &str) -> bool {
    (1..=NAME_MAX_CHARS).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use uuid::Uuid;

    use super::*;
    use crate::port::{ConfirmRequest, GatewayReply, RefundReply, RefundRequest};

    struct Silent;

    #[async_trait]
    impl PaymentGateway for Silent {
        async fn confirm(&self, _: ConfirmRequest) -> GatewayReply {
            GatewayReply::NoRecord
        }
        async fn inquire(&self, _: Uuid) -> GatewayReply {
            GatewayReply::NoRecord
        }
        async fn refund(&self, _: RefundRequest) -> RefundReply {
            RefundReply::unknown("TIMEOUT")
        }
    }

    fn gateways(default: &str, names: &[&str]) -> Result<Gateways, PaymentGatewaysError> {
        let silent = |name: &&str| -> (String, Arc<dyn PaymentGateway>) {
            ((*name).to_owned(), Arc::new(Silent))
        };
        Gateways::new(default, names.iter().map(silent))
    }

    #[test]
    fn a_gateway_is_found_by_its_name_only() {
        let gateways = gateways("toss", &["mock", "toss"]).unwrap();
        assert!(gateways.knows("mock"));
        assert!(gateways.get("mock").is_some());
        assert!(!gateways.knows("Mock"));
        assert!(gateways.get("nice").is_none());
        assert_eq!(gateways.default_name(), "toss");
        assert_eq!(gateways.names().collect::<Vec<_>>(), ["mock", "toss"]);
    }

    #[test]
    fn a_wrong_set_of_gateways_is_refused_at_start() {
        let code = |default: &str, names: &[&str]| {
            let refused = gateways(default, names);
            refused.err().map(|error| error.code())
        };
        assert_eq!(code("nice", &["mock"]), Some("GATEWAY_DEFAULT_UNKNOWN"));
        let twice = code("mock", &["mock", "mock"]);
        assert_eq!(twice, Some("GATEWAY_NAME_DUPLICATE"));
        let long = "x".repeat(NAME_MAX_CHARS + 1);
        for bad in ["", "Mock", "a b", "../x", long.as_str()] {
            assert_eq!(code(bad, &[bad]), Some("GATEWAY_NAME_INVALID"), "{bad:?}");
        }
    }
}
