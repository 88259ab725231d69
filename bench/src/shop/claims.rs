//! Coupon claims: each of a buyer of their own, durable when answered, beside the gate's script alone in
//! Redis, whose append-only file is flushed every second.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;

use super::commands::CONCURRENT;
use super::flash_sale::show_tokens;
use super::requests::{claim_coupon, create_pool};
use super::server::CommandServer;
use crate::error::BenchError;
use crate::measure::{Done, Figures, Load, Meter, Percentiles};
use crate::registry::Contestant;
use crate::run::{Bench, Form};

const CREATED: u16 = 201;
/// The script, as the gate has it.
const SCRIPT: &str = include_str!("../../../command-api/src/coupon_gate/claim.lua");
/// Coupons of the pool: nobody is to be refused.
const COUPONS: u32 = 1_000_000;
/// Claims a second that there are buyers for.
const BUYERS_PER_SECOND: u64 = 30_000;
/// Scripts a second that Redis is asked for.
const SCRIPTS_PER_SECOND: u64 = 60_000;

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    match contestant {
        Contestant::RedisScript => redis(bench).await,
        _ => claims(bench, contestant).await,
    }
}

async fn claims(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    let server = CommandServer::start(bench.server.migrated().await?).await?;
    let pool = create_pool(&server.operator, COUPONS);
    let pool = server.call(&pool).await?.expect(CREATED)?.id()?;
    let buyers = match bench.form {
        Form::Smoke => 200,
        Form::Short | Form::Full => BUYERS_PER_SECOND * bench.window.as_secs(),
    };
    let mut tokens = Vec::new();
    for number in 0..buyers {
        tokens.push(server.identity.buyer(number)?);
    }
    if contestant == Contestant::ClaimSeen {
        show_tokens(&server, &tokens).await?;
    }
    bench.server.settle().await?;
    let shared = Arc::new((server, tokens, pool));
    let load = Load {
        workers: CONCURRENT,
        window: bench.window,
        commands_max: buyers,
    };
    let crowd = Arc::clone(&shared);
    let sample = load
        .run(move |turn| {
            let crowd = Arc::clone(&crowd);
            async move {
                let (server, tokens, pool) = &*crowd;
                let index = usize::try_from(turn.number).unwrap_or_default();
                let token = tokens.get(index).map_or("", String::as_str);
                server
                    .call(&claim_coupon(token, pool))
                    .await?
                    .expect(CREATED)?;
                Ok(Done::AT_ONCE)
            }
        })
        .await?;
    let figures = sample.figures().with_client_share();
    let (server, ..) = Arc::into_inner(shared)
        .ok_or_else(|| BenchError::Value("the load has not ended".to_owned()))?;
    let database = server.stop().await?;
    let rows = database
        .count("event_store.events WHERE event_type = 'CouponIssued'")
        .await?;
    if rows != figures.acknowledged {
        return Err(BenchError::LostOrDoubled {
            who: contestant.name().to_owned(),
            acknowledged: figures.acknowledged,
            rows,
        });
    }
    bench.server.drop_database(database).await?;
    Ok(figures)
}

