-- {n} payments with their methods, histories and orders. Most are plain; what is wrong with the others is said
-- by the remainder of their number divided by 10007, and e2e/tests/it/legacy/model.rs knows it too.
SET SESSION foreign_key_checks = 0, unique_checks = 0,
    sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES', max_statement_time = 0;
INSERT INTO tb_payment_methods
SELECT seq, 1 + seq MOD 1000,
       -- a billing key that the row before has
       CONCAT('bk_', IF(seq MOD 10007 = 2, seq - 1, seq)),
       ELT(1 + seq MOD 2, 'TOSS', 'NICE'),
       IF(seq MOD 10007 = 4, 'GIFT', ELT(1 + seq MOD 4, 'CARD', 'CREDIT_CARD', 'BANK', 'PHONE')),
       IF(seq MOD 4 < 2, '신한카드', NULL),
       IF(seq MOD 4 < 2, CONCAT('4111-1111-1111-', LPAD(seq MOD 10000, 4, '0')), NULL),
       IF(seq MOD 10007 = 6, '{"cardNumber":"4111111111111111","cvc":"123"}', '{"agreed":true}'),
       NULL, seq MOD 3 = 0, ELT(1 + seq MOD 3, 'ACTIVE', 'N', 'DELETED'),
       TIMESTAMP('2022-01-01 00:00:00') + INTERVAL seq MINUTE,
       IF(seq MOD 3 = 2, TIMESTAMP('2023-01-01 00:00:00'), NULL)
  FROM seq_1_to_{methods};
INSERT INTO tb_payments
SELECT seq,
       CASE WHEN seq MOD 10007 = 7 THEN 900000000 + seq          -- an order that does not exist
            WHEN seq MOD 10007 = 15 THEN NULL                    -- only its order knows
            WHEN seq MOD 20 = 0 THEN seq - 1 ELSE seq END,
       CASE WHEN seq MOD 10007 = 17 THEN CONCAT('pg_', seq - 1)     -- another row's id
            WHEN seq MOD 10007 = 6 THEN CONCAT('pg_', seq, CHAR(0))
            WHEN seq MOD 10007 = 8 THEN RPAD(CONCAT('pg_', seq), 150, 'x')
            WHEN seq MOD 10007 BETWEEN 20 AND 10000 AND seq MOD 50 = 49 THEN NULL  -- the gateway never answered
            ELSE CONCAT('pg_', seq) END,
       ELT(1 + seq MOD 2, 'TOSS', 'NICE'),
       CASE WHEN seq MOD 10007 = 9 THEN 'GIFT' WHEN seq MOD 20 = 0 THEN 'REFUND' ELSE 'PAYMENT' END,
       CASE WHEN seq MOD 10007 = 3 THEN 1000.5 WHEN seq MOD 10007 = 4 THEN 99999999999999
            WHEN seq MOD 10007 = 11 THEN -100
            WHEN seq MOD 10007 >= 20 AND seq MOD 10 = 3 THEN (1000 + seq MOD 100000) / 100 ELSE 1000 + seq MOD 100000 END,
       CASE WHEN seq MOD 10007 = 10 THEN 'BTC' WHEN seq MOD 10007 < 20 THEN NULL
            WHEN seq MOD 10 = 3 THEN 'USD' ELSE 'KRW' END,
       CASE WHEN seq MOD 10007 = 2 THEN 'CANCELLED' WHEN seq MOD 10007 NOT BETWEEN 20 AND 10000 THEN 'PAID'
            WHEN seq MOD 50 = 49 THEN 'READY' WHEN seq MOD 50 = 48 THEN 'FAILED' ELSE 'DONE' END,
       CASE WHEN seq MOD 10007 = 12 THEN '<pay><ok/></pay>'
            WHEN seq MOD 10007 = 14 THEN '{"card":"5555 5555 5555 4444","cvv2":"987"}'
            ELSE CONCAT('{"orderId":"o-', seq, '","method":"카드"}') END,
       IF(seq MOD 7 = 0, '{"code":"0000"}', NULL),
       CASE WHEN seq MOD 10007 = 5 THEN '0000-00-00 00:00:00' WHEN seq MOD 10007 = 13 THEN '2023-02-30 10:00:00'
            ELSE TIMESTAMP('2022-01-01 00:00:00') + INTERVAL seq MINUTE END,
       IF(seq MOD 50 = 49, NULL, TIMESTAMP('2022-01-01 00:00:05') + INTERVAL seq MINUTE)
  FROM seq_1_to_{n};
INSERT INTO tb_payment_history
SELECT seq, seq, IF(seq MOD 2 = 0, 'READY', NULL), IF(seq MOD 50 = 48, 'FAILED', 'PAID'),
       IF(seq MOD 10007 = 16, REPEAT('길', 300), '웹훅'),
       TIMESTAMP('2022-01-01 00:00:05') + INTERVAL seq MINUTE
  FROM seq_1_to_{n};
-- Deleted long ago, with the checks off: their payments do not exist.
INSERT INTO tb_payment_history
SELECT {n} + seq, 700000000 + seq, NULL, 'PAID', NULL, TIMESTAMP('2022-01-01 00:00:00')
  FROM seq_1_to_{orphans};
INSERT INTO orders
SELECT seq, 1 + seq MOD 1000, IF(seq MOD 20 = 0, NULL, seq), 1000 + seq MOD 100000, 'PAID'
  FROM seq_1_to_{n};
INSERT INTO orders
SELECT {n} + seq, 1, 500000000 + seq, 1000, 'PAID' FROM seq_1_to_{orphans};
SET SESSION foreign_key_checks = 1, unique_checks = 1;
