//! Processor time, from `/proc`: ours and our children's, PostgreSQL's, and what anybody else took
//! meanwhile. Throughput on a shared machine is noise; the processor time of a command much less so.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// The kernel's unit in `/proc`: `getconf CLK_TCK` has been 100 on every Linux of the last twenty years.
const TICKS_PER_SECOND: f64 = 100.0;
/// The script of `./dev` that names PostgreSQL's process.
const POSTGRES_CONTROL: &str = "TEST_POSTGRES_CONTROL";
/// Those of the other servers.
const OTHER_CONTROLS: [&str; 2] = ["TEST_REDIS_CONTROL", "TEST_KAFKA_CONTROL"];

/// What a stretch of time cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Ours and our children's.
    pub(crate) own: Duration,
    /// Of that, this process's: the client, where the contestant is another process.
    pub(crate) client: Duration,
    /// PostgreSQL's.
    pub(crate) postgres: Duration,
    /// Processors that somebody else kept busy, on average.
    pub(crate) others: f64,
}

/// Looks at the clocks when a stretch begins.
#[derive(Debug)]
pub(crate) struct Meter {
    servers: Servers,
    began: Instant,
    before: Ticks,
}

/// The servers' first processes.
#[derive(Clone, Debug, Default)]
struct Servers {
    postgres: Option<u32>,
    others: Vec<u32>,
}

impl Meter {
    pub(crate) fn start() -> Result<Self, BenchError> {
        // Asked every time, since a server may have been restarted, and before anything is counted.
        let servers = Servers::look_up();
        Ok(Self {
            before: Ticks::now(&servers)?,
            began: Instant::now(),
            servers,
        })
    }

    pub(crate) fn stop(self) -> Result<Usage, BenchError> {
        let elapsed = self.began.elapsed().as_secs_f64();
        let after = Ticks::now(&self.servers)?;
        let spent = |of: fn(&Ticks) -> u64| of(&after).saturating_sub(of(&self.before));
        let (own, postgres) = (spent(|t| t.own), spent(|t| t.postgres));
        let known = own + postgres + spent(|t| t.other_servers);
        let others = spent(|t| t.busy).saturating_sub(known);
        Ok(Usage {
            own: to_duration(own),
            client: to_duration(spent(|t| t.client)),
            postgres: to_duration(postgres),
            others: if elapsed > 0.0 {
                to_duration(others).as_secs_f64() / elapsed
            } else {
                0.0
            },
        })
    }
}

/// Everything in the kernel's ticks since something began.
#[derive(Debug)]
struct Ticks {
    own: u64,
    client: u64,
    postgres: u64,
    other_servers: u64,
    busy: u64,
}

impl Ticks {
    fn now(servers: &Servers) -> Result<Self, BenchError> {
        let processes = processes()?;
        let of = |roots: &[u32]| roots.iter().map(|root| of_tree(&processes, *root)).sum();
        Ok(Self {
            own: of(&[std::process::id()]),
            client: processes
                .get(&std::process::id())
                .map_or(0, |process| process.alone),
            postgres: of(servers.postgres.as_slice()),
            other_servers: of(&servers.others),
            busy: busy_ticks(&std::fs::read_to_string("/proc/stat")?)?,
        })
    }
}

impl Servers {
    /// A server that cannot be found counts as somebody else.
    fn look_up() -> Self {
        Self {
            postgres: pid_of(POSTGRES_CONTROL),
            others: OTHER_CONTROLS.into_iter().filter_map(pid_of).collect(),
        }
    }
}

fn pid_of(control: &str) -> Option<u32> {
    let control = std::env::var_os(control)?;
    let output = Command::new(control).arg("pid").output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

struct Process {
    parent: u32,
    /// Its own.
    alone: u64,
    /// Its own and its reaped children's.
    ticks: u64,
}

fn processes() -> Result<HashMap<u32, Process>, BenchError> {
    let mut processes = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // It may have ended since the folder was listed.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
            continue;
        };
        if let Some(process) = parse_stat(&stat) {
            processes.insert(pid, process);
        }
    }
    Ok(processes)
}

/// `pid (name) state ppid …`; the name may hold spaces and brackets. Fields 14 to 17 are the times.
fn parse_stat(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        alone: number(11)? + number(12)?,
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
    })
}

fn of_tree(processes: &HashMap<u32, Process>, root: u32) -> u64 {
    processes
        .iter()
        .filter(|(pid, _)| descends(processes, **pid, root))
        .map(|(_, process)| process.ticks)
        .sum()
}

fn descends(processes: &HashMap<u32, Process>, pid: u32, root: u32) -> bool {
    let mut pid = pid;
    // No tree of processes is deeper; a cycle, seen while they change, must not hold us.
    for _ in 0..64 {
        if pid == root {
            return true;
        }
        match processes.get(&pid) {
            Some(process) if process.parent != 0 => pid = process.parent,
            _ => return false,
        }
    }
    false
}

/// `cpu user nice system idle iowait irq softirq steal …`: all but idle and iowait.
fn busy_ticks(stat: &str) -> Result<u64, BenchError> {
    let fields = stat
        .lines()
        .find_map(|line| line.strip_prefix("cpu "))
        .ok_or_else(|| BenchError::Value("/proc/stat has no line for all processors".to_owned()))?;
    let numbers = fields.split_whitespace().take(8).enumerate();
    Ok(numbers
        .filter(|(index, _)| !matches!(index, 3 | 4))
        .filter_map(|(_, number)| number.parse::<u64>().ok())
        .sum())
}

fn to_duration(ticks: u64) -> Duration {
    Duration::from_secs_f64(super::to_f64(ticks) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_though_its_name_has_brackets() {
        let stat = "7 (a) b) S 3 7 7 0 -1 4194560 1 2 0 0 10 20 30 40 20 0 1 0 5";
        let process = parse_stat(stat).unwrap();
        assert_eq!((process.parent, process.alone, process.ticks), (3, 30, 100));
    }

    #[test]
    fn a_childs_time_is_the_roots_and_a_strangers_is_not() {
        let process = |parent, ticks| Process {
            parent,
            alone: ticks,
            ticks,
        };
        let processes = HashMap::from([
            (1, process(0, 1_000)),
            (10, process(1, 5)),
            (11, process(10, 7)),
            (12, process(1, 100)),
        ]);
        assert_eq!(of_tree(&processes, 10), 12);
    }

    #[test]
    fn waiting_is_not_busy() {
        let stat = "cpu  1 2 4 8000 9000 8 16 32 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(busy_ticks(stat).unwrap(), 63);
    }

    #[test]
    fn work_of_our_own_is_seen_as_ours() {
        let meter = Meter::start().unwrap();
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until {
            std::hint::black_box(fingerprint());
        }
        assert!(meter.stop().unwrap().own >= Duration::from_millis(50));
    }

    fn fingerprint() -> u64 {
        (0..1_000_u64).fold(0, |sum, number| sum ^ number.wrapping_mul(31))
    }
}
