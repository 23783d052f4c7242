"""Hazards in what owners took from themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.hazards.registry import Found, Seen, below, hazard
from flatsplit.rights import own_rights
from flatsplit.walks import split
from flatsplit.words import count


@hazard(
    own_rights.HAZARD,
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="the owner's own entries in privileges of the application's objects",
    why="Who owns an object may still alter it, drop it and grant on it. But whatever runs with the owner's rights is "
    "refused: pg_dump, views, the checks of foreign keys. A superuser does not notice, app_migrator does.",
    fix="GRANT them to the owner again.",
    manual="ddl-priv.html",
)
def owner_rights(seen: Seen) -> Iterator[Found]:
    """Objects on which app_migrator has not, or will not have, all rights of an owner."""
    found = own_rights.given_back(seen.state, seen.context, first=True)
    objects = sorted(ref for each in found for ref in each.refs)
    if objects:
        statements = tuple(each.sql for each in found)
        yield Found(
            f"{blueprint.owner(seen.context.config)} lacks rights of an owner on {count(len(objects), 'object')}",
            tuple(map(ddl.label, objects)),
            fix=below("Give them back:", statements),
            sql=statements,
        )
