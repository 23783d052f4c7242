"""The recorder of structural changes: made from the table on, dropped the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.model import JOURNAL_SCHEMA, Change, ObjectRef, State, Statement

_SCHEMA = ObjectRef("schema", "", JOURNAL_SCHEMA)


def made(have: State, want: State) -> Iterator[Statement]:
    """What is missing, or not as it was made."""
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
    """The schema's owner keeps the journal, also where a superuser has made the table."""
    schema = state.objects.get(_SCHEMA)
    return f"\n{ddl.let_thin(schema.owner)}" if schema is not None and schema.owner != state.target.operator else ""


def dropped(have: State, want: State) -> Iterator[Statement]:
    """What is there and not wanted."""
    for part in reversed(ddl.PARTS):
        if part.name in have.recorder and part.name not in want.recorder:
            yield Statement(
                description=f"{part.name}: dropped",
                sql=part.drop,
                undo=part.create,
                lock="",
                changes=(Change("-", "recorder", part.name, have.recorder[part.name]),),
            )
