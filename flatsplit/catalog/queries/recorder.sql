-- What is there of flatsplit's recorder of structural changes: its kind, its name, what it looks like.
SELECT 'table' AS kind, 'flatsplit.ddl' AS name,
       CASE WHEN c.relkind <> 'r' THEN 'no table'
            WHEN c.relhastriggers OR c.relhasrules THEN 'has code on it'
            WHEN EXISTS (SELECT FROM pg_proc AS p
                         WHERE p.pronamespace = n.oid AND p.proname LIKE 'record\_%' AND p.proowner <> c.relowner)
            THEN 'belongs to ' || pg_get_userbyid(c.relowner)
            WHEN c.relrowsecurity THEN 'has row-level security'
            WHEN c.relpersistence <> 'p' THEN 'is emptied by a crash'
            WHEN EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'x', 'u', 'p', 'f'))
            THEN 'has constraints'
            WHEN (SELECT string_agg(a.attname || ' ' || a.atttypid::regtype, ', ' ORDER BY a.attname)
                  FROM pg_attribute AS a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND (a.attnotnull OR a.attname = 'client')
                    AND a.attgenerated = '' AND a.attidentity = '')
                 IS DISTINCT FROM 'application text, at timestamp with time zone, client text, identity text, kind text, '
                                  'login text, pid integer, role text, tag text, xid bigint'
            THEN 'has other columns'
            ELSE 'table' END AS looks
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'flatsplit' AND c.relname = 'ddl'
UNION ALL
SELECT 'function', 'flatsplit.' || p.proname::text || '()',
       concat_ws(' ', l.lanname, CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END,
                 array_to_string(p.proconfig, '; '), md5(p.prosrc))
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE n.nspname = 'flatsplit' AND p.prorettype = 'event_trigger'::regtype AND p.pronargs = 0
UNION ALL
SELECT 'event trigger', e.evtname::text,
       concat_ws(' ', e.evtevent, e.evtfoid::regprocedure::text, e.evtenabled, array_to_string(e.evttags, ','))
FROM pg_event_trigger AS e
WHERE e.evtname LIKE 'flatsplit\_record\_%'
