//! Whoever migrates need not be a superuser: a role that may make roles and owns the database is enough.

use migrations::{Login, Roles};
use sqlx::{Connection, PgConnection};
use testkit::{TestDatabase, unique};

#[tokio::test]
async fn an_owner_who_is_no_superuser_can_migrate_and_migrate_again() {
    let home = TestDatabase::create().await;
    let mut superuser = PgConnection::connect_with(&home.owner_options())
        .await
        .expect("the server answers");
    let (role, database) = (unique("installer"), unique("installed"));
    let make_role = format!("CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'test'");
    let make_database = format!("CREATE DATABASE {database} OWNER {role}");
    for sql in [make_role, make_database] {
        sqlx::raw_sql(&sql)
            .execute(&mut superuser)
            .await
            .expect("a superuser may");
    }
    let options = home.role_options(&role).database(&database);
    let mut owner = PgConnection::connect_with(&options)
        .await
        .expect("the new owner may connect");
    let roles = Roles::all(&Login { password: None });
    for _ in 0..2 {
        migrations::run(&mut owner, &roles)
            .await
            .expect("the migrations apply");
    }
    let acts_as: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&mut owner)
        .await
        .expect("the connection is itself again");
    assert_eq!(acts_as, role);
    let owned: String = sqlx::query_scalar(
        "SELECT tableowner::text FROM pg_tables
          WHERE schemaname = 'payment' AND tablename = 'transactions'",
    )
    .fetch_one(&mut owner)
    .await
    .expect("the table is there");
    assert_eq!(owned, "payment_service");
    owner.close().await.expect("the connection closes");
    for sql in [
        format!("DROP DATABASE {database} WITH (FORCE)"),
        format!("DROP ROLE {role}"),
    ] {
        sqlx::raw_sql(&sql)
            .execute(&mut superuser)
            .await
            .expect("nothing is left of it");
    }
    home.drop_now().await;
}
