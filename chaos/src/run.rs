//! A run from beginning to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::arming::Arming;
use crate::checks;
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::faults::{self, Field};
use crate::journal::{JOURNAL, Journal};
use crate::keepsake;
use crate::output::{is_terminal, progress, say};
use crate::proxy::Proxy;
use crate::report::Report;
use crate::servers::Servers;
use crate::shop::Shop;
use crate::shoppers::{Crowd, Wire};

/// How often the line of progress changes on a terminal, and comes again elsewhere.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
const PROGRESS_LINES_INTERVAL: Duration = Duration::from_secs(15);
/// How long everything may take until it is ready again when the faults are over.
const READY_PATIENCE: Duration = Duration::from_secs(60);

/// Makes a run; whether everything held.
pub(crate) async fn run(args: Args) -> Result<bool, ChaosError> {
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let folder = folder(&args, seed)?;
    say(format_args!(
        "seed {seed}; everything is kept in {}",
        folder.display()
    ));
    let chronicle = Arc::new(Chronicle::create(&folder.join("chronicle.jsonl"))?);
    let journal = Journal::create(&folder.join(JOURNAL))?;
    let servers = Servers::new(&args)?;
    // The faults end first, then the shoppers, then the processes.
    let (calm, closing) = (CancellationToken::new(), CancellationToken::new());
    let proxy = Proxy::start(servers.postgres_address(), Arc::clone(&chronicle)).await?;
    let arming = Arc::<Arming>::default();
    let watchers = (&chronicle, &arming);
    let shop = Shop::open(&args, seed, &servers, proxy.port, &folder, watchers, &calm).await?;
    let shop = Arc::new(shop);
    let crowd = Crowd::enter(
        &shop,
        journal.clone(),
        Arc::clone(&chronicle),
        seed,
        args.shoppers,
        &closing,
    );
    let crowd = crowd.await?;
    let field = Field {
        shop: Arc::clone(&shop),
        servers: servers.clone(),
        pool: servers.owner_pool(),
        proxy,
        rate: args.rate,
        chronicle: Arc::clone(&chronicle),
    };
    let raging = faults::rage(field, seed, calm.clone());
    let watching = async {
        watch(&args, &chronicle, &crowd.wire, calm.clone()).await;
        Ok(())
    };
    // A fault that cannot be injected any more ends the run: its rest would prove less than it says.
    tokio::try_join!(raging, watching)?;
    say("quiet: the faults are over, the shoppers finish");
    shop.wait_until_ready(READY_PATIENCE).await?;
    closing.cancel();
    let wire = Arc::clone(&crowd.wire);
    crowd.leave().await?;
    chronicle.add("attempts", wire.attempts.load(Ordering::Relaxed));
    let mut report = Report::of(&chronicle, &args, seed);
    report.checks = checks::make(&shop, &servers, &journal, &wire).await?;
    report.fail_points = arming.table();
    report.checks.push(Report::recoveries(&chronicle));
    report.checks.extend(report.reading());
    report.checks.push(report.lives());
    report.checks.extend(report.coverage());
    if let Ok(shop) = Arc::try_unwrap(shop).map_err(drop) {
        shop.close().await;
    }
    report
        .checks
        .push(Report::endings(&chronicle, Shop::process_count()));
    report.write(&folder.join("report.json"))?;
    report.show(&folder);
    if !report.holds() {
        keepsake::keep(&servers.owner_pool(), &folder).await?;
    }
    Ok(report.holds())
}

fn folder(args: &Args, seed: u64) -> Result<PathBuf, ChaosError> {
    let name = format!("{}-{seed}", chrono::Utc::now().format("%Y%m%d-%H%M%S"));
    let folder = args.runs.join(name);
    std::fs::create_dir_all(&folder).map_err(ChaosError::file(&folder))?;
    Ok(folder)
}

/// Shows how it goes, and ends the faults when the time is over.
async fn watch(args: &Args, chronicle: &Chronicle, wire: &Wire, calm: CancellationToken) {
    let (started, limit) = (Instant::now(), args.duration());
    let interval = if is_terminal() {
        PROGRESS_INTERVAL
    } else {
        PROGRESS_LINES_INTERVAL
    };
    while started.elapsed() < limit {
        let line = line(chronicle, wire, limit.saturating_sub(started.elapsed()));
        if is_terminal() {
            progress(line);
        } else {
            say(line);
        }
        tokio::time::sleep(interval.min(limit.saturating_sub(started.elapsed()))).await;
    }
    calm.cancel();
}

fn line(chronicle: &Chronicle, wire: &Wire, left: Duration) -> String {
    let sum = |prefix: &str| chronicle.counts(prefix).values().sum::<u64>();
    format!(
        "{} s to go: {} orders, {} requests, {} lost, {} kills, {} other faults",
        left.as_secs(),
        chronicle.count("orders"),
        wire.attempts.load(Ordering::Relaxed),
        chronicle.count("lost"),
        sum("kill:"),
        sum("fault:"),
    )
}
