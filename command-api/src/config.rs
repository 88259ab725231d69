//! The settings of this room, read from the environment by the composition root.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::points::{EarningPolicy, Rounding};
use platform::config::{Env, Secret};

use crate::error::CommandApiError;
use crate::payment::RefundAccounts;
use crate::webhook::{SavedKeys, Webhooks};

/// The longest wait for a payment's outcome: a caller's connection is held as long.
const PAYMENT_WAIT_MAX_MS: u64 = 25_000;
/// The highest rate: as many points as the order cost.
const EARN_RATE_MAX_BPS: u32 = 10_000;
/// The longest validity of points, the domain's own limit.
const POINTS_VALID_MAX_DAYS: u32 = 3_650;
/// How long points are valid unless it is set.
const POINTS_VALID_DEFAULT_DAYS: u32 = 365;

/// The settings of the commands.
#[derive(Clone, Debug)]
pub struct CommandApiConfig {
    /// How long a payment's request waits for its outcome before it answers `PENDING`.
    pub payment_wait: Duration,
    /// How long an order waits for its payment before it is cancelled (RS-05).
    pub payment_time_limit: Duration,
    /// How long after its payment an order confirms itself.
    pub confirmation_delay: Duration,
    /// What confirmed orders earn in points.
    pub earning: EarningPolicy,
}

impl CommandApiConfig {
    /// Reads it.
    pub fn read(env: &Env) -> Self {
        Self {
            payment_wait: Duration::from_millis(env.within(
                "PAYMENT_WAIT_MS",
                5_000,
                0..=PAYMENT_WAIT_MAX_MS,
                "How long a payment's request waits for its outcome before it answers PENDING.",
            )),
            payment_time_limit: env.duration_s(
                "PAYMENT_TIME_LIMIT_S",
                900,
                "How long an order waits for its payment before it is cancelled.",
            ),
            confirmation_delay: env.duration_s(
                "CONFIRMATION_DELAY_S",
                1_800,
                "How long after its payment an order confirms itself; 0 is at once.",
            ),
            earning: read_earning(env),
        }
    }
}

impl Default for CommandApiConfig {
    fn default() -> Self {
        Self {
            payment_wait: Duration::from_secs(5),
            payment_time_limit: Duration::from_secs(900),
            confirmation_delay: Duration::from_secs(1_800),
            earning: EarningPolicy::default(),
        }
    }
}

/// What confirmed orders earn: read once, for the commands and for the sagas that confirm by themselves.
fn read_earning(env: &Env) -> EarningPolicy {
    let usual = EarningPolicy::default();
    let rate_bps = env.within(
        "POINTS_EARN_RATE_BPS",
        usual.rate_bps,
        0..=EARN_RATE_MAX_BPS,
        "What a confirmed order earns in points, in hundredths of a percent of the money paid; 0: none.",
    );
    let valid_days = env.within(
        "POINTS_VALID_DAYS",
        POINTS_VALID_DEFAULT_DAYS,
        1..=POINTS_VALID_MAX_DAYS,
        "For how many days points are valid that are earned or given now.",
    );
    let rounding = env.text(
        "POINTS_EARN_ROUNDING",
        "floor",
        "What becomes of the fraction of a point: floor, half-up or ceil.",
    );
    let rounding = match rounding.as_str() {
        "floor" => Rounding::Floor,
        "half-up" => Rounding::HalfUp,
        "ceil" => Rounding::Ceil,
        _ => {
            let problem = "not a way to round";
            env.invalid("POINTS_EARN_ROUNDING", problem, "floor, half-up, ceil");
            usual.rounding
        }
    };
    EarningPolicy {
        rate_bps,
        rounding,
        valid_for: TimeDelta::days(i64::from(valid_days)),
    }
}

/// The settings of the coupon gate.
#[derive(Clone, Debug)]
pub struct CouponGateConfig {
    /// Where Redis is. Without it every claim is the aggregate's to decide: correct, slower.
    pub redis_url: Option<Secret>,
    /// How long one step in Redis may take before the claim goes past it.
    pub redis_timeout: Duration,
    /// After how long a claim that was admitted and never finished counts as lost. Longer than a command
    /// may take, or a slow claim would be taken for a lost one.
    pub pending_ttl: Duration,
    /// How long a claim waits for a rebuild; then the aggregate decides. A pool of a million coupons takes
    /// longer, and is ready for those who come after.
    pub rebuild_wait: Duration,
    /// How long a claim waits for those under way that hold the last coupons; then the aggregate decides.
    pub contest_wait: Duration,
}

