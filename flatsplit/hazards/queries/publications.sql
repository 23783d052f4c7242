-- Publications: name, of all tables, owner.
SELECT p.pubname::text, p.puballtables, p.pubowner = %(legacy)s::oid
FROM pg_publication AS p
ORDER BY 1
