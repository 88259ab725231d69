//! One thing as an answer.

use platform::Data;

/// The thing, and the log position that it is at least as new as, when one was asked for.
pub(crate) fn answer<T>(data: T, position: Option<u64>) -> Data<T> {
    let mut answer = Data::new(data);
    answer.meta.position = position;
    answer
}
