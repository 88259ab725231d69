//! What `commerce verify` must have looked at.

use super::*;

/// What it says when it finds nothing.
fn said() -> String {
    let verdicts = (1..=INVARIANTS).map(|number| format!("{number:>2}  some-invariant  holds"));
    let notes = LEDGER_TABLES.map(|table| format!("    note    {table}: 7; 1000.00 KRW charged"));
    let lines: Vec<String> = verdicts.chain(notes).collect();
    lines.join("\n")
}

#[test]
fn a_proof_that_looked_at_everything_holds() {
    let check = verified(&said());
    assert!(check.holds(), "{check:?}");
}

#[test]
fn a_proof_that_compared_no_row_of_a_table_or_left_it_out_proves_nothing() {
    for table in LEDGER_TABLES {
        let of_it = format!("{table}: 7; 1000.00 KRW charged");
        for instead in [
            String::new(),
            format!("{table}: 0"),
            format!("{table} is not kept: no URL"),
            format!("{table}: not checked"),
            format!("x{of_it}"),
        ] {
            let check = verified(&said().replace(&of_it, &instead));
            assert_eq!(check.evidence, [format!("it compared no {table}")]);
        }
    }
}

#[test]
fn an_invariant_that_is_broken_not_checked_or_left_out_is_found() {
    for verdict in ["BROKEN", "not checked"] {
        let check = verified(&said().replacen("holds", verdict, 1));
        assert!(!check.holds(), "{check:?}");
    }
    let fewer = said().replacen(" 1  some-invariant  holds\n", "", 1);
    assert!(!verified(&fewer).holds());
}
