-- What a managed service and the operator's memberships mean for the walk; pg_seclabels is where Azure marks Entra roles
SELECT coalesce(current_setting('rds.restrict_password_commands', true), 'off') IN ('on', '1', 'true') AS restricted,
       EXISTS (SELECT FROM pg_roles AS p
               WHERE p.rolname = 'rds_password' AND pg_has_role(current_user, p.oid, 'USAGE')) AS rds_password,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_sessions,
       EXISTS (SELECT FROM pg_shseclabel AS l JOIN pg_roles AS r ON r.oid = l.objoid
               WHERE l.classoid = 'pg_authid'::regclass AND l.provider = 'pgaadauth'
                 AND r.rolname = %(legacy_name)s) AS entra
