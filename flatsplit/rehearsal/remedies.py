"""The smallest change that would make a statement work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence

from flatsplit import ddl, privileges
from flatsplit.config import format_name, parse_name
from flatsplit.config.grants import LETTERS, MEMBER
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.model import RELATIONS, ROUTINES, ObjectRef
from flatsplit.rehearsal.values import Heard, Problem
from flatsplit.walks.split.grants import columns_of

_WORDS = {letter: word for word, letter in LETTERS.items()}


def shown(ref: ObjectRef) -> str:
    """An object as [grants] names it; one that is in no schema has its kind in front."""
    if ref.kind in ROUTINES:
        return format_name(ref.schema, ref.name, args=ref.args)
    if ref.schema:
        return format_name(ref.schema, ref.name)
    name = ref.name if ref.kind == "large_object" else format_name(ref.name)
    return f"{ref.kind.replace('_', ' ')} {name}"


def grant(section: str, role: str, ref: ObjectRef, letter: str, major: int, columns: Sequence[str] = ()) -> str:
    """The line of [grants.``section``] that gives the privilege, on these columns or on all; without a section, for a
    role that the configuration does not know, the GRANT. So for CREATE on a tablespace, which decides where something
    is kept, not who makes it.
    """
    if ref.kind == "tablespace" and letter == "C":
        return f"GRANT CREATE ON {ddl.grant_word(ref.kind)} {format_name(ref.name)} TO {format_name(role)}"
    if letter not in privileges.owner_letters(ref.kind, major) or letter not in _WORDS:
        return ""
    name = shown(ref) if ref.schema else format_name(ref.name)
    listed = ", ".join(map(format_name, columns))
    if section and listed:
        name = format_name(ref.schema, ref.name, args=listed)
    if not section:
        kind = "" if ref.kind in RELATIONS else f"{ddl.grant_word(ref.kind)} "
        parts = f" ({listed})" if listed else ""
        return f"GRANT {privileges.NAMES[letter]}{parts} ON {kind}{name} TO {format_name(role)}"
    return _line(section, _WORDS[letter], name)


def member(section: str, role: str, of: str, remark: str = "") -> str:
    """What makes the role a member of another: the line of [grants.``section``], without which ``status`` would ask for
    the REVOKE; for a role that the configuration does not know, the GRANT.
    """
    if section:
        return _line(section, MEMBER, format_name(of))
    return f"GRANT {format_name(of)} TO {format_name(role)}{remark}"


def parameter(section: str, role: str, name: str, remark: str) -> str:
    """What allows the role to SET a parameter: the line of [grants.``section``], or without a section the GRANT."""
    if section:
        return _line(section, "set", name)
    return f"GRANT SET ON PARAMETER {name} TO {format_name(role)}{remark}"


def _line(section: str, word: str, name: str) -> str:
    return f"{heading(section, 'grants')} {word} = [{quote(name)}]"


MIGRATORS = "the migration tool's work: "
"""The beginning of the remedy for DDL."""

_SQL = re.compile(r"(?:ALTER|CREATE|GRANT|REVOKE) ")
_SECTION = r"[\w-]+|\"(?:[^\"\\]|\\.)*\""
_LINE = re.compile(rf"(\[(?:grants\.(?:{_SECTION})|become)\] \w+ = )\[(.+)\]", re.DOTALL)


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


_WHOLE = re.compile(rf"(?:\A|; )\[grants\.({_SECTION})\] (\w+) = (\[\"(?:[^\"\\]|\\.|\", \")*\"\])(?=\Z|; | -- )")


def sections(remedies: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """The lines of configuration in them as a file would have them: names by section of [grants] and privilege."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for remedy in remedies:
        for key, word, value in _WHOLE.findall(remedy):
            (section,) = tomllib.loads(f"{key} = 0")
            names = tomllib.loads(f"names = {value}")["names"]
            found.setdefault(section, {}).setdefault(word, {}).update(dict.fromkeys(names))
    return {
        section: {word: sorted(_merged(word, names)) for word, names in sorted(lines.items())}
        for section, lines in found.items()
    }


def _merged(word: str, names: Iterable[str]) -> Iterator[str]:
    """The names, where each table stands once: as a whole, or with all of its columns that are named."""
    parts: dict[str, dict[str, None]] = {}
    for name in names:
        if columns := columns_of(name, LETTERS[word]):
            parts.setdefault(format_name(*parse_name(name).parts), {}).update(dict.fromkeys(columns))
        else:
            yield name
    whole = set(names)
    for table, named in parts.items():
        if table not in whole:
            yield f"{table}({', '.join(map(format_name, sorted(named)))})"


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


def decisive(found: Problem, problems: Sequence[Problem]) -> tuple[Problem, list[str]]:
    """The problem that is told of a statement whose worst one is ``found``, and the remedies that make it work.

    Where nothing that could be granted keeps the statement from failing, no grant is proposed.
    """
    beyond = [each for each in problems if _beyond_a_grant(each)]
    if not beyond:
        return found, [found.remedy, *(each.remedy for each in problems if each.outcome == found.outcome)]
    told = next((each for each in beyond if each.outcome == found.outcome), found)
    return told, [each.remedy for each in beyond]


def _beyond_a_grant(problem: Problem) -> bool:
    """Whether it is certain, and what helps is neither SQL nor configuration."""
    if problem.outcome not in ("denied", "migrator") or problem.perhaps or not problem.remedy:
        return False
    return not problem.remedy.startswith("[") and not _SQL.match(problem.remedy)


_AGAIN = re.compile(r"\bif\s+not\s+exists\b|\bor\s+replace\b", re.IGNORECASE)
"""Statements that are meant to be run again and again."""


def told(heard: Heard, found: Problem, failing: Iterable[str]) -> str:
    """The remedies of one statement, whose worst problem is ``found``, as they are printed."""
    remedy = together(failing)
    if found.outcome == "migrator" and heard.calls > 1 and heard.top is not False and _AGAIN.search(heard.text):
        remedy += f"; it ran {heard.calls} times: an application that does it whenever it starts has to leave it out"
    return remedy


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
