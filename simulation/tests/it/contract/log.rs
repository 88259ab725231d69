//! The log: two deciding loops write it, in memory and in PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{AskedBy, CancelOrder, OrderItem, PlaceOrder};
use domain::coupon_pool::{ClaimCoupon, CreateCouponPool, DiscountRule};
use domain::inventory::ReceiveStock;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    AggregateTypes, CouponPoolId, Currency, Money, Operation, OrderId, OrderItemId, ProductId,
    Quantity, RefundId, aggregate_types,
};
use event_store::sans_io::{
    Appended, Batch, Caution, Core, Job, ReadResult, Snapshot, SnapshotState, Verdict, Wanted,
    load, save,
};
use event_store::{
    Command, CommandId, Context, EventLog, ExecuteError, Fence, Fingerprint, Lease, Outcome,
    StoreConfig,
};
use fastrand::Rng;
use simulation::log::Log;
use sqlx::{Connection, PgConnection, PgPool};
use testkit::TestDatabase;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const STEPS: usize = 220;
const SEEDS: u64 = 6;
const LEASES: [&str; 2] = ["sagas", "relay"];
const LONG: Duration = Duration::from_secs(3_600);

/// Where one side keeps its log.
enum Store {
    Memory { log: Box<Log>, now_us: u64 },
    Postgres(Box<Postgres>),
}

struct Postgres {
    pool: PgPool,
    connection: PgConnection,
    caution: Caution,
    types: AggregateTypes,
    leases: Vec<Lease>,
}

impl Store {
    async fn append(&mut self, batch: Batch) -> Appended {
        match self {
            Self::Memory { log, .. } => log.append(batch, Utc::now()).unwrap(),
            Self::Postgres(real) => {
                let (connection, caution) = (&mut real.connection, &mut real.caution);
                batch.append(connection, caution).await.unwrap()
            }
        }
    }

    async fn load(&mut self, wanted: Vec<Wanted>) -> Vec<ReadResult> {
        match self {
            Self::Memory { log, .. } => log.load(wanted),
            Self::Postgres(real) => load(&real.pool, &real.types, wanted).await.unwrap(),
        }
    }

    async fn save(&mut self, snapshot: Snapshot) -> u64 {
        match self {
            Self::Memory { log, .. } => log.save(&snapshot).unwrap(),
            Self::Postgres(real) => {
                let saved = save(&real.pool, &real.types, snapshot).await;
                saved.unwrap().bytes
            }
        }
    }

    /// The epoch, when the lease was to be had.
    async fn acquire(&mut self, name: &str, time_to_live: Duration) -> Option<u64> {
        match self {
            Self::Memory { log, now_us } => {
                *now_us += 1_000;
                let time_to_live = u64::try_from(time_to_live.as_micros()).unwrap();
                log.acquire(name, *now_us, time_to_live)
            }
            Self::Postgres(real) => {
                let lease = Lease::acquire(&real.pool, name, "somebody", time_to_live).await;
                let lease = lease.unwrap()?;
                let epoch = lease.epoch();
                real.leases.push(lease);
                Some(epoch)
            }
        }
    }

    /// Renews the how-many-th lease that was taken; whether it still could be.
    async fn renew(&mut self, taken: &[(String, u64)], which: usize) -> Option<bool> {
        let (name, epoch) = taken.get(which)?;
        Some(match self {
            Self::Memory { log, now_us } => {
                *now_us += 1_000;
                let time_to_live = u64::try_from(LONG.as_micros()).unwrap();
                log.renew(name, *epoch, *now_us, time_to_live)
            }
            Self::Postgres(real) => {
                let lease = real.leases[which].clone();
                lease.renew(&real.pool, LONG).await.unwrap()
            }
        })
    }

    async fn holds(&mut self, taken: &[(String, u64)], which: usize) -> Option<bool> {
        let (name, epoch) = taken.get(which)?;
        Some(match self {
            Self::Memory { log, .. } => log.holds(name, *epoch),
            Self::Postgres(real) => {
                let lease = real.leases[which].clone();
                lease.holds(&mut real.connection).await.unwrap()
            }
        })
    }

