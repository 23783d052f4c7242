"""More roles than one access control list can hold."""

from __future__ import annotations

from typing import Any

import psycopg

LEASES = tuple(f'"Lease {number}"' for number in range(2600))
CREATE = "DO $$ BEGIN FOR i IN 0..2599 LOOP EXECUTE 'CREATE ROLE \"Lease ' || i || '\"'; END LOOP; END $$; "
DROP = "DO $$ BEGIN FOR i IN 0..2599 LOOP EXECUTE 'DROP ROLE \"Lease ' || i || '\"'; END LOOP; END $$; "


def crowd(conn: psycopg.Connection[Any], grant: str, upto: int = len(LEASES)) -> int:
    """Grant to as many roles as the list has room for; returns how many."""
    done, many = 0, 1024
    while many and done < upto:
        some = LEASES[done : min(done + many, upto)]
        try:
            with conn.transaction():
                conn.execute(f"{grant} TO {', '.join(some)}".encode())
            done += len(some)
        except psycopg.errors.ProgramLimitExceeded:
            many //= 2
    return done
