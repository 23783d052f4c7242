-- The definition of one view.
SELECT pg_get_viewdef(%s::oid)
