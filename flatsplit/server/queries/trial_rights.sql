-- What the role may do to these tables by the catalog: acts that take a strong lock are tried only where the answer is no.
-- Whether a rule makes nothing out of every DELETE, for which nobody is asked for a right then. And whether planning a
-- query about them takes more locks than a trial should.
SELECT t.ordinality,
       has_table_privilege(%(role)s::name, c.oid, 'TRUNCATE') AS truncates,
       pg_has_role(%(role)s::name, c.relowner, 'MEMBER')
           OR pg_has_role(%(role)s::name, n.nspowner, 'MEMBER') AS drops,
       EXISTS (
           SELECT FROM pg_rewrite AS r
           WHERE r.ev_class = c.oid AND r.ev_type = '4' AND r.is_instead AND r.ev_enabled IN ('O', 'A')
             AND r.ev_qual::text = '<>' AND right(pg_get_ruledef(r.oid), 20) = ' DO INSTEAD NOTHING;') AS nothing,
       (WITH RECURSIVE beneath AS (
            SELECT c.oid AS relation
            UNION
            SELECT b.relation
            FROM beneath
            CROSS JOIN LATERAL (
                SELECT i.inhrelid AS relation FROM pg_inherits AS i WHERE i.inhparent = beneath.relation
                UNION ALL
                SELECT d.refobjid
                FROM pg_rewrite AS r
                JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                                   AND d.refclassid = 'pg_class'::regclass
                WHERE r.ev_class = beneath.relation AND r.ev_type = '1') AS b)
        SELECT count(*) > 100 FROM (SELECT FROM beneath LIMIT 101) AS few) AS many
FROM unnest(%(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY AS t (schema, name, ordinality)
JOIN pg_namespace AS n ON n.nspname = t.schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
