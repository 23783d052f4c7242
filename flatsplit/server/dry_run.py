"""Finds what the server would refuse of a walk, by trying it and undoing it at once.

Statements about roles alone are run as planned, and so are their undos. They take no lock on anything that the
application uses, and fire no event trigger (manual, "Event Trigger Firing Matrix": none for shared objects). Statements
about objects are not run: for those the operator has to become a member of their owners, and only that is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from flatsplit import ddl, privileges
from flatsplit.differ import diff
from flatsplit.model import OF_ROLES, RELATIONS, ROUTINES, ObjectFacts, ObjectRef, State, Statement, versions
from flatsplit.rights.receiving import SYSTEM_SCHEMAS, Needed, lacking, unused
from flatsplit.server.acting_as import REFUSALS, acting, why_not
from flatsplit.server.asking import ask
from flatsplit.server.lack import Lack
from flatsplit.server.preloading import given, unloadable
from flatsplit.walks.split import grants
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT

TRIAL_LIMITS = b"SET TRANSACTION READ WRITE; SET LOCAL lock_timeout = '50ms'; SET LOCAL statement_timeout = '10s'"
"""How a transaction begins in which something is only tried."""
NOBODYS_VERIFIER = (
    "SCRAM-SHA-256$4096:bm9ib2R5IGtub3dzIGl0$tGdhzNr5JLNXKTaOTIrbLCpmwLMCVgoDTpqNqgUdkYk="
    ":M1pPhvjYGwTEQhzKHYbWuRThF4B2CVfpbSmJiTdyvu0="
)
"""The verifier of a password that nobody knows; the statement with it is undone."""

_MANY = RELATIONS | ROUTINES | {"type", "domain", "large_object"}
"""Kinds of which there may be thousands of equal objects."""
FEW = 500
"""A database with no more objects than this is not thinned out."""
SAMPLE = 100
"""How many statements on roles of one step are tried: thousands of tenants are alike, and each new role
holds a lock.
"""
_WRONG = ("0L", "22", "42", "55P02")
"""SQLSTATEs, or their classes, of statements that nobody could run: an invalid value, an unknown setting (manual,
"PostgreSQL Error Codes").
"""
_TAKEN = (errors.DuplicateObject, errors.InsufficientPrivilege)
"""In these classes, but about a name that another database's walk has just taken, or about rights."""


class _Said(NamedTuple):
    """The server's error for a statement; "" where it is not about rights."""

    reason: str
    wrong: bool = False


def try_operator(conn: psycopg.Connection[Any], state: State, context: Context) -> tuple[Lack, ...]:
    """What the operator could not do in the remaining steps; empty where it cannot be tried.

    A superuser may do everything. On a standby, or within a transaction of the caller's, nothing is tried.
    """
    if state.target.operator_superuser or conn.info.transaction_status != TransactionStatus.IDLE:
        return ()
    if ask(conn, "trial_conditions")[0][0]:
        return ()
    few, others = thinned(state, context)
    found = _try(conn, few, context)
    if others and any(_is_cut(lack, others) for lack in found):  # the statements have to name all roles
        found = _try(conn, state, context)
    return found


def receiving(
    conn: psycopg.Connection[Any], state: State, moves: Iterable[tuple[ObjectRef, str]]
) -> dict[Needed, list[ObjectRef]]:
    """What new owners lack in this State, which the server does not check for a superuser; each with the objects that
    wait for it.
    """
    moves = list(moves)
    servers = any(ref.kind == "server" for ref, _ in moves)
    return lacking(state, moves, dict(ask(conn, "server_wrappers")) if servers else {})


def _nothing(_: str) -> tuple[Statement, ...]:
    return ()


def try_steps(
    conn: psycopg.Connection[Any],
    now: State,
    wanted: Iterable[tuple[str, State]],
    adds: Callable[[str], tuple[Statement, ...]] = _nothing,
) -> tuple[Lack, ...]:
    """What the server would refuse of steps, given by their keys and the States that they want, whoever the operator
    is.

    ``adds`` gives the statements that a step runs besides those that change facts. For a superuser only what is wrong.
    Empty where it cannot be tried.
    """
    if conn.info.transaction_status != TransactionStatus.IDLE or ask(conn, "trial_conditions")[0][0]:
        return ()
    return _undone(conn, _Trial(conn, now, wanted, adds, whole=True))


def _try(conn: psycopg.Connection[Any], state: State, context: Context) -> tuple[Lack, ...]:
    steps = SPLIT.steps[-1:] if context.retired else SPLIT.steps  # the others would give back what it has taken away

    def wanted() -> Iterator[tuple[str, State]]:
        then = state
        for step in steps:
            then = step.apply(then, context)
            yield step.key, then

    return _undone(conn, _Trial(conn, state, wanted()))


