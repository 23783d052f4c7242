"""The parts of flatsplit's recorder of structural changes that exist."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.catalog.session import Look


def read_recorder(look: Look) -> dict[str, str]:
    """The parts by name: "" for one that is as flatsplit creates it, else how it differs."""
    known = {part.name: part.looks for part in ddl.PARTS}
    found = ((f"{kind} {name}", looks) for kind, name, looks in look.ask("recorder"))
    return {name: "" if looks == known[name] else looks for name, looks in found if name in known}
