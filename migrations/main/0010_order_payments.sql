-- The order service's side of payments: which transactions an order has, and where its payment stands.
-- The orders themselves are read models in schemas that come and go with their generations, so no key can lead to
-- them. `orders` is the anchor that stays: every order that was ever placed, kept by the same projector.
-- `payment_transaction_id` and `last_transaction_id` are ids of the schema `payment`: no key leads there.
CREATE TABLE orders (
    id       uuid CONSTRAINT orders_pkey PRIMARY KEY,
    currency varchar(3) NOT NULL             -- of the amounts in payment_states
);

CREATE TABLE order_payment_mapping (
    id                     uuid CONSTRAINT order_payment_mapping_pkey PRIMARY KEY,
    order_id               uuid NOT NULL,
    payment_transaction_id uuid NOT NULL,
    payment_status         varchar(20) NOT NULL,
    payment_confirmed_at   timestamptz,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT uk_order_payment UNIQUE (order_id, payment_transaction_id),
    CONSTRAINT fk_order_payment_mapping_order FOREIGN KEY (order_id) REFERENCES orders (id)
);
CREATE INDEX idx_order_payment_mapping_payment_status ON order_payment_mapping (payment_status);

CREATE TABLE payment_states (
    id                  uuid CONSTRAINT payment_states_pkey PRIMARY KEY,
    order_id            uuid NOT NULL,
    current_status      varchar(20) NOT NULL,
    payment_amount      numeric(15, 2) NOT NULL,
    paid_amount         numeric(15, 2) DEFAULT 0,
    refunded_amount     numeric(15, 2) DEFAULT 0,
    last_transaction_id uuid,
    last_updated_at     timestamptz NOT NULL,
    CONSTRAINT uk_payment_states_order_id UNIQUE (order_id),
    CONSTRAINT fk_payment_states_order FOREIGN KEY (order_id) REFERENCES orders (id)
);
CREATE INDEX idx_payment_states_current_status ON payment_states (current_status);

CREATE TRIGGER order_payment_mapping_times BEFORE INSERT OR UPDATE ON order_payment_mapping
    FOR EACH ROW EXECUTE FUNCTION set_created_and_updated_at();

CREATE FUNCTION set_last_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.last_updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER payment_states_last_updated_at BEFORE INSERT OR UPDATE ON payment_states
    FOR EACH ROW EXECUTE FUNCTION set_last_updated_at();

-- As payment.checkpoints.
CREATE TABLE checkpoints (
    subscriber varchar(50) CONSTRAINT checkpoints_pkey PRIMARY KEY,
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoints_position_not_negative CHECK (position >= 0)
);
INSERT INTO checkpoints (subscriber, position) VALUES ('order_payments', 0);
