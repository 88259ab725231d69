//! The table at the end, and the evidence below it.

use std::collections::BTreeMap;

use invariants::Invariant;

use crate::output::say;

/// What came of each invariant.
#[derive(Debug, Default)]
pub(super) struct Report {
    verdicts: BTreeMap<Invariant, Verdict>,
    notes: Vec<String>,
}

/// What came of one.
#[derive(Debug)]
enum Verdict {
    /// What was looked at.
    Holds(String),
    /// How many violations, and the first of them.
    Broken(u64, Vec<String>),
    /// Why not.
    NotChecked(String),
}

impl Report {
    pub(super) fn holds(&mut self, invariant: Invariant, looked_at: String) {
        self.verdicts
            .entry(invariant)
            .or_insert(Verdict::Holds(looked_at));
    }

    pub(super) fn not_checked(&mut self, invariant: Invariant, why: String) {
        self.verdicts
            .entry(invariant)
            .or_insert(Verdict::NotChecked(why));
    }

    /// Adds violations; whatever was said of the invariant before.
    pub(super) fn broken(
        &mut self,
        invariant: Invariant,
        count: u64,
        evidence: impl IntoIterator<Item = String>,
    ) {
        let broken = Verdict::Broken(0, Vec::new());
        let verdict = self.verdicts.entry(invariant).or_insert(broken);
        if !matches!(verdict, Verdict::Broken(..)) {
            *verdict = Verdict::Broken(0, Vec::new());
        }
        if let Verdict::Broken(before, all) = verdict {
            *before += count;
            all.extend(evidence);
        }
    }

    /// Something worth knowing that is no violation.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.verdicts
            .values()
            .any(|verdict| matches!(verdict, Verdict::Broken(..)))
    }

    /// Whether something that was asked for could not be looked at.
    pub(super) fn is_partial(&self) -> bool {
        self.verdicts
            .values()
            .any(|verdict| matches!(verdict, Verdict::NotChecked(_)))
    }

    pub(super) fn print(&self) {
        say("");
        for (invariant, verdict) in &self.verdicts {
            let (number, name) = (invariant.number(), invariant.name());
            let (word, detail) = match verdict {
                Verdict::Holds(looked_at) => ("holds", looked_at.clone()),
                Verdict::Broken(1, _) => ("BROKEN", "1 violation".to_owned()),
                Verdict::Broken(count, _) => ("BROKEN", format!("{count} violations")),
                Verdict::NotChecked(why) => ("not checked", why.clone()),
            };
            say(format_args!(
                "{number:>3}  {name:<16}  {word:<11}  {detail}"
            ));
        }
        for note in &self.notes {
            say(format_args!("note    {note}"));
        }
        for (invariant, verdict) in &self.verdicts {
            let Verdict::Broken(count, evidence) = verdict else {
                continue;
            };
            say(format_args!("\nBROKEN  {invariant}: {}", invariant.text()));
            for line in evidence {
                say(format_args!("        {line}"));
            }
            let more = count.saturating_sub(u64::try_from(evidence.len()).unwrap_or(u64::MAX));
            if more > 0 {
                say(format_args!("        and {more} more"));
            }
        }
    }
}
