//! Applies the SQL of this folder: `commerce migrate` and the test databases use the same code.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};

/// A folder of SQL, and the schema that it makes.
struct Schema {
    name: &'static str,
    /// The role that owns the schema and all in it; `None`: whoever migrates.
    owner: Option<&'static str>,
    migrator: Migrator,
}

/// In the order in which they are applied.
static SCHEMAS: [Schema; 6] = [
    Schema {
        name: "event_store",
        owner: None,
        migrator: sqlx::migrate!("./event_store"),
    },
    Schema {
        name: "processes",
        owner: None,
        migrator: sqlx::migrate!("./processes"),
    },
    Schema {
        name: "projections",
        owner: None,
        migrator: sqlx::migrate!("./projections"),
    },
    Schema {
        name: "relay",
        owner: None,
        migrator: sqlx::migrate!("./relay"),
    },
    Schema {
        name: "payment",
        owner: Some("payment_service"),
        migrator: sqlx::migrate!("./payment"),
    },
    Schema {
        name: "main",
        owner: Some("main_service"),
        migrator: sqlx::migrate!("./main"),
    },
];

/// A role that the program logs in as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// `None` leaves the password as it is.
    pub password: Option<String>,
}

/// The roles that the schemas grant rights to. They are the cluster's, not the database's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// `commerce_app`: runs the program.
    pub app: Login,
    /// `commerce_read`: answers queries.
    pub read: Login,
    /// `payment_service`: owns the schema `payment`, and has no right anywhere else.
    pub payment_service: Login,
    /// `main_service`: owns the schema `main`, and may read `payment.transactions`.
    pub main_service: Login,
    /// `other_service`: stands for everybody else, and has no right at all.
    pub other_service: Login,
}

impl Roles {
    /// Every role with the same login.
    #[must_use]
    pub fn all(login: &Login) -> Self {
        Self {
            app: login.clone(),
            read: login.clone(),
            payment_service: login.clone(),
            main_service: login.clone(),
            other_service: login.clone(),
        }
    }

    fn named(&self) -> [(&'static str, &Login); 5] {
        [
            ("commerce_app", &self.app),
            ("commerce_read", &self.read),
            ("payment_service", &self.payment_service),
            ("main_service", &self.main_service),
            ("other_service", &self.other_service),
        ]
    }
}

/// Why a migration did not go through. Nothing of the failed file was applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database refused.
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    /// A file failed, or an applied one was edited.
    #[error("schema {schema}")]
    Schema {
        /// Whose files.
        schema: &'static str,
        /// What went wrong.
        source: MigrateError,
    },
}

/// Brings a database up to date: roles first, then each schema. Safe to repeat and to run twice at once.
///
/// # Errors
/// The connection is not an owner's, a file fails, or an applied file was edited.
pub async fn run(owner: &mut PgConnection, roles: &Roles) -> Result<(), MigrationError> {
    for (name, login) in roles.named() {
        make_role(owner, name, login).await?;
    }
    for schema in &SCHEMAS {
        enter(owner, schema).await?;
        let applied = schema.migrator.run(&mut *owner).await;
        sqlx::raw_sql("RESET search_path; RESET ROLE")
            .execute(&mut *owner)
            .await?;
        applied.map_err(|source| MigrationError::Schema {
            schema: schema.name,
            source,
        })?;
    }
    Ok(())
}

/// Makes the schema if need be, and everything made from now on its owner's. The names are constants of this
/// file: nothing from outside gets into the SQL.
async fn enter(connection: &mut PgConnection, schema: &Schema) -> Result<(), sqlx::Error> {
    let name = schema.name;
    let sql = match schema.owner {
        None => format!("CREATE SCHEMA IF NOT EXISTS {name}; SET search_path = {name}"),
        // Whoever is not a superuser has to be a member of a role to act as it. PostgreSQL 16 knows
        // members who may not.
        Some(role) => format!(
            "DO $$
             BEGIN
                 IF NOT pg_has_role(current_user, '{role}',
                        CASE WHEN current_setting('server_version_num')::int >= 160000
                             THEN 'SET' ELSE 'MEMBER' END) THEN
                     GRANT {role} TO CURRENT_USER;
                 END IF;
             END $$;
             CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {role};
             SET ROLE {role}; SET search_path = {name}"
        ),
    };
    sqlx::raw_sql(&sql).execute(connection).await?;
    Ok(())
}

/// A name for this state of the migrations: it changes with every file.
#[must_use]
pub fn fingerprint() -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a, 64 bit: short, and no attacker is in sight
    for schema in &SCHEMAS {
        for byte in schema
            .migrator
            .iter()
            .flat_map(|migration| migration.checksum.iter())
        {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// How often a role is tried while other databases' migrations change it too.
const ROLE_ATTEMPTS_MAX: u32 = 50;
/// The wait between two attempts: the others are done in a few milliseconds.
const ROLE_RETRY_WAIT: Duration = Duration::from_millis(20);

/// Makes a role, or sets its password. Roles belong to the whole cluster and no lock reaches across
/// databases, so of two migrations at once one may be told that the role changed under it: it tries again.
async fn make_role(owner: &mut PgConnection, name: &str, login: &Login) -> Result<(), sqlx::Error> {
    let mut attempts = 1;
    loop {
        match try_make_role(owner, name, login).await {
            Err(error) if changed_meanwhile(&error) && attempts < ROLE_ATTEMPTS_MAX => {
                attempts += 1;
                tokio::time::sleep(ROLE_RETRY_WAIT).await;
            }
            made => return made,
        }
    }
}

/// Whether another session changed the same row of a system catalogue: PostgreSQL has no code of its own
/// for it.
fn changed_meanwhile(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error)
        if error.code().as_deref() == Some("XX000")
            && error.message().contains("tuple concurrently updated"))
}

async fn try_make_role(
    owner: &mut PgConnection,
    name: &str,
    login: &Login,
) -> Result<(), sqlx::Error> {
    let mut transaction = owner.begin().await?;
    // The lock is this database's; across databases the duplicate is caught below.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))")
        .bind(name)
        .execute(&mut *transaction)
        .await?;
    // Utility statements take no parameters: format() quotes, in the server.
    sqlx::query(
        "SELECT set_config('commerce.role', $1, true), set_config('commerce.password', $2, true)",
    )
    .bind(name)
    .bind(login.password.as_deref().unwrap_or_default())
    .execute(&mut *transaction)
    .await?;
    sqlx::raw_sql(
        "DO $$
         DECLARE
             role text := current_setting('commerce.role');
             password text := current_setting('commerce.password');
         BEGIN
             IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                 BEGIN
                     EXECUTE format('CREATE ROLE %I LOGIN', role);
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN
                     NULL; -- another database's migration was faster
                 END;
             END IF;
             IF password <> '' THEN
                 EXECUTE format('ALTER ROLE %I PASSWORD %L', role, password);
             END IF;
             EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
         END $$",
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}
