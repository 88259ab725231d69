-- Coupon pools: GET /coupon-pools/{id}. Money is in minor units of `discount_currency`.
CREATE TABLE coupon_pools (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL,
    discount_type       text COLLATE "C" NOT NULL, -- FIXED, PERCENT
    discount_percent    integer,                   -- of PERCENT
    discount_amount     bigint,                    -- of FIXED
    discount_max_amount bigint,                    -- of PERCENT: but never more than this
    discount_currency   text COLLATE "C",          -- of the amounts, where there are any
    quantity            bigint NOT NULL,
    issued              bigint NOT NULL,
    remaining           bigint NOT NULL GENERATED ALWAYS AS (quantity - issued) STORED,
    used                bigint NOT NULL,           -- now used by paid orders
    valid_from          timestamptz NOT NULL,
    valid_until         timestamptz NOT NULL,
    closed_at           timestamptz,               -- when its validity was found to be over
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    version             bigint NOT NULL,
    CONSTRAINT coupon_pools_not_overissued CHECK (issued BETWEEN 0 AND quantity)
);

-- The coupons that users hold: GET /coupons.
CREATE TABLE user_coupons (
    code            text COLLATE "C" PRIMARY KEY,
    pool_id         uuid NOT NULL,
    user_id         text COLLATE "C" NOT NULL,
    state           text COLLATE "C" NOT NULL,     -- ISSUED (free), HELD (by an unpaid order), USED
    is_used         boolean NOT NULL GENERATED ALWAYS AS (state = 'USED') STORED,
    order_id        uuid,                          -- the order that holds or used it
    discount_amount bigint,                        -- what it takes off that order, in the order's currency
    issued_at       timestamptz NOT NULL,
    used_at         timestamptz,
    updated_at      timestamptz NOT NULL
);
-- A user's own, newest first.
CREATE INDEX user_coupons_user_idx ON user_coupons (user_id, issued_at DESC, code DESC);
