//! A database of its own for each test, cloned from a migrated template.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::services::{required_env, unique};

/// Connections of one test's pool.
const POOL_MAX: u32 = 10;
/// The password of the program's roles in test databases.
const ROLE_PASSWORD: &str = "test";

/// A migrated, empty database. It is dropped when the value is [`TestDatabase::drop_now`]ped or, when
/// the test panicked, left behind for a look until the test services are stopped.
pub struct TestDatabase {
    name: String,
    server: PgConnectOptions,
}

impl TestDatabase {
    /// A new database from the template of this test binary.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses.
    pub async fn create() -> Self {
        let server = PgConnectOptions::from_str(&required_env("TEST_POSTGRES_URL"))
            .expect("TEST_POSTGRES_URL is a postgres:// URL");
        let template = migrated_template(&server).await;
        let name = unique("test");
        let mut connection = connect(&server).await;
        sqlx::raw_sql(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .execute(&mut connection)
            .await
            .expect("the template can be cloned");
        Self { name, server }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the owner: may do everything.
    #[must_use]
    pub fn owner_options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// As `commerce_app`.
    #[must_use]
    pub fn app_options(&self) -> PgConnectOptions {
        self.role_options("commerce_app")
    }

    /// As `commerce_read`.
    #[must_use]
    pub fn read_options(&self) -> PgConnectOptions {
        self.role_options("commerce_read")
    }

    /// As any role that the migrations make.
    #[must_use]
    pub fn role_options(&self, role: &str) -> PgConnectOptions {
        self.owner_options().username(role).password(ROLE_PASSWORD)
    }

    /// The URL for a role, for a process of its own.
    #[must_use]
    pub fn url(&self, role: &str) -> String {
        let (host, port) = (self.server.get_host(), self.server.get_port());
        format!(
            "postgres://{role}:{ROLE_PASSWORD}@{host}:{port}/{}",
            self.name
        )
    }

    /// The owner's URL.
    #[must_use]
    pub fn owner_url(&self) -> String {
        let (host, port) = (self.server.get_host(), self.server.get_port());
        format!(
            "postgres://{}@{host}:{port}/{}",
            self.server.get_username(),
            self.name
        )
    }

    /// A pool as the owner.
    pub async fn owner_pool(&self) -> PgPool {
        pool(self.owner_options()).await
    }

    /// A pool as `commerce_app`, the role that the program runs as.
    pub async fn app_pool(&self) -> PgPool {
        pool(self.app_options()).await
    }

    /// A pool as `commerce_read`.
    pub async fn read_pool(&self) -> PgPool {
        pool(self.read_options()).await
    }

    /// Drops it, ending whatever is still connected.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn drop_now(self) {
        let mut connection = connect(&self.server).await;
        sqlx::raw_sql(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .execute(&mut connection)
            .await
            .expect("the test's database can be dropped");
    }
}

async fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(POOL_MAX)
        .connect_with(options)
        .await
        .expect("the test database can be reached")
}

async fn connect(server: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(server)
        .await
        .expect("the test PostgreSQL can be reached")
}

/// Makes the template once for each state of the migrations; other test binaries wait for it.
async fn migrated_template(server: &PgConnectOptions) -> String {
    let name = format!("template_{}", migrations::fingerprint());
    let mut connection = connect(server).await;
    sqlx::raw_sql("SELECT pg_advisory_lock(620114)")
        .execute(&mut connection)
        .await
        .expect("the template's lock can be taken");
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .expect("databases can be listed");
    if !exists {
        make_template(server, &mut connection, &name).await;
    }
    connection.close().await.expect("the connection closes");
    name
}

/// Made under another name and renamed when it is whole, so that a half-made one is never cloned.
async fn make_template(server: &PgConnectOptions, connection: &mut PgConnection, name: &str) {
    let draft = unique("draft");
    sqlx::raw_sql(&format!("CREATE DATABASE {draft}"))
        .execute(&mut *connection)
        .await
        .expect("a database can be created");
    let mut owner = connect(&server.clone().database(&draft)).await;
    let login = migrations::Login {
        password: Some(ROLE_PASSWORD.to_owned()),
    };
    migrations::run(&mut owner, &migrations::Roles::all(&login))
        .await
        .expect("the migrations apply");
    owner.close().await.expect("the connection closes");
    sqlx::raw_sql(&format!("ALTER DATABASE {draft} RENAME TO {name}"))
        .execute(&mut *connection)
        .await
        .expect("the template can be named");
}
