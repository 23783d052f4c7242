"""The can/cannot matrix, worked out from a State for every object. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator

from flatsplit import blueprint, ddl, membership, privileges
from flatsplit.model import (
    OWNER,
    PUBLIC,
    ROUTINES,
    Acl,
    Check,
    ObjectFacts,
    ObjectGroup,
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
"""How many exceptions a check names; the rest is counted."""

_NOTHING = ObjectFacts("")


class Rights:
    """What one role may do: by its own rights, PUBLIC's, ownership and its memberships."""

    def __init__(self, state: State, role: str) -> None:
        self._state = state
        self.role = role
        self.closure = frozenset({role}) | membership.reached(state, role)
        self.superuser = role in state.roles and state.roles[role].superuser
        self._letters: dict[int, frozenset[str]] = {}

    def owns(self, facts: ObjectFacts) -> bool:
        """Whether it may alter and drop the object: as the owner or a member of it."""
        if facts.owner in self.closure or self.superuser:
            return True
        # The owner of the database is an implicit member (manual, "Predefined Roles")
        return facts.owner == "pg_database_owner" and self._database_owner() in self.closure

    def _database_owner(self) -> str:
        ref = ObjectRef("database", "", self._state.target.database)
        facts = self._state.objects.get(ref)
        return facts.owner if facts is not None else ""

    def letters(self, facts: ObjectFacts) -> frozenset[str]:
        """Privileges on an object, with those of predefined roles that read or write everything."""
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
        """Privileges on a column by grants on it."""
        mine = (item.privileges for item in acl if item.grantee == PUBLIC or item.grantee in self.closure)
        return frozenset("".join(mine))

    def may_grant_on_column(self, _: ObjectRef, acl: Acl) -> bool:
        """Whether it could give a privilege on the column away that it has by a grant on it."""
        return any(item.grantable and item.grantee in self.closure for item in acl)

    def may_grant(self, facts: ObjectFacts) -> bool:
        """Whether it could give a privilege on the object away."""
        return self.owns(facts) or any(item.grantable and item.grantee in self.closure for item in facts.acl)


Answer = tuple[ObjectGroup, bool]
Answers = Iterable[Answer]


def matrix(state: State, context: Context, done: int) -> tuple[Check, ...]:
    """Every expectation that holds after the first ``done`` steps, checked against every object it is about."""
    checks: list[Check] = []
    roles = blueprint.roles(context.config)
    stay = staying(state, context)
    objects = [
        group
        for group in state.groups
        if context.ours(group.refs[0], group.facts) or (group.facts.owner in stay and context.in_scope(group.refs[0]))
    ]
    if done >= split.ORDINAL[split.GRANT_EXISTING]:
        for role in roles:
            checks += _expected(role, state, context, done, objects) if role.purpose.named else ()
        checks += _extras(state, context)
    if done >= split.ORDINAL[split.TRANSFER_OWNERSHIP]:
        for role in roles:
            checks += () if role.purpose.named else _expected(role, state, context, done, objects)
    if done >= split.ORDINAL[split.GRANT_EXISTING]:
        checks += _restricted(state, context)
    if done >= split.ORDINAL[split.REVOKE_LEGACY] and context.legacy in state.roles:
        checks += _legacy(state, context)
    return tuple(checks)


def _expected(
    role: blueprint.Role, state: State, context: Context, done: int, objects: list[ObjectGroup]
) -> Iterator[Check]:
    """What the blueprint says of a role, line by line."""
    rights = Rights(state, role.name)
    for one in role.purpose.expectations:
        if (
            one.asks == "trial"
            or (one.asks == "creating" and done < split.ORDINAL[split.ENABLE_LOGIN])
            or (one.if_any and not any(group.kind in one.kinds for group in objects))
        ):
            continue
        yield _check(role.name, one.act, one.expected, _answers(one, rights, state, context, objects))


def _answers(
    one: blueprint.Expectation, rights: Rights, state: State, context: Context, objects: list[ObjectGroup]
) -> Answers:
    if one.asks == "owning":
        return ((group, rights.owns(group.facts)) for group in objects)
    if one.asks == "granting":
        passing = ((group, rights.may_grant(group.facts)) for group in objects)
        return (*passing, *_on_columns(state, context, rights.role, rights.may_grant_on_column))
    if one.asks == "creating":
        return _creatable(state, context, rights)
    if one.asks == "inheriting":
        return _inherited(state, context)
    if one.asks == "around":
        objects = [
            group
            for group in state.groups
            if group.kind in one.kinds
            and context.in_scope(group.refs[0])
            and not given_up(group.facts, rights.role, one.letters)
        ]
    elif not one.expected:
        objects = _beyond(objects, state, context, rights.role, one.letters)
        given = {(ref, each) for who, each, refs in grants.extras(state, context) if who == rights.role for ref in refs}

        def more(ref: ObjectRef, acl: Acl) -> bool:
            mine = rights.on_column(acl).intersection(one.letters)
            return any((ref, letter) not in given for letter in mine)

        found = _has(objects, one.kinds, rights, one.letters, some=True)
        return (*found, *_on_columns(state, context, rights.role, more, one.kinds))
    return _has(objects, one.kinds, rights, one.letters)


def given_up(facts: ObjectFacts, role: str, letters: str) -> bool:
    """Whether it owns the object and one of these privileges was revoked from it, which it may grant itself again."""
    return facts.owner == role and not set(letters) <= set(privileges.letters(facts.acl, OWNER))


