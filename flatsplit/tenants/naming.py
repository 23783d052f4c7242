"""The names of tenants' roles."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from functools import lru_cache

from flatsplit.config import Tenants
from flatsplit.config.tenants import NAME_BYTES, PLACE
from flatsplit.words import FEW


def role_of(tenants: Tenants, key: str) -> str:
    """The name of the role of the tenant with this key. Raises ValueError, with the reason, for an invalid name.

    A name that is too long is invalid: the server would truncate it, and two tenants could get the same role.
    """
    return _named(tenants.role, key)


@lru_cache(maxsize=1 << 16)
def _named(role: str, key: str) -> str:
    """Cached: a walk asks many times for the same names, of which there may be thousands."""
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
    """The keys of the tenants that cannot have a role, each with the reason. ``taken`` are names of other roles."""
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


def likely(strange: str, known: Collection[str]) -> list[str]:
    """The few of these keys that may be meant by one that is none of them."""
    ordered = sorted(known)
    same = [key for key in ordered if key.strip().casefold() == strange.strip().casefold()]
    return same[:FEW] or difflib.get_close_matches(strange, ordered, n=1, cutoff=0.8)
