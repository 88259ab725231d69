//! The PostgreSQL server that all contestants share: its settings, and a database for every run.

use std::env::VarError;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::error::BenchError;

/// Where the server is: `./dev bench` sets it.
const URL_VARIABLE: &str = "TEST_POSTGRES_URL";
/// Connections of a contestant's pool: what postgres-es itself takes by default, and on few cores more
/// are slower.
pub(crate) const POOL_MAX: u32 = 10;
/// What every benchmark database's name begins with, so that those that a killed run left are found.
const PREFIX: &str = "bench_";
/// One bench at a time on a server: two would measure each other. The key is arbitrary.
const LOCK_KEY: i64 = 4_031_977;
/// How long the server may take to answer the first time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What must not be off: figures without durability prove nothing.
const MUST_BE_ON: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// A server, and what this run made on it.
pub(crate) struct Server {
    options: PgConnectOptions,
    /// Holds the lock until the end.
    connection: tokio::sync::Mutex<PgConnection>,
    template: String,
    version: String,
    settings: Vec<Setting>,
}

/// A setting that the figures depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) setting: String,
}

/// A database of its own for one run.
pub(crate) struct Database {
    name: String,
    options: PgConnectOptions,
}

impl Server {
    /// Connects, refuses a server that is not durable, and migrates a template.
    pub(crate) async fn open() -> Result<Self, BenchError> {
        let options = PgConnectOptions::from_str(&url()?)?;
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, options.connect());
        let mut connection = connecting.await.map_err(|_| {
            let seconds = CONNECT_TIMEOUT.as_secs();
            BenchError::Environment(format!("PostgreSQL does not answer within {seconds} s"))
        })??;
        lock(&mut connection).await?;
        drop_leftovers(&mut connection).await?;
        let version = sqlx::query_scalar("SHOW server_version")
            .fetch_one(&mut connection)
            .await?;
        let settings = settings(&mut connection).await?;
        refuse_without_durability(&settings)?;
        let template = make_template(&options, &mut connection).await?;
        Ok(Self {
            options,
            connection: tokio::sync::Mutex::new(connection),
            template,
            version,
            settings,
        })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// A database with the program's schemas.
    pub(crate) async fn migrated(&self) -> Result<Database, BenchError> {
        self.create(&format!("TEMPLATE {}", self.template)).await
    }

    /// An empty database.
    pub(crate) async fn empty(&self) -> Result<Database, BenchError> {
        self.create("").await
    }

    async fn create(&self, how: &str) -> Result<Database, BenchError> {
        let name = new_name();
        self.execute(&format!("CREATE DATABASE {name} {how}"))
            .await?;
        Ok(Database {
            options: self.options.clone().database(&name),
            name,
        })
    }

    /// Connects again after the server was restarted, and takes the lock again.
    pub(crate) async fn reconnect(&self) -> Result<(), BenchError> {
        let mut connection = self.options.connect().await?;
        lock(&mut connection).await?;
        *self.connection.lock().await = connection;
        Ok(())
    }

    /// Writes out what was dirtied until now, so that no run pays for the one before it.
    pub(crate) async fn settle(&self) -> Result<(), BenchError> {
        self.execute("CHECKPOINT").await
    }

    /// Drops a run's database, ending whatever is still connected.
    pub(crate) async fn drop_database(&self, database: Database) -> Result<(), BenchError> {
        self.execute(&format!("DROP DATABASE {} WITH (FORCE)", database.name))
            .await
    }

    /// Drops the template.
    pub(crate) async fn close(self) -> Result<(), BenchError> {
        self.execute(&format!("DROP DATABASE {} WITH (FORCE)", self.template))
            .await?;
        self.connection.into_inner().close().await?;
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), BenchError> {
        let mut connection = self.connection.lock().await;
        sqlx::raw_sql(sql).execute(&mut *connection).await?;
        Ok(())
    }
}

