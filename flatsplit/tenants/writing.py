"""Turns the result of a survey into the section [tenants] of flatsplit.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from flatsplit.config import Tenants, Way, format_name, format_way
from flatsplit.config.tenants import RINGS
from flatsplit.model import ObjectRef, Structure, Table
from flatsplit.tenants.candidates import Candidate, handed_on
from flatsplit.tenants.kinds import Belonging, TableKind
from flatsplit.tenants.similarity import INTEGERS, names_for


def way_of(one: Belonging) -> str:
    """The value of a table under ``through``: its first foreign key, spelled out."""
    first = one.links[0]
    return format_way(Way(first.columns, first.schema, first.table, first.targets))


def decided(tenants: Tenants, belongings: Iterable[Belonging], *, every: bool = False) -> Tenants:
    """The section with these tables written into it: those that the configuration decides, or with ``every`` all."""
    kept = [one for one in belongings if every or one.decided]

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


def proposal(found: Collection[Candidate], structure: Structure) -> Tenants | None:
    """A section to begin with, for the likeliest root; None where there is no candidate.

    No tenant is called 1 where keys are no numbers, so no ring names it there.
    """
    best = next(iter(found), None)
    if best is None:
        return None
    called = names_for(best.ref.name)
    most = best.columns[:1]  # the most frequent one also counts where it is not named after the table
    root = structure.tables[best.ref]
    columns = tuple(one for one in best.columns if one in most or one.lower() in called)
    return _section(root, tuple(dict.fromkeys((*columns, *handed_on(structure, root)))))


def proposal_with(root: Table, column: str) -> Tenants:
    """A section to begin with, for a table of tenants that is still to be made. ``column``: what names a tenant."""
    return _section(root, (column,))


def _section(root: Table, columns: tuple[str, ...]) -> Tenants:
    key = root.column(root.primary_key[0])
    rings = RINGS if key is not None and key.type in INTEGERS else RINGS[1:]
    return Tenants(_name(root.ref), columns, rings=rings)