def _undone(conn: psycopg.Connection[Any], trial: _Trial) -> tuple[Lack, ...]:
    with conn.transaction(force_rollback=True):
        conn.execute(TRIAL_LIMITS)
        return tuple(trial.run())


def thinned(state: State, context: Context) -> tuple[State, frozenset[ObjectRef]]:
    """``state`` with a few objects of each group, and those of them that stand for others.

    Equal objects are changed in the same way by the same roles, so a few tell as much about rights as ten thousand.
    Objects that differ in something else are all kept: with columns, with policies, or named in [grants].
    """
    if context.retired or len(state.objects) < FEW:
        return state, frozenset()
    named = {(ref.schema, ref.name) for ref in (*state.columns, *state.policies)}
    named |= {(ref.schema, ref.name) for _, _, refs in grants.extras(state, context) for ref in refs}
    objects: dict[ObjectRef, ObjectFacts] = {}
    others: set[ObjectRef] = set()
    for group in state.groups:
        kept = group.refs
        if group.kind in _MANY and len(kept) > 1:
            kept = [ref for ref in kept if (ref.schema, ref.name) in named] + [kept[0]]
            others.add(group.refs[0])
        objects.update(dict.fromkeys(kept, group.facts))
    return replace(state, objects=objects), frozenset(others)


def _is_cut(lack: Lack, others: frozenset[ObjectRef]) -> bool:
    """Whether telling all statements of a lack takes a look at all objects."""
    return any(each.alone or not others.isdisjoint(each.objects) for each in lack.statements or (lack.statement,))


