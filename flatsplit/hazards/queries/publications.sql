-- Publications: name, of all tables, owner.
SELECT p.pubname::text, p.puballtables, pg_get_userbyid(p.pubowner)::text
FROM pg_publication AS p
ORDER BY 1
