//! The command line, and what it says.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::campaign::{SEEDS_PER_FAULT, Summary, campaign};
use crate::deeds::FAULTS_WANTED;
use crate::fault::{Fault, Kind};
use crate::plant::Plant;
use crate::run::{Options, Report, run};
use crate::shrink::shrink;

/// Simulates the whole shop from seeds, with faults at every boundary.
#[derive(Debug, Parser)]
#[command(name = "simulate", max_term_width = 100)]
pub struct Cli {
    /// How many seeds are run. Without it, the story of the one seed is told; without that one too, 10 000.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// The seed, or the first of them.
    #[arg(long)]
    seed: Option<u64>,
    /// How many at once; as many as there are cores.
    #[arg(long)]
    threads: Option<usize>,
    /// Only these deeds are done, by number.
    #[arg(
        long,
        value_delimiter = ',',
        requires = "seed",
        conflicts_with = "seeds"
    )]
    deeds: Option<Vec<usize>>,
    /// Only these faults strike, as `append-lost/1#7`; `none`: none does.
    #[arg(
        long,
        value_delimiter = ',',
        requires = "seed",
        conflicts_with = "seeds"
    )]
    faults: Option<Vec<String>>,
    /// A defect to be put in: to see that it is seen.
    #[arg(long)]
    plant: Option<Plant>,
    /// List the kinds of faults, and the plants.
    #[arg(long)]
    list: bool,
}

/// Seeds of a run that says nothing else.
const SEEDS_DEFAULT: u64 = 10_000;

