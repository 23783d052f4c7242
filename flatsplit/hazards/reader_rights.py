"""Hazards in what runs with the rights of the reader: conditions of policies, and routines that views call. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.hazards.registry import Found, Row, Seen, as_lines, decide, few, granted_name, hazard
from flatsplit.model import RELATIONS, ObjectRef, State
from flatsplit.rights.inherited import Inherited
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
from flatsplit.walks.role import bridge, grant_list
from flatsplit.walks.role.context import Context as RoleContext
from flatsplit.walks.role.grant_list import ListedRights
from flatsplit.walks.split.context import Context
from flatsplit.words import count


@hazard(
    "policy-rights",
    "blocker",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_depend of the policies for everybody, legacy or app_user: routines that they call, relations that "
    "they read, and who holds EXECUTE and SELECT there once grant-existing is done",
    why="The condition of a policy is worked out with the privileges of whoever reads the table. Legacy, as the owner "
    "or by attribute, was never asked. A role that may read the table, but not do what its policies do, gets an error.",
    fix="Give the role what the condition needs, under its [grants.…] in flatsplit.toml; or let the policy call a "
    "routine that is open to everybody; or let it be TO other roles only.",
    manual="ddl-rowsecurity.html",
    questions=("as_reader",),
)
def policy_rights(seen: Seen) -> Iterator[Found]:
    """Tables that a new role may read, but whose policies need a right that it lacks."""
    tables = [row for row in seen.rows("as_reader") if row[0] != "view"]
    yield from _refused(seen, "policy-rights", tables, "policies there need rights that are missing")


@hazard(
    "view-routines",
    "blocker",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_depend of the application's views, and of those beneath them: routines closed to PUBLIC that they "
    "call, what a security_invoker view reads, and who holds EXECUTE and SELECT there once grant-existing is done",
    why="A view reads tables with its owner's rights unless it is security_invoker, and calls routines with the rights "
    "of whoever reads it. A role that may read the view, but not do what it does, gets an error.",
    fix="Give the role what is missing, under its [grants.…] in flatsplit.toml; or let it do without these views.",
    manual="rules-privileges.html",
    questions=("as_reader",),
)
def view_routines(seen: Seen) -> Iterator[Found]:
    """Views that a new role may read, but that call a routine it may not."""
    views = [row for row in seen.rows("as_reader") if row[0] == "view"]
    yield from _refused(seen, "view-routines", views, "what they call or read needs rights that are missing")


@hazard(
    "reader-operators",
    "note",
    split.ENABLE_LOGIN,
    looks_at="operators and casts on the types of columns that app_readonly or a special role may read, other than the "
    "server's own, and those by which the tables' indexes are searched: whether their routines are closed to PUBLIC",
    why="Who compares values calls the routine behind the operator. These are closed to PUBLIC, as default privileges "
    "may have left them. app_user gets what legacy may call, app_readonly reads and gets no routines, a special role "
    "gets its list.",
    fix="Give each role those that its statements use, under its [grants.…] in flatsplit.toml.",
    manual="sql-alterdefaultprivileges.html",
    questions=("reader_operators",),
)
def reader_operators(seen: Seen) -> Iterator[Found]:
    """Operators that legacy may use on what it reads, and who reads for it may not."""
    before = seen.context.baseline.roles.get(seen.legacy)
    everything = before is not None and before.superuser
    could = Inherited(seen.granted, blueprint.application(seen.context.config))
    relations: dict[str, None] = {}
    refused: dict[str, dict[ObjectRef, None]] = {}
    lines: dict[tuple[str, str], dict[str, None]] = {}
    roles = list(_readers(seen))
    for kind, schema, name, columns, *named in seen.rows("reader_operators"):
        ref, needed = ObjectRef(kind, schema, name), ObjectRef(*named)
        if ref not in seen.granted.objects or not (everything or _may(could, needed)):
            continue
        for one in roles:
            if not one.reads(ref, columns) or one.calls(needed):
                continue
            relations[ddl.label(ref)] = None
            refused.setdefault(one.name, {})[needed] = None
            lines.setdefault((one.section, "execute"), {})[granted_name(needed)] = None
            if not one.enters(needed.schema):
                lines.setdefault((one.section, "usage"), {})[format_name(needed.schema)] = None
    if refused:
        given = {key: list(names) for key, names in lines.items()}
        behind = len({routine for each in refused.values() for routine in each})
        yield Found(
            f"{' and '.join(refused)} may not call {count(behind, 'routine')} behind operators on what "
            f"{'it reads' if len(refused) == 1 else 'they read'}",
            tuple(sorted(relations)),
            fix=decide("reader-operators", given),
            toml=as_lines(given),
        )


class _Reader(NamedTuple):
    """Who only reads: app_readonly, or a special role with what its list gives."""

    section: str
    """Of [grants]."""
    rights: tuple[Inherited, ...]
    """Its own, and of a special role those of the groups on its list."""
    listed: ListedRights | None = None

    @property
    def name(self) -> str:
        return self.rights[0].role

    def reads(self, ref: ObjectRef, columns: Sequence[str]) -> bool:
        """Whether it may read one of the columns; with none, any of the relation."""
        if self.listed is None:
            return self.rights[0].has(self.rights[0].state.objects[ref], "r")
        if "r" in self.listed.objects.get(ref, ""):
            return True
        parts = {one.args for one, has in self.listed.columns.items() if "r" in has and one[1:3] == ref[1:3]}
        return not parts.isdisjoint(columns) if columns else bool(parts)

    def calls(self, routine: ObjectRef) -> bool:
        named = self.listed is not None and "X" in self.listed.objects.get(routine, "")
        return named or any(_may(one, routine) for one in self.rights)

    def enters(self, schema: str) -> bool:
        """A list that names a routine gives USAGE on its schema with it."""
        facts = self.rights[0].state.objects.get(ObjectRef("schema", "", schema))
        return self.listed is not None or facts is None or any(one.has(facts, "U") for one in self.rights)


def _readers(seen: Seen) -> Iterator[_Reader]:
    config = seen.context.config
    yield _Reader(blueprint.READER.key, (Inherited(seen.granted, blueprint.reader(config)),))
    for special in config.special:
        context = RoleContext(config, seen.granted, special.name)
        alone = bridge.cut(seen.granted, context)
        roles = (special.name, *grant_list.memberships(config, special))
        listed = grant_list.rights(seen.granted, context)
        yield _Reader(special.name, tuple(Inherited(alone, role) for role in roles), listed)


def _refused(seen: Seen, hazard_id: str, rows: list[Row], who: str) -> Iterator[Found]:
    """The finding where a new role lacks something: a blocker if it is the application's role."""
    if not rows:
        return
    config = seen.context.config
    application, reader = blueprint.application(config), blueprint.reader(config)
    lines: dict[tuple[str, str], list[str]] = {}
    refused: dict[str, set[str]] = {}
    for purpose, role in ((blueprint.APPLICATION, application), (blueprint.READER, reader)):
        rights = Inherited(seen.granted, role)
        for kind, schema, name, reads, *named in rows:
            ref, needed = ObjectRef(kind, schema, name), ObjectRef(*named)
            used = "r" if reads else "awd" if role == application else ""
            if _may(rights, needed) or not _asked(rights, ref, used):
                continue
            if _nobodys(ref, needed, seen.state, seen.context):
                continue
            refused.setdefault(role, set()).add(f"{schema}.{name}")
            word = "select" if needed.kind in RELATIONS else "execute"
            lines.setdefault((purpose.key, word), []).append(granted_name(needed))
    if refused:
        lines = {key: list(dict.fromkeys(names)) for key, names in lines.items()}
        objects = tuple(sorted(set().union(*refused.values())))
        serious = application in refused
        yield Found(
            f"{' and '.join(refused)} cannot use {few(objects)}: {who}",
            objects,
            severity="blocker" if serious else "warning",
            step="" if serious else split.ENABLE_LOGIN,
            fix=decide(hazard_id, lines),
            toml=as_lines(lines),
        )


