//! From a long story that fails to a short one: faults and deeds are left out as long as the same thing goes wrong.

use std::collections::BTreeSet;

use crate::run::{Options, Report, run};

/// Worlds that may be tried to make a story shorter.
const TRIES_MAX: usize = 1_500;

/// A shorter story of the same failure, and how it is told again.
#[must_use]
pub fn shrink(report: &Report, options: &Options) -> (Options, Report) {
    let mut shrinking = Shrinking {
        seed: report.seed,
        what: report.failure.as_ref().map(|failure| failure.what.clone()),
        options: options.clone(),
        best: report.clone(),
        tries: 0,
    };
    shrinking.options.tells = false;
    let faults: BTreeSet<_> = report.faults.iter().copied().collect();
    let deeds: BTreeSet<_> = report.deeds.iter().copied().collect();
    shrinking.options.kept_deeds = Some(deeds.clone());
    shrinking.options.kept_faults = Some(faults);
    if !shrinking.still_fails(shrinking.options.clone()) {
        // Its end came differently: then it is told as it was.
        let told = Options {
            tells: true,
            ..options.clone()
        };
        let report = run(report.seed, &told);
        return (told, report);
    }
    loop {
        let before = shrinking.best.faults.len() + shrinking.best.deeds.len();
        shrinking.faults();
        shrinking.deeds();
        let after = shrinking.best.faults.len() + shrinking.best.deeds.len();
        if after >= before || shrinking.tries >= TRIES_MAX {
            break;
        }
    }
    let told = Options {
        tells: true,
        ..shrinking.options
    };
    let report = run(shrinking.seed, &told);
    (told, report)
}

struct Shrinking {
    seed: u64,
    what: Option<String>,
    options: Options,
    best: Report,
    tries: usize,
}

impl Shrinking {
    fn still_fails(&mut self, options: Options) -> bool {
        self.tries += 1;
        let report = run(self.seed, &options);
        let what = report.failure.as_ref().map(|failure| &failure.what);
        let same = what.is_some() && what == self.what.as_ref();
        if same {
            self.options = options;
            self.best = report;
        }
        same
    }

    fn faults(&mut self) {
        let mut size = self.best.faults.len().div_ceil(2);
        while size > 0 && self.tries < TRIES_MAX {
            let mut from = 0;
            while from < self.best.faults.len() && self.tries < TRIES_MAX {
                let mut kept = self.best.faults.clone();
                let to = (from + size).min(kept.len());
                kept.drain(from..to);
                let options = Options {
                    kept_faults: Some(kept.into_iter().collect()),
                    ..self.options.clone()
                };
                if !self.still_fails(options) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn deeds(&mut self) {
        let mut size = self.best.deeds.len().div_ceil(2);
        while size > 0 && self.tries < TRIES_MAX {
            let mut from = 0;
            while from < self.best.deeds.len() && self.tries < TRIES_MAX {
                let mut kept = self.best.deeds.clone();
                let to = (from + size).min(kept.len());
                kept.drain(from..to);
                let options = Options {
                    kept_deeds: Some(kept.into_iter().collect()),
                    ..self.options.clone()
                };
                if !self.still_fails(options) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }
}
