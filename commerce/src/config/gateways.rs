//! The payment gateways, and the mock one's server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use platform::config::{Env, Secret};

/// The mock gateway's port.
const MOCK_PORT: u16 = 8090;

/// The names of the gateways: of the mock company, and of the real ones.
pub(crate) const MOCK_GATEWAY: &str = "mock";
pub(crate) const TOSS_GATEWAY: &str = "toss";
pub(crate) const NICE_GATEWAY: &str = "nice";

/// How to reach the gateways.
#[derive(Clone, Debug)]
pub(crate) struct GatewaysConfig {
    /// The one that is taken when a request names none.
    pub(crate) default_name: String,
    /// Toss, where its key is given.
    pub(crate) toss: Option<TossSettings>,
    /// NICE, where its keys are given.
    pub(crate) nice: Option<NiceSettings>,
    /// The mock company's server.
    pub(crate) mock_url: String,
    /// The longest wait for any gateway.
    pub(crate) timeout: Duration,
}

/// What Toss Payments gave the shop.
#[derive(Clone, Debug)]
pub(crate) struct TossSettings {
    pub(crate) url: String,
    pub(crate) secret_key: Secret,
    /// The newest first.
    pub(crate) security_keys: Vec<Secret>,
}

/// What NICE Payments gave the shop.
#[derive(Clone, Debug)]
pub(crate) struct NiceSettings {
    pub(crate) url: String,
    pub(crate) client_id: String,
    pub(crate) secret_key: Secret,
}

impl GatewaysConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        let default_name = env.text(
            "PAYMENT_GATEWAY",
            MOCK_GATEWAY,
            "The gateway of payments that name none: mock, toss or nice.",
        );
        let (toss, nice) = (read_toss(env), read_nice(env));
        let is_offered = match default_name.as_str() {
            MOCK_GATEWAY => true,
            TOSS_GATEWAY => toss.is_some(),
            NICE_GATEWAY => nice.is_some(),
            _ => false,
        };
        if !is_offered {
            let problem = format!("is {default_name}, which has no keys or is no gateway");
            env.invalid("PAYMENT_GATEWAY", &problem, MOCK_GATEWAY);
        }
        Self {
            default_name,
            toss,
            nice,
            mock_url: env.text(
                "MOCK_GATEWAY_URL",
                "http://127.0.0.1:8090",
                "Where the mock payment gateway answers.",
            ),
            timeout: Duration::from_millis(env.within(
                "GATEWAY_TIMEOUT_MS",
                10_000,
                100..=60_000,
                "How long a payment gateway may take; then the outcome is unknown.",
            )),
        }
    }
}

fn read_toss(env: &Env) -> Option<TossSettings> {
    let url = env.text(
        "TOSS_URL",
        "https://api.tosspayments.com",
        "Where Toss Payments answers; the mock does at http://127.0.0.1:8090/toss.",
    );
    let secret_key = env.optional_secret(
        "TOSS_SECRET_KEY",
        "test_sk_…",
        "Toss's secret key; without it Toss is not offered.",
    );
    let newest = env.optional_secret(
        "TOSS_SECURITY_KEY",
        "…",
        "What Toss signs its notices of payouts and sellers with; without it they are refused.",
    );
    let before = env.optional_secret(
        "TOSS_SECURITY_KEY_BEFORE",
        "…",
        "The security key of before, while it is being changed.",
    );
    Some(TossSettings {
        url,
        secret_key: secret_key?,
        security_keys: newest.into_iter().chain(before).collect(),
    })
}

fn read_nice(env: &Env) -> Option<NiceSettings> {
    let url = env.text(
        "NICE_URL",
        "https://api.nicepay.co.kr",
        "Where NICE Payments answers; the mock does at http://127.0.0.1:8090/nice.",
    );
    let client_id = env.optional(
        "NICE_CLIENT_ID",
        "R2_…",
        "NICE's client key; without it and the secret key NICE is not offered.",
    );
    let secret_key = env.optional_secret(
        "NICE_SECRET_KEY",
        "…",
        "NICE's secret key: it opens the door, and signs.",
    );
    match (client_id, secret_key) {
        (Some(client_id), Some(secret_key)) => Some(NiceSettings {
            url,
            client_id,
            secret_key,
        }),
        (None, None) => None,
        (Some(_), None) => {
            env.invalid(
                "NICE_SECRET_KEY",
                "is missing, and NICE_CLIENT_ID is not",
                "…",
            );
            None
        }
        (None, Some(_)) => {
            env.invalid(
                "NICE_CLIENT_ID",
                "is missing, and NICE_SECRET_KEY is not",
                "R2_…",
            );
            None
        }
    }
}

/// Where the mock gateway's server listens, and what it keeps.
#[derive(Clone, Debug)]
pub(crate) struct MockServerSettings {
    pub(crate) addr: SocketAddr,
    pub(crate) ledger_file: Option<PathBuf>,
    /// What Toss signs with; the mock's own key when not set.
    pub(crate) toss_security_key: Option<Secret>,
    /// What NICE signs with; the mock's own key when not set.
    pub(crate) nice_secret_key: Option<Secret>,
}

impl MockServerSettings {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            addr: env.parsed(
                "MOCK_GATEWAY_ADDR",
                SocketAddr::from((Ipv4Addr::LOCALHOST, MOCK_PORT)),
                "Where the mock payment gateway listens.",
            ),
            ledger_file: env
                .optional(
                    "MOCK_GATEWAY_LEDGER_FILE",
                    "/var/lib/commerce/ledger.jsonl",
                    "Where the mock gateway keeps its ledger; without it a restart forgets.",
                )
                .map(PathBuf::from),
            toss_security_key: env.optional_secret(
                "TOSS_SECURITY_KEY",
                "…",
                "What the mock signs Toss's notices with.",
            ),
            nice_secret_key: env.optional_secret(
                "NICE_SECRET_KEY",
                "…",
                "What NICE's mock lets in and signs with.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, &str)]) -> Option<String> {
        let read = Env::of(pairs.iter().copied()).read(GatewaysConfig::read);
        read.err().map(|error| error.to_string())
    }

    #[test]
    fn half_a_company_is_a_mistake() {
        assert_eq!(mistakes(&[]), None);
        for (pairs, named) in [
            ([("PAYMENT_GATEWAY", "toss")], "PAYMENT_GATEWAY"),
            ([("PAYMENT_GATEWAY", "paypal")], "PAYMENT_GATEWAY"),
            ([("NICE_CLIENT_ID", "c")], "NICE_SECRET_KEY"),
            ([("NICE_SECRET_KEY", "s")], "NICE_CLIENT_ID"),
        ] {
            let mistake = mistakes(&pairs).unwrap();
            assert!(mistake.contains(named), "{mistake}");
        }
    }

    #[test]
    fn keys_do_not_print() {
        let pairs = [
            ("TOSS_SECRET_KEY", "test_sk_canary"),
            ("TOSS_SECURITY_KEY", "canary"),
        ];
        let config = Env::of(pairs).read(GatewaysConfig::read).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
