"""Which line of pg_hba.conf decides about a client: the server's own rule, the first match. Pure.

Source: check_hba(), check_db() and check_role() in the server's hba.c; manual, "The pg_hba.conf File".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Rule(NamedTuple):
    """One line, as pg_hba_file_rules() shows it."""

    line: int
    type: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str | None
    netmask: str | None
    method: str

    def __str__(self) -> str:
        address = " ".join(filter(None, (self.address, self.netmask)))
        parts = (self.type, ",".join(self.databases), ",".join(self.users), address, self.method)
        return f"line {self.line}: {' '.join(filter(None, parts))}"


class Client(NamedTuple):
    """Where a client connects from."""

    address: str | None
    """None for a local socket."""
    ssl: bool = False
    gss: bool = False

    def __str__(self) -> str:
        return f"{self.address or 'local socket'}{' with SSL' if self.ssl else ''}"


class Unsure(NamedTuple):
    """A line of which it cannot be told whether it matches: it names a host, or the server's own networks."""

    rule: Rule


def word(name: str) -> str:
    """A role as it is written in a line; in quotes it is no list, keyword or pattern."""
    plain = re.fullmatch(r"[A-Za-z0-9_.-]+", name) and name not in ("all", "sameuser", "samerole", "replication")
    return name if plain else '"' + name.replace('"', '""') + '"'


def first_match(
    rules: Iterable[Rule], role: str, groups: Collection[str], database: str, client: Client
) -> Rule | Unsure | None:
    """The line that decides; None where none matches. ``groups``: all roles that ``role`` is a member of."""
    for rule in rules:
        if not _type(rule.type, client):
            continue
        if not about(rule, role, groups, database):
            continue
        if client.address is not None:
            matches = _address(rule, client.address)
            if matches is None:
                return Unsure(rule)
            if not matches:
                continue
        return rule
    return None


def about(rule: Rule, role: str, groups: Collection[str], database: str) -> bool:
    """Whether a line is for this role in this database, from wherever it comes."""
    return _user(rule.users, role, groups) and _database(rule.databases, role, groups, database)


_ITS_OWN = ("sameuser", "samerole", "samegroup")
"""Words for a database that is called like the role, or like a group that it is a member of."""


def by_its_name(rule: Rule, role: str, groups: Collection[str], database: str) -> bool:
    """Whether a line is for the role only because of how the database is called: no role more in it would match."""
    others = [each for each in rule.databases if each not in _ITS_OWN]
    return about(rule, role, groups, database) and not _database(others, role, groups, database)


def entry(rule: Rule, users: Iterable[str], database: str) -> str:
    """The line for these users, who are words, in this database alone; of a line's options nothing is known."""
    place = " ".join(filter(None, (rule.address, rule.netmask)))
    return " ".join(filter(None, (rule.type, word(database), ",".join(users), place, rule.method)))


def _type(kind: str, client: Client) -> bool:
    if kind == "local" or client.address is None:
        return kind == "local" and client.address is None
    return {
        "host": True,
        "hostssl": client.ssl,
        "hostnossl": not client.ssl,
        "hostgssenc": client.gss,
        "hostnogssenc": not client.gss,
    }.get(kind, False)


def _matches(word: str, name: str) -> bool:
    if word.startswith("/"):
        try:
            return re.search(word[1:], name) is not None
        except re.error:
            return False
    return word == name


def _user(words: Iterable[str], role: str, groups: Collection[str]) -> bool:
    return any(
        word == "all" or (word.startswith("+") and (word[1:] in groups or word[1:] == role)) or _matches(word, role)
        for word in words
    )


def _database(words: Iterable[str], role: str, groups: Collection[str], database: str) -> bool:
    for word in words:
        if word == "all" or (word == "sameuser" and database == role):
            return True
        if word in ("samerole", "samegroup") and (database in groups or database == role):
            return True
        if word != "replication" and _matches(word, database):
            return True
    return False


def _address(rule: Rule, address: str) -> bool | None:
    """Whether the line is for the address; None where that cannot be told from here."""
    if rule.address == "all":
        return True
    if rule.address in ("samehost", "samenet") or rule.address is None:
        return None
    try:
        client = ipaddress.ip_address(address.split("%")[0])
        wanted = ipaddress.ip_address(rule.address.split("%")[0])
        mask = int(ipaddress.ip_address(rule.netmask)) if rule.netmask else (1 << wanted.max_prefixlen) - 1
    except ValueError:  # a host name
        return None
    return client.version == wanted.version and int(client) & mask == int(wanted) & mask
