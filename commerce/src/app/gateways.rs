//! The gateways of the shop. A company is a line here, a struct in `config/gateways.rs` and a folder in
//! `payment-gateways/`.

use std::sync::Arc;

use payment_gateways::mock::{MockGateway, MockGatewayConfig};
use payment_gateways::nice::{NiceConfig, NiceGateway};
use payment_gateways::toss::{TossConfig, TossGateway};
use payment_gateways::{
    Circuit, CircuitRules, ExchangeLog, Gateways, Link, MachineClock, PaymentGateway,
};

use crate::config::{GatewaysConfig, MOCK_GATEWAY, NICE_GATEWAY, TOSS_GATEWAY};
use crate::error::CommerceError;

/// Those that are configured: a company without its keys is not offered. The log hears of every exchange.
pub(crate) fn gateways(
    config: &GatewaysConfig,
    log: &Arc<dyn ExchangeLog>,
) -> Result<Gateways, CommerceError> {
    let mut all = vec![(MOCK_GATEWAY.to_owned(), mock(config, log)?)];
    if let Some(toss) = toss(config, log)? {
        all.push((TOSS_GATEWAY.to_owned(), toss));
    }
    if let Some(nice) = nice(config, log)? {
        all.push((NICE_GATEWAY.to_owned(), nice));
    }
    Ok(Gateways::new(&config.default_name, all)?)
}

fn mock(
    config: &GatewaysConfig,
    log: &Arc<dyn ExchangeLog>,
) -> Result<Arc<dyn PaymentGateway>, CommerceError> {
    let mock = MockGatewayConfig {
        deadline: config.timeout,
        ..MockGatewayConfig::new(&config.mock_url)
    };
    let link = link(MOCK_GATEWAY, log);
    Ok(Arc::new(MockGateway::linked(&mock, link)?))
}

fn toss(
    config: &GatewaysConfig,
    log: &Arc<dyn ExchangeLog>,
) -> Result<Option<Arc<dyn PaymentGateway>>, CommerceError> {
    let Some(toss) = &config.toss else {
        return Ok(None);
    };
    let security_keys = toss.security_keys.iter();
    let adapter = TossConfig {
        base_url: toss.url.clone(),
        secret_key: toss.secret_key.reveal().to_owned(),
        security_keys: security_keys.map(|key| key.reveal().to_owned()).collect(),
        deadline: config.timeout,
    };
    let gateway = TossGateway::new(adapter, link(TOSS_GATEWAY, log))?;
    Ok(Some(Arc::new(gateway)))
}

fn nice(
    config: &GatewaysConfig,
    log: &Arc<dyn ExchangeLog>,
) -> Result<Option<Arc<dyn PaymentGateway>>, CommerceError> {
    let Some(nice) = &config.nice else {
        return Ok(None);
    };
    let adapter = NiceConfig {
        base_url: nice.url.clone(),
        client_id: nice.client_id.clone(),
        secret_key: nice.secret_key.reveal().to_owned(),
        deadline: config.timeout,
    };
    let gateway = NiceGateway::new(adapter, link(NICE_GATEWAY, log))?;
    Ok(Some(Arc::new(gateway)))
}

/// Each company has a circuit of its own.
fn link(gateway: &str, log: &Arc<dyn ExchangeLog>) -> Link {
    let clock = Arc::new(MachineClock);
    Link {
        log: Arc::clone(log),
        circuit: Some(Circuit::new(gateway, CircuitRules::default(), clock)),
        repeats_connects: true,
    }
}

#[cfg(test)]
mod tests {
    use payment_gateways::NoLog;
    use platform::config::Env;

    use super::*;

    fn offered(pairs: &[(&str, &str)]) -> (Vec<String>, String) {
        let env = Env::of(pairs.iter().copied());
        let config = env.read(GatewaysConfig::read).unwrap();
        let log: Arc<dyn ExchangeLog> = Arc::new(NoLog);
        let gateways = gateways(&config, &log).unwrap();
        let names = gateways.names().map(str::to_owned).collect();
        (names, gateways.default_name().to_owned())
    }

    #[test]
    fn a_company_is_offered_with_its_keys_only() {
        let (names, default) = offered(&[]);
        assert_eq!(
            (names.as_slice(), default.as_str()),
            (["mock".to_owned()].as_slice(), "mock")
        );
        let keys = [
            ("TOSS_SECRET_KEY", "test_sk_1"),
            ("NICE_CLIENT_ID", "client"),
            ("NICE_SECRET_KEY", "secret"),
            ("TOSS_URL", "http://127.0.0.1:8090/toss"),
            ("NICE_URL", "http://127.0.0.1:8090/nice"),
            ("PAYMENT_GATEWAY", "toss"),
        ];
        let (names, default) = offered(&keys);
        assert_eq!(
            (names.join(","), default.as_str()),
            ("mock,nice,toss".to_owned(), "toss")
        );
    }
}
