//! Which events are under way, and how far the cursor may move: only over an unbroken run of settled ones.

use std::collections::VecDeque;

/// The events between the cursor and the newest that was taken. Positions have no holes, so an event's
/// place follows from its position.
#[derive(Debug)]
pub(super) struct Window {
    cursor: u64,
    settled: VecDeque<bool>,
}

impl Window {
    /// Nothing is under way.
    pub(super) fn new(cursor: u64) -> Self {
        Self {
            cursor,
            settled: VecDeque::new(),
        }
    }

    /// The highest position up to which all is settled.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// How many events are between the cursor and the newest.
    pub(super) fn len(&self) -> usize {
        self.settled.len()
    }

    /// Takes the next event in. Returns `false`, and takes nothing, when it is not the next one.
    #[must_use]
    pub(super) fn open(&mut self, position: u64) -> bool {
        let newest = u64::try_from(self.settled.len()).unwrap_or(u64::MAX);
        let next = position == self.cursor.saturating_add(newest).saturating_add(1);
        if next {
            self.settled.push_back(false);
        }
        next
    }

    /// Nothing more is to be done for an event; the cursor follows if nothing before it is under way.
    pub(super) fn settle(&mut self, position: u64) {
        let place = position.checked_sub(self.cursor.saturating_add(1));
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(settled) = place.and_then(|place| self.settled.get_mut(place)) {
            *settled = true;
        }
        while self.settled.front() == Some(&true) {
            self.settled.pop_front();
            self.cursor = self.cursor.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(cursor: u64, count: u64) -> Window {
        let mut window = Window::new(cursor);
        for position in cursor + 1..=cursor + count {
            assert!(window.open(position));
        }
        window
    }

    #[test]
    fn the_cursor_waits_for_the_first_that_is_under_way() {
        let mut window = opened(10, 3);
        window.settle(12);
        window.settle(13);
        assert_eq!((window.cursor(), window.len()), (10, 3));
        window.settle(11);
        assert_eq!((window.cursor(), window.len()), (13, 0));
    }

    #[test]
    fn a_report_that_comes_twice_or_belongs_to_no_event_changes_nothing() {
        let mut window = opened(0, 2);
        window.settle(1);
        window.settle(1);
        window.settle(0);
        window.settle(99);
        assert_eq!((window.cursor(), window.len()), (1, 1));
    }

    #[test]
    fn an_event_that_is_not_the_next_is_not_taken() {
        let mut window = opened(5, 1);
        assert!(!window.open(6));
        assert!(!window.open(8));
        assert!(window.open(7));
        assert_eq!(window.len(), 2);
    }

    #[test]
    fn reports_in_any_order_end_at_the_same_cursor() {
        for start in 0..7_u64 {
            let mut window = opened(0, 7);
            // 3 and 7 have no common divisor, so every position comes once.
            for step in 0..7_u64 {
                window.settle((start + step * 3) % 7 + 1);
            }
            assert_eq!((window.cursor(), window.len()), (7, 0));
        }
    }
}
