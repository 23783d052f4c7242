-- Tables that were clustered once, which CLUSTER without a name does again.
SELECT i.indrelid FROM pg_index AS i WHERE i.indisclustered
