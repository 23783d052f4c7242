-- What `doctor --rows` counted, oldest first: the role that it was counted as, and the tables.
SELECT e.details::jsonb ->> 'role', e.details::jsonb -> 'tables' FROM flatsplit.event AS e WHERE e.kind = 'rows' ORDER BY e.id
