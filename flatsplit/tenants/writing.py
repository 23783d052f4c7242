"""What was found, as it stands in flatsplit.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from flatsplit.config import Tenants, Way, format_name, format_way
from flatsplit.model import ObjectRef
from flatsplit.tenants.candidates import Candidate
from flatsplit.tenants.kinds import Belonging, TableKind
from flatsplit.tenants.similarity import names_for


def way_of(one: Belonging) -> str:
    """The value for it under ``through``, spelled out."""
    first = one.links[0]
    return format_way(Way(first.columns, first.schema, first.table, first.targets))


def decided(tenants: Tenants, belongings: Iterable[Belonging], *, every: bool = False) -> Tenants:
    """The section with these tables in it; only what the survey would not say by itself, unless ``every`` one."""
    kept = [one for one in belongings if (every or one.decided) and one.kind != "root"]

    def names(kind: TableKind) -> tuple[str, ...]:
        return tuple(sorted(_name(one.ref) for one in kept if one.kind == kind))

    return replace(
        tenants,
        own=tuple(sorted((_name(one.ref), one.column) for one in kept if one.kind == "own")),
        through=tuple(sorted((_name(one.ref), way_of(one)) for one in kept if one.kind == "through")),
        shared=names("shared"),
        hidden=names("hidden"),
    )


def _name(ref: ObjectRef) -> str:
    return format_name(ref.schema, ref.name)


def proposal(found: Collection[Candidate]) -> Tenants | None:
    """What to put into the configuration where nothing is said yet: the likeliest root."""
    best = next(iter(found), None)
    if best is None:
        return None
    called = names_for(best.ref.name)
    most = best.columns[:1]  # org_id of organizations, say
    return Tenants(_name(best.ref), tuple(one for one in best.columns if one in most or one.lower() in called))
