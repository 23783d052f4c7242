"""Who the roles are and what each may do, as data: a row for each purpose. Pure.

A row has everything that is said of a purpose: grants and default privileges, the matrix and its trials, and texts.
Other code asks for a role by what it does, for example ``blueprint.owner(config)``.
"""

from flatsplit.blueprint.cast import (
    Role,
    Who,
    administrator,
    application,
    named,
    owner,
    programs,
    reader,
    roles,
    taking,
    who,
)
from flatsplit.blueprint.letters import of_use, on_later, on_ours, refused
from flatsplit.blueprint.purpose import Attempt, Duty, Expectation, Letters, Purpose, Takes
from flatsplit.blueprint.rows import ADMINISTRATOR, APPLICATION, OWNER, READER, ROWS

__all__ = [
    "ADMINISTRATOR",
    "APPLICATION",
    "OWNER",
    "READER",
    "ROWS",
    "Attempt",
    "Duty",
    "Expectation",
    "Letters",
    "Purpose",
    "Role",
    "Takes",
    "Who",
    "administrator",
    "application",
    "named",
    "of_use",
    "on_later",
    "on_ours",
    "owner",
    "programs",
    "reader",
    "refused",
    "roles",
    "taking",
    "who",
]
