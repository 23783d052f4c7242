"""Acts that are really tried as each role, and undone at once.

Nothing here waits, takes a strong lock, or lets the application's code act as the operator. The acts run as the role
itself where its password is at hand, otherwise inside a temporary SECURITY DEFINER function that belongs to the role:
planning a query may run immutable functions of the application, and after a mere SET ROLE one of them could change
back. PostgreSQL refuses TRUNCATE, ALTER and DROP before it takes their lock, so they are tried where the catalog says
that they are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import psycopg
from psycopg import errors, sql

from flatsplit import ddl
from flatsplit.blueprint import Purpose
from flatsplit.model import TABLES, ObjectRef
from flatsplit.server import owned_function
from flatsplit.server.asking import ask, question

LOCK_TIMEOUT = "50ms"
PATIENCE = "10s"
"""The time limit for one statement; in a function for all of them, since planning may run the application's code."""
PROBE = "flatsplit_probe"
"""The name of a table that a trial creates and never commits."""

_PLANNED = ("read", "update rows of", "delete rows of")
"""Acts whose planning takes a weak lock on each partition."""

Outcome: TypeAlias = Literal["allowed", "refused", "untried"]

_REFUSED = "42501"
_ALLOWED = "00000"


@dataclass(frozen=True, slots=True)
class TrialAct:
    """Something to try."""

    act: str
    """In the words of the matrix, for example "truncate"."""
    target: str
    expected: bool
    """Whether it must be allowed."""
    statement: str
    """What to run in a function of the role's; "" where only a session of its own can tell."""
    why_not: str = ""
    """Why it is not tried; "" where it is."""
    login: str = ""
    """What to run in a session of the role's own, where that is different."""
    past: str = ""
    """The SQLSTATE of an error that comes only after the right was checked."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of an act."""

    role: str
    act: str
    target: str
    expected: bool
    outcome: Outcome
    reason: str = ""
    """The SQLSTATE or reason where it was neither allowed nor refused."""

    @property
    def ok(self) -> bool:
        """Whether the result does not contradict the expectation."""
        return self.outcome == "untried" or (self.outcome == "allowed") is self.expected


@dataclass(frozen=True, slots=True)
class RoleProof:
    """The results for one role, and how they were obtained."""

    role: str
    how: str
    """"logged in", "as the role", or "" where nothing could be tried."""
    reason: str = ""
    """Why nothing could be tried."""
    trials: tuple[Trial, ...] = ()

    @property
    def tried(self) -> int:
        """How many acts had a result."""
        return sum(trial.outcome != "untried" for trial in self.trials)


def sample(refs: Sequence[ObjectRef], size: int) -> list[ObjectRef]:
    """Some of them, evenly spread, including the first and the last."""
    found = sorted(refs)
    if len(found) <= size:
        return found
    return [found[round(place * (len(found) - 1) / (size - 1))] for place in range(size)]


def acts_of(
    purpose: Purpose,
    *,
    relations: Mapping[ObjectRef, str] = MappingProxyType({}),
    schemas: Sequence[str] = (),
    cluster: bool = False,
    why_not: str = "",
) -> list[TrialAct]:
    """The acts of a purpose in the blueprint that can be tried on these schemas, in the cluster, and on relations, each
    with a column that can be changed, or "".

    ``why_not``: why nothing that would really be created is tried. Objects of the cluster are tried all the same: event
    triggers do not fire for them (manual, "Overview of Event Trigger Behavior").
    """
    attempts = [(each, one.expected) for one in purpose.expectations for each in one.attempts]
    found = []
    for each, expected in attempts:
        if each.on == "schema":
            for schema in schemas:
                text = _about(each.statement, schema, PROBE)
                found.append(TrialAct(each.act, f"schema {schema}", expected, text, why_not if expected else ""))
        elif each.on == "cluster" and cluster:
            found.append(TrialAct(each.act, "roles", expected, _about(each.statement, PROBE)))
    for ref, column in relations.items():
        only = "ONLY " if ref.kind == "table" else ""
        for each, expected in attempts:
            tried = each.on == "relation" or (each.on == "table" and ref.kind in TABLES)
            if tried and (column or "{column}" not in each.statement):
                text = _about(each.statement, ref.schema, ref.name, column=column, only=only)
                found.append(TrialAct(each.act, ddl.label(ref), expected, text))
    return found


def _about(statement: str, *name: str, column: str = "", only: str = "") -> str:
    within = {"column": sql.Identifier(column or PROBE), "only": sql.SQL(only)}
    return sql.SQL(statement).format(sql.Identifier(*name), **within).as_string(None)


