//! `commerce tour`: a guided order. Each request is shown with its answer, the events that it caused, the
//! read model, and the records in Kafka, decoded.

use std::process::ExitCode;
use std::time::Duration;

use platform::Role;
use platform::config::Env;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Caller, Client, ClientConfig};
use crate::error::CommerceError;
use crate::output::say;
use crate::stream::{self, Record, StreamConfig};

/// The points that the buyer is welcomed with.
const WELCOME_POINTS: i64 = 1_000;
/// Who buys on the tour.
const BUYER: &str = "tour-buyer";
/// How long the tour waits for what follows by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many of each partition's newest records are looked at for the tour's own.
const NEWEST_RECORDS: i64 = 200;

/// What the tour needs.
struct Config {
    client: ClientConfig,
    stream: StreamConfig,
}

/// Takes the visitor through one order.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(|env| Config {
        client: ClientConfig::read(env),
        stream: StreamConfig::read(env),
    })?;
    let client = Client::new(config.client)?;
    let tour = Tour {
        operator: client.caller("tour-operator", Role::Operator)?,
        buyer: client.caller(BUYER, Role::Customer)?,
        client,
    };
    let last = tour.order().await?;
    tour.show_stream(config.stream, last).await?;
    say("");
    say("That was one order, from HTTP to Kafka. ARCHITECTURE.md walks it through the source.");
    Ok(ExitCode::SUCCESS)
}

struct Tour {
    client: Client,
    operator: Caller,
    buyer: Caller,
}

/// Which stretch of the log the order made.
struct Stretch {
    after: u64,
    last: u64,
}

impl Tour {
    async fn order(&self) -> Result<Stretch, CommerceError> {
        title("1. The catalogue");
        let products = self
            .show_query("/products?size=3&sort=price,asc", 0)
            .await?;
        let product = products.text("/data/0/id").to_owned();
        if product.is_empty() {
            say("  the catalogue is empty: run `commerce seed` first");
        }

        title("2. An operator gives the buyer points, for a year");
        let body = json!({ "delta": WELCOME_POINTS, "reason": "welcome" });
        let path = format!("/points/{BUYER}/adjustments");
        let given = self.show_command(&self.operator, &path, &body).await?;
        let first = self.show_events(&given).await?;

        title("3. Placing an order: order, lines and stock reservation in one transaction");
        let body = json!({ "items": [{ "productId": product, "quantity": 2 }] });
        let placed = self.show_command(&self.buyer, "/orders", &body).await?;
        let order = placed.text("/data/id").to_owned();
        self.show_events(&placed).await?;

        title(
            "4. Paying with points and a card: the gateway is called outside any transaction; the answer settles everything at once",
        );
        let token = format!("tok_approve_{}", Uuid::now_v7().simple());
        let body = json!({ "token": token, "points": WELCOME_POINTS });
        let path = format!("/orders/{order}/payments");
        let paid = self.show_command(&self.buyer, &path, &body).await?;
        self.wait_for_status(&order, "PAID", paid.position())
            .await?;
        self.show_events(&paid).await?;

        title("5. One of the two pieces goes back: its share of the money and of the points");
        let path = format!("/orders/{order}");
        let seen = self.show_query(&path, paid.position()).await?;
        let item = seen.text("/data/items/0/id").to_owned();
        let body =
            json!({ "items": [{ "orderItemId": item, "quantity": 1 }], "reason": "one is enough" });
        let path = format!("/payments/{}/refunds", placed.text("/data/paymentId"));
        let refunded = self.show_command(&self.buyer, &path, &body).await?;
        self.show_events(&refunded).await?;

        title("6. What the read models say");
        let position = refunded.position();
        for path in [
            format!("/orders/{order}/payment"),
            "/points".to_owned(),
            format!("/products/{product}/stock"),
            "/notifications?size=1".to_owned(),
        ] {
            self.show_query(&path, position).await?;
        }
        let last = self.last_position().await?;
        Ok(Stretch { after: first, last })
    }

    /// Sends a command under a key of its own, and shows both sides.
    async fn show_command(
        &self,
        caller: &Caller,
        path: &str,
        body: &Value,
    ) -> Result<Answer, CommerceError> {
        let key = Uuid::now_v7().to_string();
        say(format_args!("  POST /api/v1{path}"));
        say(format_args!("       Idempotency-Key: {key}"));
        say(format_args!("       {body}"));
        let answer = self.client.command(caller, path, &key, body).await?;
        show_answer(&answer);
        Ok(answer.or_refused(path)?)
    }

