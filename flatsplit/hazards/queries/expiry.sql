-- The end of legacy's password: when, in how many days, and whether there is one.
SELECT r.rolvaliduntil::text, extract(epoch FROM r.rolvaliduntil - clock_timestamp()) / 86400,
       r.rolvaliduntil IS NOT NULL AND isfinite(r.rolvaliduntil)
FROM pg_roles AS r
WHERE r.oid = %(legacy)s::oid
