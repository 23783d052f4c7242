-- The end of legacy's password: when, in how many days, and whether there is one.
SELECT r.rolvaliduntil::text, 
       CASE WHEN isfinite(r.rolvaliduntil)  -- infinity cannot be subtracted from before 17
            THEN extract(epoch FROM r.rolvaliduntil - clock_timestamp()) / 86400 ELSE 0 END,
       r.rolvaliduntil IS NOT NULL AND isfinite(r.rolvaliduntil)
FROM pg_roles AS r
WHERE r.oid = %(legacy)s::oid
