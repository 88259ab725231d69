//! The three companies, each with its adapter at its mock: what one can do, all can be asked for.

use std::sync::Arc;
use std::time::Duration;

use payment_gateways::mock::server::Company;
use payment_gateways::mock::{MockGateway, MockGatewayConfig};
use payment_gateways::nice::{NiceConfig, NiceGateway};
use payment_gateways::toss::{TossConfig, TossGateway};
use payment_gateways::{Gateways, Link, PaymentGateway};

use crate::stage::Stage;

pub(crate) const ALL: [Company; 3] = [Company::Mock, Company::Toss, Company::Nice];
pub(crate) const TOSS_SECRET_KEY: &str = "test_sk_of_the_tests";
pub(crate) const TOSS_SECURITY_KEY: &str = "test_toss_security_key";
pub(crate) const NICE_SECRET_KEY: &str = "test_nice_secret_key";

/// A company's adapter, as the shop gets it.
pub(crate) fn gateway_of(
    stage: &Stage,
    company: Company,
    deadline: Duration,
) -> Arc<dyn PaymentGateway> {
    linked(&stage.server.url(), company, deadline, Link::bare())
}

pub(crate) fn linked(
    url: &str,
    company: Company,
    deadline: Duration,
    link: Link,
) -> Arc<dyn PaymentGateway> {
    let adapter: Arc<dyn PaymentGateway> = match company {
        Company::Mock => {
            let base_url = url.to_owned();
            let config = MockGatewayConfig { base_url, deadline };
            Arc::new(MockGateway::linked(&config, link).unwrap())
        }
        Company::Toss => {
            let config = TossConfig {
                base_url: format!("{url}/toss"),
                secret_key: TOSS_SECRET_KEY.to_owned(),
                security_keys: vec![TOSS_SECURITY_KEY.to_owned()],
                deadline,
            };
            Arc::new(TossGateway::new(config, link).unwrap())
        }
        Company::Nice => {
            let config = NiceConfig {
                base_url: format!("{url}/nice"),
                client_id: "client".to_owned(),
                secret_key: NICE_SECRET_KEY.to_owned(),
                deadline,
            };
            Arc::new(NiceGateway::new(config, link).unwrap())
        }
    };
    let gateways = Gateways::new("it", [("it".to_owned(), adapter)]).unwrap();
    gateways.get("it").unwrap()
}
