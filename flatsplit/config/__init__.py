"""flatsplit.toml: what the operator decided, read strictly and written completely.

A cutover is controlled by this file for weeks, often by somebody who did not write it. So it has every key once with
its meaning, and a typing error is an error and never a silent default.
"""

from flatsplit.config.checks import validate
from flatsplit.config.foreign_key_paths import Way, format_way, parse_way
from flatsplit.config.grants import Grant, GrantName, format_name, parse_name
from flatsplit.config.naming import propose_roles
from flatsplit.config.owner_powers import OwnerPowers
from flatsplit.config.people import Group
from flatsplit.config.reading import load, parse
from flatsplit.config.rotation import Rotation
from flatsplit.config.special import Special
from flatsplit.config.tenants import Tenants
from flatsplit.config.text import format_duration, parse_duration
from flatsplit.config.trail import TrailWishes
from flatsplit.config.values import (
    PURPOSES,
    Auth,
    Config,
    DatabaseOwner,
    Gates,
    Locks,
    Retire,
    RoleNames,
)
from flatsplit.config.writing import render, write

__all__ = [
    "PURPOSES",
    "Auth",
    "Config",
    "DatabaseOwner",
    "Gates",
    "Grant",
    "GrantName",
    "Group",
    "Locks",
    "OwnerPowers",
    "Retire",
    "RoleNames",
    "Rotation",
    "Special",
    "Tenants",
    "TrailWishes",
    "Way",
    "format_duration",
    "format_name",
    "format_way",
    "load",
    "parse",
    "parse_duration",
    "parse_name",
    "parse_way",
    "propose_roles",
    "render",
    "validate",
    "write",
]
