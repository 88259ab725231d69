//! Many requests at once, but not too many, with a bar that shows how far they are.

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

use crate::error::CommerceError;

/// A bar for so many things.
pub(super) fn bar(what: &'static str, count: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
    let style = "{prefix:<28} {bar:32} {pos}/{len} {per_sec} {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.with_prefix(what)
}

/// Does one thing for each, `at_once` at a time; the first failure ends it.
pub(super) async fn each<T, R, F>(
    at_once: usize,
    things: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) -> Result<Vec<R>, CommerceError>
where
    F: Future<Output = Result<R, CommerceError>>,
{
    stream::iter(things)
        .map(work)
        .buffered(at_once)
        .try_collect()
        .await
}
