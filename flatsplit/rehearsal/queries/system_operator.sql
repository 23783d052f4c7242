-- Whether the server itself has an operator of a name between two types; '' for no operand.
SELECT EXISTS (
    SELECT FROM pg_operator AS o
    LEFT JOIN pg_type AS l ON l.oid = o.oprleft
    LEFT JOIN pg_type AS r ON r.oid = o.oprright
    WHERE o.oprname = %s AND coalesce(l.typname, '') = %s AND coalesce(r.typname, '') = %s AND o.oid < 16384)