impl Cli {
    /// Does what it says.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn run(self) -> io::Result<ExitCode> {
        if self.list {
            return list();
        }
        let mut options = Options {
            plant: self.plant,
            kept_deeds: self.deeds.map(|deeds| deeds.into_iter().collect()),
            ..Options::default()
        };
        if let Some(names) = self.faults {
            let faults = names.iter().filter(|name| *name != "none");
            let faults: Result<_, _> = faults.map(|name| name.parse::<Fault>()).collect();
            match faults {
                Ok(faults) => options.kept_faults = Some(faults),
                Err(error) => {
                    say(&error.to_string())?;
                    return Ok(ExitCode::from(2));
                }
            }
        }
        match (self.seeds, self.seed) {
            (None, Some(seed)) => tell(seed, options),
            (seeds, first) => {
                let cores = std::thread::available_parallelism().map_or(1, usize::from);
                let threads = self.threads.unwrap_or(cores);
                let seeds = seeds.unwrap_or(SEEDS_DEFAULT);
                run_many(first.unwrap_or(1), seeds, threads, &options)
            }
        }
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

fn list() -> io::Result<ExitCode> {
    for kind in Kind::ALL {
        say(&format!("{:<26} {}", kind.name(), kind.what()))?;
    }
    for plant in Plant::ALL {
        say(&format!("--plant {}", plant.name()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the story of one seed.
fn tell(seed: u64, mut options: Options) -> io::Result<ExitCode> {
    options.tells = true;
    let report = run(seed, &options);
    tell_story(&report)?;
    let struck = |fault: &&Fault| !report.faults.contains(*fault);
    let asked = options.kept_faults.iter().flatten();
    let never: Vec<String> = asked.filter(struck).map(ToString::to_string).collect();
    if report.failure.is_none() && !never.is_empty() {
        // A command from before a change of the program: green, it would prove nothing.
        let never = never.join(", ");
        say(&format!("FAILED these faults never struck: {never}"))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(exit_code(report.failure.is_none()))
}

fn tell_story(report: &Report) -> io::Result<()> {
    for line in &report.story {
        say(line)?;
    }
    let (faults, events, hash) = (report.faults.len(), report.events, report.hash);
    let deeds = report.deeds.len();
    say(&format!(
        "seed {}: {deeds} deeds, {faults} faults, {events} events, trace {hash:016x}",
        report.seed
    ))?;
    match &report.failure {
        None => say("every invariant holds, at every event and at rest"),
        Some(failure) => say(&format!("FAILED {failure}")),
    }
}

fn run_many(first: u64, seeds: u64, threads: usize, options: &Options) -> io::Result<ExitCode> {
    let progress = |done: u64, elapsed: Duration| {
        let speed = per_second(done, elapsed);
        // Progress that nobody sees is no reason to stop.
        let _ = say(&format!("{done} of {seeds} seeds, {speed:.0} a second"));
    };
    let summary = campaign(first, seeds, threads, options, progress);
    say(&summary_text(&summary))?;
    for report in &summary.failed {
        tell_failure(report, options)?;
    }
    let mut is_good = summary.failed.is_empty();
    let wanted = u64::try_from(FAULTS_WANTED).unwrap_or(u64::MAX);
    if is_good && summary.faults_min.is_some_and(|least| least < wanted) {
        say(&format!("FAILED a seed had fewer than {wanted} faults"))?;
        is_good = false;
    }
    let rare: Vec<&str> = summary.rare().into_iter().map(Kind::name).collect();
    if is_good && !rare.is_empty() {
        let rare = rare.join(", ");
        say(&format!(
            "FAILED these faults struck less than once in {SEEDS_PER_FAULT} seeds: {rare}"
        ))?;
        is_good = false;
    }
    Ok(exit_code(is_good))
}

/// The failure, its shortest story, and how to see it again.
fn tell_failure(report: &Report, options: &Options) -> io::Result<()> {
    if let Some(failure) = &report.failure {
        say(&format!("\nFAILED seed {}: {failure}", report.seed))?;
    }
    let (faults, deeds) = (report.faults.len(), report.deeds.len());
    say(&format!(
        "shrinking its story of {deeds} deeds and {faults} faults …\n"
    ))?;
    let (short, told) = shrink(report, options);
    tell_story(&told)?;
    let mut command = format!("./dev simulate --seed {}", report.seed);
    if let Some(deeds) = &short.kept_deeds {
        let deeds: Vec<String> = deeds.iter().map(usize::to_string).collect();
        // The option wants a number, and no plan has that many deeds.
        let deeds = if deeds.is_empty() {
            "9999".to_owned()
        } else {
            deeds.join(",")
        };
        let _ = write!(command, " --deeds {deeds}");
    }
    if let Some(faults) = &short.kept_faults {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let faults = if faults.is_empty() {
            "none".to_owned()
        } else {
            faults.join(",")
        };
        let _ = write!(command, " --faults '{faults}'");
    }
    let plant = match short.plant {
        Some(plant) => format!(" --plant {}", plant.name()),
        None => String::new(),
    };
    say(&format!("again: {command}{plant}"))?;
    say(&format!(
        "whole: ./dev simulate --seed {}{plant}",
        report.seed
    ))
}

fn summary_text(summary: &Summary) -> String {
    let mut text = String::new();
    let total = summary.faults_total();
    for kind in Kind::ALL {
        let count = summary.faults.get(kind).copied().unwrap_or(0);
        let _ = writeln!(text, "  {:<26} {count:>12}", kind.name());
    }
    let seeds = summary.seeds.max(1);
    let speed = per_second(summary.seeds, summary.elapsed);
    let hours = summary.virtual_seconds / 3_600;
    let counts = summary.counts;
    let _ = write!(
        text,
        "{} seeds in {:.0} s ({speed:.0} a second), {hours} hours of the worlds' own time\n\
         {total} faults ({} a seed, at least {}), {} requests, {} orders, {} payments\n\
         {} commands written, {} known already, {} conflicts, {} fenced; {} runners, {} actions begun, {} times a crash took back \
         what the sagas had written\n\
         {} events, and as many prefixes held against the invariants; trace {:016x}",
        summary.seeds,
        summary.elapsed.as_secs_f64(),
        total / seeds,
        summary.faults_min.unwrap_or(0),
        summary.requests,
        summary.orders,
        summary.payments,
        counts.written,
        counts.duplicates,
        counts.conflicts,
        counts.fenced,
        counts.terms,
        counts.actions,
        counts.taken_back,
        summary.events,
        summary.hash,
    );
    text
}

fn per_second(count: u64, elapsed: Duration) -> f64 {
    let count = u32::try_from(count).map_or(f64::MAX, f64::from);
    count / elapsed.as_secs_f64().max(0.001)
}

fn exit_code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
