-- Roles of the cluster by name, for the parameters of the other questions.
SELECT rolname::text, oid FROM pg_roles
