//! Calls that are under way, by their key: a second one under the same key is told to wait.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys of the calls that are under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashSet<String>>);

/// One call's place; given up with it.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<UnderWay>,
    scope: String,
}

impl UnderWay {
    /// A place, unless one of the same key is taken.
    pub(super) fn enter(self: &Arc<Self>, scope: String) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.insert(scope.clone()) {
            return None;
        }
        let of = Arc::clone(self);
        Some(Place { of, scope })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.scope);
    }
}
