//! The tasks that do the actions of one holder: counted, awaited at the end, and aborted when it must not
//! go on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

/// The tasks under way.
#[derive(Default)]
pub(crate) struct Crew {
    tasks: Mutex<JoinSet<()>>,
}

impl Crew {
    /// Starts one more. Its end needs no answer: what it came to stands in the table.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Waits until all are done. Nothing may be started meanwhile.
    pub(crate) async fn finished(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        while tasks.join_next().await.is_some() {}
    }

    /// Ends all of them where they are, and waits until they have ended.
    pub(crate) async fn aborted(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        tasks.shutdown().await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a crew when it goes out of scope, as when the holder itself is aborted: the tasks hold what holds
/// the crew, so dropping that would not end them.
pub(crate) struct AbortOnDrop<'a>(pub(crate) &'a Crew);

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        self.0.tasks().abort_all();
    }
}