def columns_of(conn: psycopg.Connection[Any], refs: Sequence[ObjectRef]) -> dict[ObjectRef, str]:
    """For each of these relations a column that can be set to another value; "" where there is none."""
    parameters = {"schemas": [ref.schema for ref in refs], "names": [ref.name for ref in refs]}
    found: dict[int, str] = dict(ask(conn, "trial_columns", parameters)) if refs else {}
    return {ref: found.get(place) or "" for place, ref in enumerate(refs, 1)}


def cautious(
    conn: psycopg.Connection[Any], role: str, tables: Sequence[ObjectRef], acts: Sequence[TrialAct]
) -> list[TrialAct]:
    """The acts without those that would prove nothing, or that the catalog allows and that take a strong lock."""
    parameters = {"role": role, "schemas": [ref.schema for ref in tables], "names": [ref.name for ref in tables]}
    why_not: dict[tuple[str, str], str] = {}
    for place, truncates, drops, nothing, many in ask(conn, "trial_rights", parameters):
        target = ddl.label(tables[place - 1])
        strong = (*(["truncate"] if truncates else []), *(["alter", "drop"] if drops else []))
        why_not |= {(act, target): "the catalog says it could" for act in strong}
        if many and tables[place - 1].kind != "table":
            why_not |= {(act, target): "it has too many partitions to lock all of them" for act in _PLANNED}
        if nothing:
            why_not["delete rows of", target] = "a rule makes nothing of it, whoever asks"
    return [replace(act, why_not=why_not.get((act.act, act.target), act.why_not)) for act in acts]


def try_as_function(conn: psycopg.Connection[Any], role: str, acts: Sequence[TrialAct]) -> RoleProof:
    """Try them inside a temporary function of the role's, on the operator's connection; everything is rolled back."""
    refused = owned_function.refusal(conn)
    if refused:
        return RoleProof(role, "", refused)
    acts = [act if act.statement else replace(act, why_not="a session of its own would tell") for act in acts]
    todo = [act for act in acts if not act.why_not]
    try:
        with _undone(conn):
            function = ddl.OwnedFunction(
                "flatsplit_try", "statements text[]", "text[]", question("trial_function").decode()
            )
            owned_function.make(conn, function, {role})
            owned_function.give(conn, function, role)
            row = conn.execute("SELECT pg_temp.flatsplit_try(%s)", ([act.statement for act in todo],)).fetchone()
            answers: list[str] = row[0] if row else []
    except (errors.InsufficientPrivilege, errors.UndefinedObject, errors.ReadOnlySqlTransaction) as error:
        operator = conn.info.user
        return RoleProof(role, "", f"{operator} may not act as {role} ({error.diag.message_primary})")
    except errors.QueryCanceled:  # which no handler of exceptions in the function can catch
        return RoleProof(role, "", f"it took longer than {PATIENCE}")
    return RoleProof(role, "as the role", trials=_trials(role, acts, dict(zip(todo, answers, strict=True))))


def try_as_login(conn: psycopg.Connection[Any], role: str, acts: Sequence[TrialAct]) -> RoleProof:
    """Try them on a connection of the role's own; everything is rolled back."""
    answers: dict[TrialAct, str] = {}
    with _undone(conn):
        for act in acts:
            if act.why_not:
                continue
            try:
                with conn.transaction(force_rollback=True):
                    conn.execute((act.login or act.statement).encode())
                answers[act] = _ALLOWED
            except psycopg.Error as error:
                answers[act] = error.sqlstate or "unknown"
    return RoleProof(role, "logged in", trials=_trials(role, acts, answers))


@contextmanager
def _undone(conn: psycopg.Connection[Any]) -> Iterator[None]:
    standby = conn.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    with conn.transaction(force_rollback=True):
        if not standby:  # this connection tries fewer acts; before any query of the transaction
            conn.execute("SET TRANSACTION READ WRITE")
        conn.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT))
        conn.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(PATIENCE))
        yield


def _trials(role: str, acts: Sequence[TrialAct], answers: dict[TrialAct, str]) -> tuple[Trial, ...]:
    found = []
    for act in acts:
        state = answers.get(act, "")
        allowed = state == _ALLOWED or (state and state == act.past)
        outcome: Outcome = "allowed" if allowed else "refused" if state == _REFUSED else "untried"
        reason = act.why_not if not state else state if outcome == "untried" else ""
        found.append(Trial(role, act.act, act.target, act.expected, outcome, reason))
    return tuple(found)
