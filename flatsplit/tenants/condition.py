"""Which rows of a table are a tenant's: the condition of its policies, as a value."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """One foreign key on the way from a table to the key: to whose row it leads."""

    schema: str
    table: str
    columns: tuple[str, ...]
    """Of the table before it on the way …"""
    targets: tuple[str, ...]
    """… and of this one."""


class Condition(NamedTuple):
    """``column = (SELECT r.tenant FROM mapping r WHERE r.role = current_user)``, of a table or at the end of a way.

    A scalar subselect is evaluated once for a statement and leaves the column to its index; a function, IN or EXISTS on
    the mapping would be asked row by row.
    """

    mapping: str
    """The schema of the table that says which role is whose."""
    column: str
    links: tuple[Link, ...] = ()
    """Written out up to the column: what leaned on the policies of another table would open when those are disabled."""
    or_null: bool = False
    """Rows that are nobody's are included."""


MAPPING = "roles"
"""The table in that schema: ``role name PRIMARY KEY, tenant``."""

COMMENT = "made by flatsplit: which role is which tenant's"
"""The comment by which the table is known, whatever its schema is called."""
