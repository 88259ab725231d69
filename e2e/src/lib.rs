//! Scenarios on real processes: see `tests/it`.
