"""The roles of a cutover: the rows of the blueprint with the names of the configuration."""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.blueprint.purpose import Purpose, Takes
from flatsplit.blueprint.rows import ADMINISTRATOR, APPLICATION, OWNER, READER, ROWS
from flatsplit.config import Config


class Role(NamedTuple):
    """A purpose and the name of its role in this cluster."""

    name: str
    purpose: Purpose


class Who(NamedTuple):
    """The names of the roles by duty, as templates use them."""

    application: str
    owner: str
    reader: str
    administrator: str
    """"" where the configuration leaves it out."""


def roles(config: Config) -> tuple[Role, ...]:
    """All roles, except one that the configuration leaves out."""
    return tuple(Role(name, row) for row in ROWS if (name := named(config, row.key)))


def named(config: Config, key: str) -> str:
    """The name of the role with this key; "" for one that is left out."""
    return str(getattr(config.roles, key))


def application(config: Config) -> str:
    """The role with whose rights the application runs: it reads and writes rows."""
    return named(config, APPLICATION.key)


def owner(config: Config) -> str:
    """The role that owns what the application uses and changes its structure."""
    return named(config, OWNER.key)


def reader(config: Config) -> str:
    """The role that only reads."""
    return named(config, READER.key)


def administrator(config: Config) -> str:
    """The role that may do everything; "" where the configuration leaves it out."""
    return named(config, ADMINISTRATOR.key)


def programs(config: Config) -> tuple[str, ...]:
    """The roles of programs, which take over what legacy did."""
    return tuple(role.name for role in roles(config) if role.purpose.programs)


def taking(config: Config, what: Takes) -> tuple[str, ...]:
    """The roles that take this over from legacy."""
    return tuple(role.name for role in roles(config) if what in role.purpose.takes)


def who(config: Config) -> Who:
    """The names by duty."""
    return Who(application(config), owner(config), reader(config), administrator(config))
