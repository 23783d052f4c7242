"""What the roles of tenants are called."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from flatsplit.config import Tenants
from flatsplit.config.tenants import NAME_BYTES, PLACE


def role_of(tenants: Tenants, key: str) -> str:
    """The role of the tenant with this key; ValueError, with the reason, where no role can be named so.

    The server would cut a longer name, and two tenants could be one role then.
    """
    return _named(tenants.role, key)


@lru_cache(maxsize=1 << 16)
def _named(role: str, key: str) -> str:
    """A walk asks for the same thousands many times."""
    name = role.replace(PLACE, key)
    if not key:
        raise ValueError("the key is empty")
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL character")
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > NAME_BYTES:
        raise ValueError(f"{name!r} is {size} bytes long, PostgreSQL keeps {NAME_BYTES}")
    if name.startswith("pg_") or name in ("public", "none"):
        raise ValueError(f"{name!r} is reserved")
    return name


def clashes(tenants: Tenants, keys: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Keys whose tenants cannot have a role, each with the reason: ``taken`` are roles that are somebody else's."""
    found: dict[str, str] = {}
    for key in keys:
        try:
            name = role_of(tenants, key)
        except ValueError as error:
            found[key] = str(error)
            continue
        if name in taken:
            found[key] = f"a role {name!r} is there already, and is nobody's of this table"
    return found
