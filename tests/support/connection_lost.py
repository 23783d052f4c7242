"""Ends flatsplit's connection in the middle of what it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fixtures.databases import Database

_LOSE = """
create sequence flatsplit.written;
create function flatsplit.lose() returns trigger language plpgsql security definer as $$ begin
  if nextval('flatsplit.written') = {after} then perform pg_terminate_backend(pg_backend_pid()); end if;
  return null;
end $$;
create trigger lose after insert or update on flatsplit.action for each row execute function flatsplit.lose();
create trigger lose after insert or update on flatsplit.event for each row execute function flatsplit.lose();
create trigger lose after insert or update on flatsplit.step for each row execute function flatsplit.lose()
"""


@contextmanager
def connection_lost(database: Database, *, after: int) -> Iterator[None]:
    """Whoever writes so many lines into the journal while the block runs loses the connection with the last of them."""
    database.execute(_LOSE.format(after=after))
    try:
        yield
    finally:
        database.execute("drop function flatsplit.lose cascade; drop sequence flatsplit.written")
