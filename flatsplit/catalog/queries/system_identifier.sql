-- What tells this cluster from a copy that was initialised elsewhere. Some services keep it to themselves.
SELECT c.system_identifier::text
FROM pg_control_system() AS c
