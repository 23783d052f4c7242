-- All roles with their attributes. The session prints times in UTC and ISO style.
SELECT r.oid, r.rolname::text, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolinherit, r.rolcanlogin,
       r.rolreplication, r.rolbypassrls, r.rolconnlimit, nullif(r.rolvaliduntil::text, 'infinity'), -- no limit at all, as NULL is
       coalesce(r.rolvaliduntil < clock_timestamp(), false)
FROM pg_roles AS r
