"""The smallest change that would make a statement work."""

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
    """An object as [grants] names it; one that is in no schema has its kind in front."""
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
"""The beginning of the remedy for DDL."""

_SQL = re.compile(r"(?:ALTER|CREATE|GRANT|REVOKE) ")
_LINE = re.compile(r"(\[(?:grants\.\w+|become)\] \w+ = )\[(.+)\]", re.DOTALL)


def together(remedies: Iterable[str]) -> str:
    """All that a statement needs: names for one privilege in one line of configuration, and everything else once.

    Remarks come last, since what follows one would be a comment.
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
    """The lines of configuration in them as a file would have them: names by purpose and privilege."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for remedy in remedies:
        for purpose, word, value in _WHOLE.findall(remedy):
            names = tomllib.loads(f"names = {value}")["names"]
            found.setdefault(purpose, {}).setdefault(word, {}).update(dict.fromkeys(names))
    return {purpose: {word: sorted(names) for word, names in sorted(lines.items())} for purpose, lines in found.items()}


def actions(remedies: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts that can be used as printed: SQL statements without the remark, and lines of configuration."""
    statements: dict[str, None] = {}
    lines: dict[str, None] = {}
    for remedy in filter(None, remedies):
        if _SQL.match(remedy):
            statements[remedy.partition(" -- ")[0]] = None
        elif _LINE.fullmatch(remedy):
            lines[remedy] = None
    return tuple(statements), tuple(lines)


def delegated(found: Iterable[Problem], routine: ObjectRef) -> list[Problem]:
    """The problems, with another remedy for what only an owner may do: ``routine``, which does it for its caller,
    becomes SECURITY DEFINER.
    """
    advice = (
        f"make {shown(routine)} SECURITY DEFINER with a search_path of its own, so that it runs as its owner, or leave"
    )
    return [
        each._replace(remedy=f"{advice} it to the migration tool") if each.remedy.startswith(MIGRATORS) else each
        for each in found
    ]
