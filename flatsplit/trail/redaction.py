"""What may be shown of a statement: its text without constants, or with constants but without secrets."""

from __future__ import annotations

import re

_CONSTANTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST"})
_SECRET = re.compile(r"password|passwd|passfile|secret|scram-sha-256\$|identified\s+by|://[^\s/@:]*:", re.IGNORECASE)


def without_constants(text: str) -> str:
    """The statement with ``$n`` for each constant, as pg_stat_statements keeps it, even where that keeps one."""
    import postgast

    try:
        tokens = postgast.scan(text).tokens
    except (postgast.PgQueryError, UnicodeError):
        return _cut(text)
    encoded = text.encode()
    pieces, place = [], 0
    number = max((int(encoded[each.start + 1 : each.end]) for each in tokens if _name(each) == "PARAM"), default=0)
    for token in tokens:
        name = _name(token)
        if name in _CONSTANTS:
            number += 1
            pieces += [encoded[place : token.start], f"${number}".encode()]
        elif name in ("SQL_COMMENT", "C_COMMENT"):
            pieces += [encoded[place : token.start], b" "]
        else:
            continue
        place = token.end
    return " ".join(b"".join([*pieces, encoded[place:]]).decode("utf-8", "replace").split())


def _name(token: object) -> str:
    number: int = token.token  # type: ignore[attr-defined]  # a message of libpg_query's
    kinds = token.DESCRIPTOR.fields_by_name["token"].enum_type.values_by_number  # type: ignore[attr-defined]
    return str(kinds[number].name)


def _cut(text: str) -> str:
    """A text that cannot be parsed, up to the first thing that may be a constant."""
    found = re.search(r"['$]", text)
    return " ".join((text[: found.start()] + "…" if found else text).split())


def without_secrets(text: str) -> str:
    """The statement with its constants; with none where one of them may be a secret."""
    return without_constants(text) if _SECRET.search(text) else " ".join(text.split())
