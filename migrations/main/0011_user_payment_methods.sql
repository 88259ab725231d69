-- Which saved payment methods a user has: the order service's side of the schema payment. `users` is the anchor that
-- the key leads to, as `orders` is: every user who ever saved a method, and nothing about them.
-- `payment_method_id` is an id of the schema `payment`: no key leads there.
CREATE TABLE users (
    id varchar(64) CONSTRAINT users_pkey PRIMARY KEY
);

CREATE TABLE user_payment_method_mapping (
    id                uuid CONSTRAINT user_payment_method_mapping_pkey PRIMARY KEY,
    user_id           varchar(64) NOT NULL,
    payment_method_id uuid NOT NULL,
    is_default        boolean DEFAULT false,
    is_active         boolean DEFAULT true,
    registered_at     timestamptz NOT NULL,
    deleted_at        timestamptz,
    CONSTRAINT uk_user_payment_method UNIQUE (user_id, payment_method_id),
    CONSTRAINT fk_user_payment_method_mapping_user FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX idx_user_payment_method_mapping_user_id ON user_payment_method_mapping (user_id);
CREATE INDEX idx_user_payment_method_mapping_is_default ON user_payment_method_mapping (is_default);

INSERT INTO checkpoints (subscriber, position) VALUES ('user_methods', 0);