    async fn advance(&mut self, subscriber: &str, from: u64, to: u64) -> bool {
        match self {
            Self::Memory { log, .. } => log.advance(subscriber, from, to),
            Self::Postgres(real) => {
                let connection = &mut real.connection;
                let moved = event_store::checkpoint::advance(connection, subscriber, from, to);
                moved.await.is_ok()
            }
        }
    }

    async fn checkpoint(&mut self, subscriber: &str) -> u64 {
        match self {
            Self::Memory { log, .. } => log.checkpoint(subscriber),
            Self::Postgres(real) => event_store::checkpoint::position(&real.pool, subscriber)
                .await
                .unwrap(),
        }
    }
}

/// One side: a store, and the two loops that write it.
struct Side {
    store: Store,
    cores: [Core; 2],
    answers: Vec<oneshot::Receiver<Result<Outcome, ExecuteError>>>,
    taken: Vec<(String, u64)>,
}

impl Side {
    fn new(store: Store) -> Self {
        let config = StoreConfig {
            batch_commands_max: 6,
            cache_streams_max: 6,
            snapshot_every_events: 3,
            ..StoreConfig::default()
        };
        Self {
            store,
            cores: [Core::new(config.clone()), Core::new(config)],
            answers: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Does a step, and says what was said.
    async fn does(&mut self, step: &Step) -> String {
        match step {
            Step::Submit { core, command } => {
                let (reply, answer) = oneshot::channel();
                let deadline = Instant::now() + LONG;
                self.cores[*core].take(Job::new(command.clone(), reply, deadline));
                self.answers.push(answer);
                "submitted".to_owned()
            }
            Step::Load { core } => self.loads(*core).await,
            Step::Write { core } => self.writes(*core).await,
            Step::Acquire { name, time_to_live } => {
                let epoch = self.store.acquire(name, *time_to_live).await;
                self.taken
                    .extend(epoch.map(|epoch| ((*name).to_owned(), epoch)));
                format!("{epoch:?}")
            }
            Step::Renew { which } => {
                let renewed = self.store.renew(&self.taken, *which).await;
                let holds = self.store.holds(&self.taken, *which).await;
                format!("{renewed:?} {holds:?}")
            }
            Step::Advance {
                subscriber,
                from,
                to,
            } => {
                let moved = self.store.advance(subscriber, *from, *to).await;
                let position = self.store.checkpoint(subscriber).await;
                format!("{moved} {position}")
            }
        }
    }

    async fn loads(&mut self, core: usize) -> String {
        let wanted = self.cores[core].next_loads();
        let streams = wanted.iter().map(|one| one.stream.clone()).collect();
        let results = self.store.load(wanted).await;
        let said = results.iter().map(|result| match result {
            Ok(read) => {
                let state = read.loaded.state.snapshot().unwrap();
                let (sequence, snapshot) = (read.loaded.sequence, read.snapshot);
                format!("{} {sequence} {snapshot:?} {state}", read.stream)
            }
            Err((stream, error)) => format!("{stream}: {error}"),
        });
        let said: Vec<String> = said.collect();
        self.cores[core].read(streams, Ok(results));
        said.join("\n")
    }

    async fn writes(&mut self, core: usize) -> String {
        let Some(batch) = self.cores[core].next_write() else {
            return "nothing".to_owned();
        };
        let appended = self.store.append(batch).await;
        let events = appended.events.iter().map(|event| {
            let mut event = event.clone();
            event.recorded_at = DateTime::UNIX_EPOCH;
            format!("{event:?}")
        });
        let events: Vec<String> = events.collect();
        let verdicts: Vec<Verdict> = appended.verdicts.iter().map(timeless).collect();
        let said = format!("{verdicts:?} {events:?} {}", appended.head);
        let landed = self.cores[core].landed(Ok(appended)).unwrap();
        let committed = self.cores[core].settle(landed);
        let mut saved = Vec::new();
        for snapshot in committed.snapshots {
            let (stream, sequence) = (snapshot.stream.clone(), snapshot.loaded.sequence);
            let bytes = self.store.save(snapshot).await;
            self.cores[core].snapshot_saved(&stream, SnapshotState { sequence, bytes });
            saved.push((stream.to_string(), sequence, bytes));
        }
        format!("{said} {saved:?}")
    }
}

enum Step {
    Submit {
        core: usize,
        command: Command,
    },
    Load {
        core: usize,
    },
    Write {
        core: usize,
    },
    Acquire {
        name: &'static str,
        time_to_live: Duration,
    },
    Renew {
        which: usize,
    },
    Advance {
        subscriber: &'static str,
        from: u64,
        to: u64,
    },
}

fn step(rng: &mut Rng) -> Step {
    let core = rng.usize(0..2);
    match rng.u8(0..20) {
        0..=7 => Step::Submit {
            core,
            command: command(rng),
        },
        8..=10 => Step::Load { core },
        11..=15 => Step::Write { core },
        16 => Step::Acquire {
            name: LEASES[rng.usize(0..2)],
            time_to_live: if rng.bool() { LONG } else { Duration::ZERO },
        },
        17 => Step::Renew {
            which: rng.usize(0..5),
        },
        _ => Step::Advance {
            subscriber: ["sagas", "others"][rng.usize(0..2)],
            from: rng.u64(0..4),
            to: rng.u64(0..4),
        },
    }
}

/// Ids from a small range, so that they meet; now and then another request under an id that was used.
fn command(rng: &mut Rng) -> Command {
    let id = CommandId::new(Uuid::from_u128(rng.u128(0..90)));
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let context = Context {
        principal: "tester".to_owned(),
        correlation_id: Uuid::from_u128(7),
        causation_id: rng.bool().then(|| Uuid::from_u128(8)),
        occurred_at: now,
    };
    let fingerprint = Fingerprint::of(&[&[rng.u8(0..2)]]);
    let product_id = ProductId::new(Uuid::from_u128(rng.u128(1..4)));
    let pool_id = CouponPoolId::new(Uuid::from_u128(rng.u128(1..3)));
    let order_id = OrderId::new(Uuid::from_u128(rng.u128(1..9)));
    let user_id = ["ann", "bob", "cid"][rng.usize(0..3)].parse().unwrap();
    let quantity = Quantity::new(rng.u32(1..4)).unwrap();
    let make = Made {
        id,
        fingerprint,
        context,
    };
    let command = match rng.u8(0..9) {
        0 => make.of(ChangeProduct {
            product_id,
            command: create(),
        }),
        1 => make.of(ChangeProduct {
            product_id,
            command: ProductCommand::PutOnSale,
        }),
        2..=3 => make.of(ReceiveStock {
            product_id,
            warehouse: ["busan", "seoul"][rng.usize(0..2)].parse().unwrap(),
            quantity,
        }),
        4 => make.of(CreateCouponPool {
            pool_id,
            name: "spring".to_owned(),
            quantity: 2,
            discount: DiscountRule::Percent {
                percent: 10,
                max_amount: None,
            },
            valid_from: now - TimeDelta::days(1),
            valid_until: now + TimeDelta::days(1),
        }),
        5 => make.of(ClaimCoupon {
            pool_id,
            user_id,
            now,
        }),
        6 => make.of(CancelOrder {
            order_id,
            by: AskedBy::User(user_id),
            reason: "no".to_owned(),
            refund_id: RefundId::new(Uuid::from_u128(3)),
        }),
        _ => make.of(PlaceOrder {
            order_id,
            user_id,
            items: vec![OrderItem {
                order_item_id: OrderItemId::new(Uuid::from_u128(rng.u128(..))),
                product_id,
                quantity,
            }],
            coupon: None,
            now,
            payment_due_at: now + TimeDelta::minutes(15),
        }),
    };
    if rng.u8(0..4) == 0 {
        let lease = LEASES[rng.usize(0..2)].to_owned();
        let epoch = rng.u64(1..4);
        return command.fenced_by(Fence { lease, epoch });
    }
    command
}

struct Made {
    id: CommandId,
    fingerprint: Fingerprint,
    context: Context,
}

impl Made {
    fn of(self, operation: impl Operation + 'static) -> Command {
        Command::new(self.id, self.fingerprint, operation, self.context)
    }
}

fn create() -> ProductCommand {
    ProductCommand::Create {
        details: ProductDetails {
            name: "A kettle".to_owned(),
            category: "kitchen".to_owned(),
            brand: "Acme".to_owned(),
            description: None,
            images: vec![],
        },
        price: Money::new(100, Currency::Krw).unwrap(),
    }
}

#[tokio::test]
async fn the_log_in_memory_says_what_postgres_says() {
    let mut verdicts = String::new();
    for seed in 0..SEEDS {
        let database = TestDatabase::create().await;
        let pool = database.app_pool().await;
        let options = database.app_options();
        let real = Postgres {
            connection: PgConnection::connect_with(&options).await.unwrap(),
            pool: pool.clone(),
            caution: Caution::default(),
            types: aggregate_types(),
            leases: Vec::new(),
        };
        let mut real = Side::new(Store::Postgres(Box::new(real)));
        let log = Box::<Log>::default();
        let mut simulated = Side::new(Store::Memory { log, now_us: 0 });
        let mut rng = Rng::with_seed(seed);
        for number in 0..STEPS {
            let step = step(&mut rng);
            let (one, other) = (simulated.does(&step).await, real.does(&step).await);
            assert_eq!(one, other, "seed {seed}, step {number}");
            verdicts.push_str(&one);
        }
        compare_answers(&mut simulated, &mut real);
        compare_logs(&simulated, &pool).await;
        database.drop_now().await;
    }
    // A contract about verdicts that never came would be none.
    for verdict in [
        "Written",
        "Duplicate(Some",
        "Duplicate(None",
        "Conflict",
        "Fenced",
    ] {
        assert!(verdicts.contains(verdict), "{verdict} was never said");
    }
}

fn compare_answers(simulated: &mut Side, real: &mut Side) {
    let answers = simulated.answers.iter_mut().zip(&mut real.answers);
    for (one, other) in answers {
        let (one, other) = (one.try_recv(), other.try_recv());
        let [one, other] = [one, other].map(|answer| {
            answer.map(|outcome| {
                outcome.map(|outcome| Outcome {
                    recorded_at: DateTime::UNIX_EPOCH,
                    ..outcome
                })
            })
        });
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
}

/// A verdict without the moment, of which each side has its own.
fn timeless(verdict: &Verdict) -> Verdict {
    let still = |outcome: &Outcome| Outcome {
        recorded_at: DateTime::UNIX_EPOCH,
        ..outcome.clone()
    };
    match verdict {
        Verdict::Written(outcome) => Verdict::Written(still(outcome)),
        Verdict::Duplicate(outcome) => Verdict::Duplicate(outcome.as_ref().map(still)),
        Verdict::Conflict => Verdict::Conflict,
        Verdict::Fenced => Verdict::Fenced,
    }
}

async fn compare_logs(simulated: &Side, pool: &PgPool) {
    let Store::Memory { log, .. } = &simulated.store else {
        return;
    };
    let stop = CancellationToken::new();
    let config = StoreConfig::default();
    let real = EventLog::open(pool.clone(), &config, stop.clone());
    let real = real.await.unwrap();
    assert_eq!(log.head(), real.head().await.unwrap());
    for after in [0, 3, log.head()] {
        let stripped = |events: Vec<Arc<event_store::RecordedEvent>>| -> Vec<_> {
            let events = events.into_iter().map(|event| {
                let mut event = (*event).clone();
                event.recorded_at = DateTime::UNIX_EPOCH;
                event
            });
            events.collect()
        };
        let (one, other) = (log.read(after, 50), real.read(after, 50).await.unwrap());
        assert_eq!(stripped(one), stripped(other), "after {after}");
    }
    stop.cancel();
}
