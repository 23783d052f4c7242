"""The smallest thing that would make a statement work."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.config import format_name
from flatsplit.config.grants import LETTERS
from flatsplit.config.text import quote
from flatsplit.model import ROUTINES, ObjectRef

_WORDS = {letter: word for word, letter in LETTERS.items()}


def shown(ref: ObjectRef) -> str:
    """An object as [grants] names it; what lives in no schema with its kind in front."""
    if ref.kind in ROUTINES:
        return format_name(ref.schema, ref.name, args=ref.args)
    if ref.schema:
        return format_name(ref.schema, ref.name)
    name = ref.name if ref.kind == "large_object" else format_name(ref.name)
    return f"{ref.kind.replace('_', ' ')} {name}"


def grant(purpose: str, role: str, ref: ObjectRef, letter: str, major: int) -> str:
    """The line of configuration that gives the privilege; for a role that is none of the four, the GRANT."""
    if letter not in privileges.owner_letters(ref.kind, major) or letter not in _WORDS:
        return ""
    name = shown(ref) if ref.schema else format_name(ref.name)
    if not purpose:
        return f"GRANT {privileges.NAMES[letter]} ON {shown(ref)} TO {format_name(role)}"
    return f"[grants.{purpose}] {_WORDS[letter]} = [{quote(name)}]"
