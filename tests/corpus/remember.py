"""The catalog asked again only as far as it has changed: a file asks for all of it after each of its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import psycopg

from flatsplit.catalog.session import Look
from flatsplit.rehearsal.catalog_lookup import World, question

_WORD = re.compile(r"\bpg_\w+")
_OTHERWISE = re.compile(r"pg_(settings|stat_)|current_setting\((?!'server_version)")
"""What no catalog tells."""
_WRITTEN = re.compile(r"pg_get_|format_type")
"""What hangs on names in any of these."""
_NAMES = ("pg_class", "pg_attribute", "pg_type", "pg_proc", "pg_namespace", "pg_operator", "pg_constraint")
_FILES = re.compile(r"pg_control_system|pg_show_all_file_settings")
"""What only the server's files tell, which nobody touches."""
_VIEWS = {"pg_roles": ("pg_authid",), "pg_user_mappings": ("pg_user_mapping", "pg_foreign_server", "pg_authid")}
_LASTING = ("settings", "available", "has_setting", "system_view")
"""Questions of a rehearsal whose answers a session does not change."""
_CATALOGS = """SELECT relname::text FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
    AND relname NOT IN ('pg_description', 'pg_shdescription', 'pg_statistic', 'pg_amop', 'pg_amproc',
                        'pg_largeobject', 'pg_statistic_ext_data', 'pg_ts_config_map', 'pg_replication_origin')
    ORDER BY 1"""
_PRINT = "SELECT '{0}', count(*), sum(xmin::text::bigint) FROM pg_catalog.{0}"
_DEPENDS = {"pg_depend": " WHERE deptype = 'e'", "pg_shdepend": " WHERE objid < 16384"}
"""What else depends on something changes with it."""

Prints = Mapping[str, tuple[int, int]]


class Memory:
    """Answers, each with the state of the catalogs that it was read from."""

    def __init__(self) -> None:
        self._question = ""
        self._answers: dict[object, tuple[object, list[Any]]] = {}
        self._prints: Prints | None = None

    def changed(self) -> None:
        """Some catalog is not as it was."""
        self._prints = None

    def prints(self, connection: psycopg.Connection[Any]) -> Prints:
        """What tells a catalog from what it was."""
        if not self._question:
            names = [row[0] for row in connection.execute(_CATALOGS.encode(), prepare=False)]
            self._question = " UNION ALL ".join(_PRINT.format(name) + _DEPENDS.get(name, "") for name in names)
        if self._prints is None:
            rows = connection.execute(self._question.encode())
            self._prints = {name: (count, latest) for name, count, latest in rows}
        return self._prints

    def answer(self, key: object, text: str, prints: Prints, ask: Any) -> list[Any]:
        """The answer to a question, from here where its catalogs are what they were."""
        names = {each for word in _words(text) for each in _VIEWS.get(word, (word,)) if each in prints}
        if _WRITTEN.search(text):
            names.update(_NAMES)
        if _OTHERWISE.search(text) or not (names or _FILES.search(text)):
            return list(ask())
        on = tuple((name, prints[name]) for name in sorted(names))
        known = self._answers.get(key)
        if known is None or known[0] != on:
            known = self._answers[key] = (on, list(ask()))
        return known[1]


@cache
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


@contextmanager
def remembering() -> Iterator[Memory]:
    """Inside, one database is read by whoever asks; who changes its catalogs says so."""
    memory = Memory()
    rows, asked = Look.rows, World._ask

    def look(self: Look, sql: str, *params: object) -> list[Any]:
        if "set_config" in sql:
            return rows(self, sql, *params)
        prints = memory.prints(self._cursor.connection)
        return memory.answer((sql, repr(params)), sql, prints, lambda: rows(self, sql, *params))

    def ask(self: World, name: str, *params: object) -> list[Any]:
        prints, text = memory.prints(self.conn), question(name)
        if name in _LASTING:
            text, prints = "pg_am", {"pg_am": (0, 0)}
        return memory.answer((name, repr(params)), text, prints, lambda: asked(self, name, *params))

    with patch.object(Look, "rows", look), patch.object(World, "_ask", ask):
        yield memory
