//! The writers: this test's own program, started again, so that a `kill -9` is one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use domain::ProductId;
use event_store::{CommandId, EventStore, StoreConfig};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::naive;
use crate::shop::{command, command_with_id, create_product, open_store, receive};

/// Tells the program that it is a writer, and where.
const DATABASE: &str = "GAP_SAFETY_DATABASE";
/// Writers of one process: each has a store, and so a batch, of its own.
const WRITERS: usize = 6;
/// Products whose stock all of them write, and so contend for.
const PRODUCTS: u128 = 200;
/// A store's connections: one listens, one appends, one reads.
const CONNECTIONS: u32 = 3;

/// What a process was told: commands, and the positions that they reached.
type Acknowledged = Arc<Mutex<Vec<(Uuid, u64)>>>;

struct Writer {
    child: Child,
    heard: JoinHandle<()>,
    acknowledged: Acknowledged,
}

/// All processes that write.
pub(super) struct Crew {
    url: String,
    running: Vec<Writer>,
    gone: Vec<(Uuid, u64)>,
    kills: usize,
}

impl Crew {
    pub(super) fn start(url: &str, processes: usize) -> Self {
        Self {
            url: url.to_owned(),
            running: (0..processes).map(|_| Writer::start(url)).collect(),
            gone: Vec::new(),
            kills: 0,
        }
    }

    pub(super) fn all_have_written(&self) -> bool {
        let mut running = self.running.iter();
        running.all(|writer| !writer.acknowledged.lock().unwrap().is_empty())
    }

    /// `kill -9`, in the middle of whatever it does.
    pub(super) fn kill_one_and_start_another(&mut self) {
        let victim = self.running.remove(0);
        self.gone.extend(victim.kill());
        self.kills += 1;
        self.running.push(Writer::start(&self.url));
    }

    /// How many were killed, and all commands that were acknowledged.
    pub(super) fn end(mut self) -> (usize, Vec<(Uuid, u64)>) {
        for writer in self.running {
            self.gone.extend(writer.kill());
        }
        (self.kills, self.gone)
    }
}

fn product(number: u128) -> ProductId {
    ProductId::new(Uuid::from_u128(number))
}

/// Creates what the writers write to.
pub(super) async fn create_products(store: &EventStore) {
    for number in 0..PRODUCTS {
        let create = create_product(product(number));
        store.execute(command(create)).await.unwrap();
    }
}

impl Writer {
    fn start(url: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .args([
                "gap_safety::writers::write",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(DATABASE, url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let acknowledged = Acknowledged::default();
        let (said, to) = (
            BufReader::new(child.stdout.take().unwrap()),
            acknowledged.clone(),
        );
        let heard = std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let written = line
                    .strip_prefix("written ")
                    .and_then(|it| it.split_once(' '));
                if let Some((id, position)) = written {
                    let written = (id.parse().unwrap(), position.parse().unwrap());
                    to.lock().unwrap().push(written);
                }
            }
        });
        Self {
            child,
            heard,
            acknowledged,
        }
    }

    fn kill(mut self) -> Vec<(Uuid, u64)> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.heard.join().unwrap();
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}

/// Not a test: a process of writers, which goes on until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of the test beside it"]
async fn write() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    let options: PgConnectOptions = url.parse().unwrap();
    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options.clone())
            .await
            .unwrap();
        let store = open_store(pool, StoreConfig::default(), &stop).await;
        writers.spawn(async move {
            loop {
                let id = Uuid::now_v7();
                let receive = receive(product(id.as_u128() % PRODUCTS), 1);
                let command = command_with_id(CommandId::new(id), receive);
                // Contended or cut off: another is tried. What came of it is the parent's to find out.
                if let Ok(outcome) = store.execute(command).await {
                    assert_eq!(outcome.status, 200, "{}", outcome.body);
                    writeln!(std::io::stdout(), "written {id} {}", outcome.position).unwrap();
                }
            }
        });
        writers.spawn(naive::write(options.clone()));
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
}
