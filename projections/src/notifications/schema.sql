-- What a user is told: GET /notifications. The words are the reader's, by kind and language; the
-- parameters are here, in camelCase.
--
-- ORDER_CONFIRMED, ORDER_SHIPPED, ORDER_DELIVERED  {orderId}
-- ORDER_CANCELLED    {orderId, reason: PAYMENT_FAILED | PAYMENT_TIMED_OUT | REQUESTED, failureCode?, wasPaid}
-- PAYMENT_SUCCEEDED  {orderId, paymentId, amount: Money}
-- PAYMENT_FAILED     {orderId, paymentId, amount: Money, failureCode}
-- PAYMENT_CANCELLED  {orderId, paymentId, refundId, amount: Money}: the order was cancelled, the money went back
-- PAYMENT_REFUNDED   {orderId, paymentId, refundId, amount: Money, reason}: a late or wrong charge went back
-- ORDER_REFUNDED     {orderId, paymentId, refundId, amount: Money, reason}: all or part of the order went back
-- COUPON_ISSUED      {couponPoolId, code, name, validUntil}
-- COUPON_RETURNED    {couponPoolId, code, orderId}: free again after its order was cancelled
-- POINTS_EARNED      {orderId, points, expiresAt}
CREATE TABLE notifications (
    user_id    text COLLATE "C" NOT NULL,
    position   bigint NOT NULL,                -- of the event in the log: newest first is this, descending
    id         uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    params     jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, position)
);

-- Inner: not every event names the user whom it concerns.
CREATE TABLE order_users (
    order_id uuid PRIMARY KEY,
    user_id  text COLLATE "C" NOT NULL
);

-- Inner: what a coupon is called.
CREATE TABLE pool_names (
    pool_id     uuid PRIMARY KEY,
    name        text NOT NULL,
    valid_until timestamptz NOT NULL
);
