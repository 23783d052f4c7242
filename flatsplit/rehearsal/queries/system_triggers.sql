-- Triggers behind constraints: table, name. Those that partitions were given are internal too, until 14.
SELECT t.tgrelid, t.tgname::text FROM pg_trigger AS t WHERE t.tgisinternal AND t.tgconstraint <> 0
