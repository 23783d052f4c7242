"""Hazards in what runs with the rights of the reader: conditions of policies, and routines that views call. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.hazards.registry import Found, Row, Seen, as_lines, decide, few, granted_name, hazard
from flatsplit.model import RELATIONS, ObjectRef, State
from flatsplit.rights.inherited import Inherited
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
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
    looks_at="operators and casts on the types of columns that app_readonly may read, other than the server's own, and "
    "those by which the tables' indexes are searched: whether their routines are closed to PUBLIC",
    why="Who compares values calls the routine behind the operator. These are closed to PUBLIC, as default privileges "
    "may have left them. app_user gets what legacy may call, app_readonly reads and gets no routines.",
    fix="Give app_readonly those that reports use, under [grants.app_readonly] in flatsplit.toml.",
    manual="sql-alterdefaultprivileges.html",
    questions=("reader_operators",),
)
def reader_operators(seen: Seen) -> Iterator[Found]:
    """Operators that app_user may use on what app_readonly reads, and app_readonly not."""
    config = seen.context.config
    rights = Inherited(seen.granted, blueprint.reader(config))
    application = Inherited(seen.granted, blueprint.application(config))
    relations: dict[str, None] = {}
    routines: dict[str, None] = {}
    for kind, schema, name, *named in seen.rows("reader_operators"):
        ref, needed = ObjectRef(kind, schema, name), ObjectRef(*named)
        facts = seen.granted.objects.get(ref)
        if facts is None or not rights.has(facts, "r") or _may(rights, needed) or not _may(application, needed):
            continue
        relations[ddl.label(ref)] = None
        routines[granted_name(needed)] = None
    if routines:
        lines = {(blueprint.READER.key, "execute"): list(routines)}
        yield Found(
            f"{rights.role} may not call {count(len(routines), 'routine')} behind operators on what it reads",
            tuple(sorted(relations)),
            fix=decide("reader-operators", lines),
            toml=as_lines(lines),
        )


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
