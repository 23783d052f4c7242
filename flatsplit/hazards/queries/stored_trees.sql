-- Every stored expression: what it is, what stands before the name of where it is, that relation with the column's
-- number or that type, and the tree as text
SELECT 'default' AS what, '' AS first, d.adrelid AS relation, d.adnum AS attnum, 0::oid AS type, d.adbin::text AS tree
FROM pg_attrdef AS d
UNION ALL
SELECT 'policy', p.polname || ' on ', p.polrelid, 0, 0,
       coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, '')
FROM pg_policy AS p
UNION ALL
SELECT 'constraint', k.conname || ' on ', k.conrelid, 0, k.contypid, k.conbin::text
FROM pg_constraint AS k
WHERE k.conbin IS NOT NULL
UNION ALL
SELECT 'trigger', t.tgname || ' on ', t.tgrelid, 0, 0, t.tgqual::text
FROM pg_trigger AS t
WHERE t.tgqual IS NOT NULL
UNION ALL
SELECT CASE WHEN r.rulename = '_RETURN' THEN 'view' ELSE 'rule' END,
       CASE WHEN r.rulename = '_RETURN' THEN '' ELSE r.rulename || ' on ' END, r.ev_class, 0, 0,
       r.ev_action::text || r.ev_qual::text
FROM pg_rewrite AS r
UNION ALL
SELECT 'index', c.relname || ' on ', i.indrelid, 0, 0, coalesce(i.indpred::text, '') || coalesce(i.indexprs::text, '')
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indpred IS NOT NULL OR i.indexprs IS NOT NULL
UNION ALL
SELECT 'default of', '', 0, 0, t.oid, t.typdefaultbin::text
FROM pg_type AS t
WHERE t.typdefaultbin IS NOT NULL
UNION ALL
SELECT 'publication', p.pubname || ' of ', f.prrelid, 0, 0, to_jsonb(f) ->> 'prqual'
FROM pg_publication_rel AS f
JOIN pg_publication AS p ON p.oid = f.prpubid
