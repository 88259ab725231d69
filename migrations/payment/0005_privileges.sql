-- The rest of the shop may look at transactions, and at nothing else here. The owner needs no grant, and
-- nobody else is named: other_service, commerce_app and commerce_read have no right in this schema.
REVOKE ALL ON SCHEMA payment FROM PUBLIC;
GRANT USAGE ON SCHEMA payment TO main_service;
GRANT SELECT ON transactions TO main_service;
