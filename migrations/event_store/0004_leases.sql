-- Who runs what only one may run. Each takeover raises the epoch; whoever writes with an older one is
-- refused, in the write itself.
CREATE TABLE leases (
    name       text PRIMARY KEY,
    holder     text NOT NULL,
    epoch      bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