class _Trial:
    """One run over all steps, in a transaction that is rolled back."""

    def __init__(
        self,
        conn: psycopg.Connection[Any],
        state: State,
        wanted: Iterable[tuple[str, State]],
        adds: Callable[[str], tuple[Statement, ...]] = _nothing,
        *,
        whole: bool = False,
    ) -> None:
        """``whole``: report what is wrong as well, and not only what the operator may not do."""
        self._conn = conn
        self._state = state
        self._wanted = wanted
        self._adds = adds
        self._whole = whole
        self._done: list[tuple[str, Statement]] = []
        self._uncreated: set[str] = set()
        """Roles that could not be created."""
        self._able: dict[str, str] = {}
        """The server's error when the operator tried to act as a role; "" where it may."""

    def run(self) -> Iterator[Lack]:
        """Forward through all steps, then back over what was done."""
        now = self._state
        for key, then in self._wanted:
            yield from self._step(key, diff(now, then), now, then)
            yield from self._besides(key)
            now = then
        for key, statement in reversed(self._done):
            said = self._run(statement, statement.undo, _secrets(statement.undo, now))
            if said is not None and said.reason:
                yield Lack(key, statement, said.reason, back=True, wrong=said.wrong)

    def _step(self, key: str, statements: tuple[Statement, ...], now: State, then: State) -> Iterator[Lack]:
        missing: dict[str, list[Statement]] = {}
        rights: dict[str, tuple[Statement, str]] = {}
        moving: dict[tuple[ObjectRef, str], Statement] = {}
        shut: dict[Needed, Statement] = {}
        systems: dict[str, list[Statement]] = {}
        tried = 0
        for statement in statements:
            facts = {change.fact for change in statement.changes}
            if facts and facts <= OF_ROLES:
                tried += 1
                if not statement.undo and self._state.target.operator_superuser:
                    continue  # it has nothing that could be wrong
                if tried <= SAMPLE or not self._whole:
                    said = self._run(statement, statement.sql, statement.secrets)
                    if said is None:
                        self._done += [(key, statement)] if statement.undo else []
                        for one in unloadable(self._conn, given(statement), self._state.target) if self._whole else ():
                            yield Lack(key, statement, f"{one.role} could not log in then: {one.reason}", wrong=True)
                    elif said.reason:
                        yield from self._refused(key, statement, said)
                continue
            if self._state.target.operator_superuser:
                continue
            unable = [role for role in dict.fromkeys(statement.acts) if role and self._acts_as(role)]
            for role in unable:
                missing.setdefault(role, []).append(statement)
            if not unable:  # a step takes away things last
                for wants in {*unused(now, statement)} & {*unused(then, statement)}:
                    shut.setdefault(wants, statement)
            if not unable and "owner" in facts:
                moving |= {(ref, statement.acts[-1]): statement for ref in statement.objects}
                for schema in {ref.schema for ref in statement.objects} & SYSTEM_SCHEMAS:
                    systems.setdefault(schema, []).append(statement)
                for right, reason in self._owner_rights(statement):
                    rights.setdefault(right, (statement, reason))
        for role, found in missing.items():
            yield Lack(key, found[0], self._able[role], role, len(found), statements=tuple(found[:20]))
        for right, (statement, reason) in rights.items():
            yield Lack(key, statement, reason, right=right)
        for schema, found in systems.items():  # where no role but a superuser should be able to create anything
            yield Lack(key, found[0], f"permission denied for schema {schema}", statements=tuple(found[:20]))
        received = receiving(self._conn, then, moving).items()
        for wants, statement in (*((one, moving[refs[0], one.role]) for one, refs in received), *shut.items()):
            reason = f"{wants.role} lacks {privileges.NAMES[wants.letter]} on {ddl.label(wants.on)}"
            yield Lack(key, statement, reason, needed=wants)

    def _refused(self, key: str, statement: Statement, said: _Said) -> Iterator[Lack]:
        """A statement on roles that was refused: for its own sake, or since a role is missing that should be there."""
        if self._uncreated and any(ddl.ident(role) in statement.sql for role in self._uncreated):
            if not self._permitted(statement):
                yield Lack(key, statement, said.reason, follows=True)
            return
        self._uncreated |= {each.subject for each in statement.changes if each.fact == "role" and each.side == "+"}
        yield Lack(key, statement, said.reason, wrong=said.wrong)

    def _permitted(self, statement: Statement) -> bool:
        """Whether it is a setting that the operator may set for roles of its own."""
        change = next((each for each in statement.changes if each.fact == "setting"), None)
        if change is None or self._state.target.major < versions.PARAMETER_GRANTS:
            return change is not None
        try:
            with self._conn.transaction():
                return bool(ask(self._conn, "may_set", {"name": change.detail.partition("=")[0]})[0][0])
        except psycopg.DatabaseError:  # it is an unknown one, which is said once the role is there
            return True

    def _besides(self, key: str) -> Iterator[Lack]:
        """What the server would refuse of the statements that a step adds.

        A password is changed, and the change rolled back. Sessions are not ended: it is only tried to act as the role
        that they belong to.
        """
        if self._state.target.operator_superuser:
            return
        for statement in self._adds(key):
            if not statement.acts:
                said = self._run(statement, statement.sql, statement.secrets)
                if said is not None and said.reason:
                    yield Lack(key, statement, said.reason, wrong=said.wrong)
            for role in statement.acts:
                if reason := self._acts_as(role):
                    yield Lack(key, statement, reason, role)

    def _run(self, statement: Statement, text: str, secrets: tuple[str, ...]) -> _Said | None:
        """The server's error for a statement or its undo; None where it ran."""
        for role in secrets:
            text = ddl.fill_verifier(text, role, NOBODYS_VERIFIER)
        acts = () if self._state.target.operator_superuser else statement.acts
        # A statement without an undo is rolled back at once: DROP ROLE, for example, locks out sessions that create
        # something as the role (shdepLockAndCheckObject(), pg_shdepend.c)
        try:
            with self._conn.transaction(force_rollback=not statement.undo), acting(self._conn, acts):
                self._conn.execute(text.encode())
        except psycopg.DatabaseError as error:
            wrong = self._whole and not isinstance(error, _TAKEN) and (error.sqlstate or "").startswith(_WRONG)
            if wrong or isinstance(error, REFUSALS):
                said = (error.diag.message_primary or str(error)).splitlines()[0]
                hint = error.diag.message_hint if wrong else None
                return _Said(f"{said} ({' '.join(hint.split())})" if hint else said, wrong)
            return _Said("")
        return None

    def _acts_as(self, role: str) -> str:
        """The error when acting as the role; "" where it works."""
        if role not in self._able:
            self._able[role] = why_not(self._conn, self._state, role)
        return self._able[role]

    def _owner_rights(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """What changing an owner requires besides acting as the two roles."""
        kind = statement.objects[0].kind if statement.objects else ""
        if kind == "database":
            try:
                with self._conn.transaction(force_rollback=True), acting(self._conn, statement.acts):
                    self._conn.execute(statement.sql.encode())
            except errors.InsufficientPrivilege as error:
                yield "CREATEDB", (error.diag.message_primary or str(error)).splitlines()[0]
            except psycopg.DatabaseError:
                return
        modern = self._state.target.major >= versions.SUBSCRIPTION_CREATORS
        if (
            kind == "subscription"
            and modern
            and ask(self._conn, "without_password", {"name": statement.objects[0].name})
        ):
            yield "", "password_required=false is superuser-only"
        if kind in ("schema", "subscription"):
            # AlterSchemaOwner_internal(), AlterSubscriptionOwner_internal(): unlike for tables, the role that changes
            # the owner needs CREATE, not the new owner
            with self._conn.transaction(force_rollback=True), acting(self._conn, statement.acts):
                query = "SELECT has_database_privilege(current_user, current_database(), 'CREATE')"
                row = self._conn.execute(query).fetchone()
            if row and not row[0]:
                yield "CREATE", f"permission denied for database {self._state.target.database}"


def _secrets(undo: str, state: State) -> tuple[str, ...]:
    """Roles whose verifier a statement has a place for."""
    return tuple(role for role in state.roles if f":'{ddl.verifier_variable(role)}'" in undo)
