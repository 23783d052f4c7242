"""The communication plan: which client has to change what, from the clients that were seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import Backend
from flatsplit.model.report import SeenClient

_MIGRATES = re.compile(r"migrat|flyway|liquibase|alembic|sqitch|schema|deploy|knex|prisma|goose|dbmate", re.IGNORECASE)
_REPORTS = re.compile(
    r"report|metabase|grafana|tableau|superset|redash|looker|power.?bi|dashboard|analytic|\bbi\b|readonly",
    re.IGNORECASE,
)
_PEOPLE = re.compile(r"psql|pgadmin|dbeaver|datagrip|navicat|postico|tableplus|heidisql", re.IGNORECASE)
_DUMPS = re.compile(r"pg_dump|backup|barman|pgbackrest|wal-g", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Move:
    """One client, and what it has to do."""

    client: SeenClient
    to: str
    """The role it has to use from the switch on; "" where it stays."""
    why: str
    moved: bool
    """Whether it uses a new role already."""


def moves(seen: Sequence[SeenClient], sessions: Sequence[Backend], config: Config) -> list[Move]:
    """Clients that still use legacy first, then those that have moved."""
    if not seen:
        counts: dict[tuple[str, str, str, str], int] = {}
        for one in sessions:
            key = (one.role, one.database, one.client, one.application)
            counts[key] = counts.get(key, 0) + 1
        seen = [SeenClient(*key, count) for key, count in sorted(counts.items())]
    found = [_move(one, config) for one in seen]
    return sorted(found, key=lambda move: move.moved)


def _move(one: SeenClient, config: Config) -> Move:
    who = blueprint.who(config)
    if one.role != config.legacy_role:
        return Move(one, "", "uses its new role", True)
    name = one.application
    if _MIGRATES.search(name):
        return Move(one, who.owner, "looks like a migration tool", False)
    if _DUMPS.search(name):
        return Move(one, who.administrator or who.owner, "looks like a backup: it has to read everything", False)
    if _PEOPLE.search(name):
        return Move(one, who.administrator or who.reader, "looks like a person", False)
    if _REPORTS.search(name):
        return Move(one, who.reader, "looks like reports", False)
    if config.retire == "repurpose":
        return Move(one, "", "stays, if it is the application and runs no DDL", False)
    return Move(one, who.application, "taken for the application" if name else "has no application_name: ask", False)