def asking(rows: list[Row], state: State, context: Context) -> list[ObjectRef]:
    """Relations of the application's that ``as_reader`` returned, without views that were always refused."""
    found: dict[ObjectRef, None] = {}
    for kind, schema, name, _, *named in rows:
        ref = ObjectRef(kind, schema, name)
        facts = state.objects.get(ref)  # objects of an extension were granted to nobody
        if facts and context.ours(ref, facts) and not _nobodys(ref, ObjectRef(*named), state, context):
            found[ref] = None
    return list(found)


def _nobodys(ref: ObjectRef, needed: ObjectRef, state: State, context: Context) -> bool:
    """Whether neither legacy, by any role it may become, nor anybody else can read it now, so that nothing is lost."""
    if ref.kind != "view" or needed not in state.objects:
        return False
    before = context.baseline.roles.get(context.legacy)
    if before is not None and before.superuser:
        return False
    owners = {context.legacy, state.objects[ref].owner if ref in state.objects else context.legacy}
    letter = "r" if needed.kind in RELATIONS else "X"
    return all(letter not in Rights(state, owner).letters(state.objects[needed]) for owner in owners)


def _asked(rights: Inherited, ref: ObjectRef, letters: str) -> bool:
    """Whether the role uses the relation in this way and, for a table, is subject to its policies."""
    facts = rights.state.objects.get(ref)
    if facts is None or not rights.has(facts, letters):
        return False
    return ref.kind == "view" or not (rights.owns(facts) or rights.bypasses)


def _may(rights: Inherited, needed: ObjectRef) -> bool:
    """Whether it may call or read it; True for unknown objects."""
    facts = rights.state.objects.get(needed)
    if facts is None or rights.superuser:
        return True
    if needed.kind in RELATIONS:
        return rights.has(facts, "r") or rights.some_column(needed, "r")
    return rights.has(facts, "X")
