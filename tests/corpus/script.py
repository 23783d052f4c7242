"""Scripts of psql's as statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COPY = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_ATOMIC = re.compile(r"\bbegin\s+atomic\b", re.IGNORECASE)
_END = re.compile(r"\bend\s*\Z", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*')"
    r"|(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<dollar>\$(?P<tag>[A-Za-z_][\w]*)?\$)"
    r"|(?P<meta>\\[^\n]*)"
    r"|(?P<mark>[();])",
    re.DOTALL,
)

_TOKEN_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def statements(text: str) -> Iterator[str]:
    """Each statement without its semicolon; commands of psql's and the data of COPY are left out."""
    start = place = depth = 0
    while match := _TOKEN.search(text, place):
        place = match.end()
        if match["dollar"]:
            close = text.find(match["dollar"], place)
            place = len(text) if close < 0 else close + len(match["dollar"])
            continue
        if match["mark"] == "(":
            depth += 1
        elif match["mark"] == ")":
            depth = max(0, depth - 1)
        elif match["meta"] or (match["mark"] == ";" and not depth):
            statement = text[start : match.start()]
            if match["mark"] and _ATOMIC.search(statement) and not _END.search(statement):
                continue
            start, depth = place, 0
            if not _TOKEN_COMMENT.sub("", statement).strip() or (
                match["meta"] and not re.match(r"\\g(set|exec|desc|x)?\b", match["meta"])
            ):
                continue
            yield statement.strip()
            if _COPY.match(statement):
                end = re.compile(r"^\\\.\s*$", re.MULTILINE).search(text, place)
                start = place = end.end() if end else place
