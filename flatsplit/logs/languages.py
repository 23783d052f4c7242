"""The words of log lines in every language for which PostgreSQL has message catalogs.

They come from these catalogs (``python -m tests.catalogs`` writes languages.json). Severities and labels are at the
beginning of a line on stderr; csvlog and jsonlog translate the severity too. The meaning of a message is told by its
SQLSTATE where it has one, otherwise by its text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from flatsplit.logs.entry import Entry

REFUSED = "42501"
"""insufficient_privilege."""
WITHHELD = frozenset({"01006", "01007"})
"""privilege_not_revoked and privilege_not_granted: warnings; the statement succeeds without effect."""
NOT_LET_IN = frozenset({"28P01", "28000"})
"""invalid_password and invalid_authorization_specification: a login that failed, before there was a session."""

_ENGLISH_REFUSED = re.compile(
    r"permission denied|must be owner of|must be superuser|must be (?:a )?member of"
    r"|must have (?:CREATEROLE|admin option)|must be able to SET ROLE|only (?:superuser|roles with)"
    r"|new row violates row-level security"
    r"|query would be affected by row-level security"
)
_ENGLISH_WITHHELD = re.compile(r"(?:no|not all) privileges (?:were granted|could be revoked) for ")


@cache
def _languages() -> Mapping[str, Mapping[str, Any]]:
    text = files("flatsplit.logs").joinpath("languages.json").read_text(encoding="utf-8")
    known: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return known


@cache
def severities() -> Mapping[str, str]:
    """Severities as written, with the English ones."""
    found = {word: english for each in _languages().values() for word, english in each["severities"].items()}
    return found | {f"DEBUG{level}": "DEBUG" for level in range(1, 6)}


@cache
def labels() -> Mapping[str, str]:
    """Labels of the lines that follow a message, as written with colon and spaces, with the English ones."""
    return {word: english for each in _languages().values() for word, english in each["labels"].items()}


def words(*english: str) -> tuple[str, ...]:
    """All ways in which these severities are written."""
    return tuple(sorted(word for word, meant in severities().items() if meant in english))


@cache
def _head() -> re.Pattern[str]:
    """What precedes the statement in a message of log_statement or log_min_duration_statement.

    check_log_statement(), exec_parse_message(), exec_bind_message() and exec_execute_message() in postgres.c.
    """
    number, name = r"[\d.]+", r"(?:<unnamed>|[^\n:]*)"
    plain, timed, executed, timed_execute, early = (set[str]() for _ in range(5))
    for each in _languages().values():
        plain.add(re.escape(each["statement"]))
        timed.add(number.join(map(re.escape, each["timed"])))
        words = "|".join(map(re.escape, sorted(each["execute"], key=len, reverse=True)))
        executed.add(f"(?:{words}) {name}: ")
        timed_execute.add(number.join(map(re.escape, each["timed_execute"])) + f"(?:{words}) {name}: ")
        for parse in each["early"][:2]:
            early.add(name.join(map(re.escape, parse)))
        for parse in each["early"][2:]:
            first, second, *rest = map(re.escape, parse)
            early.add(first + number + name.join((second, *rest)))
    groups = {
        "early": early,
        "timed_execute": timed_execute,
        "execute": executed,
        "timed": timed,
        "plain": plain,
    }
    return re.compile("|".join(f"(?P<{key}>{'|'.join(sorted(found))})" for key, found in groups.items()))


@cache
def _duration() -> re.Pattern[str]:
    heads = {each["duration"] for each in _languages().values()}
    return re.compile(rf"(?:{'|'.join(map(re.escape, sorted(heads, key=len, reverse=True)))})[\d.]+")


@cache
def _left() -> re.Pattern[str]:
    return _any(each["left"] for each in _languages().values())


@cache
def _entered() -> re.Pattern[str]:
    return _any(each["entered"] for each in _languages().values())


@cache
def _inner() -> tuple[tuple[str, str], ...]:
    return tuple({(each["inner"][0], each["inner"][1]): None for each in _languages().values()})


@cache
def _fragments(key: str) -> re.Pattern[str]:
    return _any(piece for name, each in _languages().items() if name != "en" for piece in each[key])


@cache
def _whole(key: str) -> re.Pattern[str]:
    """A pattern for whole messages: ``permission denied`` alone, where other messages begin with the same words."""
    found = {".*".join(map(re.escape, each)) for one in _languages().values() for each in one[f"{key}_whole"]}
    return re.compile("|".join(sorted(found)), re.DOTALL)


def _any(pieces: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(set(pieces), key=len, reverse=True))))


class Logged(NamedTuple):
    """The statement in a message of log_statement or log_min_duration_statement."""

    text: str
    ran: bool
    """Whether it has run; otherwise it is about to."""
    extended: bool
    """Whether it used the extended protocol."""
    early: bool
    """Whether it is a step before execution: parse or bind."""


def logged(message: str) -> Logged | None:
    """The statement that a message logs; None where it logs none."""
    found = _head().match(message)
    if found is None:
        return None
    kind = found.lastgroup or ""
    return Logged(message[found.end() :], kind.startswith("timed"), "execute" in kind, kind == "early")


def is_duration(message: str) -> bool:
    """Whether the message says how long something took, which is then done."""
    return _duration().match(message) is not None


def has_entered(message: str) -> bool:
    """Whether it says that a session began."""
    return _entered().match(message) is not None


def has_left(message: str) -> bool:
    """Whether it says that a session ended."""
    return _left().match(message) is not None


def inner_statement(context: str) -> str:
    """The innermost statement of a routine or DO block in a context; "" where there is none."""
    for before, after in _inner():
        if context.startswith(before):
            rest = context[len(before) :]
            end = rest.find(f"{after}\n")
            return rest[:end] if end >= 0 else rest.removesuffix(after)
    return ""


def is_refused(entry: Entry) -> bool:
    """Whether the server refused because a privilege is missing."""
    if entry.severity not in ("ERROR", "FATAL"):
        return False
    if entry.sqlstate:
        return entry.sqlstate == REFUSED
    return bool(
        _ENGLISH_REFUSED.match(entry.message)
        or _fragments("refused").search(entry.message)
        or _whole("refused").fullmatch(entry.message)
    )


@cache
def _logins() -> re.Pattern[str]:
    found = {"(.*)".join(map(re.escape, each)) for one in _languages().values() for each in one["logins"]}
    return re.compile("|".join(sorted(found)), re.DOTALL)


def not_let_in(entry: Entry) -> str:
    """The role of a failed login, by a wrong password or because it may not log in; "" for any other entry."""
    if entry.severity != "FATAL" or (entry.sqlstate and entry.sqlstate not in NOT_LET_IN):
        return ""
    found = _logins().fullmatch(entry.message)
    return next((name for name in found.groups() if name is not None), "") if found is not None else ""


def is_withheld(entry: Entry) -> bool:
    """Whether GRANT or REVOKE had no effect, which is only a warning."""
    if entry.severity != "WARNING":
        return False
    if entry.sqlstate:
        return entry.sqlstate in WITHHELD
    return bool(
        _ENGLISH_WITHHELD.match(entry.message)
        or _fragments("withheld").search(entry.message)
        or _whole("withheld").fullmatch(entry.message)
    )
