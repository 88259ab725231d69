-- Orders as their buyers see them. Money is in minor units of `currency`; times are when the command was taken.
CREATE TABLE orders (
    id                  uuid PRIMARY KEY,
    user_id             text COLLATE "C" NOT NULL,
    status              text COLLATE "C" NOT NULL, -- PENDING, PAID, CONFIRMED, SHIPPED, DELIVERED, CANCELLED
    currency            text COLLATE "C" NOT NULL,
    subtotal_amount     bigint NOT NULL,           -- the sum of the items
    discount_amount     bigint NOT NULL,           -- what the coupon takes off; 0 without one
    total_amount        bigint NOT NULL,           -- what is to be paid, with money or points
    points              bigint NOT NULL,           -- what of it points pay
    refunded_amount     bigint NOT NULL,           -- money that went back by refunds
    refunded_points     bigint NOT NULL,
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

-- Its refunds, done or not, and what each takes of which item.
CREATE TABLE order_refunds (
    order_id     uuid NOT NULL,
    id           uuid NOT NULL,
    payment_id   uuid NOT NULL,
    status       text COLLATE "C" NOT NULL,        -- PENDING, SUCCEEDED
    amount       bigint NOT NULL,                  -- in the order's currency
    points       bigint NOT NULL,
    restocks     boolean NOT NULL,                 -- whether its pieces become stock again
    reason       text NOT NULL,                    -- the words of whoever asked
    requested_at timestamptz NOT NULL,
    completed_at timestamptz,
    PRIMARY KEY (order_id, id)
);
CREATE TABLE order_refund_items (
    order_id      uuid NOT NULL,
    refund_id     uuid NOT NULL,
    order_item_id uuid NOT NULL,
    quantity      integer NOT NULL,                -- 0 when only money goes back
    amount        bigint NOT NULL,
    points        bigint NOT NULL,
    PRIMARY KEY (order_id, refund_id, order_item_id)
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
