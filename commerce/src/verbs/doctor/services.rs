//! What the doctor asks the databases of the services `payment_service` and `main_service`: they are asked as those
//! roles, by the URLs that the program has.

use event_store::with_causes;
use payment_vault::VaultKeys;
use platform::config::Secret;
use sqlx::PgConnection;

use super::{answers, skip, tell, unanswered};
use crate::database;
use crate::error::CommerceError;

/// A table that is further behind than this is not kept.
const BEHIND_MAX: i64 = 10_000;

/// The services as this environment knows them.
pub(super) struct Services {
    pub(super) payment_url: Option<Secret>,
    pub(super) main_service_url: Option<Secret>,
    pub(super) keys: Option<VaultKeys>,
}

/// A service's role and schema.
struct Service {
    variable: &'static str,
    role: &'static str,
    schema: &'static str,
    /// Asks what the role may and should not, or may not and should.
    rights: &'static str,
    /// What to do about that.
    remedy: &'static str,
    /// The role of the program that keeps its tables.
    keeper: &'static str,
}

const PAYMENT: Service = Service {
    variable: "PAYMENT_DATABASE_URL",
    role: "payment_service",
    schema: "payment",
    rights: "SELECT 'it may not write payment.method_keys'
              WHERE has_table_privilege(to_regclass('payment.method_keys'), 'INSERT') IS NOT TRUE",
    remedy: "`commerce migrate` makes the role, the schema and its rights",
    keeper: "payment-ledger",
};
const MAIN: Service = Service {
    variable: "MAIN_SERVICE_DATABASE_URL",
    role: "main_service",
    schema: "main",
    // The schema payment may be in another database.
    rights:
        "SELECT 'it may read more of the schema payment than payment.transactions: ' || c.relname
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'payment' AND c.relkind = 'r' AND c.relname <> 'transactions'
                AND has_table_privilege(c.oid, 'SELECT')",
    remedy: "take the right away: REVOKE ALL ON that table FROM main_service",
    keeper: "order-payments",
};

impl Services {
    /// Asks both; how many troubles there are.
    pub(super) async fn ask(&self, owner: &mut PgConnection) -> Result<usize, CommerceError> {
        let mut troubles = 0;
        let head = "SELECT coalesce(max(position), 0) FROM event_store.events";
        let head: i64 = sqlx::query_scalar(head)
            .fetch_one(&mut *owner)
            .await
            .map_err(unanswered("OWNER_DATABASE_URL"))?;
        let payment = open(&PAYMENT, self.payment_url.as_ref(), &mut troubles).await?;
        if let Some(mut payment) = payment {
            troubles += is_kept(&mut payment, &PAYMENT, head).await?;
            troubles += self.ask_about_keys(&mut payment).await?;
        }
        let main = open(&MAIN, self.main_service_url.as_ref(), &mut troubles).await?;
        if let Some(mut main) = main {
            troubles += is_kept(&mut main, &MAIN, head).await?;
        }
        Ok(troubles)
    }

    /// Whether every billing key and every account of a refund can be opened with what `PAYMENT_METHOD_KEYS` says.
    async fn ask_about_keys(&self, payment: &mut PgConnection) -> Result<usize, CommerceError> {
        let sealed: Vec<(String, i64)> = sqlx::query_as(
            "SELECT key_name, count(*)
               FROM (SELECT key_name FROM payment.method_keys
                     UNION ALL SELECT key_name FROM payment.refund_accounts) sealed
              GROUP BY key_name ORDER BY key_name",
        )
        .fetch_all(payment)
        .await
        .map_err(unanswered(PAYMENT.variable))?;
        let asks = "every sealed secret can be opened";
        if self.keys.is_none() && sealed.is_empty() {
            skip(asks, "PAYMENT_METHOD_KEYS is not set");
            return Ok(0);
        }
        let is_known = |name: &str| self.keys.as_ref().is_some_and(|keys| keys.has(name));
        let lost = sealed.into_iter().filter(|(name, _)| !is_known(name));
        let lost = lost.map(|(name, count)| {
            format!("{count} are sealed with key {name}, which is not in PAYMENT_METHOD_KEYS")
        });
        let lost: Vec<String> = lost.collect();
        let remedy = "add the key to PAYMENT_METHOD_KEYS of every process, and of this one: payments and \
                      refunds wait for it";
        Ok(tell(asks, &lost, remedy))
    }
}

/// Logs in as a service, and asks who that is; `None` when that cannot be done.
async fn open(
    service: &Service,
    url: Option<&Secret>,
    troubles: &mut usize,
) -> Result<Option<PgConnection>, CommerceError> {
    let Service {
        variable,
        role,
        schema,
        ..
    } = service;
    let asks = format!("{role} has its schema {schema}");
    let Some(url) = url else {
        skip(&asks, &format!("{variable} is not set"));
        return Ok(None);
    };
    let remedy = format!("is {variable} right? `commerce migrate` makes the role and the schema");
    let mut connection = match database::connect(variable, url).await {
        Ok(connection) => connection,
        Err(error) => {
            *troubles += tell(&asks, &[with_causes(&error)], &remedy);
            return Ok(None);
        }
    };
    let who = format!(
        "SELECT format('{variable} logs in as %s', current_user) WHERE current_user <> '{role}'"
    );
    let schema = format!(
        "SELECT 'there is no schema {schema}'
          WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '{schema}')
         UNION ALL
         SELECT format('the schema {schema} is owned by %s', pg_get_userbyid(nspowner))
           FROM pg_namespace WHERE nspname = '{schema}' AND pg_get_userbyid(nspowner) <> '{role}'"
    );
    // Another role may not even ask what the next question asks.
    let questions = [
        (who.as_str(), remedy.as_str()),
        (schema.as_str(), remedy.as_str()),
        (service.rights, service.remedy),
    ];
    for (question, remedy) in questions {
        let found = answers(&mut connection, variable, question).await?;
        if !found.is_empty() {
            *troubles += tell(&asks, &found, remedy);
            return Ok(None);
        }
    }
    *troubles += tell(&asks, &[], &remedy);
    Ok(Some(connection))
}

/// Whether a service's tables follow the log.
async fn is_kept(
    connection: &mut PgConnection,
    service: &Service,
    head: i64,
) -> Result<usize, CommerceError> {
    let Service {
        variable,
        schema,
        keeper,
        ..
    } = service;
    let behind = format!(
        "SELECT format('%s in {schema} is %s events behind', subscriber, {head} - position)
           FROM {schema}.checkpoints WHERE {head} - position > {BEHIND_MAX} ORDER BY subscriber"
    );
    let found = answers(connection, variable, &behind).await?;
    let asks = format!("the tables in {schema} keep up");
    let remedy = format!("is `commerce serve` running with role {keeper}? Its log says more");
    Ok(tell(&asks, &found, &remedy))
}
