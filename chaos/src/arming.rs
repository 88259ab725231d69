//! Fail points: which are armed in a process that is started, and which have fired.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use failpoints::{POINTS, Place};
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};

use crate::process::Kind;

/// How many of a hundred processes are started with points armed: the others may live.
const ARMED_PERCENT: u32 = 70;
/// The same while there is a point that has ended none of its kind.
const ARMED_AT_FIRST_PERCENT: u32 = 90;
/// A point is passed up to so often before it fires, so that some work is under way.
const PASSES_MAX: u32 = 12;
/// How many of a hundred fire when they are first passed.
const AT_ONCE_PERCENT: u32 = 25;
/// Each process in which a point was armed in vain takes its part of [`PASSES_MAX`]: in this one it fires when it is
/// first passed.
const AT_ONCE_FROM: u32 = 10;
/// How many points are armed at once of those that have ended a process.
const SOME: usize = 3;
/// What a point does when it does not end the process.
const MILDER: [&str; 3] = ["error", "delay:150", "delay:1500"];

/// A point in a kind of process.
pub(crate) type Spot = (&'static str, Kind);

/// What has fired so far.
#[derive(Default)]
pub(crate) struct Arming {
    /// How often each did what.
    fired: Mutex<BTreeMap<Spot, BTreeMap<String, u64>>>,
    /// In how many processes each was armed to end it.
    armed: Mutex<BTreeMap<Spot, u32>>,
}

impl Kind {
    fn place(self) -> Option<Place> {
        match self {
            Self::CommandApi => Some(Place::CommandApi),
            Self::Processes => Some(Place::Processes),
            Self::Followers => Some(Place::Followers),
            Self::ReadApi => Some(Place::ReadApi),
            Self::Ledgers => Some(Place::Ledgers),
            Self::Gateway => None,
        }
    }
}

impl Arming {
    /// What `FAILPOINTS` says for a process that is started now: every point that has not ended a process of
    /// its kind yet, to end it; and a few of the others, to fail or to be slow, and to end it too once every
    /// point has: a process ends once, and the points that come late in a step would never have their turn.
    pub(crate) fn choose(&self, kind: Kind, random: &mut StdRng) -> Option<String> {
        let points = points_of(kind);
        if points.is_empty() {
            return None;
        }
        let (tried, untried): (Vec<&str>, Vec<&str>) = {
            let fired = self.fired.lock().unwrap_or_else(PoisonError::into_inner);
            let aborted = |name| {
                fired
                    .get(&(name, kind))
                    .is_some_and(|did| did.contains_key("abort"))
            };
            points.iter().partition(|name| aborted(*name))
        };
        let all_have_ended_one = untried.is_empty();
        let percent = if all_have_ended_one {
            ARMED_PERCENT
        } else {
            ARMED_AT_FIRST_PERCENT
        };
        if !random.random_ratio(percent, 100) {
            return None;
        }
        let mut armed_so_far = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chosen: Vec<String> = untried
            .into_iter()
            .map(|name| {
                let times = armed_so_far.entry((name, kind)).or_default();
                let left = AT_ONCE_FROM.saturating_sub(*times);
                *times += 1;
                armed(name, "abort", PASSES_MAX * left / AT_ONCE_FROM, random)
            })
            .collect();
        for name in tried.into_iter().choose_multiple(random, SOME) {
            let ends = all_have_ended_one && random.random_ratio(1, 3);
            let action = if ends { None } else { MILDER.choose(random) };
            let action = action.copied().unwrap_or("abort");
            chosen.push(armed(name, action, PASSES_MAX, random));
        }
        Some(chosen.join(";"))
    }

    /// Takes in what a process that has ended noted; whether its last act was to end itself.
    pub(crate) fn collect(&self, kind: Kind, file: &Path) -> bool {
        let noted = std::fs::read_to_string(file).unwrap_or_default();
        // It will be another process's file; one that is not there has nothing in it.
        let _ = std::fs::remove_file(file);
        let mut fired = self.fired.lock().unwrap_or_else(PoisonError::into_inner);
        let mut aborted = false;
        for (name, action) in noted.lines().filter_map(|line| line.split_once(' ')) {
            let Some(point) = POINTS.iter().find(|point| point.name == name) else {
                continue;
            };
            let action = action.split(':').next().unwrap_or_default();
            aborted = action == "abort";
            let did = fired.entry((point.name, kind)).or_default();
            *did.entry(action.to_owned()).or_default() += 1;
        }
        aborted
    }

    /// Every point in every kind of process that passes it, and how often it did what.
    pub(crate) fn table(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let fired = self.fired.lock().unwrap_or_else(PoisonError::into_inner);
        let spots = every_spot().into_iter();
        let rows = spots.map(|(name, kind)| {
            let did = fired.get(&(name, kind)).cloned().unwrap_or_default();
            (format!("{name} in {}", kind.name()), did)
        });
        rows.collect()
    }
}

/// The variables that arm a process.
pub(crate) fn variables(points: Option<String>, fired: &Path) -> Vec<(&'static str, String)> {
    let mut variables = vec![("FAILPOINTS_FIRED", fired.display().to_string())];
    variables.extend(points.map(|points| ("FAILPOINTS", points)));
    variables
}

/// Fires after fewer passes than so many.
fn armed(name: &str, action: &str, passes_max: u32, random: &mut StdRng) -> String {
    // Some are passed once in a life.
    let fires_at_once = random.random_ratio(AT_ONCE_PERCENT, 100);
    match random.random_range(0..passes_max.max(1)) {
        passes if fires_at_once || passes == 0 => format!("{name}=1*return({action})"),
        passes => format!("{name}={passes}*off->1*return({action})"),
    }
}

fn points_of(kind: Kind) -> Vec<&'static str> {
    let passes = |places: &[Place]| kind.place().is_some_and(|place| places.contains(&place));
    let points = POINTS.iter().filter(|point| passes(point.places));
    points.map(|point| point.name).collect()
}

