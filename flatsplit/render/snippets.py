"""The configuration of each kind of client after the cutover, with the names of this cutover."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path

from flatsplit import blueprint
from flatsplit.blueprint import Purpose
from flatsplit.config import Config, RoleNames
from flatsplit.render.engine import environment
from flatsplit.render.facts import BundleFacts

_SAME_URL = "Its migrations run through the application's login unless told otherwise: give them their own."
_PROGRAMS = (
    ("pgbouncer", "PgBouncer", "ini", "New users come before the application uses them, the old pool goes last."),
    ("pg_hba", "pg_hba.conf", "", "Who may log in from where. A role of its own can be let in from fewer places."),
    ("libpq", "psql, libpq: service file and .pgpass", "ini", "For people, cron jobs, pg_dump, whatever uses libpq."),
    ("sqlalchemy", "SQLAlchemy and Alembic", "python", _SAME_URL),
    ("django", "Django", "python", _SAME_URL),
    ("rails", "Ruby on Rails", "yaml", _SAME_URL),
    ("node", "Node: node-pg, Prisma, Knex", "sh", f"{_SAME_URL} Prisma's shadow database wants CREATEDB."),
    ("jdbc", "JDBC and HikariCP", "properties", "Restart the application, or let maxLifetime replace the connections."),
    ("flyway", "Flyway", "toml", f"Inside Spring Boot: {_SAME_URL[0].lower()}{_SAME_URL[1:]}"),
    ("liquibase", "Liquibase", "properties", f"Inside Spring Boot: {_SAME_URL[0].lower()}{_SAME_URL[1:]}"),
    ("kubernetes", "Kubernetes", "yaml", "Two Secrets: what the Deployment mounts cannot change the structure."),
    ("terraform", "Terraform", "hcl", "For roles only; leave the grants to flatsplit until the cutover is over."),
)  # fmt: skip

MIGRATOR, READONLY = 3, 5
"""Names of the connections for the migration tool and for reports."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """The configuration of one program."""

    key: str
    title: str
    language: str
    """The language of the Markdown code block."""
    note: str
    """What to know beforehand."""
    text: str


@dataclass(frozen=True, slots=True)
class Pools:
    """How many connections each role gets, so that all of them fit."""

    usable: int
    """What max_connections leaves for all."""
    seen: int
    """The highest number of sessions of the old role that was seen."""
    app: int
    migrator: int = MIGRATOR
    readonly: int = READONLY


def snippets(bundle: BundleFacts, overrides: Path | None) -> list[Snippet]:
    """All snippets, in the order in which people need them."""
    config, report = bundle.config, bundle.report
    slug = re.sub(r"[^a-z0-9]+", "-", config.name.lower()).strip("-")[:40] or "app"
    env = environment(overrides)
    values = {
        "addresses": _addresses(bundle),
        "application": application(config),
        "admitted": admitted(config),
        "database": bundle.target.database,
        "legacy": config.legacy_role,
        "place": report.place,
        "pools": pools(bundle),
        "retire": config.retire,
        "roles": entering(config),
        "services": [
            (f"{slug}-app", application(config)),
            (f"{slug}-migrate", enters(config, blueprint.OWNER)),
            (f"{slug}-read", enters(config, blueprint.READER)),
        ],
        "slug": slug,
        "special": [one.name for one in config.special],
    }
    return [
        Snippet(key, title, language, note, env.get_template(f"clients/{key}.j2").render(values).rstrip("\n"))
        for key, title, language, note in _PROGRAMS
    ]


def application(config: Config) -> str:
    """The role that the application uses at the end."""
    return config.legacy_role if config.retire == "repurpose" else enters(config, blueprint.APPLICATION)


def admitted(config: Config) -> tuple[tuple[str, str], ...]:
    """(+ or nothing, role) for lines of pg_hba.conf; + for a role whose members log in."""
    shared = {group.purpose for group in config.groups if group.logins}
    shared |= {purpose for _, purposes in config.people for purpose in purposes}
    found = []
    for row in blueprint.ROWS:
        if row.programs:
            alone = application(config) if row is blueprint.APPLICATION else enters(config, row)
            found.append(("+", blueprint.named(config, row.key)) if row.key in shared else ("", alone))
    return (*found, *(("", one.name) for one in config.special))


def entering(config: Config) -> RoleNames:
    """The names with which clients connect; for a group, that of its first login."""
    names = {row.key: enters(config, row) for row in blueprint.ROWS if row.programs}
    return replace(config.roles, **names)  # type: ignore[arg-type]  # purposes are its fields


def enters(config: Config, purpose: Purpose) -> str:
    """The name for one purpose."""
    role = blueprint.named(config, purpose.key)
    return (config.logins(role) or (role,))[0]


def pools(bundle: BundleFacts) -> Pools:
    """As many connections as the old role used, where that is known, and no more than the server allows."""
    place, config = bundle.report.place, bundle.config
    database = bundle.target.database
    old = [one for one in bundle.report.clients if one.role == config.legacy_role and one.database == database]
    seen = sum(one.sessions for one in old)
    usable = max(1, place.max_connections - place.reserved)
    room = max(1, usable - 2 * (MIGRATOR + READONLY))
    return Pools(usable, seen, min(max(seen, 5) if seen else 20, room))


def _addresses(bundle: BundleFacts) -> list[str]:
    """The addresses of the old role's clients; a network to be replaced where none was seen."""
    found = set()
    for one in bundle.report.clients:
        try:
            address = ipaddress.ip_address(one.client)
        except ValueError:
            continue
        found.add(address)
    some = sorted(found, key=lambda address: (address.version, int(address)))[:8]
    return [f"{address}/{address.max_prefixlen}" for address in some] or ["10.0.0.0/8"]
