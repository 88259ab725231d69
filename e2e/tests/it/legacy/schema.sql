-- The legacy shop's database, main_db, as far as its payments go: the tables that legacy-migration/src/shape.rs
-- documents, what stands on them, and what was forgotten over the years.
CREATE TABLE tb_payment_methods (
    payment_method_id BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id           BIGINT       NOT NULL,
    billing_key       VARCHAR(200) NOT NULL,
    pg_company        VARCHAR(50)  NOT NULL,
    method_type       VARCHAR(30)  NOT NULL,
    card_company      VARCHAR(100) NULL,
    card_number       VARCHAR(30)  NULL,
    pg_request        LONGTEXT     NULL,
    pg_response       LONGTEXT     NULL,
    is_default        TINYINT(1)   NOT NULL DEFAULT 0,
    status            VARCHAR(20)  NOT NULL DEFAULT 'ACTIVE',
    created_at        DATETIME     NOT NULL,
    deleted_at        DATETIME     NULL,
    KEY idx_methods_user (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE TABLE tb_payments (
    payment_id        BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id          BIGINT         NULL,
    pg_transaction_id VARCHAR(200)   NULL,
    pg_company        VARCHAR(50)    NOT NULL,
    payment_type      VARCHAR(20)    NOT NULL DEFAULT 'PAYMENT',
    amount            DECIMAL(18, 4) NOT NULL,
    currency          VARCHAR(3)     NULL DEFAULT 'KRW',
    status            VARCHAR(30)    NOT NULL,
    pg_request        LONGTEXT       NULL,
    pg_response       LONGTEXT       NULL,
    requested_at      DATETIME       NOT NULL,
    completed_at      DATETIME       NULL,
    KEY idx_payments_order (order_id),
    KEY idx_payments_status (status)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE TABLE tb_payment_history (
    history_id      BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id      BIGINT       NOT NULL,
    previous_status VARCHAR(30)  NULL,
    current_status  VARCHAR(30)  NOT NULL,
    change_reason   VARCHAR(500) NULL,
    changed_at      DATETIME     NOT NULL,
    KEY idx_history_payment (payment_id),
    CONSTRAINT fk_history_payment FOREIGN KEY (payment_id) REFERENCES tb_payments (payment_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE TABLE orders (
    order_id     BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id      BIGINT         NOT NULL,
    payment_id   BIGINT         NULL,
    total_amount DECIMAL(15, 2) NOT NULL,
    status       VARCHAR(20)    NOT NULL,
    CONSTRAINT fk_orders_payment FOREIGN KEY (payment_id) REFERENCES tb_payments (payment_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
CREATE VIEW view_payment_info AS
    SELECT p.payment_id, p.amount, p.status, o.order_id, o.user_id
      FROM tb_payments p JOIN orders o ON o.payment_id = p.payment_id;
CREATE VIEW view_payment_summary AS
    SELECT status, COUNT(*) AS payments, SUM(amount) AS amount FROM view_payment_info GROUP BY status;
CREATE VIEW view_transaction_detail AS
    SELECT p.payment_id, p.pg_transaction_id, h.previous_status, h.current_status, h.changed_at
      FROM tb_payments p LEFT JOIN tb_payment_history h ON h.payment_id = p.payment_id;
CREATE TRIGGER trg_payments_completed BEFORE UPDATE ON tb_payments FOR EACH ROW
    SET NEW.completed_at = IF(NEW.status = 'PAID', COALESCE(NEW.completed_at, NOW()), NEW.completed_at);
