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

    /// Something of the invariant could not be looked at; what is broken stays so.
    pub(super) fn not_checked(&mut self, invariant: Invariant, why: String) {
        match self.verdicts.get_mut(&invariant) {
            Some(Verdict::Broken(..)) => self.note_not_checked(invariant, &why),
            Some(Verdict::NotChecked(before)) => *before = format!("{before}; {why}"),
            Some(Verdict::Holds(_)) | None => {
                self.verdicts.insert(invariant, Verdict::NotChecked(why));
            }
        }
    }

    /// Adds violations; whatever was said of the invariant before.
    pub(super) fn broken(
        &mut self,
        invariant: Invariant,
        count: u64,
        evidence: impl IntoIterator<Item = String>,
    ) {
        if let Some(Verdict::Broken(before, all)) = self.verdicts.get_mut(&invariant) {
            *before += count;
            all.extend(evidence);
            return;
        }
        let broken = Verdict::Broken(count, evidence.into_iter().collect());
        if let Some(Verdict::NotChecked(why)) = self.verdicts.insert(invariant, broken) {
            self.note_not_checked(invariant, &why);
        }
    }

    fn note_not_checked(&mut self, invariant: Invariant, why: &str) {
        self.note(format!("{}: not checked: {why}", invariant.name()));
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Invariant = Invariant::Projections;

    #[test]
    fn what_could_not_be_looked_at_stays_so_whatever_else_holds() {
        let mut report = Report::default();
        report.not_checked(ONE, "the one is away".to_owned());
        report.not_checked(ONE, "the other too".to_owned());
        report.holds(ONE, "all".to_owned());
        assert!(report.is_partial() && !report.is_broken());
        let why = "NotChecked(\"the one is away; the other too\")";
        assert_eq!(format!("{:?}", report.verdicts[&ONE]), why);
    }

    #[test]
    fn what_is_broken_is_so_and_what_could_not_be_looked_at_is_a_note() {
        for broken_first in [true, false] {
            let mut report = Report::default();
            report.holds(ONE, "all".to_owned());
            if broken_first {
                report.broken(ONE, 1, ["red".to_owned()]);
            }
            report.not_checked(ONE, "away".to_owned());
            report.broken(ONE, 2, ["redder".to_owned()]);
            assert!(report.is_broken() && !report.is_partial());
            let count = if broken_first { 3 } else { 2 };
            assert!(matches!(&report.verdicts[&ONE], Verdict::Broken(n, _) if *n == count));
            assert_eq!(report.notes, ["projections: not checked: away"]);
        }
    }
}
