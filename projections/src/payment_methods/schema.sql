-- Users' saved payment methods: GET /payment-methods. The key that charges one is not here.
CREATE TABLE payment_methods (
    id              uuid PRIMARY KEY,
    user_id         text COLLATE "C" NOT NULL,
    gateway         text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL, -- PENDING, ACTIVE, FAILED, DELETED
    method_type     text COLLATE "C",          -- CARD, ACCOUNT, MOBILE; once it is registered
    card_company    text,                      -- the company's code
    card_last4      text,
    failure_code    text COLLATE "C",          -- of FAILED
    failure_message text,                      -- of FAILED
    delay_reason    text COLLATE "C",          -- why the company has to be asked again
    attempts        bigint NOT NULL,           -- how often it was asked in vain
    next_attempt_at timestamptz,
    requested_at    timestamptz NOT NULL,
    registered_at   timestamptz,
    deleted_at      timestamptz,
    erased_at       timestamptz,               -- when the key was nowhere any more
    updated_at      timestamptz NOT NULL,
    version         bigint NOT NULL
);
-- A user's own that are there or on their way.
CREATE INDEX payment_methods_user_idx ON payment_methods (user_id, id)
 WHERE status IN ('PENDING', 'ACTIVE');

-- Which of them is charged when none is named.
CREATE TABLE payment_wallets (
    user_id    text COLLATE "C" PRIMARY KEY,
    default_id uuid,
    updated_at timestamptz NOT NULL
);
