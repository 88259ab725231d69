-- A shop with a million rows in each table that a list reads, in the shape of a real one: common and rare
-- categories, a user with 20 000 orders among 50 000 users, an aggregate with 250 000 events.
--
-- Run as the owner of a database that `commerce migrate` has made. Everything is derived from row numbers,
-- so that two runs make the same rows but for their times.
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.5);

-- A pseudo-random number from 0 up to `below`, of a row and a column.
CREATE FUNCTION pg_temp.pick(number bigint, salt text, below bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT abs(hashtextextended(number || salt, 0) % below) $$;
CREATE FUNCTION pg_temp.id(number bigint, salt text) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$ SELECT md5(number || salt)::uuid $$;

-- Indexes are built afterwards: row by row they would take most of an hour.
CREATE TEMP TABLE definitions AS
SELECT format('%I.%I', i.schemaname, i.indexname) AS name, i.indexdef
  FROM pg_indexes i JOIN pg_class c ON c.oid = format('%I.%I', i.schemaname, i.indexname)::regclass
  JOIN pg_index x ON x.indexrelid = c.oid
 WHERE i.schemaname LIKE 'projection\_%' AND NOT x.indisunique;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT d.name FROM definitions d LOOP
        EXECUTE 'DROP INDEX ' || name;
    END LOOP;
END $$;

-- 100 categories, of which the first has a tenth of all products and the last a handful; 1 000 brands.
INSERT INTO projection_products_1.products (id, name, category, brand, description, images, currency,
       price_amount, state, created_at, updated_at, version)
SELECT pg_temp.id(n, 'product'),
       (ARRAY['제주', '유기농', 'Fresh', 'Golden', '프리미엄', 'Classic', '수제', 'Daily'])[1 + pg_temp.pick(n, 'a', 8)]
       || ' ' ||
       (ARRAY['녹차', '커피', 'Kettle', 'Biscuit', '비누', 'Blanket', '김치', 'Candle', '우산', 'Notebook'])[1 + pg_temp.pick(n, 'b', 10)]
       || ' ' || n,
       'category-' || CASE WHEN n % 100000 = 0 THEN 99
                           ELSE floor(99 * power(pg_temp.pick(n, 'c', 1000000) / 1000000.0, 2)) END,
       'brand-' || pg_temp.pick(n, 'd', 1000),
       'What there is to say about product ' || n, '["https://img.example/1.jpg"]', 'KRW',
       100 * (1 + pg_temp.pick(n, 'e', 10000)), 'ON_SALE',
       now() - n * interval '1 minute', now(), 1
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_products_1.product_sales (product_id, sold_count)
SELECT pg_temp.id(n, 'product'), floor(10000 * power(pg_temp.pick(n, 'f', 1000000) / 1000000.0, 6))
  FROM generate_series(1, 1000000) n;

-- Every fiftieth order is of one user; the others belong to 50 000.
INSERT INTO projection_orders_1.orders (id, user_id, status, currency, subtotal_amount, discount_amount,
       total_amount, points, refunded_amount, refunded_points, item_count, payment_due_at, created_at,
       updated_at, version)
SELECT pg_temp.id(n, 'order'),
       CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       (ARRAY['PENDING', 'PAID', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CANCELLED'])
           [1 + pg_temp.pick(n, 's', 7)],
       'KRW', 1000, 0, 1000, 0, 0, 0, 1, now(), now() - n * interval '10 seconds', now(), 3
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_orders_1.order_items (order_id, line_number, id, product_id, product_name,
       quantity, unit_price_amount, amount)
SELECT pg_temp.id((n + 2) / 3, 'order'), 1 + n % 3, pg_temp.id(n, 'item'), pg_temp.id(n, 'product'),
       'Product ' || n, 1, 1000, 1000
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_orders_1.order_history (order_id, position, event_id, event_type, at, detail)
SELECT pg_temp.id((n + 3) / 4, 'order'), n, pg_temp.id(n, 'event'), 'OrderPlaced', now(), '{}'
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_payments_1.payment_states (order_id, user_id, current_status, currency,
       payment_amount, paid_amount, refunded_amount, last_updated_at)
SELECT o.id, o.user_id, 'SUCCEEDED', 'KRW', 1000, 1000, 0, now() FROM projection_orders_1.orders o;

-- One payment in a thousand is unknown, one in ten thousand is to be looked at.
INSERT INTO projection_payments_1.payments (id, order_id, user_id, status, currency, amount, charged_amount,
       refunded_amount, gateway, inquiries, requested_at, updated_at, review_reason, review_at, version)
SELECT pg_temp.id(n, 'payment'), pg_temp.id(n, 'order'),
       CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       CASE WHEN pg_temp.pick(n, 'p', 1000) = 0 THEN 'UNKNOWN'
            WHEN pg_temp.pick(n, 'q', 20) = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
       'KRW', 1000, 1000, 0, 'toss', 0, now() - n * interval '10 seconds', now(),
       CASE WHEN pg_temp.pick(n, 'r', 10000) = 0 THEN 'CHARGED_TWICE' END,
       CASE WHEN pg_temp.pick(n, 'r', 10000) = 0 THEN now() END, 2
  FROM generate_series(1, 1000000) n;
-- Twenty methods a user were ever saved, of which three are there; one user has twenty of a thousand.
INSERT INTO projection_payment_methods_1.payment_methods (id, user_id, gateway, status, method_type, card_last4,
       attempts, requested_at, registered_at, updated_at, version)
SELECT pg_temp.id(n, 'method'),
       CASE WHEN n % 1000 = 0 THEN 'user-0' ELSE 'user-' || 1 + n % 50000 END,
       'toss', CASE WHEN n > CASE n % 1000 WHEN 0 THEN 20000 ELSE 150000 END THEN 'DELETED' ELSE 'ACTIVE' END,
       'CARD', '1234', 0, now() - n * interval '1 minute', now(), now(), 3
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_payment_methods_1.payment_wallets (user_id, default_id, updated_at)
SELECT 'user-' || n, pg_temp.id(n, 'method'), now() FROM generate_series(0, 50000) n;

INSERT INTO projection_coupons_1.coupon_pools (id, name, discount_type, discount_percent, quantity,
       issued, used, valid_from, valid_until, created_at, updated_at, version)
SELECT pg_temp.id(n, 'pool'), 'Pool ' || n, 'PERCENT', 10, 1000, 1000, 0, now(), now() + interval '1 day',
       now(), now(), 1
  FROM generate_series(1, 1000) n;
INSERT INTO projection_coupons_1.user_coupons (code, pool_id, user_id, state, issued_at, updated_at)
SELECT 'coupon-' || n, pg_temp.id(1 + n % 1000, 'pool'),
       CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       'ISSUED', now() - n * interval '10 seconds', now()
  FROM generate_series(1, 1000000) n;

INSERT INTO projection_notifications_1.notifications (user_id, position, id, kind, params, created_at)
SELECT CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       n, pg_temp.id(n, 'notification'), 'PAYMENT_SUCCEEDED',
       '{"orderId": "0", "amount": {"amount": 1000, "currency": "KRW"}}', now()
  FROM generate_series(1, 1000000) n;

-- Of every twentieth lot something remains.
INSERT INTO projection_points_1.point_accounts (user_id, remaining, owed, updated_at, version)
SELECT 'user-' || n, 100, 0, now(), 1 FROM generate_series(0, 50000) n;
INSERT INTO projection_points_1.point_lots (id, user_id, origin, order_id, earned, spent, expired, taken_back,
       remaining, owed, earned_at, expires_at, updated_at)
SELECT pg_temp.id(n, 'lot'),
       CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       'ORDER', pg_temp.id(n, 'order'), 100, CASE WHEN n % 20 = 0 THEN 40 ELSE 100 END, 0, 0,
       CASE WHEN n % 20 = 0 THEN 60 ELSE 0 END, 0, now() - n * interval '30 seconds',
       now() - n * interval '30 seconds' + interval '365 days', now()
  FROM generate_series(1, 1000000) n;
INSERT INTO projection_points_1.point_history (user_id, position, kind, points, change, order_id, detail, at)
SELECT CASE WHEN n % 50 = 0 THEN 'user-0' ELSE 'user-' || 1 + pg_temp.pick(n, 'u', 50000) END,
       n, 'EARNED', 100, 100, pg_temp.id(n, 'order'), '{}', now()
  FROM generate_series(1, 1000000) n;

-- A quarter of the log is one inventory's; one event in a hundred thousand is of a rare type.
INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
       event_version, payload, metadata, recorded_at)
SELECT n, CASE n % 4 WHEN 0 THEN 'inventory' WHEN 1 THEN 'order' WHEN 2 THEN 'payment' ELSE 'product' END,
       CASE WHEN n % 4 = 0 THEN 'hot' ELSE (n / 8)::text END,
       CASE WHEN n % 4 = 0 THEN n / 4 ELSE 1 + (n / 4) % 2 END,
       CASE WHEN n % 100000 = 0 THEN 'Rare' ELSE 'Usual' END, '1',
       json_build_object('Usual', json_build_object('text', repeat('x', 200))),
       json_build_object('eventId', pg_temp.id(n, 'event'), 'principal', 'user-0'), now()
  FROM generate_series(1, 1000000) n;
UPDATE relay.cursor SET position = 900000;
INSERT INTO relay.failures (position, topic, error)
SELECT n * 80, 'inventory.stock.updated', 'too large' FROM generate_series(1, 10000) n;

DO $$
DECLARE definition text;
BEGIN
    FOR definition IN SELECT indexdef FROM definitions LOOP
        EXECUTE definition;
    END LOOP;
END $$;
