-- Every role's oid: it stays the same when the role is given another name. Not the predefined ones.
SELECT r.rolname::text, r.oid::bigint FROM pg_roles AS r WHERE r.rolname !~ '^pg_'
