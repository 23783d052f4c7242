-- All roles with their attributes. The session prints times in UTC and ISO style. VALID UNTIL 'infinity' is no limit,
-- as NULL is, and the only way back to it: there is no statement that sets NULL again.
SELECT r.oid, r.rolname::text, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolinherit, r.rolcanlogin,
       r.rolreplication, r.rolbypassrls, r.rolconnlimit, nullif(r.rolvaliduntil::text, 'infinity'),
       coalesce(r.rolvaliduntil < clock_timestamp(), false)
FROM pg_roles AS r
