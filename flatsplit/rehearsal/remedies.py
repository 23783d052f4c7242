"""The smallest thing that would make a statement work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

from flatsplit import privileges
from flatsplit.config import format_name
from flatsplit.config.grants import LETTERS
from flatsplit.config.text import quote
from flatsplit.model import ROUTINES, ObjectRef
from flatsplit.rehearsal.values import Problem

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


MIGRATORS = "the migration tool's work: "
"""Begins the remedy for DDL."""

_SQL = re.compile(r"(?:ALTER|CREATE|GRANT|REVOKE) ")
_LINE = re.compile(r"(\[(?:grants\.\w+|become)\] \w+ = )\[(.+)\]", re.DOTALL)


def together(remedies: Iterable[str]) -> str:
    """All that a statement needs: names of one privilege in one line of configuration, everything else once.

    Remarks stand behind all of it, or what follows one would be a comment.
    """
    lines: dict[str, dict[str, None]] = {}
    remarks: dict[str, None] = {}
    for remedy in filter(None, remedies):
        line = _LINE.fullmatch(remedy)
        head, _, remark = remedy.partition(" -- ") if _SQL.match(remedy) else (remedy, "", "")
        names = lines.setdefault(line[1] if line else head, {})
        if line:
            names[line[2]] = None
        elif remark:
            remarks[remark] = None
    told = "; ".join(f"{head}[{', '.join(names)}]" if names else head for head, names in lines.items())
    return f"{told} -- {'; '.join(remarks)}" if remarks else told


_WHOLE = re.compile(r"(?:\A|; )\[grants\.(\w+)\] (\w+) = (\[\"(?:[^\"\\]|\\.|\", \")*\"\])(?=\Z|; | -- )")


def sections(remedies: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """All lines of configuration in them as they would stand in it: names by purpose and privilege."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for remedy in remedies:
        for purpose, word, value in _WHOLE.findall(remedy):
            names = tomllib.loads(f"names = {value}")["names"]
            found.setdefault(purpose, {}).setdefault(word, {}).update(dict.fromkeys(names))
    return {purpose: {word: sorted(names) for word, names in sorted(lines.items())} for purpose, lines in found.items()}


def actions(remedies: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What of them can be done as it is printed: statements of SQL without the remark, and lines of configuration."""
    statements: dict[str, None] = {}
    lines: dict[str, None] = {}
    for remedy in filter(None, remedies):
        if _SQL.match(remedy):
            statements[remedy.partition(" -- ")[0]] = None
        elif _LINE.fullmatch(remedy):
            lines[remedy] = None
    return tuple(statements), tuple(lines)


def delegated(found: Iterable[Problem], routine: ObjectRef) -> list[Problem]:
    """What only an owner may do, where a routine of the application does it for whoever calls."""
    advice = (
        f"make {shown(routine)} SECURITY DEFINER with a search_path of its own, so that it runs as its owner, or leave"
    )
    return [
        each._replace(remedy=f"{advice} it to the migration tool") if each.remedy.startswith(MIGRATORS) else each
        for each in found
    ]
