"""The can/cannot matrix, worked out from a State for every object. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flatsplit import ddl, privileges
from flatsplit.model import OWNER, PUBLIC, ROUTINES, TABLES, Check, ObjectFacts, ObjectRef, State
from flatsplit.steps import ORDINAL, Context

SHOWN = 5
"""Exceptions named per check; the rest is counted."""

_WRITABLE = TABLES | {"view"}
_READABLE = _WRITABLE | {"materialized_view"}


class Rights:
    """What one role may do: by itself, by PUBLIC, by ownership and through its memberships."""

    def __init__(self, state: State, role: str) -> None:
        self._state = state
        self.role = role
        self.closure = frozenset({role}) | _reached(state, role)
        self.superuser = any(
            state.roles[name].superuser for name in self.closure if name in state.roles and name == role
        )
        self._letters: dict[int, frozenset[str]] = {}

    def owns(self, facts: ObjectFacts) -> bool:
        """Whether it may alter and drop the object: it is the owner, or a member of it."""
        if facts.owner in self.closure or self.superuser:
            return True
        # Implicit membership of the database's owner (manual, "Predefined Roles")
        return facts.owner == "pg_database_owner" and self._database_owner() in self.closure

    def _database_owner(self) -> str:
        ref = ObjectRef("database", "", self._state.target.database)
        facts = self._state.objects.get(ref)
        return facts.owner if facts is not None else ""

    def letters(self, facts: ObjectFacts) -> frozenset[str]:
        """Privileges on an object, predefined roles that read or write everything included."""
        found = self._letters.get(id(facts))
        if found is None:
            owner = self.owns(facts)
            mine: set[str] = set()
            for item in facts.acl:
                if item.grantee == PUBLIC or item.grantee in self.closure or (item.grantee == OWNER and owner):
                    mine.update(item.privileges)
            if "pg_read_all_data" in self.closure:
                mine.update("rU")
            if "pg_write_all_data" in self.closure:
                mine.update("awdU")
            if self.superuser:
                mine.update(privileges.NAMES)
            found = self._letters[id(facts)] = frozenset(mine)
        return found

    def may_grant(self, facts: ObjectFacts) -> bool:
        """Whether it could give a privilege on the object away."""
        return self.owns(facts) or any(item.grantable and item.grantee in self.closure for item in facts.acl)


def _reached(state: State, role: str) -> frozenset[str]:
    """Roles that it is a member of, directly or not, by inheritance or by SET ROLE."""
    found: set[str] = set()
    todo = [role]
    while todo:
        one = todo.pop()
        for key, options in state.members.items():
            usable = options.inherit is None or options.inherit or options.set
            if key.member == one and key.role not in found and usable:
                found.add(key.role)
                todo.append(key.role)
    return frozenset(found)


Asks = Callable[[ObjectFacts], bool]


def matrix(state: State, context: Context, done: int) -> tuple[Check, ...]:
    """Every expectation that the first ``done`` steps justify, checked against every object it is about."""
    roles = context.config.roles
    checks: list[Check] = []
    objects = [
        (ref, facts)
        for ref, facts in state.objects.items()
        if context.in_scope(ref) and not facts.extension and facts.note != "system" and facts.owner in context.owners
    ]
    if done >= ORDINAL["grant-existing"]:
        user, reader = Rights(state, roles.app_user), Rights(state, roles.app_readonly)
        checks += _use(user, objects)
        checks.append(_check(reader, "read tables and views", True, _of(objects, _READABLE, reader, "r")))
        checks += _limits(state, context, user, objects, done)
        checks.append(_check(reader, "write tables", False, _of(objects, _WRITABLE, reader, "awdD", some=True)))
        checks += _limits(state, context, reader, objects, done)
    if done >= ORDINAL["transfer-ownership"]:
        checks += _migrator(state, context)
    if done >= ORDINAL["revoke-legacy"] and context.legacy in state.roles:
        checks += _legacy(state, context)
    return tuple(checks)


def _use(user: Rights, objects: list[tuple[ObjectRef, ObjectFacts]]) -> Iterator[Check]:
    yield _check(user, "read tables and views", True, _of(objects, _READABLE, user, "r"))
    yield _check(user, "insert, update and delete rows", True, _of(objects, _WRITABLE, user, "awd"))
    yield _check(user, "use sequences", True, _of(objects, frozenset({"sequence"}), user, "U"))
    yield _check(user, "call routines", True, _of(objects, ROUTINES, user, "X"))


def _limits(
    state: State, context: Context, rights: Rights, objects: list[tuple[ObjectRef, ObjectFacts]], done: int
) -> Iterator[Check]:
    yield _check(rights, "truncate tables", False, _of(objects, TABLES, rights, "D", some=True))
    yield _check(
        rights, "alter or drop objects", False, ((ref, rights.owns(facts)) for ref, facts in objects)
    )
    yield _check(
        rights, "grant privileges", False, ((ref, rights.may_grant(facts)) for ref, facts in objects)
    )
    if done >= ORDINAL["enable-login"]:
        yield _check(rights, "create permanent objects", False, _creatable(state, context, rights))


def _creatable(state: State, context: Context, rights: Rights) -> Iterator[tuple[ObjectRef, bool]]:
    database = ObjectRef("database", "", state.target.database)
    for ref, facts in state.objects.items():
        container = ref == database or (ref.kind == "schema" and (context.in_scope(ref) or ref.name == "public"))
        if container:
            yield ref, "C" in rights.letters(facts)


def _migrator(state: State, context: Context) -> Iterator[Check]:
    migrator = Rights(state, context.config.roles.app_migrator)
    ours = ((ref, facts) for ref, facts in state.objects.items() if facts.owner in context.owners)
    heirs = {context.config.roles.app_migrator, context.config.roles.dba}
    kept = context.config.database_owner == "keep"
    yield _check(
        migrator,
        "alter and drop what the application owns",
        True,
        (
            (ref, facts.owner in heirs)
            for ref, facts in ours
            if not (kept and ref.kind == "database") and not (context.bootstrap and (facts.extension or ref.kind == "extension"))
        ),
    )
    schemas = (
        (ref, facts) for ref, facts in state.objects.items() if ref.kind == "schema" and context.in_scope(ref)
    )
    yield _check(
        migrator, "create in the schemas in scope", True, ((ref, "C" in migrator.letters(facts)) for ref, facts in schemas)
    )


def _legacy(state: State, context: Context) -> Iterator[Check]:
    legacy = context.legacy
    facts = state.roles[legacy]
    role = ObjectRef("database", "", state.target.database)
    if context.config.retire != "repurpose":
        yield _check_role(legacy, "log in", [(role, facts.login)])
    yield _check_role(
        legacy,
        "own anything",
        [
            (ref, facts_.owner == legacy)
            for ref, facts_ in state.objects.items()
            if facts_.note != "system"
            and not (context.bootstrap and (facts_.extension or ref.kind == "extension"))
            and not (context.config.database_owner == "keep" and ref.kind == "database")
        ],
    )
    yield _check_role(
        legacy,
        "use privileges of its own",
        [(ref, bool(privileges.letters(facts_.acl, legacy))) for ref, facts_ in state.objects.items()],
    )


def _check_role(role: str, act: str, answers: list[tuple[ObjectRef, bool]]) -> Check:
    wrong = sorted(ref for ref, answer in answers if answer)
    return Check(role, act, False, len(answers), tuple(map(ddl.label, wrong[:SHOWN])), len(wrong))


def _of(
    objects: list[tuple[ObjectRef, ObjectFacts]],
    kinds: frozenset[str],
    rights: Rights,
    letters: str,
    *,
    some: bool = False,
) -> Iterator[tuple[ObjectRef, bool]]:
    wanted = frozenset(letters)
    for ref, facts in objects:
        if ref.kind in kinds:
            mine = rights.letters(facts)
            yield ref, bool(wanted & mine) if some else wanted <= mine


def _check(rights: Rights, act: str, expected: bool, answers: Iterator[tuple[ObjectRef, bool]]) -> Check:
    count = 0
    wrong: list[ObjectRef] = []
    for ref, answer in answers:
        count += 1
        if answer is not expected:
            wrong.append(ref)
    wrong.sort()
    return Check(rights.role, act, expected, count, tuple(map(ddl.label, wrong[:SHOWN])), len(wrong))
