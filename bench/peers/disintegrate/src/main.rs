//! disintegrate: one event on a new aggregate for every command, as its documentation makes a decision.
//! See `../README.md` for what is said to the bench.

use std::error::Error;
use std::io::Write as _;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use disintegrate::serde::json::Json;
use disintegrate::{Decision, Event, NoSnapshot, StateMutate, StateQuery};
use disintegrate_postgres::{PgDecisionMaker, PgEventStore, decision_maker};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinSet;
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;
type Maker = PgDecisionMaker<InventoryEvent, Json<InventoryEvent>, NoSnapshot>;

/// As the other contestants' pools.
const CONNECTIONS: u32 = 10;
const REASON: &str = "Counted by hand in the yearly stocktaking: one piece had been put away on the shelf \
of another product, was found there, brought back to its own place, and is entered again here.";

#[derive(Clone, Debug, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(Adjustments, [StockAdjusted])]
enum InventoryEvent {
    StockAdjusted {
        #[id]
        inventory_id: String,
        warehouse: String,
        delta: i32,
        reason: String,
        event_id: String,
        command_id: String,
        correlation_id: String,
        principal: String,
    },
}

#[derive(Clone, Default, StateQuery, Serialize, Deserialize)]
#[state_query(Adjustments)]
struct Inventory {
    #[id]
    inventory_id: String,
    stock: i32,
}

impl StateMutate for Inventory {
    fn mutate(&mut self, event: Self::Event) {
        let Adjustments::StockAdjusted { delta, .. } = event;
        self.stock += delta;
    }
}

struct FindPiece {
    inventory_id: String,
}

impl Decision for FindPiece {
    type Event = InventoryEvent;
    type StateQuery = Inventory;
    type Error = std::convert::Infallible;

    fn state_query(&self) -> Inventory {
        Inventory {
            inventory_id: self.inventory_id.clone(),
            ..Inventory::default()
        }
    }

    fn process(&self, _: &Inventory) -> Result<Vec<InventoryEvent>, Self::Error> {
        Ok(vec![InventoryEvent::StockAdjusted {
            inventory_id: self.inventory_id.clone(),
            warehouse: "seoul".to_owned(),
            delta: 1,
            reason: REASON.to_owned(),
            event_id: Uuid::now_v7().to_string(),
            command_id: Uuid::now_v7().to_string(),
            correlation_id: Uuid::now_v7().to_string(),
            principal: "operator-7".to_owned(),
        }])
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    latencies_us: Vec<u128>,
    after_deadline: u64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, concurrent, milliseconds] = arguments.as_slice() else {
        return Err("URL, how many at once, milliseconds".into());
    };
    let maker = prepare(url).await?;
    println!("ready");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await?;
    let deadline = Instant::now() + Duration::from_millis(milliseconds.parse()?);
    let mut workers = JoinSet::new();
    for _ in 0..concurrent.parse::<usize>()? {
        workers.spawn(work(maker.clone(), deadline));
    }
    let mut all = Said::default();
    while let Some(worker) = workers.join_next().await {
        let said = worker??;
        all.latencies_us.extend(said.latencies_us);
        all.after_deadline += said.after_deadline;
    }
    serde_json::to_writer(std::io::stdout(), &all)?;
    std::io::stdout().flush()?;
    Ok(())
}

async fn prepare(url: &str) -> Result<Maker, Failure> {
    let options = PgConnectOptions::from_str(url)?;
    // Its migration holds a hexadecimal literal, which PostgreSQL reads since version 16 only: made
    // unchecked, then put right.
    let unchecked = options.clone().options([("check_function_bodies", "off")]);
    let pool = PgPoolOptions::new().max_connections(1).connect_with(unchecked).await?;
    PgEventStore::<InventoryEvent, _>::try_new(pool.clone(), Json::default()).await?;
    put_right(&pool).await?;
    pool.close().await;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    let store = PgEventStore::new_uninitialized(pool, Json::default());
    Ok(decision_maker(store, NoSnapshot))
}

async fn put_right(pool: &PgPool) -> Result<(), Failure> {
    let definition: String =
        sqlx::query_scalar("SELECT pg_get_functiondef('event_store_begin_epoch'::regproc)")
            .fetch_one(pool)
            .await?;
    let definition = definition.replace("0xFFFFFFFF", "4294967295");
    sqlx::raw_sql(&definition).execute(pool).await?;
    Ok(())
}

async fn work(maker: Maker, deadline: Instant) -> Result<Said, Failure> {
    let mut said = Said::default();
    loop {
        let began = Instant::now();
        if began >= deadline {
            return Ok(said);
        }
        let inventory_id = Uuid::now_v7().to_string();
        loop {
            let decision = FindPiece {
                inventory_id: inventory_id.clone(),
            };
            match maker.make(decision).await {
                Ok(_) => {
                    let ended = Instant::now();
                    said.latencies_us.push((ended - began).as_micros());
                    said.after_deadline += u64::from(ended > deadline);
                    break;
                }
                // A conflict is tried again, as every user of it has to.
                Err(error) if is_conflict(&error) => {
                    if Instant::now() >= deadline {
                        return Ok(said);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Its own, or the database's: its transactions are serializable.
fn is_conflict(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(one) = cause {
        let text = one.to_string();
        if text.contains("concurrent modification") || text.contains("could not serialize") {
            return true;
        }
        cause = one.source();
    }
    false
}
