-- Structural changes that were committed, as the recorder wrote them down: those whose object's name holds a word.
SELECT d.at, d.tag, d.kind, d.identity, d.login, d.role, d.client, d.application
FROM flatsplit.ddl AS d
WHERE (%(since)s::timestamptz IS NULL OR d.at >= %(since)s) AND strpos(lower(d.identity COLLATE "C"), %(word)s) > 0
ORDER BY d.at
