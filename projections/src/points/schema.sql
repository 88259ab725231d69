-- What a user has: GET /points. The balance may be negative.
CREATE TABLE point_accounts (
    user_id    text COLLATE "C" PRIMARY KEY,
    remaining  bigint NOT NULL,                -- Σ remaining of the lots
    owed       bigint NOT NULL,                -- Σ owed of the lots
    balance    bigint NOT NULL GENERATED ALWAYS AS (remaining - owed) STORED,
    updated_at timestamptz NOT NULL,
    version    bigint NOT NULL
);

-- The lots: GET /points/lots. What an order holds counts as spent.
CREATE TABLE point_lots (
    id            uuid PRIMARY KEY,
    user_id       text COLLATE "C" NOT NULL,
    origin        text COLLATE "C" NOT NULL,   -- ORDER, ADJUSTMENT
    order_id      uuid,                        -- of ORDER
    adjustment_id uuid,                        -- of ADJUSTMENT
    earned        bigint NOT NULL,
    spent         bigint NOT NULL,
    expired       bigint NOT NULL,
    taken_back    bigint NOT NULL,
    remaining     bigint NOT NULL,
    owed          bigint NOT NULL,
    earned_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    lapsed_at     timestamptz,                 -- when its time was found to be over
    updated_at    timestamptz NOT NULL,
    CONSTRAINT point_lots_add_up CHECK (earned + owed = spent + expired + taken_back + remaining),
    CONSTRAINT point_lots_not_negative
        CHECK (least(earned, spent, expired, taken_back, remaining, owed) >= 0),
    CONSTRAINT point_lots_owe_or_have CHECK (owed = 0 OR remaining = 0)
);
-- A user's own, newest first.
CREATE INDEX point_lots_user_idx ON point_lots (user_id, earned_at DESC, id DESC);
-- What can still be spent, by when it expires: sums over it touch no row.
CREATE INDEX point_lots_open_idx ON point_lots (user_id, expires_at) INCLUDE (remaining)
 WHERE remaining > 0;

-- What happened to a user's points: GET /points/history. A lot that expired empty is no news.
CREATE TABLE point_history (
    user_id  text COLLATE "C" NOT NULL,
    position bigint NOT NULL,                  -- of the event in the log: newest first is this, descending
    kind     text COLLATE "C" NOT NULL,        -- EARNED, HELD, SPENT, RELEASED, RETURNED, TAKEN_BACK, EXPIRED, ADJUSTED
    points   bigint NOT NULL,                  -- how many it is about
    change   bigint NOT NULL,                  -- what it did to the balance
    order_id uuid,
    lot_id   uuid,                             -- when it is about one
    detail   jsonb NOT NULL,                   -- in camelCase: {refundId?, expiresAt?, expired?, owed?, reason?}
    at       timestamptz NOT NULL,
    PRIMARY KEY (user_id, position)
);

-- Which points of which lot pay which line of an order: many to many. Of the reports; no query yet.
CREATE TABLE point_allocations (
    order_id      uuid NOT NULL,
    order_item_id uuid NOT NULL,
    lot_id        uuid NOT NULL,
    user_id       text COLLATE "C" NOT NULL,
    state         text COLLATE "C" NOT NULL,   -- HELD, SPENT, RELEASED
    points        bigint NOT NULL,
    returned      bigint NOT NULL,
    PRIMARY KEY (order_id, order_item_id, lot_id),
    CONSTRAINT point_allocations_not_overreturned CHECK (returned BETWEEN 0 AND points)
);
