"""One file of the corpus: each statement rehearsed, tried by sessions of the roles, then run for good."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg

from flatsplit.catalog import read_state
from flatsplit.connection import open_session
from flatsplit.model import SettingKey, State
from flatsplit.rehearsal.catalog_lookup import World
from flatsplit.rehearsal.grammar import PLANNED, Parsed, name_of, walk
from flatsplit.rehearsal.kinds.named import dropped
from flatsplit.rehearsal.needs import StatementNeeds
from flatsplit.rehearsal.rehearse import Company
from flatsplit.rehearsal.statement_names import temporary_name
from flatsplit.rehearsal.values import Heard, Problem, worst
from flatsplit.walks.split.context import Context
from tests.corpus.lines import WORLD, Line, called, line_of
from tests.corpus.remember import Memory
from tests.corpus.stage import BEFORE, LEGACY, MIGRATOR, USER, Stage, before

ROLES = (USER, MIGRATOR)
_SESSION = {"variable_set_stmt", "prepare_stmt", "deallocate_stmt", "discard_stmt"}
_APART = {"role", "session_authorization", "row_security"}
"""Settings that would make another role's session of it, or one that is refused what policies filter."""
_PARENTS = """SELECT p.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    JOIN pg_class AS p ON p.oid = i.inhparent WHERE c.relpersistence = 't'"""
_MEANING = ("search_path", "default_tablespace")
POLICY = re.compile("row-level security policy")
_SKIPPED = re.compile(r"permission denied|only .* can (vacuum|analyze|cluster)|privileges (were|could)")


class _NoNeeds:
    def of(self, _: Parsed) -> StatementNeeds:
        return StatementNeeds((), "")


_NO_NEEDS: Any = _NoNeeds()
"""What a statement takes is not compared with anything."""


