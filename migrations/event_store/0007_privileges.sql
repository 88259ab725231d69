-- The program's role may add to the log and read it. Nobody changes or deletes an event: there is no
-- statement in the program that would, and no right to.
GRANT USAGE ON SCHEMA event_store TO commerce_app, commerce_read;
GRANT SELECT, INSERT ON events, commands TO commerce_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON snapshots, leases, checkpoints TO commerce_app;
GRANT SELECT ON events, checkpoints, leases TO commerce_read;
