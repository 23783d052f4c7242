"""Roles that count their rows over and over while a test changes the database; what they see may not change."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from tests.support.traffic import Background


class Counting(Background):
    """``with Counting({role: (conninfo, relations)}) as counting: ...``: a session for each role, by its own login.

    A look is one statement, so one snapshot: of each relation the number of rows and a sum over what is in them.
    """

    hangs = "a count hangs"

    def __init__(self, roles: Mapping[str, tuple[str, Sequence[str]]], *, pause: float = 0.01) -> None:
        super().__init__(pause)
        self.looks: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._expected: dict[str, Any] = {}
        for role, (conninfo, relations) in roles.items():
            connection = psycopg.connect(conninfo, autocommit=True)
            self._expected[role] = connection.execute(look_at(relations)).fetchone()
            arguments = (role, connection, look_at(relations), relations)
            self._threads.append(threading.Thread(target=self._work, args=arguments, daemon=True))

    def wait(self) -> None:
        """Until each has looked once more, from beginning to end, or has died of an error."""
        before = self.looks.copy()
        behind = list(zip(self._expected, self._threads, strict=True))
        while any(thread.is_alive() and self.looks[role] < before[role] + 2 for role, thread in behind):
            self._stop.wait(self.pause)

    def check(self, when: str) -> None:
        """Assert that nobody has seen anything else so far, nor in a look that begins now."""
        self.wait()
        assert not self.wrong, f"{when}: " + "\n".join(self.wrong[:10])

    def _work(
        self, role: str, connection: psycopg.Connection[Any], statement: sql.Composed, relations: Sequence[str]
    ) -> None:
        with connection:
            while not self._stop.is_set() and len(self.wrong) < 50:
                try:
                    found = connection.execute(statement).fetchone()
                except psycopg.Error as error:
                    self.wrong.append(f"{role}: {type(error).__name__} {str(error).splitlines()[0]}")
                    return
                if found != self._expected[role]:
                    said = zip(relations, self._expected[role], found or (), strict=True)
                    self.wrong.append(f"{role}: {[one for one in said if one[1] != one[2]]}")
                self.looks[role] += 1
                self._stop.wait(self.pause)


def look_at(relations: Sequence[str]) -> sql.Composed:
    """The rows of each relation, as one value each."""
    one = "(select count(*) || ' ' || coalesce(sum(hashtext(t::text)::bigint), 0) from {} as t)"
    return sql.SQL("select ") + sql.SQL(", ").join(sql.SQL(one).format(sql.Identifier(name)) for name in relations)
