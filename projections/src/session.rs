//! The connection that feeds a generation: a session of its own, which no pool hands to others.

use event_store::follower::{Lead, open_session};
use failpoints::failpoint;
use sqlx::{PgConnection, PgPool};

use crate::error::ProjectionError;
use crate::generation::Target;

/// The first half of the advisory lock of whoever feeds a generation; arbitrary, and nothing else in this
/// database takes it.
const LEAD_LOCK_CLASS: i32 = 620_201;

/// Opens a session whose unqualified table names are the generation's.
pub(crate) async fn connect(
    pool: &PgPool,
    target: &Target,
) -> Result<PgConnection, ProjectionError> {
    let name = format!("commerce-projection-{}", target.projection());
    let schema = target.schema();
    let settings = [
        ("search_path", schema.as_str()),
        // A new generation's tables fill faster than they are analysed, and a plan that was made for an
        // empty table would be kept.
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
    ];
    let connection = open_session(pool, &name, &settings).await?;
    failpoint!("projections.session.connected", sqlx::Error::Io);
    Ok(connection)
}

/// What whoever feeds the generation holds, for as long as the session lives. Who holds it has it only for
/// efficiency: exactness rests on [`Target::advance`].
pub(crate) fn lead(target: &Target) -> Lead {
    Lead {
        class: LEAD_LOCK_CLASS,
        of: target.schema(),
    }
}
