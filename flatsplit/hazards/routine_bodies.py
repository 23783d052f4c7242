"""What can be told of a routine from its text, without running or parsing it: enough for a warning. Pure.

Comments never count. Text in quotes only counts where the routine runs strings (EXECUTE), since statements can be in
there.
"""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"""
    (?P<line>--[^\n]*)
  | (?P<block>/\*.*?\*/)
  | (?P<text>[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<tag>\$(?:(?:[A-Za-z_]|[^\x00-\x7f])\w*)?\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_WHO = re.compile(
    r"(?<![\w.$])(?:current_user|session_user|current_role|getpgusername|user(?=\s*[,;)|]|\s+[=<]))(?![\w$])", re.I
)
_TREE = re.compile(r"\{SQLVALUEFUNCTION :op (?:9|10|11|12)[ }]")
_EXECUTE = re.compile(r"\b(?:execute|dblink\w*|plpy|spi_\w+)\b", re.I)

_KIND = (
    r"(?:unlogged\s+)?(?:foreign\s+)?table|(?:unique\s+)?index|materialized\s+view|(?:or\s+replace\s+)?(?:recursive\s+)?view|"
    r"sequence|schema|type|domain|(?:or\s+replace\s+)?(?:function|procedure|trigger|rule|aggregate)|role|user|group|database|"
    r"extension|policy|publication|subscription|statistics|server|event\s+trigger|constraint\s+trigger|routine"
)
_OPTIONAL = r"(?:concurrently\s+)?(?:if\s+(?:not\s+)?exists\s+)?"
_DDL = re.compile(
    rf"""\b(?:
        (?P<verb>create|alter|drop)\s+(?:{_KIND})\b
      | (?P<truncate>truncate)\s+(?:table\s+)?(?!\s*(?:on|or|,|to)\b)(?=["%\w(])
      | refresh\s+materialized\s+view
      | (?:grant|revoke)\s+[\w\s,]+\s+(?:on|to|from)\b
      | (?:vacuum|cluster|reindex)\s+(?:table|index|schema|["%\w])
      | comment\s+on\s+\w+
      | security\s+label
    )""",
    re.I | re.VERBOSE,
)
_WORDS = re.compile(
    r"create|alter|drop|truncate|refresh|grant|revoke|vacuum|cluster|reindex|comment\s+on|security", re.I
)
_TEMP = re.compile(
    rf"\bcreate\s+(?:local\s+|global\s+)?temp(?:orary)?\s+(?:table|view|sequence)\s+{_OPTIONAL}(?:pg_temp\.)?([\"\w]+)",
    re.I,
)
_AFTER = re.compile(
    rf"\s*(?:table\s+|index\s+)?{_OPTIONAL}(?:only\s+)?(?:(?:[\"\w]+\s+)?on\s+)?(?P<name>(?:pg_temp\.)?[\"\w]+)", re.I
)


def code(source: str) -> str:
    """The text with comments blanked out, and with text in quotes blanked out too, unless something in it
    runs strings.
    """
    keeps_text = bool(_EXECUTE.search(_blanked(source, texts=True)))
    return _blanked(source, texts=not keeps_text)


def _blanked(source: str, *, texts: bool) -> str:
    parts: list[str] = []
    place = 0
    while match := _TOKENS.search(source, place):
        parts.append(source[place : match.start()])
        place = match.end()
        if match["tag"]:
            end = source.find(match["tag"], place)
            inner = source[place:end] if end >= 0 else source[place:]
            parts.append(" " if texts else f" {inner} ")
            place = end + len(match["tag"]) if end >= 0 else len(source)
        elif match["text"]:
            parts.append(" '' " if texts else match["text"])
        elif match["name"]:
            parts.append(match["name"])
        else:
            parts.append(" ")
    parts.append(source[place:])
    return "".join(parts)


def asks_who(source: str) -> bool:
    """Whether it reads the current or session user."""
    return bool(_WHO.search(source)) and bool(_WHO.search(code(source)))  # most have no such word at all


def asks_who_tree(tree: str) -> bool:
    """The same for the stored tree of an SQL body (``BEGIN ATOMIC``)."""
    return bool(_TREE.search(tree))


def mentions(source: str, word: str) -> bool:
    """Whether the word is in it, in any case, outside comments."""
    return word in source.lower() and word in code(source).lower()


def runtime_ddl(source: str) -> str:
    """The first command in it that only an owner may run, for example ``CREATE TABLE``; "" for none.

    Commands on temporary tables that the routine itself creates do not count: every role may run those.
    """
    if not _WORDS.search(source):
        return ""
    text = code(source)
    temporary = {name.strip('"').lower() for name in _TEMP.findall(text)}
    for match in _DDL.finditer(text):
        after = _AFTER.match(text, match.end())
        name = after["name"].lower() if after else ""
        if name.startswith("pg_temp.") or name.strip('"') in temporary:
            continue
        return " ".join(match.group().upper().split()[: 3 if "VIEW" in match.group().upper() else 2])
    return ""


_RAISE = re.compile(r"\braise\b(?!\s*;)(?!\s+(?:debug|log|info|notice|warning)\b)", re.I)
_RERAISE = re.compile(r"\braise\b(?!\s+(?:debug|log|info|notice|warning)\b)", re.I)
"""The same, or RAISE alone, which raises again what a handler has caught."""
_TAGS = re.compile(r"'((?:CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|SELECT|REFRESH|SECURITY|REINDEX|IMPORT)(?: [A-Z]+)*)'")
_OWNER = re.compile(r"\bowner\s+to\b|\breassign\s+owned\b", re.I)
_CATCHES = re.compile(r"\bexception\s+when\s+others\s+then\b", re.I)
_NAME = r'((?:"(?:[^"]|"")+"|\w+)(?:\s*\.\s*(?:"(?:[^"]|"")+"|\w+))?)'
_USES = (
    (re.compile(rf"\binsert\s+into\s+{_NAME}", re.I), "a"),
    (re.compile(rf"\bupdate\s+(?:only\s+)?{_NAME}\s+(?:as\s+)?(?:\w+\s+)?set\b", re.I), "w"),
    (re.compile(rf"\bdelete\s+from\s+(?:only\s+)?{_NAME}", re.I), "d"),
    (re.compile(rf"(?<!delete\s)\b(?:from|join)\s+(?:only\s+)?{_NAME}", re.I), "r"),
)


def raises(source: str) -> bool:
    """Whether it raises an error of its own; a bare ``RAISE;`` only passes one on."""
    return bool(_RAISE.search(_blanked(source, texts=True)))


def catches_all(source: str) -> bool:
    """Whether it catches every error."""
    text = _blanked(source, texts=True)
    found = _CATCHES.search(text)
    return found is not None and not _RERAISE.search(text, found.end())


def changes_owner(source: str) -> bool:
    """Whether it changes the owner of something."""
    return bool(_OWNER.search(code(source)))


def command_tags(source: str) -> tuple[str, ...]:
    """Command tags that are texts in it, which it probably compares with ``tg_tag``."""
    return tuple(_TAGS.findall(_blanked(source, texts=False)))


def tables_used(source: str) -> list[tuple[str, str, str]]:
    """(schema or "", table, letter of the privilege) of tables that its statements name."""
    text = code(source)
    return [(*_split(name), letter) for pattern, letter in _USES for name in pattern.findall(text)]


def _split(name: str) -> tuple[str, str]:
    parts = [
        part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()
        for part in re.findall(r'"(?:[^"]|"")+"|\w+', name)
    ]
    return (parts[0] if parts[1:] else "", parts[-1])