class Player:
    """Plays a file in a database of its own."""

    def __init__(
        self, stage: Stage, database: str, memory: Memory, seconds: float, each: tuple[int, int] = (0, 1)
    ) -> None:
        self.each = each
        self.memory = memory
        self.stage = stage
        self.database = database
        self.until = time.monotonic() + seconds
        self.session = open_session(stage.cluster.conninfo(database))
        self.session.driver.prepare_threshold = 0  # the catalog is read thousands of times
        self.world = stage.connect(database)
        self.tries = {role: stage.connect(database, role) for role in ROLES}
        self.notices: list[str] = []
        for session in (self.world, *self.tries.values()):
            session.add_notice_handler(self._noticed)
        self.who = MIGRATOR
        self.temporary: set[str] = set()
        self.parents: set[str] = set()
        """Tables with temporary ones below them, which are each session's own, or not there."""
        self.settings: dict[str, str] = {}
        """Of the file's session: those that decide what its statements mean."""
        self._state: State | None = None
        self._world: World | None = None
        self._become(self.world)
        for session in (self.world, *self.tries.values()):
            self._limits(session)

    def close(self) -> None:
        self.session.close()
        for session in (self.world, *self.tries.values()):
            session.close()

    def _noticed(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        self.notices.append(diagnostic.message_primary or "")

    def _limits(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("SET statement_timeout = '3s'; SET lock_timeout = '1s'; SET check_function_bodies = off")

    def _become(self, connection: psycopg.Connection[Any], *more: str) -> None:
        connection.execute(f"SET SESSION AUTHORIZATION {self.who}".encode())

    # -- the file

    def play(self, texts: Sequence[str]) -> Iterator[Line]:
        """Its statements, those that ran in the end."""
        pending: list[Line] = []
        discarding = False
        for place, text in enumerate(texts):
            if time.monotonic() > self.until:
                break
            line = line_of(text)
            if line.kind == "transaction_stmt":
                word = text.split()[0].lower()
                if word in ("begin", "start"):
                    discarding = _undone(texts[place + 1 :])
                elif word in ("commit", "end", "rollback", "abort") and " to " not in text.lower():
                    discarding = False
                continue
            if discarding and not line.planned and line.kind not in ("variable_set_stmt", "declare_cursor_stmt"):
                continue
            if line.planned and line.parsed is not None and not temporary_name(line.parsed):
                pending.append(line)
                if self._makes_large_objects(line):  # whose rights the next one has to find
                    yield from self._flush(pending)
                    pending = []
                continue
            yield from self._flush(pending)
            pending = []
            yield from self._flush([line])
        yield from self._flush(pending)

    def _flush(self, lines: list[Line]) -> Iterator[Line]:
        judged = [line for line in lines if zlib.crc32(line.text.encode()) % self.each[1] == self.each[0]]
        if judged:
            for role in ROLES:
                self._rehearse(role, judged)
        for line in lines:
            for role in ROLES:
                if line.verdicts or self._lives_in_session(line):
                    self._attempt(role, line)
            self._run(line)
            if line.ran and line.verdicts:
                yield line

    def _rehearse(self, role: str, lines: list[Line]) -> None:
        state = self.state()
        company = Company(self.session, before(state), state, self._context(state), role)
        company.actor.temporary |= self.temporary
        if self._world is None:
            self._world = company.world
        company.world = company.actor.world = company.judge.world = self._world
        company.__dict__["_now"] = company.judge
        company._needs = _NO_NEEDS
        heard = [Heard(text, 1, True) for text in dict.fromkeys(line.text for line in lines)]
        found = company.rehearse(heard, "", timedelta(seconds=1), lambda *_: None)
        by_text = {each.query: each for each in found.verdicts}
        for line in lines:
            line.verdicts[role] = by_text[line.text.strip()]
            if line.parsed is not None:
                line.reasoned[role] = worst(company.judge.statement(line.parsed)) or Problem("allowed", "no rule")

    def _context(self, state: State) -> Context:
        """With every schema that the file has made so far in scope."""
        context = self.stage.context
        schemas = tuple(ref.name for ref, facts in state.objects.items() if ref.kind == "schema" and not facts.note)
        return replace(context, config=replace(context.config, schemas=schemas))

    def state(self) -> State:
        """The catalog at this moment, with the search_path of the file as everybody's."""
        if self._state is None:
            self._world = None
            found = read_state(self.session.driver)
            if self.settings:
                settings = dict(found.settings)
                for role in (*ROLES, LEGACY):
                    settings[SettingKey(role, "")] = tuple(self.settings.items())
                found = replace(found, settings=settings)
            self._state = found
        return self._state

    # -- trying

    def _attempt(self, role: str, line: Line) -> None:
        connection = self.tries[role]
        self.notices.clear()
        line.rows[role] = 0
        keep = self._lives_in_session(line)
        if self.parents and line.parsed is not None:
            named = (part.relname for part in walk(line.parsed.node) if name_of(part) == "RangeVar")
            line.apart = not self.parents.isdisjoint(named)
        try:
            try:
                with connection.transaction(force_rollback=not keep):
                    line.rows[role] = _execute(connection, line)
            except psycopg.errors.ActiveSqlTransaction:
                line.rows[role] = _execute(connection, line)
                line.lasting = True
                self._changed()
            line.warned[role] = sum(1 for each in self.notices if _SKIPPED.search(each))
            line.said[role] = ""
        except psycopg.Error as error:
            line.said[role] = error.sqlstate or "?"
            if POLICY.search(str(error)) and not keep:
                line.as_before = line.as_before or self._refused_before(line)
        if connection.closed:
            self.tries[role] = connection = self.stage.connect(self.database, role)
            connection.add_notice_handler(self._noticed)
            self._limits(connection)
        if line.kind not in PLANNED:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock_all()")

    def _refused_before(self, line: Line) -> bool:
        with self.stage.connect(self.database, BEFORE) as connection:
            self._limits(connection)
            connection.execute(f"SET search_path = {self.settings.get('search_path') or 'DEFAULT'}".encode())
            try:
                with connection.transaction(force_rollback=True):
                    _execute(connection, line)
            except psycopg.Error as error:
                return bool(POLICY.search(str(error)))
        return False

    def _lives_in_session(self, line: Line) -> bool:
        if line.parsed is None:
            return False
        if line.kind in _SESSION:
            return not (line.kind == "variable_set_stmt" and line.parsed.node.name in _APART)
        if temporary_name(line.parsed):
            return True
        if line.kind == "drop_stmt":
            names = (dropped(each) for each in line.parsed.node.objects)
            return any(name[-1:] and name[-1] in self.temporary for name in names)
        return any(
            (name_of(part) == "RangeVar" and (part.relname in self.temporary or part.schemaname == "pg_temp"))
            for part in walk(line.parsed.node)
        )

    # -- running

    def _run(self, line: Line) -> None:
        world = self.world
        self.notices.clear()
        try:
            _execute(world, line)
            line.ran = True
            line.warned[WORLD] = sum(1 for each in self.notices if _SKIPPED.search(each))
        except psycopg.errors.InsufficientPrivilege:
            with suppress(psycopg.Error):
                world.execute("RESET SESSION AUTHORIZATION")
                _execute(world, line)
                line.ran = True
            with suppress(psycopg.Error):
                self._become(world)
        except psycopg.Error:
            line.ran = line.lasting
        if world.closed:
            self.world = world = self.stage.connect(self.database)
            self._limits(world)
            self._become(world)
        if line.ran and (not line.planned or self._may_change(line)):
            self._changed()
        if line.ran and line.parsed is not None:
            self._after(line, line.parsed)

    def _makes_large_objects(self, line: Line) -> bool:
        return any(name.startswith("lo_") for name in called(line))

    def _may_change(self, line: Line) -> bool:
        """Whether a query calls what may make or change something."""
        routines = called(line)
        return self._makes_large_objects(line) or bool(self._world and routines & self._world.routines_of.keys())

    def _changed(self) -> None:
        self._state = None
        self.memory.changed()

    def _after(self, line: Line, parsed: Parsed) -> None:
        name = temporary_name(parsed)
        if name:
            self.temporary.add(name)
        if self.temporary and line.kind not in PLANNED:
            mine = "SELECT relname::text FROM pg_class WHERE relnamespace = pg_my_temp_schema()"
            self.temporary = {row[0] for row in self.world.execute(mine)}
            self.parents = {row[0] for row in self.world.execute(_PARENTS)}
        if line.kind == "variable_set_stmt" and parsed.node.name in _MEANING:
            row = self.world.execute("SELECT current_setting(%s)", [parsed.node.name]).fetchone()
            self.settings[parsed.node.name] = row[0] if row else ""
        if line.kind == "variable_set_stmt" and parsed.node.name in ("role", "session_authorization"):
            row = self.world.execute("SELECT current_user").fetchone()
            self.who = f'"{row[0]}"' if row and row[0] != "postgres" else MIGRATOR
            self.world.execute("RESET ROLE")
            self.world.execute("RESET SESSION AUTHORIZATION")
            self._become(self.world)


def _undone(rest: Sequence[str]) -> bool:
    for text in rest:
        word = text.split()[0].lower() if text.split() else ""
        if word in ("commit", "end"):
            return False
        if word in ("rollback", "abort") and " to " not in text.lower():
            return True
    return False


def _execute(connection: psycopg.Connection[Any], line: Line) -> int:
    if line.kind == "copy_stmt" and line.parsed is not None and not line.parsed.node.filename:
        cursor = connection.cursor()
        with cursor.copy(line.text.encode()) as copy:
            if not line.parsed.node.is_from:
                return sum(1 for _ in copy)
        return 0
    found = connection.execute(line.text.encode())
    return max(found.rowcount, 0)
