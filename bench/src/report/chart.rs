//! The chart: a bar for every goal, as a share of it. A bar that reaches the line has met its goal.

use std::fmt::Write as _;
use std::path::Path;

use super::figures::{Outcome, Report, RowReport, write_file};
use crate::error::BenchError;
use crate::registry::Goal;

const LABEL_WIDTH: f64 = 520.0;
const BAR_WIDTH: f64 = 420.0;
const VALUE_WIDTH: f64 = 230.0;
const BAR_HEIGHT: f64 = 16.0;
const LINE_HEIGHT: f64 = 24.0;
const TOP: f64 = 58.0;
/// Longer bars end here: a goal met five times over needs no longer one.
const SHARE_MAX: f64 = 2.0;

/// Draws it.
pub(crate) fn draw(report: &Report, path: &Path) -> Result<(), BenchError> {
    write_file(path, &svg(report)?)
}

fn svg(report: &Report) -> Result<String, BenchError> {
    let bars: Vec<(&RowReport, &Outcome, f64)> = report
        .rows
        .iter()
        .flat_map(|row| row.results.iter().map(move |outcome| (row, outcome)))
        .filter_map(|(row, outcome)| Some((row, outcome, share(outcome)?)))
        .collect();
    let width = LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH;
    let count = u32::try_from(bars.len()).unwrap_or(u32::MAX);
    let height = TOP + LINE_HEIGHT * f64::from(count) + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"16\" font-weight=\"bold\">Figures as a share of their goals</text>\n\
         <text x=\"12\" y=\"40\" fill=\"#555\">median of the rounds; for a goal of at most so much, the \
         goal over the figure; bars end at 2 × the goal</text>\n"
    );
    for (index, (row, outcome, share)) in bars.iter().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        bar(
            &mut svg,
            TOP + LINE_HEIGHT * f64::from(index),
            row,
            outcome,
            *share,
        )?;
    }
    let goal_x = LABEL_WIDTH + BAR_WIDTH / SHARE_MAX;
    writeln!(
        svg,
        "<line x1=\"{goal_x}\" y1=\"{}\" x2=\"{goal_x}\" y2=\"{}\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>\n\
         <text x=\"{goal_x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#222\">goal</text>\n</svg>",
        TOP - 4.0,
        height - 10.0,
        TOP - 6.0
    )?;
    Ok(svg)
}

fn bar(
    svg: &mut String,
    y: f64,
    row: &RowReport,
    outcome: &Outcome,
    share: f64,
) -> Result<(), BenchError> {
    let length = share.min(SHARE_MAX) / SHARE_MAX * BAR_WIDTH;
    let color = if outcome.met == Some(true) {
        "#2a7f4f"
    } else {
        "#b5482f"
    };
    let opacity = if row.is_quiet() { 1.0 } else { 0.45 };
    let noisy = if row.is_quiet() { "" } else { ", noisy" };
    let label = shortened(&format!("{:?} {}", row.row, outcome.question()));
    let goal = outcome
        .goal
        .map_or_else(String::new, |goal| goal.to_string());
    let digits = if outcome.spread.median >= 100.0 { 0 } else { 2 };
    let unit = if outcome.unit == "×" {
        ""
    } else {
        &outcome.unit
    };
    let text_y = y + 12.0;
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{}</text>\n\
         <rect x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR_HEIGHT}\" fill=\"{color}\" fill-opacity=\"{opacity}\"/>\n\
         <text x=\"{}\" y=\"{text_y}\">{:.digits$} {unit} (goal {goal}{noisy})</text>",
        LABEL_WIDTH - 8.0,
        escaped(&label),
        LABEL_WIDTH + BAR_WIDTH + 10.0,
        outcome.spread.median,
    )?;
    Ok(())
}

/// How much of its goal a figure is; above 1 it is met. None without a goal.
fn share(outcome: &Outcome) -> Option<f64> {
    let value = outcome.spread.median;
    Some(match outcome.goal? {
        Goal::AtLeast(least) => value / least,
        Goal::AtMost(most) => most / value.max(f64::EPSILON),
        Goal::Exactly(exactly) if outcome.met == Some(true) => value / exactly,
        Goal::Exactly(_) => 0.0,
    })
}

fn shortened(label: &str) -> String {
    const CHARS_MAX: usize = 84;
    if label.chars().count() <= CHARS_MAX {
        return label.to_owned();
    }
    let kept: String = label.chars().take(CHARS_MAX - 1).collect();
    format!("{kept}…")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
