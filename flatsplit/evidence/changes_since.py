"""What has changed since a step ended: the present catalog compared with what was remembered. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from flatsplit import blueprint, ddl
from flatsplit.evidence import memory
from flatsplit.model import ObjectRef, State
from flatsplit.walks.split.context import Context

Then: TypeAlias = Literal["catch-up", "decision", "note"]
"""What follows: the next step takes care of it, a person has to decide, or it is only good to know."""

NAMED = 20


@dataclass(frozen=True, slots=True)
class Away:
    """One change."""

    what: str
    """What it is about: object, role, member, setting, session or server."""
    text: str
    then: Then
    advice: str = ""
    names: tuple[str, ...] = ()
    """The names of the first ones."""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Absence:
    """All that has changed since the last step ended."""

    since: datetime
    step: str | None
    """The step that ended; None for ``init``."""
    items: tuple[Away, ...]


def changes(
    live: State,
    context: Context,
    then: tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]],
    server_now: Mapping[str, Any],
    under_way: frozenset[str],
    undecided: Collection[tuple[str, str]] = (),
    unfinished: Collection[ObjectRef] = (),
    leaving: Collection[str] = (),
) -> Iterator[Away]:
    """What differs from ``then``: server, roles and objects as :mod:`flatsplit.evidence.memory` recorded them.

    ``under_way``: roles that a step which has begun is changing. ``undecided``: role and member of each new membership
    that people have to decide about. ``unfinished``: objects of which the finished steps want something.
    ``leaving``: persons whose walk hands over what is theirs.
    """
    server, roles, objects = then
    yield from _objects(live, context, memory.difference(objects, live), frozenset(unfinished), leaving)
    yield from _roles(live, context, roles, under_way, undecided)
    yield from _server(server, server_now)


def _objects(
    live: State,
    context: Context,
    found: memory.ObjectChanges,
    unfinished: frozenset[ObjectRef],
    leaving: Collection[str],
) -> Iterator[Away]:
    appeared: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, owner in found.appeared.items():
        if not live.objects[ref].follows:
            appeared[owner].append(ref)
    for owner, refs in sorted(appeared.items()):
        if owner in leaving:
            yield _about(refs, f"of {owner}, who is leaving, appeared", "note")
        else:
            yield from _appeared(owner, refs, context, unfinished)
    tables = {(ref.schema, ref.name) for ref in found.vanished if ref.kind != "sequence"}
    vanished: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, owner in found.vanished.items():
        if ref.kind != "sequence" or not any(_of_table(ref, schema, name) for schema, name in tables):
            vanished[owner].append(ref)
    for owner, refs in sorted(vanished.items()):
        yield _about(refs, f"of {owner} vanished", "note")
    moved: defaultdict[tuple[str, str], list[ObjectRef]] = defaultdict(list)
    for ref, owners in found.moved.items():
        moved[owners].append(ref)
    for (before, now), refs in sorted(moved.items()):
        grave = before in context.owners and now not in context.owners and now not in context.config.other_owners
        advice = f"{before} can no longer change {'it' if len(refs) == 1 else 'them'}" if grave else ""
        yield _about(
            refs,
            f"of {before} now {'belongs' if len(refs) == 1 else 'belong'} to {now}",
            "decision" if grave else "note",
            advice,
        )


def _of_table(sequence: ObjectRef, schema: str, name: str) -> bool:
    """Whether a sequence that is gone has the name of one for a serial column of a table that is gone."""
    return sequence.schema == schema and sequence.name.startswith(f"{name}_")


def _appeared(owner: str, refs: list[ObjectRef], context: Context, unfinished: frozenset[ObjectRef]) -> Iterator[Away]:
    inside = [ref for ref in refs if context.in_scope(ref) or not (ref.schema or ref.kind == "schema")]
    outside = [ref for ref in refs if ref not in set(inside)]
    who = blueprint.application(context.config)
    if owner in context.owners:
        settled = [ref for ref in inside if owner != context.legacy and ref not in unfinished]
        if settled:  # default privileges have given the others their rights on them
            yield _about(settled, f"of {owner} appeared", "note")
        if inside := [ref for ref in inside if ref not in set(settled)]:
            yield _about(inside, f"of {owner} appeared", "catch-up", "the next step, or `flatsplit repair`, takes care")
        meant = context.config.other_schemas
        if known := [ref for ref in outside if (ref.schema or ref.name) in meant]:
            yield _about(known, f"of {owner} appeared in schemas that are left out of the scope", "note")
        if unknown := [ref for ref in outside if (ref.schema or ref.name) not in meant]:
            yield _about(
                unknown,
                f"of {owner} appeared outside the schemas in scope",
                "decision",
                f"add the schema to `schemas` in flatsplit.toml, then `flatsplit repair`, or leave it without {who}: "
                "name it in `other_schemas`",
            )
        return
    if owner in context.config.other_owners:
        yield _about(refs, f"of {owner} appeared", "note")
        return
    makes = next((one.create for one in context.config.special if one.name == owner), ())
    if usable := [ref for ref in inside if ref.schema in makes]:
        yield _about(usable, f"of {owner} appeared, which the others can use at once", "note")
        inside = [ref for ref in inside if ref.schema not in makes]
    if inside:
        yield _about(
            inside,
            f"of {owner} appeared in schemas in scope",
            "decision",
            f"what {owner} owns is not touched: {who} has only what {owner} grants it; if that is meant, name {owner} "
            "in `other_owners` in flatsplit.toml",
        )
    if outside:
        yield _about(outside, f"of {owner} appeared", "note")


def _about(refs: Iterable[ObjectRef], text: str, then: Then, advice: str = "") -> Away:
    found = sorted(refs)
    number = f"{len(found):,} object{'' if len(found) == 1 else 's'}"
    return Away("object", f"{number} {text}", then, advice, tuple(map(ddl.label, found[:NAMED])), len(found))


def _roles(
    live: State,
    context: Context,
    before: Mapping[str, Any],
    ours: frozenset[str],
    undecided: Collection[tuple[str, str]],
) -> Iterator[Away]:
    now = memory.roles(live)
    old, new = before["roles"], now["roles"]
    for title, names in (("appeared", new.keys() - old.keys() - ours), ("vanished", old.keys() - new.keys() - ours)):
        if names:
            yield _listed("role", f"role{_s(names)} {title}", sorted(names), "note")
    for name in sorted(name for name in old.keys() & new.keys() - ours if new[name] != old[name]):
        changed = sorted(key for key, value in new[name].items() if old[name].get(key) != value)
        if changed:
            grave = name == context.legacy and "login" in changed and new[name]["login"]
            yield Away(
                "role",
                f"{name} changed: {', '.join(f'{key} is {_word(new[name][key])}' for key in changed)}",
                "decision" if grave else "note",
                "the old role can log in again: find out who needs it" if grave else "",
                (name,),
                1,
            )

    def to_decide(row: tuple[Any, ...]) -> bool:
        return row[:2] in undecided

    yield from _pairs("member", "membership", before["members"], now["members"], 2, ours, to_decide)
    yield from _pairs("setting", "setting", before["settings"], now["settings"], 3, ours)


def _pairs(
    what: str,
    word: str,
    before: Sequence[Any],
    now: Sequence[Any],
    width: int,
    ours: frozenset[str],
    to_decide: Callable[[tuple[Any, ...]], bool] = lambda _: False,
) -> Iterator[Away]:
    """Rows that differ, paired by their first ``width`` parts, which say what they are about. Those that have appeared
    are ``to_decide`` are people's to decide about.
    """
    old, new = ({tuple(row) for row in rows} for rows in (before, now))
    heads = {row[:width] for row in old}, {row[:width] for row in new}
    for title, rows in (
        ("appeared", [row for row in new if row[:width] not in heads[0]]),
        ("changed", [row for row in new - old if row[:width] in heads[0]]),
        ("vanished", [row for row in old if row[:width] not in heads[1]]),
    ):
        rows = [row for row in rows if ours.isdisjoint(row[:2])]
        decide = [row for row in rows if title == "appeared" and to_decide(row)]
        if names := sorted({_called(what, row) for row in decide}):
            advice = "`flatsplit verify` prints the REVOKE that ends each, or what to write into flatsplit.toml"
            yield _listed(what, f"{word}{_s(names)} {title}", names, "decision", advice)
        if names := sorted({_called(what, row) for row in rows if row not in decide}):
            yield _listed(what, f"{word}{_s(names)} {title}", names, "note")


def _called(what: str, row: tuple[Any, ...]) -> str:
    if what == "member":
        return f"{row[1]} in {row[0]}"
    place = f" in database {row[1]}" if row[1] else ""
    return f"{row[2]} of {row[0] or 'all roles'}{place}"


def _listed(what: str, text: str, names: Sequence[str], then: Then, advice: str = "") -> Away:
    return Away(what, text, then, advice, tuple(names[:NAMED]), len(names))


def _server(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Away]:
    if None not in (before["timeline"], now["timeline"]) and before["timeline"] != now["timeline"]:
        yield Away(
            "server",
            f"a failover or a restore: timeline {now['timeline']}, it was {before['timeline']}",
            "decision",
            "what was committed last may be missing: read `flatsplit history`, then `flatsplit verify`",
        )
    elif before["started"] != now["started"]:
        yield Away("server", f"the server was restarted ({now['started'][:19]}Z)", "note")
    if before["version"] != now["version"]:
        yield Away("server", f"PostgreSQL {_version(now['version'])}, it was {_version(before['version'])}", "note")
    if before["flatsplit"] != now["flatsplit"]:
        yield Away("server", f"flatsplit {now['flatsplit']}, it was {before['flatsplit']}", "note")


def _version(number: int) -> str:
    return f"{number // 10000}.{number % 10000}"


def _word(value: object) -> str:
    return {True: "on", False: "off", None: "unset"}[value] if value is None or isinstance(value, bool) else str(value)


def _s(names: Iterable[object]) -> str:
    return "" if len(list(names)) == 1 else "s"