/// Redis's own tool runs the script, each time for another buyer and another command.
async fn redis(bench: &Bench) -> Result<Figures, BenchError> {
    let url = std::env::var("TEST_REDIS_URL")
        .map_err(|_| BenchError::Environment("TEST_REDIS_URL is not set".to_owned()))?;
    let scripts = match bench.form {
        Form::Smoke => 2_000,
        Form::Short | Form::Full => SCRIPTS_PER_SECOND * bench.window.as_secs(),
    };
    let pool = uuid::Uuid::now_v7();
    let keys = [
        format!("user:coupon:{pool}"),
        format!("coupon:{pool}:count"),
        format!("coupon:{pool}:pending"),
        format!("coupon:{pool}:refusals"),
    ];
    let cli = |arguments: &[&str]| {
        let mut command = Command::new("redis-cli");
        command.args(["-u", &url]).args(arguments);
        command
    };
    let policy = said(cli(&["CONFIG", "GET", "appendfsync"])).await?;
    if !policy.contains("everysec") {
        return Err(BenchError::NotDurable {
            setting: "Redis's appendfsync".to_owned(),
            value: policy,
        });
    }
    let coupons = scripts.to_string();
    said(cli(&["SET", &keys[1], &coupons, "EX", "3600"])).await?;
    let sha = said(cli(&["SCRIPT", "LOAD", SCRIPT])).await?;
    let (host, port) = host_and_port(&url)?;
    let mut command = Command::new("redis-benchmark");
    command.args(["-h", &host, "-p", &port, "--csv", "-r", "999999999999"]);
    command.args(["-c", &CONCURRENT.to_string(), "-n", &coupons]);
    command.args(["EVALSHA", sha.trim(), "4"]).args(&keys);
    let now = chrono::Utc::now().timestamp_millis().to_string();
    command.args(["buyer-__rand_int__", &now, "15000"]);
    command.args([
        "019b0000-0000-7000-8000-__rand_int__",
        "{}",
        "",
        "60000",
        "1000",
    ]);
    let meter = Meter::start()?;
    let text = said(command).await?;
    let usage = meter.stop()?;
    let left: u64 = said(cli(&["GET", &keys[1]]))
        .await?
        .trim()
        .parse()
        .unwrap_or(scripts);
    let members: u64 = said(cli(&["SCARD", &keys[0]]))
        .await?
        .trim()
        .parse()
        .unwrap_or(0);
    let delete: Vec<&str> = ["DEL"]
        .into_iter()
        .chain(keys.iter().map(String::as_str))
        .collect();
    said(cli(&delete)).await?;
    // A buyer drawn twice is let through again: members and coupons that are gone still agree.
    if members == 0 || members + left != scripts {
        return Err(BenchError::LostOrDoubled {
            who: "the gate's script".to_owned(),
            acknowledged: scripts - left,
            rows: members,
        });
    }
    let mut figures = parse(&text)?;
    figures.acknowledged = scripts;
    figures.usage = Some(usage);
    Ok(figures)
}

/// `"EVALSHA …","79300.00","0.7","0.2","0.6","1.1","1.5","3.0"`: requests a second, then mean, least,
/// p50, p95, p99 and most in milliseconds.
fn parse(csv: &str) -> Result<Figures, BenchError> {
    let bad = || BenchError::Peer {
        who: "redis-benchmark".to_owned(),
        said: csv.to_owned(),
    };
    let line = csv.lines().last().ok_or_else(bad)?;
    let fields: Vec<f64> = line
        .rsplit("\",\"")
        .take(7)
        .filter_map(|field| field.trim_matches('"').parse().ok())
        .collect();
    let [_, p99, p95, p50, _, _, per_second] = fields.as_slice() else {
        return Err(bad());
    };
    Ok(Figures {
        per_second: *per_second,
        latency: Some(Percentiles {
            p50: *p50,
            p95: *p95,
            p99: *p99,
        }),
        ..Figures::default()
    })
}

async fn said(mut command: Command) -> Result<String, BenchError> {
    /// A run of Redis's tool is bounded by its number of requests.
    const LIMIT: Duration = Duration::from_secs(120);
    command.kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await;
    let output =
        output.map_err(|_| BenchError::Environment("Redis did not answer".to_owned()))??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && !text.starts_with("ERR") {
        return Ok(text);
    }
    Err(BenchError::Peer {
        who: "Redis".to_owned(),
        said: text,
    })
}

fn host_and_port(url: &str) -> Result<(String, String), BenchError> {
    let rest = url.trim_start_matches("redis://").trim_end_matches('/');
    let (host, port) = rest
        .rsplit_once(':')
        .ok_or_else(|| BenchError::Environment("TEST_REDIS_URL has no port".to_owned()))?;
    let port = port.split('/').next().unwrap_or_default();
    Ok((host.to_owned(), port.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_line_is_read() {
        let csv = "\"test\",\"rps\",\"avg_latency_ms\"\n\"EVALSHA a 4 {b}\",\"79300.25\",\"0.7\",\"0.2\",\"0.6\",\"1.1\",\"1.5\",\"3.0\"\n";
        let figures = parse(csv).unwrap();
        let latency = figures.latency.unwrap();
        assert!((figures.per_second - 79_300.25).abs() < 0.01);
        assert!((latency.p99 - 1.5).abs() < 0.01 && (latency.p50 - 0.6).abs() < 0.01);
    }
}
