-- Partitions and inheriting tables: parent, child.
SELECT i.inhparent, i.inhrelid FROM pg_inherits AS i
