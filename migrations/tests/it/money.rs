//! A real `numeric(15,2)` takes what [`MoneyColumn`] writes, and gives it back.

use platform::money_column::MoneyColumn;
use testkit::TestDatabase;
use uuid::Uuid;

#[tokio::test]
async fn the_column_gives_back_what_was_written_to_the_last_digit() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    // Nothing, the smallest cent, won, and the most that thirteen digits hold.
    for (minor, exponent) in [
        (0, 0),
        (1, 2),
        (12_900, 0),
        (9_999_999_999_999, 0),
        (999_999_999_999_999, 2),
    ] {
        let amount = MoneyColumn::from_minor(minor, exponent).expect("it fits");
        let id = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO payment.transactions
                    (id, pg_transaction_id, pg_company, transaction_type, amount, status)
             VALUES ($1, $2, 'TOSS', 'PAYMENT', $3::numeric, 'PENDING')",
        )
        .bind(id)
        .bind(id.to_string())
        .bind(amount.to_string())
        .execute(&owner)
        .await
        .expect("the column takes it");
        let stored: String =
            sqlx::query_scalar("SELECT amount::text FROM payment.transactions WHERE id = $1")
                .bind(id)
                .fetch_one(&owner)
                .await
                .expect("the row is there");
        let read: MoneyColumn = stored.parse().expect("what PostgreSQL writes can be read");
        assert_eq!(read.to_minor(exponent), Ok(minor), "{stored}");
    }
    owner.close().await;
    database.drop_now().await;
}
