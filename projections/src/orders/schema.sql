-- Orders as their buyers see them. Money is in minor units of `currency`; times are when the command was taken.
CREATE TABLE orders (
    id                  uuid PRIMARY KEY,
    user_id             text COLLATE "C" NOT NULL,
    status              text COLLATE "C" NOT NULL, -- PENDING, PAID, CONFIRMED, SHIPPED, DELIVERED, CANCELLED
    currency            text COLLATE "C" NOT NULL,
    subtotal_amount     bigint NOT NULL,           -- the sum of the items
    discount_amount     bigint NOT NULL,           -- what the coupon takes off; 0 without one
    total_amount        bigint NOT NULL,           -- what is to be paid
    item_count          integer NOT NULL,          -- rows of order_items
    coupon_code         text COLLATE "C",
    payment_id          uuid,                      -- the one payment that was asked for
    payment_due_at      timestamptz NOT NULL,      -- unpaid after this moment, it is cancelled
    confirmation_due_at timestamptz,               -- paid, it is confirmed by itself at this moment
    paid_at             timestamptz,
    confirmed_at        timestamptz,
    shipped_at          timestamptz,
    delivered_at        timestamptz,
    cancelled_at        timestamptz,
    cancel_kind         text COLLATE "C",          -- PAYMENT_FAILED, PAYMENT_TIMED_OUT, REQUESTED
    cancel_code         text,                      -- of PAYMENT_FAILED: the payment's failure code
    cancel_reason       text,                      -- of REQUESTED: the words of whoever asked
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    version             bigint NOT NULL            -- the sequence of its last event: the ETag
);
-- GET /orders: a user's own, newest first; and the same of one status.
CREATE INDEX orders_user_idx ON orders (user_id, created_at DESC, id DESC);
CREATE INDEX orders_user_status_idx ON orders (user_id, status, created_at DESC, id DESC);

-- The items, as they were when the order was placed.
CREATE TABLE order_items (
    order_id          uuid NOT NULL,
    line_number       integer NOT NULL,            -- from 1, in the order of the request
    id                uuid NOT NULL,               -- the item's own id
    product_id        uuid NOT NULL,
    product_name      text NOT NULL,
    quantity          integer NOT NULL,
    unit_price_amount bigint NOT NULL,             -- in the order's currency
    amount            bigint NOT NULL,             -- quantity × unit price
    PRIMARY KEY (order_id, line_number)
);

-- What happened to an order, event by event, its payment's events among them: GET /orders/{id}/history.
CREATE TABLE order_history (
    order_id   uuid NOT NULL,
    position   bigint NOT NULL,                    -- in the log: the order in which it happened
    event_id   uuid NOT NULL,
    event_type text COLLATE "C" NOT NULL,          -- as in the log: OrderPlaced, PaymentSucceeded, …
    at         timestamptz NOT NULL,
    detail     jsonb NOT NULL,                     -- camelCase, fit to be shown as it is
    PRIMARY KEY (order_id, position)
);

-- Inner: not every event of a payment names its order.
CREATE TABLE order_payments (
    payment_id uuid PRIMARY KEY,
    order_id   uuid NOT NULL
);
