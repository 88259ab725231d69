//! The first generation of each projection.

use std::sync::Arc;

use sqlx::{Connection, PgConnection};

use crate::catalogue;
use crate::error::ProjectionError;
use crate::generation::{self, State, Target};
use crate::projector::Projector;
use crate::schema;

/// Makes the read models that are not there yet: `commerce migrate` calls it, as the owner, after the
/// migrations. Safe to repeat and to run twice at once. A live generation of another version is left
/// alone: `rebuild` brings it up.
///
/// # Errors
/// The connection is not the owner's, or the migrations were not applied.
pub async fn install(owner: &mut PgConnection) -> Result<(), ProjectionError> {
    for projector in catalogue::all() {
        install_one(owner, projector).await?;
    }
    Ok(())
}

async fn install_one(
    owner: &mut PgConnection,
    projector: Arc<dyn Projector>,
) -> Result<(), ProjectionError> {
    let name = projector.name();
    let mut transaction = owner.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind(schema::TABLES_LOCK_CLASS)
        .bind(name)
        .execute(&mut *transaction)
        .await?;
    match generation::in_state(&mut *transaction, name, State::Live).await? {
        None => {
            let number = schema::create(&mut transaction, projector.as_ref(), "live").await?;
            schema::show(&mut transaction, &Target::new(projector, number)).await?;
            tracing::info!(projection = name, "made the tables of {name}");
        }
        Some(live) if live.version != projector.version() => tracing::warn!(
            projection = name,
            projection.version = live.version,
            program.version = projector.version(),
            "the live {name} has another version than this program: run `commerce rebuild {name}`",
        ),
        Some(_) => {}
    }
    transaction.commit().await?;
    Ok(())
}
