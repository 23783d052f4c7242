-- Publications of whole schemas (15 and newer) that legacy owns, and the schemas.
SELECT p.pubname::text, array_agg(n.nspname::text ORDER BY n.nspname)
FROM pg_publication AS p
JOIN pg_publication_namespace AS s ON s.pnpubid = p.oid
JOIN pg_namespace AS n ON n.oid = s.pnnspid
WHERE p.pubowner = %(legacy)s::oid
GROUP BY 1
ORDER BY 1
