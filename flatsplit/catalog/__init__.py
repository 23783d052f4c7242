"""From pg_catalog to a State, and the proof that nothing was left out."""

from flatsplit.catalog.proof import (
    owned_elsewhere,
    remaining_dependencies,
    temporary_dependencies,
    unknown_dependencies,
)
from flatsplit.catalog.reader import (
    read_identity,
    read_people,
    read_state,
    unread_tenants,
    with_columns,
    with_defaults,
    with_objects,
    with_parameters,
    with_roles,
    with_rules,
)
from flatsplit.catalog.sources import FOLLOWERS, RELATIONS

__all__ = [
    "FOLLOWERS",
    "RELATIONS",
    "owned_elsewhere",
    "read_identity",
    "read_people",
    "read_state",
    "remaining_dependencies",
    "temporary_dependencies",
    "unknown_dependencies",
    "unread_tenants",
    "with_columns",
    "with_defaults",
    "with_objects",
    "with_parameters",
    "with_roles",
    "with_rules",
]
