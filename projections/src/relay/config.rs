//! The relay's settings and limits.

use std::time::Duration;

/// The relay's settings and limits.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// Kafka's bootstrap servers, `host:port,host:port`.
    pub brokers: String,
    /// Further settings of librdkafka, as for TLS; they win over the relay's own.
    pub client_settings: Vec<(String, String)>,
    /// Put before each topic's name: empty in production, unique in tests that share a broker.
    pub topic_prefix: String,
    /// Partitions of a topic that the relay creates. Never changed afterwards: a key would change its
    /// partition, and lose its order.
    pub partitions: i32,
    /// Copies of a topic that the relay creates; −1 is the broker's own default.
    pub replication: i32,
    /// A Confluent Schema Registry where the schemas are registered and whose ids the records carry; none
    /// for the embedded one.
    pub schema_registry_url: Option<String>,
    /// This process's name in the lease.
    pub holder: String,
    /// Events between the cursor and the newest that was sent: bounds memory, and what the ends of the
    /// topics are searched for after a crash.
    pub in_flight_max: usize,
    /// How long the lease outlives its holder. After a crash nothing is sent for so long, in which
    /// whatever was on its way to the broker arrives there, and is found by whoever takes over.
    pub lease_time: Duration,
    /// How often the cursor is written.
    pub cursor_interval: Duration,
    /// How often events that are to be sent again are looked for.
    pub resend_interval: Duration,
    /// How often one that stands by looks whether the lease is free.
    pub standby_interval: Duration,
    /// How long a relay that stops, or a session that ends, waits for what is under way.
    pub stop_timeout: Duration,
    /// The first wait after a failure; it doubles from one to the next.
    pub retry_wait_min: Duration,
    /// The longest wait between two attempts.
    pub retry_wait_max: Duration,
}

impl RelayConfig {
    /// The settings of a production relay.
    #[must_use]
    pub fn new(brokers: String, holder: String) -> Self {
        Self {
            brokers,
            client_settings: Vec::new(),
            topic_prefix: String::new(),
            partitions: 6,
            replication: -1,
            schema_registry_url: None,
            holder,
            in_flight_max: 10_000,
            lease_time: Duration::from_secs(10),
            cursor_interval: Duration::from_millis(50),
            resend_interval: Duration::from_secs(1),
            standby_interval: Duration::from_millis(500),
            stop_timeout: Duration::from_secs(5),
            retry_wait_min: Duration::from_millis(250),
            retry_wait_max: Duration::from_secs(5),
        }
    }

    /// A topic's name on the broker.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// Half the lease's time: the longest that its holder may send on without having renewed it.
    pub(crate) fn lease_trust(&self) -> Duration {
        self.lease_time / 2
    }
}