impl CouponGateConfig {
    /// The usual [`Self::rebuild_wait`].
    pub const REBUILD_WAIT: Duration = Duration::from_secs(3);
    /// The usual [`Self::contest_wait`].
    pub const CONTEST_WAIT: Duration = Duration::from_millis(250);

    /// Reads it.
    pub fn read(env: &Env) -> Self {
        Self {
            redis_url: env.optional_secret(
                "REDIS_URL",
                "redis://localhost:6379",
                "Redis for the coupon gate; without it coupons are issued by the event store alone.",
            ),
            redis_timeout: Duration::from_millis(env.within(
                "REDIS_TIMEOUT_MS",
                100,
                1..=10_000,
                "How long one step in Redis may take before a claim goes past it.",
            )),
            pending_ttl: Duration::from_millis(env.within(
                "COUPON_PENDING_TTL_MS",
                15_000,
                1_000..=600_000,
                "After how long a claim that was admitted and never finished counts as lost.",
            )),
            rebuild_wait: Self::REBUILD_WAIT,
            contest_wait: Self::CONTEST_WAIT,
        }
    }
}

/// The payment gateways that a payment may name. Which adapter is behind a name is not known here.
#[derive(Clone)]
pub struct Gateways {
    names: Vec<String>,
    default: String,
    webhooks: Option<Arc<dyn Webhooks>>,
    customer_keys: Option<CustomerKeys>,
    refund_accounts: Option<Arc<dyn RefundAccounts>>,
    saved_keys: Option<Arc<dyn SavedKeys>>,
}

/// The name by which the gateways know a user, by the user's id: whoever saves a payment method begins with it in
/// the browser. What makes it is not known here.
#[derive(Clone)]
pub struct CustomerKeys(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl CustomerKeys {
    /// Names made by this.
    #[must_use]
    pub fn new(name_of: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(name_of))
    }

    pub(crate) fn of(&self, user_id: &str) -> String {
        (self.0)(user_id)
    }
}

impl fmt::Debug for CustomerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKeys")
    }
}

impl Gateways {
    /// These, and the one that is taken when none is named.
    ///
    /// # Errors
    /// The default is not among them.
    pub fn new(names: Vec<String>, default: String) -> Result<Self, CommandApiError> {
        if names.contains(&default) {
            Ok(Self {
                names,
                default,
                webhooks: None,
                customer_keys: None,
                refund_accounts: None,
                saved_keys: None,
            })
        } else {
            Err(CommandApiError::UnknownDefaultGateway {
                default,
                known: names,
            })
        }
    }

    /// With what they tell by themselves.
    #[must_use]
    pub fn with_webhooks(mut self, webhooks: Arc<dyn Webhooks>) -> Self {
        self.webhooks = Some(webhooks);
        self
    }

    pub(crate) fn webhooks(&self) -> Option<&dyn Webhooks> {
        self.webhooks.as_deref()
    }

    /// With a place for the accounts that refunds of deposits go to. Without, such a refund waits for ever.
    #[must_use]
    pub fn with_refund_accounts(mut self, refund_accounts: Arc<dyn RefundAccounts>) -> Self {
        self.refund_accounts = Some(refund_accounts);
        self
    }

    pub(crate) fn refund_accounts(&self) -> Option<Arc<dyn RefundAccounts>> {
        self.refund_accounts.clone()
    }

    /// With what finds saved methods by their keys. Without, notices about keys are only counted.
    #[must_use]
    pub fn with_saved_keys(self, saved_keys: Arc<dyn SavedKeys>) -> Self {
        Self {
            saved_keys: Some(saved_keys),
            ..self
        }
    }

    pub(crate) fn saved_keys(&self) -> Option<Arc<dyn SavedKeys>> {
        self.saved_keys.clone()
    }

    /// With payment methods saved. Without, requests to save one are refused.
    #[must_use]
    pub fn with_customer_keys(self, customer_keys: CustomerKeys) -> Self {
        Self {
            customer_keys: Some(customer_keys),
            ..self
        }
    }

    /// How the gateways name users; `None` when the shop saves no payment methods.
    pub(crate) fn customer_keys(&self) -> Option<&CustomerKeys> {
        self.customer_keys.as_ref()
    }

    /// The gateway that a request names, or the default.
    pub(crate) fn named(&self, name: Option<&str>) -> Option<&str> {
        match name {
            None => Some(&self.default),
            Some(name) => self
                .names
                .iter()
                .map(String::as_str)
                .find(|known| *known == name),
        }
    }
}
