"""Names for the new roles."""

from __future__ import annotations

from collections.abc import Collection

from flatsplit.config.values import NAME_BYTES, PURPOSES, RoleNames

_SUFFIXES = tuple(f"_{purpose.removeprefix('app_')}" for purpose in PURPOSES)


def propose_roles(existing: Collection[str], name: str, *, adopt: bool = False, legacy: str = "") -> RoleNames:
    """Names that no role of the cluster has: app_user …, else ``<name>_user`` …, else numbered.

    All of them change together, so that the roles of a cutover look alike. With ``adopt``, existing roles of the
    standard names are taken over, except the legacy role.
    """
    taken = {legacy} if adopt else {legacy, *existing}
    proposal = RoleNames()
    stem = name.replace("\0", "") or "app"
    if stem.startswith("pg_"):  # reserved for the server's own roles
        stem = "db_" + stem
    number = 1
    while not taken.isdisjoint(proposal.new):
        count = "" if number == 1 else str(number)
        proposal = RoleNames(*(_fit(stem, count + suffix) for suffix in _SUFFIXES))
        if number == 1:
            taken = {legacy, *existing}
        number += 1
    return proposal


def _fit(stem: str, suffix: str) -> str:
    """The stem cut so that name and suffix fit, between two characters."""
    return stem.encode()[: NAME_BYTES - len(suffix.encode())].decode("utf-8", "ignore") + suffix
