-- Ends of passwords, of legacy and of the other roles that log in: when, in how many days, whether there is one, whose,
-- whether that is legacy.
SELECT r.rolvaliduntil::text,
       CASE WHEN isfinite(r.rolvaliduntil)  -- infinity cannot be subtracted from before 17
            THEN extract(epoch FROM r.rolvaliduntil - clock_timestamp()) / 86400 ELSE 0 END,
       r.rolvaliduntil IS NOT NULL AND isfinite(r.rolvaliduntil),
       r.rolname::text, r.oid = %(legacy)s::oid
FROM pg_roles AS r
WHERE r.oid = %(legacy)s::oid OR r.rolcanlogin AND r.rolname = ANY (%(named)s::text[])
ORDER BY 4
