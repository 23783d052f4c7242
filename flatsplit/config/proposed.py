"""Lines that findings propose for flatsplit.toml, put together with what stands there. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from flatsplit.config.special import key
from flatsplit.config.text import quote
from flatsplit.config.writing import COMMENTS, commented

FEW, MANY = 3, 6
"""Of a list of more than MANY names a finding shows FEW."""
_WIDTH = 110
_KEY = r'(?:[\w-]+|"(?:[^"\\]|\\.)*")'
_LINE = re.compile(rf"\[({_KEY}(?:\.{_KEY})*)\] (.+)", re.DOTALL)

Path = tuple[str, ...]


def together(document: Mapping[str, Any], proposals: Iterable[tuple[str, str]]) -> str:
    """All lines in one text that can be pasted: ``(hazard, "[section] key = value")``, and the file as it was read.

    A section is repeated with what the file has in it, since TOML allows each once. Lists get longer; of two other
    values for a key the first one counts. Each line, or each name of a list, has the hazards behind it that propose it.
    """
    sections: dict[Path, dict[str, Any]] = {}
    why: dict[tuple[Path, str, Any], dict[str, None]] = {}
    for hazard, line in proposals:
        path, values = parsed(line)
        section = sections.setdefault(path, dict(_standing(document, path)))
        for word, value in values.items():
            if isinstance(value, list):
                before = section.get(word)
                section[word] = before = list(before) if isinstance(before, list) else []
                for name in value:
                    if name not in before:
                        before.append(name)
                        why[path, word, name] = {}
                    if (path, word, name) in why:
                        why[path, word, name][hazard] = None
            elif (path, word, None) not in why:
                section[word] = value
                why[path, word, None] = {hazard: None}
            elif section[word] == value:
                why[path, word, None][hazard] = None
    lines: list[str] = []
    for path, section in sections.items():
        lines += [""] if lines else []
        lines.append(f"[{'.'.join(map(key, path))}]")
        for word, value in section.items():
            lines += _written(path, word, value, why)
    return "\n".join(lines)


def parsed(line: str) -> tuple[Path, dict[str, Any]]:
    """A line ``[section] key = value`` as the path of its section and what it says there."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"not a line of a section: {line!r}")
    parts = re.findall(_KEY, found[1])
    values: dict[str, Any] = tomllib.loads(f"[{found[1]}]\n{found[2]}")
    path = []
    for _ in parts:
        [(name, values)] = values.items()
        path.append(name)
    return tuple(path), values


def shortened(line: str) -> str:
    """A line ``key = [names]`` with the first of many names, and how many more there are; any other as it is."""
    if " = [" not in line:
        return line
    try:
        [(word, names)] = tomllib.loads(line).items()
    except (tomllib.TOMLDecodeError, ValueError):
        return line
    if not isinstance(names, list) or len(names) <= MANY:
        return line
    shown = ", ".join(map(_value, names[:FEW]))
    return f"{key(word)} = [{shown}]  # and {len(names) - FEW:,} more: `flatsplit doctor` ends with all"


def _standing(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found: Any = document
    for part in path:
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _written(path: Path, word: str, value: Any, why: Mapping[tuple[Path, str, Any], Mapping[str, None]]) -> list[str]:
    said = {name: ", ".join(hazards) for (where, at, name), hazards in why.items() if (where, at) == (path, word)}
    text = f"{key(word)} = {_value(value)}"
    reasons = set(said.values())
    whole = not isinstance(value, list) or all(name in said for name in value)
    if not said:
        return [commented(text, COMMENTS.get(word, "") if path[0] in ("cutover", "roles") else "")]
    if not isinstance(value, list) or (whole and len(reasons) == 1 and len(text) < _WIDTH):
        return [f"{text}  # {', '.join(reasons)}"]
    return [
        f"{key(word)} = [",
        *(f"    {_value(name)}," + (f"  # {said[name]}" if name in said else "") for name in value),
        "]",
    ]


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key(name)} = {_value(one)}' for name, one in value.items())} }}"
    return quote(value) if isinstance(value, str) else str(value)