    /// Asks for an answer that is at least as new as this position.
    async fn show_query(&self, path: &str, position: u64) -> Result<Answer, CommerceError> {
        say(format_args!("  GET /api/v1{path}"));
        let answer = self.client.query(&self.buyer, path, position).await?;
        show_answer(&answer);
        Ok(answer.or_refused(path)?)
    }

    /// Shows the events of the command that reached this position; returns the position before them.
    async fn show_events(&self, command: &Answer) -> Result<u64, CommerceError> {
        let reached = command.position();
        let correlated = self.events(reached.saturating_sub(50)).await?;
        let reference = correlated.iter().find(|event| position(event) == reached);
        let correlation = reference.map(|event| event["metadata"]["correlationId"].clone());
        let own = correlated
            .iter()
            .filter(|event| Some(&event["metadata"]["correlationId"]) == correlation.as_ref());
        let mut before = reached;
        for event in own {
            before = before.min(position(event).saturating_sub(1));
            say(format_args!(
                "       {:>6}  {:<24} {}/{} #{}",
                position(event),
                plain(&event["type"]),
                plain(&event["aggregateType"]),
                plain(&event["aggregateId"]),
                event["sequence"],
            ));
        }
        Ok(before)
    }

    async fn events(&self, after: u64) -> Result<Vec<Value>, CommerceError> {
        let path = format!("/events?after={after}&size=100");
        let answer = self
            .client
            .query(&self.operator, &path, 0)
            .await?
            .or_refused(&path)?;
        Ok(answer.body["data"].as_array().cloned().unwrap_or_default())
    }

    async fn last_position(&self) -> Result<u64, CommerceError> {
        let mut last = 0;
        loop {
            let events = self.events(last).await?;
            match events.last().map(position) {
                Some(position) => last = position,
                None => return Ok(last),
            }
        }
    }

    /// Asks with the command's position: without it the read model may not have heard of the order yet.
    async fn wait_for_status(
        &self,
        order: &str,
        status: &str,
        position: u64,
    ) -> Result<(), CommerceError> {
        let path = format!("/orders/{order}");
        let waiting = async {
            loop {
                let answer = self
                    .client
                    .query(&self.buyer, &path, position)
                    .await?
                    .or_refused(&path)?;
                if answer.text("/data/status") == status {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let late = || CommerceError::TourStuck {
            what: format!("order {order} to become {status}"),
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| late())?
    }

    /// Waits until the relay has sent the stretch, and shows its records.
    async fn show_stream(
        &self,
        stream: StreamConfig,
        stretch: Stretch,
    ) -> Result<(), CommerceError> {
        title("7. The same in Kafka, in Avro, decoded with the schemas of the registry");
        if !stream.is_set() {
            say("  KAFKA_BROKERS is not set: the events wait as PENDING");
            return Ok(());
        }
        self.wait_until_sent(stretch.last).await?;
        let reading = tokio::task::spawn_blocking(move || {
            let mut records = Vec::new();
            stream::read(&stream, Some(NEWEST_RECORDS), |record| records.push(record))?;
            Ok::<_, CommerceError>(records)
        });
        let mut records = reading
            .await
            .map_err(|_| CommerceError::Stopped { role: "the tour" })??;
        records.sort_by_key(|record| record.position);
        let stretch = stretch.after + 1..=stretch.last;
        for record in records
            .iter()
            .filter(|record| stretch.contains(&record.position))
        {
            let Record {
                position,
                topic,
                key,
                value,
            } = record;
            say(format_args!("       {position:>6}  {topic:<32} key {key}"));
            say(format_args!(
                "               {}",
                shortened(&value.to_string())
            ));
        }
        Ok(())
    }

    async fn wait_until_sent(&self, position: u64) -> Result<(), CommerceError> {
        let path = format!("/events?after={}&size=1", position.saturating_sub(1));
        let waiting = async {
            loop {
                let answer = self
                    .client
                    .query(&self.operator, &path, 0)
                    .await?
                    .or_refused(&path)?;
                if answer.text("/data/0/delivery") != "PENDING" {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let late = || CommerceError::TourStuck {
            what: format!("position {position} to be sent"),
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| late())?
    }
}

fn title(text: &str) {
    say("");
    say(text);
}

fn show_answer(answer: &Answer) {
    say(format_args!(
        "    -> {} {}",
        answer.status,
        shortened(&answer.body.to_string())
    ));
}

/// Some lines of a terminal at most.
fn shortened(text: &str) -> String {
    /// Seven lines of a terminal, about.
    const SHOWN_CHARS: usize = 700;
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS).chain("…".chars()).collect()
}

fn position(event: &Value) -> u64 {
    event["position"].as_u64().unwrap_or_default()
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
