"""What a server says beside its answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg


class Notice(NamedTuple):
    """A notice or warning."""

    message: str
    detail: str


@contextmanager
def notices(connection: psycopg.Connection[Any]) -> Iterator[list[Notice]]:
    """Those that come inside, in their order; the list grows as they do."""
    heard: list[Notice] = []

    def take(said: psycopg.errors.Diagnostic) -> None:
        # libpq frees what it is read from after this call
        heard.append(Notice(said.message_primary or "", said.message_detail or ""))

    connection.add_notice_handler(take)
    try:
        yield heard
    finally:
        connection.remove_notice_handler(take)
