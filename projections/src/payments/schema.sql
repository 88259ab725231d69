-- Payments: GET /payments/{id}, GET /orders/{id}/payment. Money is in minor units of `currency`.
CREATE TABLE payments (
    id                     uuid PRIMARY KEY,
    order_id               uuid NOT NULL,
    user_id                text COLLATE "C" NOT NULL,
    status                 text COLLATE "C" NOT NULL, -- PENDING, SUCCEEDED, FAILED, UNKNOWN, CANCELLED, PARTIALLY_REFUNDED, REFUNDED
    currency               text COLLATE "C" NOT NULL,
    amount                 bigint NOT NULL,           -- what was asked for
    charged_amount         bigint NOT NULL,           -- what the gateway charged; 0 before
    charged_currency       text COLLATE "C",          -- differs from `currency` only when the gateway was wrong
    refunded_amount        bigint NOT NULL,           -- what went back, in the currency of the charge
    gateway                text COLLATE "C" NOT NULL,
    gateway_transaction_id text,
    failure_code           text,
    failure_message        text,
    unknown_reason         text,                      -- why the outcome is unknown
    inquiries              integer NOT NULL,          -- how often it was found unknown
    next_inquiry_at        timestamptz,
    requested_at           timestamptz NOT NULL,
    completed_at           timestamptz,               -- when it succeeded or failed
    updated_at             timestamptz NOT NULL,
    deposit_bank           text,                      -- where the buyer is to pay into: the gateway's code for the bank
    deposit_number         text,                      -- the account, which is the gateway's
    deposit_holder         text,
    deposit_until          timestamptz,               -- until when
    review_reason          text COLLATE "C",          -- why a person must look at it; NULL: nobody must
    review_at              timestamptz,               -- since when
    version                bigint NOT NULL
);
CREATE INDEX payments_order_idx ON payments (order_id);
-- GET /payments: a user's own, and everybody's for an operator, newest first; of one status, and those to be looked at.
CREATE INDEX payments_user_idx ON payments (user_id, requested_at DESC, id DESC);
CREATE INDEX payments_requested_idx ON payments (requested_at DESC, id DESC);
CREATE INDEX payments_status_idx ON payments (status, requested_at DESC, id DESC);
CREATE INDEX payments_review_idx ON payments (requested_at DESC, id DESC) WHERE review_reason IS NOT NULL;

-- What goes back of it, done or not.
CREATE TABLE payment_refunds (
    payment_id      uuid NOT NULL,
    id              uuid NOT NULL,
    status          text COLLATE "C" NOT NULL, -- PENDING, SUCCEEDED
    reason          text COLLATE "C" NOT NULL, -- ORDER_CANCELLED, LATE_SUCCESS, AMOUNT_MISMATCH, REQUESTED
    amount          bigint NOT NULL,           -- in the currency of the charge
    failed_attempts integer NOT NULL,
    delay_reason    text,                      -- why the last attempt failed
    next_attempt_at timestamptz,               -- NULL while PENDING: it is under way, or a person must look
    requested_at    timestamptz NOT NULL,
    completed_at    timestamptz,
    PRIMARY KEY (payment_id, id)
);

-- One row an order, from its placing on: the fast read of where its payment stands.
CREATE TABLE payment_states (
    order_id            uuid PRIMARY KEY,
    user_id             text COLLATE "C" NOT NULL,
    current_status      text COLLATE "C" NOT NULL, -- the payment's; PENDING before one was asked for, CANCELLED when none ever will be
    currency            text COLLATE "C" NOT NULL,
    payment_amount      bigint NOT NULL,           -- what is to be paid
    paid_amount         bigint NOT NULL,
    refunded_amount     bigint NOT NULL,
    last_transaction_id uuid,                      -- the payment; NULL before one was asked for
    last_updated_at     timestamptz NOT NULL
);
CREATE INDEX payment_states_current_status_idx ON payment_states (current_status);
