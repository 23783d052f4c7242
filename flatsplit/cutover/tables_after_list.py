"""The lists of special roles and what is there: tables that are younger than a list, and names that mean nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.config.special import heading
from flatsplit.cutover.expected_rights import special_roles
from flatsplit.cutover.situation import Situation
from flatsplit.evidence import memory
from flatsplit.model import TABLES, Finding, ObjectRef, State, WalkName
from flatsplit.rights.matrix import Rights
from flatsplit.server.asking import ask
from flatsplit.walks import role as keys
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context
from flatsplit.words import count, listed

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

_READABLE = TABLES | {"view", "materialized_view"}


def younger(walk: Walk, situation: Situation) -> Iterator[Finding]:
    """A note for each role: nothing is wrong, but somebody may wonder why the role cannot use the table."""
    for one in special_roles(situation):
        special, name = one.context.special, one.context.role
        if special is None or special.new_tables != "none" or name not in situation.live.roles:
            continue
        then = walk.journal_of(WalkName(keys.NAME, name)).own_snapshot()
        if then is None:
            continue
        appeared = memory.difference(then.objects, situation.live).appeared
        given = grant_list.rights(situation.live, one.context)
        inside = {ref.name for ref in given.objects if ref.kind == "schema"}
        named = {ref[1:3] for ref in given.columns}
        rights = Rights(situation.live, name)  # such as tables that the role made itself or that everybody may read
        partly = {ref[1:3] for ref, acl in situation.live.columns.items() if "r" in rights.on_column(acl)}
        found = sorted(
            ref
            for ref in appeared
            if ref.kind in _READABLE and ref.schema in inside and ref not in given.objects and ref[1:3] not in named
            if "r" not in rights.letters(situation.live.objects[ref]) and ref[1:3] not in partly
        )
        found = _wanting(walk, found, named | {ref[1:3] for ref in given.objects}) if found else []
        if found:
            yield Finding(
                "younger-than-list",
                "note",
                f"{count(len(found), 'table or view', 'tables and views')} younger than the list of {name}, "
                "which has no part in them",
                'new_tables is "none": what comes later is its own to use only where somebody says so.',
                f"List what it needs of them under {heading(name, 'grants')}, then flatsplit repair.",
                tuple(map(ddl.label, found)),
            )


def _wanting(walk: Walk, found: list[ObjectRef], listed: Collection[tuple[str, str]]) -> list[ObjectRef]:
    """Those that the list may have to name. A partition is read and written through its table, unless the list names
    other partitions of that, too.
    """
    of = {(schema, name): (above, table) for schema, name, above, table in ask(walk.session.driver, "partitions")}
    by_themselves = {of[name] for name in listed if name in of}
    return [ref for ref in found if ref[1:3] not in of or of[ref[1:3]] in by_themselves]


def misnamed(situation: Situation) -> Iterator[Finding]:
    """A warning for each role whose list is gone or names what is not here any more, and one for such schemas."""
    gone = [name for name in situation.config.schemas if ObjectRef("schema", "", name) not in situation.live.objects]
    if gone:
        yield Finding(
            "schemas-name-nothing",
            "warning",
            "`schemas` in flatsplit.toml names what is not here",
            "It was dropped or renamed; what a renamed one is called now is not in scope.",
            "Write its new name there, or take it out, then flatsplit repair.",
            tuple(f"schema {name}" for name in gone),
        )
    for one in special_roles(situation):
        name = one.context.role
        if one.context.special is None and name in situation.live.roles:
            back = WalkName(keys.NAME, name).typed("rollback")
            yield Finding(
                "list-is-gone",
                "warning",
                f"flatsplit.toml has no {heading(name)} any more, and the role {name} is still there",
                "Without its list nothing says what it may, and nothing looks whether it may more.",
                f"Write it again, or take the role back: {back} --all",
            )
            continue
        if name in situation.live.roles and (said := _says_nothing(situation.live, one.context)):
            yield said


def _says_nothing(live: State, context: Context) -> Finding | None:
    """What the section and the list of a role name and is not here any more; None where there is nothing."""
    schemas = grant_list.lost_schemas(live, context)
    listed_ = sorted({wrong for _, wrong in grant_list.nothing(live, context)})
    if not (schemas or listed_):
        return None
    places = [heading(context.role)] if schemas else []
    places += [heading(context.role, "grants")] if listed_ else []
    return Finding(
        "list-names-nothing",
        "warning",
        f"{' and '.join(places)} {'name' if places[1:] else 'names'} what is not here",
        "It was dropped, or renamed, or moved to another schema; then the role still has its rights on it.",
        f"{_perhaps(_shown(live, context), context.role)}Correct {' and '.join(places)}, then flatsplit repair.",
        (*(f"schema {name}" for name in schemas), *listed_),
    )


def _shown(live: State, context: Context) -> list[str]:
    """What may be meant. Of a schema itself and not of all in it, and of no schema that only leads to something."""
    found = grant_list.renamed(live, context)
    whole = {ref.name for ref in found if ref.kind == "schema"} if grant_list.lost_schemas(live, context) else set()
    shown = (ref for ref in found if ref.schema not in whole and (ref.kind != "schema" or ref.name in whole))
    return sorted(map(ddl.label, shown))


def corrections(situation: Situation) -> Mapping[str, tuple[frozenset[str], str]]:
    """For each special role whose section or list names what is not here: what it may be called now, and what to do."""
    found = {}
    for one in special_roles(situation):
        said = _says_nothing(situation.live, one.context) if one.context.special is not None else None
        if said is not None:
            labels = frozenset(map(ddl.label, grant_list.renamed(situation.live, one.context)))
            found[one.context.role] = (labels, said.fix)
    return found


def _perhaps(now: list[str], role: str) -> str:
    """What it may be called now, by the rights that the role has there; "" where nothing tells."""
    names = "their new names" if now[1:] else "its new name"
    return f"{role} has the same rights on {listed(now)}, perhaps {names}. " if now else ""