impl Database {
    /// One that somebody else made.
    pub(crate) fn at(url: &str) -> Result<Self, BenchError> {
        let options = PgConnectOptions::from_str(url)?;
        let name = options.get_database().unwrap_or_default().to_owned();
        Ok(Self { name, options })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A pool with sqlx's defaults, as postgres-es makes it.
    pub(crate) async fn pool(&self) -> Result<PgPool, BenchError> {
        Ok(PgPoolOptions::new()
            .max_connections(POOL_MAX)
            .connect_with(self.options.clone())
            .await?)
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Result<PgConnection, BenchError> {
        Ok(self.options.connect().await?)
    }

    /// For a program of its own; holds the password, if there is one.
    pub(crate) fn url(&self) -> String {
        let mut url = self.options.to_url_lossy();
        // sqlx's own parameters: libpq refuses those that it does not know.
        url.set_query(None);
        url.to_string()
    }

    /// For a program that is to be another role: the test set trusts whoever comes from this machine.
    pub(crate) fn url_as(&self, role: &str) -> String {
        let mut url = self.options.clone().username(role).to_url_lossy();
        url.set_query(None);
        url.to_string()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> Result<u64, BenchError> {
        let mut connection = self.connect().await?;
        // The name is a constant of this program.
        let count: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

/// One bench at a time.
async fn lock(connection: &mut PgConnection) -> Result<(), BenchError> {
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK_KEY)
        .fetch_one(connection)
        .await?;
    if alone {
        Ok(())
    } else {
        Err(BenchError::Occupied)
    }
}

fn url() -> Result<String, BenchError> {
    std::env::var(URL_VARIABLE).map_err(|error| {
        let problem = match error {
            VarError::NotPresent => "is not set",
            VarError::NotUnicode(_) => "is not Unicode",
        };
        BenchError::Environment(format!(
            "{URL_VARIABLE} {problem}: run `./dev bench`, or name a PostgreSQL as its superuser"
        ))
    })
}

async fn settings(connection: &mut PgConnection) -> Result<Vec<Setting>, BenchError> {
    Ok(sqlx::query_as(
        "SELECT name, setting FROM pg_settings
          WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method',
                         'wal_level', 'shared_buffers', 'max_wal_size', 'commit_delay')
          ORDER BY name",
    )
    .fetch_all(connection)
    .await?)
}

fn refuse_without_durability(settings: &[Setting]) -> Result<(), BenchError> {
    match settings
        .iter()
        .find(|s| MUST_BE_ON.contains(&s.name.as_str()) && s.setting != "on")
    {
        None => Ok(()),
        Some(off) => Err(BenchError::NotDurable {
            setting: off.name.clone(),
            value: off.setting.clone(),
        }),
    }
}

/// Those of a run that was killed: the lock says that no other one is alive.
async fn drop_leftovers(connection: &mut PgConnection) -> Result<(), BenchError> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)")
            .bind(PREFIX)
            .fetch_all(&mut *connection)
            .await?;
    for name in names {
        sqlx::raw_sql(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn make_template(
    options: &PgConnectOptions,
    connection: &mut PgConnection,
) -> Result<String, BenchError> {
    let name = new_name();
    sqlx::raw_sql(&format!("CREATE DATABASE {name}"))
        .execute(connection)
        .await?;
    let mut owner = options.clone().database(&name).connect().await?;
    // The roles' passwords are not ours to set: the benchmark connects as the owner.
    let roles = migrations::Roles::all(&migrations::Login { password: None });
    migrations::run(&mut owner, &roles).await?;
    owner.close().await?;
    Ok(name)
}

fn new_name() -> String {
    format!("{PREFIX}{}", Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, setting: &str) -> Vec<Setting> {
        vec![Setting {
            name: name.to_owned(),
            setting: setting.to_owned(),
        }]
    }

    #[test]
    fn a_server_that_may_lose_a_commit_is_refused() {
        for name in MUST_BE_ON {
            assert!(refuse_without_durability(&with(name, "on")).is_ok());
            assert!(refuse_without_durability(&with(name, "off")).is_err());
        }
        assert!(refuse_without_durability(&with("synchronous_commit", "local")).is_err());
    }
}
