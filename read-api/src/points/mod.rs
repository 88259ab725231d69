//! Points: `GET /points`, `/points/lots` and `/points/history`, the caller's own; and for an operator the
//! same of any user, `/points/{userId}` and below. A user called `lots` or `history` cannot be looked at in
//! one piece: their account's address is a list's.

mod account;
mod history;
mod lots;

use platform::ApiError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::filter::Problems;

#[cfg(test)]
pub(crate) use account::sums_query;
#[cfg(test)]
pub(crate) use history::history;
#[cfg(test)]
pub(crate) use lots::{LotFilter, lots};

/// The most characters of a user id.
const USER_ID_MAX_CHARS: usize = 64;

/// Adds the routes. The fixed ones come first, or they would be taken for users.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(account::get_points)
        .service(lots::list_lots)
        .service(history::list_history)
        .service(lots::list_lots_of_user)
        .service(history::list_history_of_user)
        .service(account::get_points_of_user);
}

/// A user id of a path that the database can be asked about.
fn checked(user_id: &str) -> Result<&str, ApiError> {
    let mut problems = Problems::default();
    problems.text("userId", Some(user_id), USER_ID_MAX_CHARS);
    problems.into_result().map(|()| user_id)
}
