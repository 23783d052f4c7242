"""The can/cannot matrix, worked out from a State for every object. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from flatsplit import ddl, membership, privileges
from flatsplit.model import (
    OWNER,
    PUBLIC,
    ROUTINES,
    TABLES,
    Acl,
    Check,
    Group,
    ObjectFacts,
    ObjectRef,
    State,
    group_objects,
)
from flatsplit.walks import split
from flatsplit.walks.split import grants, restricted
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.owners import staying
from flatsplit.walks.split.transfer_ownership import waits

SHOWN = 5
"""Exceptions named per check; the rest is counted."""

_NOTHING = ObjectFacts("")

_WRITABLE = TABLES | {"view"}
_READABLE = _WRITABLE | {"materialized_view"}


class Rights:
    """What one role may do: by itself, by PUBLIC, by ownership and through its memberships."""

    def __init__(self, state: State, role: str) -> None:
        self._state = state
        self.role = role
        self.closure = frozenset({role}) | _reached(state, role)
        self.superuser = role in state.roles and state.roles[role].superuser
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

    def on_column(self, acl: Acl) -> frozenset[str]:
        """Privileges by grants on a column."""
        mine = (item.privileges for item in acl if item.grantee == PUBLIC or item.grantee in self.closure)
        return frozenset("".join(mine))

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


def may_become(state: State, role: str, wanted: str) -> bool:
    """Whether it may SET ROLE (member_can_set_role() in acl.c; before 16 every member may)."""
    if role == wanted or (role in state.roles and state.roles[role].superuser):
        return True
    found, todo = {role}, [role]
    while todo:
        one = todo.pop()
        for key, options in state.members.items():
            if key.member == one and key.role not in found and membership.may_set(options):
                found.add(key.role)
                todo.append(key.role)
    return wanted in found


Answers = Iterable[tuple[Group, bool]]


def matrix(state: State, context: Context, done: int) -> tuple[Check, ...]:
    """Every expectation that the first ``done`` steps justify, checked against every object it is about."""
    roles = context.config.roles
    checks: list[Check] = []
    stay = staying(state, context)
    objects = [
        group
        for group in state.groups
        if context.ours(group.refs[0], group.facts) or (group.facts.owner in stay and context.in_scope(group.refs[0]))
    ]
    if done >= split.ORDINAL[split.GRANT_EXISTING]:
        user, reader = Rights(state, roles.app_user), Rights(state, roles.app_readonly)
        checks += _use(user, objects)
        checks += _limits(state, context, user, objects, done)
        checks.append(_check(reader.role, "read tables and views", True, _has(objects, _READABLE, reader, "r")))
        writing = _beyond(objects, state, context, reader.role, "awdD")
        checks.append(_check(reader.role, "write tables", False, _has(writing, _WRITABLE, reader, "awdD", some=True)))
        checks += _limits(state, context, reader, objects, done)
        checks += _extras(state, context)
    if done >= split.ORDINAL[split.TRANSFER_OWNERSHIP]:
        checks += _migrator(state, context)
    if done >= split.ORDINAL[split.GRANT_EXISTING]:
        checks += _restricted(state, context)
    if done >= split.ORDINAL[split.REVOKE_LEGACY] and context.legacy in state.roles:
        checks += _legacy(state, context)
    return tuple(checks)


def _use(user: Rights, objects: list[Group]) -> Iterator[Check]:
    yield _check(user.role, "read tables and views", True, _has(objects, _READABLE, user, "r"))
    yield _check(user.role, "insert, update and delete rows", True, _has(objects, _WRITABLE, user, "awd"))
    yield _check(user.role, "use sequences", True, _has(objects, frozenset({"sequence"}), user, "U"))
    if any(group.kind == "large_object" for group in objects):
        large = frozenset({"large_object"})
        yield _check(user.role, "read and write large objects", True, _has(objects, large, user, "rw"))
    yield _check(user.role, "call routines", True, _has(objects, ROUTINES, user, "X"))


def _limits(state: State, context: Context, rights: Rights, objects: list[Group], done: int) -> Iterator[Check]:
    truncating = _beyond(objects, state, context, rights.role, "D")
    yield _check(rights.role, "truncate tables", False, _has(truncating, TABLES, rights, "D", some=True))
    yield _check(rights.role, "alter or drop objects", False, ((group, rights.owns(group.facts)) for group in objects))
    yield _check(rights.role, "grant privileges", False, ((group, rights.may_grant(group.facts)) for group in objects))
    if done >= split.ORDINAL[split.ENABLE_LOGIN]:
        yield _check(rights.role, "create permanent objects", False, _creatable(state, context, rights))


def _extras(state: State, context: Context) -> Iterator[Check]:
    """What [grants] and [become] of the configuration add to the blueprint."""
    for purpose, names in context.config.become:
        role = str(getattr(context.config.roles, purpose))
        database = ObjectRef("database", "", state.target.database)
        for name in names:
            if name in state.roles and role in state.roles and database in state.objects:
                itself = Group("database", "", state.objects[database], [database])
                yield _check(role, f"become {name}, as [become] says", True, [(itself, may_become(state, role, name))])
    for role, letter, refs in grants.extras(state, context):
        rights = Rights(state, role)
        objects = {ref: state.objects[ref] for ref in refs if ref in state.objects}
        columns = [Group("column", ref.schema, _NOTHING, [ref]) for ref in refs if ref in state.columns]
        answers = [(group, letter in rights.letters(group.facts)) for group in group_objects(objects)]
        answers += [(group, letter in rights.on_column(state.columns[group.refs[0]])) for group in columns]
        yield _check(role, f"{privileges.NAMES[letter].lower()}, as [grants] says", True, answers)
    configured = list(restricted.configured(context))
    for role in dict.fromkeys(role for role, _ in configured):
        groups = [of for who, of in configured if who == role]
        missing = tuple(of for of in groups if of not in state.member_of(role))
        yield Check(role, "be a member, as [grants] says", True, len(groups), missing[:SHOWN], len(missing))


def _restricted(state: State, context: Context) -> Iterator[Check]:
    """What no ordinary owner may, unless [grants] says so: what the system or an extension keeps from PUBLIC."""
    roles = context.config.roles
    kept = [group for group in state.groups if group.facts.kept]
    leads = restricted.Leads(state)
    for role in (roles.app_user, roles.app_migrator, roles.app_readonly):
        if role not in state.roles or role in context.adopted:
            continue
        rights = Rights(state, role)
        given = {(ref, letter) for who, letter, refs in grants.extras(state, context) if who == role for ref in refs}
        groups = {of for who, of in restricted.configured(context) if who == role}
        groups.update(of for who, names in context.config.become if getattr(roles, who) == role for of in names)
        answers = []
        for group in kept:
            limited = restricted.letters(group.refs[0], group.facts)
            public = privileges.letters(group.facts.acl, PUBLIC)
            holds = "" if groups else rights.letters(group.facts).intersection(privileges.minus(limited, public))
            if limited and not (group.facts.owner == role and group.facts.note != "system"):
                answers.append((group, any((ref, each) not in given for ref in group.refs for each in holds)))
        act = "use what the system or an extension keeps from everybody"
        yield _check(role, act, False, answers)
        beyond = sorted({key.role for key in state.members if key.member == role} - groups - set(roles.new))
        wrong = tuple(of for of in beyond if leads.beyond(of))
        yield Check(role, "act as the server or as its administrators", False, 1, wrong[:SHOWN], len(wrong))


def _beyond(objects: list[Group], state: State, context: Context, role: str, letters: str) -> list[Group]:
    """The objects without those on which [grants] gives the role one of these privileges."""
    given = {
        ref for who, letter, refs in grants.extras(state, context) if who == role and letter in letters for ref in refs
    }
    if not given:
        return objects
    return [group._replace(refs=[ref for ref in group.refs if ref not in given]) for group in objects]


def _creatable(state: State, context: Context, rights: Rights) -> Iterator[tuple[Group, bool]]:
    database = ObjectRef("database", "", state.target.database)
    for group in state.groups:
        ref = group.refs[0]
        if ref == database or (ref.kind == "schema" and (context.in_scope(ref) or ref.name == "public")):
            yield group, "C" in rights.letters(group.facts)


def _migrator(state: State, context: Context) -> Iterator[Check]:
    migrator = Rights(state, context.config.roles.app_migrator)
    heirs = {context.config.roles.app_migrator, context.config.roles.dba}
    ours = [
        group
        for group in state.groups
        if group.facts.owner in context.owners
        and not _stays(group.refs[0], group.facts, context)
        and not waits(group.refs[0], group.facts, state, context)
    ]
    yield _check(
        migrator.role,
        "alter and drop what the application owns",
        True,
        ((group, group.facts.owner in heirs) for group in ours),
    )
    schemas = [group for group in state.groups if group.kind == "schema" and context.in_scope(group.refs[0])]
    yield _check(
        migrator.role,
        "create in the schemas in scope",
        True,
        ((group, "C" in migrator.letters(group.facts)) for group in schemas),
    )


def _stays(ref: ObjectRef, facts: ObjectFacts, context: Context) -> bool:
    """What legacy keeps by configuration, or because PostgreSQL does not let go of it."""
    if context.config.database_owner == "keep" and ref.kind == "database":
        return True
    if facts.note == "system" or (facts.follows and ref.kind in ROUTINES):
        return True  # constructor functions of a range type belong to the bootstrap superuser, whoever owns the type
    return context.bootstrap and (facts.extension or ref.kind == "extension")


def _legacy(state: State, context: Context) -> Iterator[Check]:
    legacy = context.legacy
    everything = [group for group in state.groups if not _stays(group.refs[0], group.facts, context)]
    if context.config.retire != "repurpose":
        database = ObjectRef("database", "", state.target.database)
        itself = [Group("database", "", group.facts, [database]) for group in everything[:1]]
        yield _check(legacy, "log in", False, [(group, state.roles[legacy].login) for group in itself])
    yield _check(legacy, "own anything", False, ((group, group.facts.owner == legacy) for group in everything))
    yield _check(
        legacy,
        "use privileges of its own",
        False,
        ((group, bool(privileges.letters(group.facts.acl, legacy))) for group in everything),
    )


def _has(
    objects: list[Group], kinds: frozenset[str], rights: Rights, letters: str, *, some: bool = False
) -> Iterator[tuple[Group, bool]]:
    """Whether the role has all (or ``some``) of the privileges."""
    wanted = frozenset(letters)
    for group in objects:
        if group.kind in kinds:
            mine = rights.letters(group.facts)
            yield group, bool(wanted & mine) if some else wanted <= mine


def _check(role: str, act: str, expected: bool, answers: Answers) -> Check:
    count = 0
    wrong: list[ObjectRef] = []
    for group, answer in answers:
        count += len(group.refs)
        if answer is not expected:
            wrong.extend(group.refs)
    shown = heapq.nsmallest(SHOWN, wrong)
    return Check(role, act, expected, count, tuple(map(ddl.label, shown)), len(wrong))
