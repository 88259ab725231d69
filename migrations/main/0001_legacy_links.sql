-- Which order, and which user, a payment of the legacy database belonged to. Shaped like
-- order_payment_mapping and user_payment_method_mapping, with the legacy ids as they were: the legacy shop's
-- orders and users do not exist here, so no key leads to them, and none leads to the schema payment.
CREATE TABLE legacy_order_payment_mapping (
    id                     uuid CONSTRAINT legacy_order_payment_mapping_pkey PRIMARY KEY,
    legacy_order_id        bigint NOT NULL,
    payment_transaction_id uuid NOT NULL,
    payment_status         varchar(20) NOT NULL,
    payment_confirmed_at   timestamptz,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT uk_legacy_order_payment UNIQUE (legacy_order_id, payment_transaction_id)
);
CREATE INDEX idx_legacy_order_payment_mapping_payment_status ON legacy_order_payment_mapping (payment_status);

CREATE TABLE legacy_user_payment_method_mapping (
    id                uuid CONSTRAINT legacy_user_payment_method_mapping_pkey PRIMARY KEY,
    legacy_user_id    bigint NOT NULL,
    payment_method_id uuid NOT NULL,
    is_default        boolean DEFAULT false,
    is_active         boolean DEFAULT true,
    registered_at     timestamptz NOT NULL,
    deleted_at        timestamptz,
    CONSTRAINT uk_legacy_user_payment_method UNIQUE (legacy_user_id, payment_method_id)
);
CREATE INDEX idx_legacy_user_payment_method_mapping_is_default
    ON legacy_user_payment_method_mapping (is_default);

CREATE FUNCTION set_created_and_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    NEW.created_at := CASE TG_OP WHEN 'INSERT' THEN now() ELSE OLD.created_at END;
    RETURN NEW;
END $$;
CREATE TRIGGER legacy_order_payment_mapping_times BEFORE INSERT OR UPDATE ON legacy_order_payment_mapping
    FOR EACH ROW EXECUTE FUNCTION set_created_and_updated_at();

REVOKE ALL ON SCHEMA main FROM PUBLIC;