fn every_spot() -> BTreeSet<Spot> {
    let kinds = [
        Kind::CommandApi,
        Kind::Processes,
        Kind::Followers,
        Kind::ReadApi,
        Kind::Ledgers,
    ];
    kinds
        .into_iter()
        .flat_map(|kind| points_of(kind).into_iter().map(move |name| (name, kind)))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_point_that_has_ended_a_process_is_armed_to_end_no_other_before_all_have() {
        let arming = Arming::default();
        let mut random = StdRng::seed_from_u64(1);
        let points = points_of(Kind::Processes);
        let (last, ended) = points.split_last().expect("there are points");
        let note = |names: &[&'static str]| {
            let mut fired = arming.fired.lock().expect("nobody panicked");
            for name in names {
                let did = fired.entry((name, Kind::Processes)).or_default();
                did.insert("abort".to_owned(), 1);
            }
        };
        let mut armed_to_end = || {
            let mut choose = || arming.choose(Kind::Processes, &mut random);
            let armed = std::iter::repeat_with(&mut choose).flatten().take(100);
            let points: Vec<String> = armed
                .flat_map(|points| points.split(';').map(str::to_owned).collect::<Vec<_>>())
                .collect();
            let (mild, ends): (Vec<_>, Vec<_>) =
                points.into_iter().partition(|it| !it.ends_with("(abort)"));
            assert!(mild.len() > 100, "{} only fail or are slow", mild.len());
            ends
        };

        note(ended);
        let ends = armed_to_end();
        assert_eq!(ends.len(), 100);
        assert!(
            ends.iter().all(|it| it.starts_with(&format!("{last}="))),
            "{ends:?}"
        );

        note(&[*last]);
        assert!(!armed_to_end().is_empty());
    }

    /// After how many passes a point fires in each of the first processes in which it is armed, in several runs.
    #[test]
    fn a_point_that_was_armed_in_vain_fires_sooner_and_at_last_when_it_is_first_passed() {
        const NAME: &str = "payment-vault.account.wipe.after";
        let mut random = StdRng::seed_from_u64(1);
        let mut latest = [0; 12];
        for _ in 0..200 {
            let arming = Arming::default();
            for latest in &mut latest {
                let mut choose = || arming.choose(Kind::CommandApi, &mut random);
                let points = std::iter::repeat_with(&mut choose).flatten().next();
                let points = points.expect("it is armed in time");
                let mut points = points.split(';').filter_map(|point| point.split_once('='));
                let (_, when) = points.find(|(name, _)| *name == NAME).expect("untried");
                let passes = when.split_once("*off->").map(|(passes, _)| passes);
                *latest = passes
                    .map_or(0, |passes| passes.parse().expect("a number"))
                    .max(*latest);
            }
        }
        assert_eq!(latest, [11, 9, 8, 7, 6, 5, 3, 2, 1, 0, 0, 0]);
    }
}
