"""The recorder of structural changes: created beginning with its table, dropped in the reverse order."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.model import JOURNAL_SCHEMA, Change, ObjectRef, State, Statement

_SCHEMA = ObjectRef("schema", "", JOURNAL_SCHEMA)


def made(have: State, want: State) -> Iterator[Statement]:
    """Statements that create what is missing of the recorder, and what differs from how flatsplit creates it."""
    for part in ddl.PARTS:
        if part.name not in want.recorder or have.recorder.get(part.name) == want.recorder[part.name]:
            continue
        now = have.recorder.get(part.name)
        more = _thinning(want) if part.name.startswith("table") else ""
        gone = () if now is None else (Change("-", "recorder", part.name, now),)
        yield Statement(
            description=f"{part.name}: {'made' if now is None else 'made anew'}",
            sql=f"{part.create}{more}",
            undo=part.drop,
            lock="",
            changes=(*gone, Change("+", "recorder", part.name, want.recorder[part.name])),
        )


def _thinning(state: State) -> str:
    """SQL that lets the owner of the journal's schema delete old rows of the table; "" where the operator is that
    owner.
    """
    schema = state.objects.get(_SCHEMA)
    return f"\n{ddl.let_thin(schema.owner)}" if schema is not None and schema.owner != state.target.operator else ""


def dropped(have: State, want: State) -> Iterator[Statement]:
    """Statements that drop what exists of the recorder and is not wanted."""
    for part in reversed(ddl.PARTS):
        if part.name in have.recorder and part.name not in want.recorder:
            yield Statement(
                description=f"{part.name}: dropped",
                sql=part.drop,
                undo=part.create,
                lock="",
                changes=(Change("-", "recorder", part.name, have.recorder[part.name]),),
            )
