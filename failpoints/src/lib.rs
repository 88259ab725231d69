//! Named places where a process can be made to die, to wait or to fail: before and after each step that
//! leaves it. In a usual build [`failpoint!`] is nothing; with the feature `enabled` it obeys the variable
//! `FAILPOINTS`, as the crate `fail` reads it:
//!
//! ```text
//! FAILPOINTS="event-store.append.after=12*off->1*return(abort);processes.sweep.before=return(delay:200)"
//! ```
//!
//! | action | what happens |
//! | --- | --- |
//! | `return(abort)` | the process ends on the spot, as by `kill -9` |
//! | `return(delay:MS)` | it goes on after so many milliseconds |
//! | `return(error)` | the step fails, where the place has a second argument; elsewhere it goes on |
//!
//! Each time a point fires, a line with its name and its action goes to the file that `FAILPOINTS_FIRED`
//! names: a run can prove what it has tried.

#[cfg(feature = "enabled")]
mod fire;
mod points;

#[cfg(feature = "enabled")]
pub use fire::{arm, hit};
pub use points::{POINTS, Place, Point, is_listed};

/// Nothing to arm.
#[cfg(not(feature = "enabled"))]
pub fn arm() {}

/// A point, by its name in [`POINTS`]. In an async function that returns a `Result`, a second argument makes
/// its error from an [`std::io::Error`].
#[cfg(feature = "enabled")]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        const {
            assert!(
                $crate::is_listed($name),
                "list the point in failpoints/src/points.rs"
            )
        };
        let _ = $crate::hit($name).await;
    };
    ($name:literal, $error:expr) => {
        const {
            assert!(
                $crate::is_listed($name),
                "list the point in failpoints/src/points.rs"
            )
        };
        if let Err(error) = $crate::hit($name).await {
            return Err($error(error).into());
        }
    };
}

/// A point, by its name in [`POINTS`]: nothing in this build.
#[cfg(not(feature = "enabled"))]
#[macro_export]
macro_rules! failpoint {
    ($name:literal $(, $error:expr)?) => {
        const {
            assert!(
                $crate::is_listed($name),
                "list the point in failpoints/src/points.rs"
            )
        };
    };
}
