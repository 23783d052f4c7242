"""The condition of a table's policies, which says what rows are a tenant's, as a value."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """One foreign key on the way from a table to the one that has the tenant's key."""

    schema: str
    table: str
    columns: tuple[str, ...]
    """The referring columns, of the table before this one."""
    targets: tuple[str, ...]
    """The referenced columns, of this table."""


class Condition(NamedTuple):
    """``column = (SELECT r.tenant FROM mapping r WHERE r.role = current_user)``, on the table itself or on the last
    one that ``links`` lead to.

    A scalar subselect is evaluated once per statement, and an index on the column can be used. A function, IN or EXISTS
    on the mapping could be evaluated for each row.
    """

    mapping: str
    """The schema of the table that says which role is whose."""
    column: str
    links: tuple[Link, ...] = ()
    """The foreign keys up to the table that has the column. All are written out: a condition that relied on the
    policies of the next table would show all rows once row-level security is off there.
    """
    or_null: bool = False
    """Rows whose key is NULL are included."""


MAPPING = "roles"
"""The table in that schema: ``role name PRIMARY KEY, tenant``."""

COMMENT = "made by flatsplit: which role is which tenant's"
"""The table's comment, by which flatsplit finds it, whatever its schema is called."""
