"""``tenants``: every table with its kind, what has to be declared, and the section for flatsplit.toml."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, Printer, one_line
from flatsplit.cli.views import outcome
from flatsplit.config import format_name
from flatsplit.config.tenants import render
from flatsplit.config.text import quote
from flatsplit.cutover.tenants import one_column, remedy, several_columns
from flatsplit.errors import Exit
from flatsplit.tenants import KINDS, PERSONS, Belonging, persons, upward
from flatsplit.tenants.schemas import naming
from flatsplit.tenants.writing import decided, way_of
from flatsplit.words import count, listed

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.outcome import AdvanceResult
    from flatsplit.cutover.tenants import Surveyed, Synced
    from flatsplit.model import ObjectRef
    from flatsplit.tenants.kinds import Open

_CANDIDATES = 5
_COUNTED = ("nobody's", "strangers", "crossing", "largest")


def show(printer: Printer, found: Surveyed) -> None:
    """Print candidates, tables by kind, questions, and what to put into flatsplit.toml."""
    rows = [
        (_name(one.ref), one.key, ", ".join(one.columns[:3]), one.tables, one.declared, one.not_null)
        for one in found.candidates[:_CANDIDATES]
    ]
    columns = ("table", "key", "named by", "tables", "declared", "not null")
    printer.table("Who may be the tenants, the likeliest first", columns, rows)
    survey = found.survey
    for family in found.families:
        named = [f"{_name(ref)} ({column})" for ref, column in naming(found.structure)]
        said = f"; {listed(named)} may say whose each is" if named else ""
        printer.say(one_line(f"{family.said} ({listed(family.schemas)}): a schema per tenant?{said}"), "yellow")
        printer.say("    their tables are nobody's to this walk: flatsplit doctor says what fits there")
    for without in found.unrooted[:1]:
        said = f"{without.tables} tables have a column {without.column}, and no table says who these are"
        if without.within is not None:
            said += f" by a primary key of that alone: that of {_name(without.within)} is another"
        if without.nullable:
            said += f"; in {without.nullable} of them it may be NULL"
        printer.say(one_line(said), "yellow")
        printer.say(one_line(f"    if they are the tenants, {remedy(without)}"))
        if found.missing:
            printer.say(one_line(f"    what follows is as if {_name(without.root)} were there"))
    if found.composite is not None:
        printer.say(one_line(several_columns(found.composite)), "yellow")
        printer.say(one_line(f"    {one_column(found.composite)}"))
    if survey.root is not None and (up := upward(survey.root)):
        said = (
            f"{_name(survey.root.ref)}: {up} leads to another row of it. Each row is a tenant of its own, and does not"
        )
        printer.say(
            one_line(f"{said} see the rows of those below it: flatsplit doctor --explain tenant-tree"), "yellow"
        )
    if survey.root is not None and found.proposed and persons(survey.root):
        printer.say(one_line(f"{_name(survey.root.ref)}: {PERSONS}"), "yellow")
        printer.say(one_line("    if others are the tenants, name them in flatsplit.toml: [tenants] root"))
    _show_tables(printer, found)
    if survey.wrong:
        said = (
            "The likeliest cannot be it"
            if found.proposed
            else "What flatsplit.toml says and the tables do not bear out"
        )
        printer.heading(said)
        for line in survey.wrong:
            printer.say(one_line(line), "red")
    if survey.undecided:
        printer.heading(f"To be said under [tenants.tables] ({len(survey.undecided)})")
        for each in survey.undecided:
            printer.say(one_line(f"{_name(each.ref)}: {each.why}"), "yellow")
            for choice in each.choices:
                printer.say(f"    {one_line(_line(choice))}    # {one_line(choice.why)}")
            first = "" if each.after is None else f"nothing, once {one_line(_name(each.after))} is said; or else "
            printer.say(f"    {first}hidden = [{quote(_name(each.ref))}]")
    printer.heading("For flatsplit.toml")
    for line in render(decided(survey.tenants, survey.belongings.values()))[1:]:
        printer.say(line)
    printer.say()
    kinds = [count(len(survey.of_kind(kind)), f"{kind} table") for kind in KINDS if survey.of_kind(kind)]
    said = ", ".join(kinds) + (f", {len(survey.undecided)} to be said" if survey.undecided else "")
    printer.say(said, "green" if survey.complete else "yellow")


def _show_tables(printer: Printer, found: Surveyed) -> None:
    alike = {schema for family in found.families for schema in family.schemas[1:]}  # the first stands for them all
    for kind, meaning in KINDS.items():
        some = found.survey.of_kind(kind)
        if not some:
            continue
        printer.heading(f"{kind}: {meaning} ({len(some)})")
        if kind == "hidden":
            some = [one for one in some if one.ref.schema not in alike]
        told = kind in ("own", "through")
        columns = ["table", "by", "rows", "index"] if told else ["table", "rows"]
        columns += [*_COUNTED] if told and found.rows else []
        rows = []
        for one in some:
            by = [one.column if kind == "own" else way_of(one)] if told else []
            row = [_name(one.ref), *by, _rows(found, one.ref), *([_indexed(found, one)] if told else [])]
            counted = found.rows.get(one.ref)
            if told and counted is not None:
                row += [
                    f"{number:,}" for number in (counted.nobodys, counted.strangers, counted.crossing, counted.largest)
                ]
            rows.append([*row, one_line(one.why)])
        printer.table("", [*columns, "why"], rows)


def _rows(found: Surveyed, ref: ObjectRef) -> str:
    counted = found.rows.get(ref)
    if counted is not None:
        return f"{counted.total:,}"
    estimated = found.structure.tables[ref].rows
    return f"~{estimated:,.0f}" if estimated > 0 else "?"  # without statistics it is 0, too


def _indexed(found: Surveyed, one: Belonging) -> str:
    """Whether an index begins with the column that the condition compares."""
    column = one.links[0].columns[0] if one.links else one.column
    return "yes" if column in found.structure.tables[one.ref].leading else "no"


def _line(one: Belonging) -> str:
    """The choice as it stands in flatsplit.toml."""
    value = one.column if one.kind == "own" else way_of(one)
    return f"{one.kind} = {{ {quote(_name(one.ref))} = {quote(value)} }}"


def _name(ref: ObjectRef) -> str:
    return format_name(ref.schema, ref.name)


def shape(found: Surveyed) -> Json:
    """``tenants --survey --json``."""
    survey = found.survey
    return {
        "root": _name(survey.root.ref) if survey.root else None,
        "key_type": survey.key_type or None,
        "proposed": found.proposed,
        "missing": found.missing,
        "complete": survey.complete,
        "candidates": [
            {
                "table": _name(one.ref),
                "key": one.key,
                "columns": list(one.columns),
                "tables": one.tables,
                "declared": one.declared,
                "not_null": one.not_null,
            }
            for one in found.candidates
        ],
        "unrooted": [
            {
                "column": one.column,
                "type": one.type,
                "tables": one.tables,
                "nullable": one.nullable,
                "fix": remedy(one),
            }
            for one in found.unrooted
        ],
        "composite": None
        if found.composite is None
        else {
            "table": _name(found.composite.ref),
            "columns": list(found.composite.key),
            "tables": found.composite.tables,
            "fix": one_column(found.composite),
        },
        "families": [{"schemas": list(one.schemas), "tables": list(one.tables)} for one in found.families],
        "tables": [_table(found, one) for one in survey.belongings.values()],
        "undecided": [_open(each) for each in survey.undecided],
        "wrong": list(survey.wrong),
        "toml": "\n".join(render(decided(survey.tenants, survey.belongings.values()))[1:]) + "\n",
    }


def _table(found: Surveyed, one: Belonging) -> Json:
    counted = found.rows.get(one.ref)
    return {
        "table": _name(one.ref),
        "kind": one.kind,
        "column": one.column or None,
        "way": way_of(one) if one.links else None,
        "why": one.why,
        "decided": one.decided,
        "rows_estimated": round(found.structure.tables[one.ref].rows),
        "index": _indexed(found, one) == "yes" if one.kind in ("own", "through") else None,
        "rows": counted._asdict() if counted is not None else None,
    }


def _open(each: Open) -> Json:
    return {
        "table": _name(each.ref),
        "why": each.why,
        "choices": [{"kind": one.kind, "toml": _line(one), "why": one.why} for one in each.choices],
        "after": _name(each.after) if each.after is not None else None,
    }


def show_result(output: Output, result: AdvanceResult, *, refused: bool) -> Exit:
    """``tenants --add`` and ``--drop``."""
    return outcome.show(output, result, idle="Nothing to do.", refused=refused)


def show_synced(output: Output, synced: Synced, *, refused: bool) -> Exit:
    """``tenants --sync``: what was done, and what has to be declared first; exit code 4 where there is something."""
    code = outcome.show(output, synced.result, idle="Nothing new: every tenant has its role.", refused=refused)
    for line in synced.survey.wrong:
        output.err.say(one_line(line), "red")
    for each in synced.survey.undecided:
        output.err.say(one_line(f"to be said under [tenants.tables]: {_name(each.ref)}: {each.why}"), "yellow")
    for key, why in synced.unable.items():
        output.err.say(one_line(f"tenant {key!r} has no role: {why}"), "yellow")
    for key in synced.gone:
        output.err.say(
            one_line(f"tenant {key!r} has a role and no row in the root: flatsplit tenants --drop {shlex.quote(key)}")
        )
    return code if code or synced.complete else Exit.DRIFT
