//! Writes `docs/queries.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::Plan;

const INTRODUCTION: &str = "\
# The list queries on a million rows

Every list that the read API answers from read models, on tables of a million rows (`read-api/src/plans/fill.sql`), as
PostgreSQL explains the very statements that the handlers send: on the connections of the read API, as its
role, the second of two runs. Made by

```text
./dev services up test        # and its TEST_POSTGRES_URL
QUERIES_PAGE=docs/queries.md cargo test -p read-api --lib plans -- --ignored
```

which fails when a list reads a whole table.

How the lists are kept fast:

- **A page is found by its keys alone.** The inner statement sorts and skips in an index, where the filter
  allows it without touching a row; only the rows of the page are read. A deep page costs what skipping
  costs in an index, and `page` ends at 10 000.
- **Counting stops at 10 000** (`totalIsExact: false` beyond), also where nearly every row fits and a scan of the
  table's beginning is the shortest way. A page that is not full is the last one and
  gives the exact number without counting.
- **Every statement is planned for its own values** (`plan_cache_mode = force_custom_plan`): for a common
  category the sort's index is right, for a rare one the category's.
- **A statement that takes longer than five seconds is ended** (503 `TIMEOUT`), whatever its filter.
- **`GET /events` looks at 20 000 events a request** and says where to go on. There is no index on the
  type of an event: every append would pay for it, for the sake of a query that operators seldom make.

";

/// Where the report goes, from the workspace's root; without it nothing is written.
const PAGE: &str = "QUERIES_PAGE";

/// Writes the report, when it is asked for.
pub(super) fn write(plans: &[Plan], version: &str) {
    let Some(page) = std::env::var_os(PAGE) else {
        return;
    };
    let mut text = INTRODUCTION.to_owned();
    text.push_str(&summary(plans, version).expect("a string takes all"));
    text.push_str(&details(plans).expect("a string takes all"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    std::fs::write(&path, text).expect("the page can be written");
}

fn summary(plans: &[Plan], version: &str) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "## Summary (PostgreSQL {version})\n")?;
    writeln!(
        text,
        "| request | statement | indexes | ms |\n| --- | --- | --- | ---: |"
    )?;
    for plan in plans {
        let indexes = plan.indexes().join(", ");
        let (title, part, ms) = (&plan.title, plan.part, plan.execution_ms());
        writeln!(text, "| `{title}` | {part} | {indexes} | {ms} |")?;
    }
    Ok(text)
}

fn details(plans: &[Plan]) -> Result<String, std::fmt::Error> {
    let mut text = "\n## Plans\n".to_owned();
    for plan in plans {
        writeln!(text, "\n### `{}`: {}\n\n```text", plan.title, plan.part)?;
        for line in &plan.lines {
            writeln!(text, "{line}")?;
        }
        writeln!(text, "```")?;
    }
    Ok(text)
}