def _on_columns(
    state: State,
    context: Context,
    role: str,
    oversteps: Callable[[ObjectRef, Acl], bool],
    kinds: Collection[str] = (),
) -> Iterator[Answer]:
    """The single columns of the application's relations, of these ``kinds`` or all, by which a role ``oversteps``. Not
    those on which an adopted one had rights before: these it keeps.
    """
    kept = context.baseline.columns.keys() if role in context.adopted else ()
    for ref, acl in state.columns.items():
        relation = state.relation_of(ref) if ref not in kept and oversteps(ref, acl) else None
        if relation is None or (kinds and relation.kind not in kinds):
            continue
        if context.ours(relation, state.objects[relation]):
            yield ObjectGroup("column", ref.schema, _NOTHING, [ref]), True


def _extras(state: State, context: Context) -> Iterator[Check]:
    """What [grants] and [become] of the configuration add to the blueprint."""
    for purpose, names in context.config.become:
        role = blueprint.named(context.config, purpose)
        database = ObjectRef("database", "", state.target.database)
        for name in names:
            if name in state.roles and role in state.roles and database in state.objects:
                itself = ObjectGroup("database", "", state.objects[database], [database])
                yield _check(
                    role,
                    f"become {name}, as [become] says",
                    True,
                    [(itself, membership.can_set_role(state, role, name))],
                )
    for role, letter, refs in grants.extras(state, context):
        rights = Rights(state, role)
        objects = {ref: state.objects[ref] for ref in refs if ref in state.objects}
        columns = [ObjectGroup("column", ref.schema, _NOTHING, [ref]) for ref in refs if ref in state.columns]
        answers = [(group, letter in rights.letters(group.facts)) for group in group_objects(objects)]
        answers += [(group, letter in rights.on_column(state.columns[group.refs[0]])) for group in columns]
        yield _check(role, f"{privileges.NAMES[letter].lower()}, as [grants] says", True, answers)
    configured = list(restricted.configured(context))
    for role in dict.fromkeys(role for role, _ in configured):
        groups = [of for who, of in configured if who == role]
        missing = tuple(of for of in groups if of not in state.member_of(role))
        yield Check(role, "be a member, as [grants] says", True, len(groups), missing[:SHOWN], len(missing))


def _restricted(state: State, context: Context) -> Iterator[Check]:
    """What no ordinary owner may do unless [grants] says so: what the system or an extension keeps from PUBLIC."""
    new = set(context.config.roles.new)
    kept = [group for group in state.groups if group.facts.kept]
    leads = restricted.Leads(state)
    for role in blueprint.programs(context.config):
        if role not in state.roles or role in context.adopted:
            continue
        rights = Rights(state, role)
        given = {(ref, letter) for who, letter, refs in grants.extras(state, context) if who == role for ref in refs}
        groups = {of for who, of in restricted.configured(context) if who == role}
        groups.update(
            of for who, names in context.config.become if blueprint.named(context.config, who) == role for of in names
        )
        answers = []
        for group in kept:
            limited = restricted.letters(group.refs[0], group.facts)
            public = privileges.letters(group.facts.acl, PUBLIC)
            holds = "" if groups else rights.letters(group.facts).intersection(privileges.minus(limited, public))
            if limited and not (group.facts.owner == role and group.facts.note != "system"):
                answers.append((group, any((ref, each) not in given for ref in group.refs for each in holds)))
        act = "use what the system or an extension keeps from everybody"
        yield _check(role, act, False, answers)
        beyond = sorted({key.role for key in state.members if key.member == role} - groups - new)
        wrong = tuple(of for of in beyond if leads.beyond(of))
        yield Check(role, "act as the server or as its administrators", False, 1, wrong[:SHOWN], len(wrong))


def _beyond(objects: list[ObjectGroup], state: State, context: Context, role: str, letters: str) -> list[ObjectGroup]:
    """The objects without those on which [grants] gives the role one of these privileges."""
    given = {
        ref for who, letter, refs in grants.extras(state, context) if who == role and letter in letters for ref in refs
    }
    if not given:
        return objects
    return [group._replace(refs=[ref for ref in group.refs if ref not in given]) for group in objects]


def _creatable(state: State, context: Context, rights: Rights) -> Iterator[tuple[ObjectGroup, bool]]:
    database = ObjectRef("database", "", state.target.database)
    for group in state.groups:
        ref = group.refs[0]
        if ref == database or (ref.kind == "schema" and (context.in_scope(ref) or ref.name == "public")):
            yield group, "C" in rights.letters(group.facts)


def _inherited(state: State, context: Context) -> Iterator[tuple[ObjectGroup, bool]]:
    """Whether what the application owns belongs to a new role that may own it: the owner, or an administrator."""
    heirs = {blueprint.owner(context.config), blueprint.administrator(context.config)}
    for group in state.groups:
        ref, facts = group.refs[0], group.facts
        if facts.owner in context.owners and not _stays(ref, facts, context) and not waits(ref, facts, state, context):
            yield group, facts.owner in heirs


def _stays(ref: ObjectRef, facts: ObjectFacts, context: Context) -> bool:
    """What legacy keeps by configuration, or because PostgreSQL does not allow to move it."""
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
        itself = [ObjectGroup("database", "", group.facts, [database]) for group in everything[:1]]
        yield _check(legacy, "log in", False, [(group, state.roles[legacy].login) for group in itself])
    yield _check(legacy, "own anything", False, ((group, group.facts.owner == legacy) for group in everything))
    yield _check(
        legacy,
        "use privileges of its own",
        False,
        ((group, bool(privileges.letters(group.facts.acl, legacy))) for group in everything),
    )


def _has(
    objects: list[ObjectGroup], kinds: frozenset[str], rights: Rights, letters: str, *, some: bool = False
) -> Iterator[tuple[ObjectGroup, bool]]:
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
