"""Who the roles are and what each may do, as data: a row per purpose. Pure.

Everything that is said of a purpose stands in its row: grants and default privileges, the matrix and what is tried of
it, the pages for people. Elsewhere roles are asked for by what they do, for example ``blueprint.owner(config)``.
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
from flatsplit.blueprint.letters import of_use, on_later, on_ours
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
    "roles",
    "taking",
    "who",
]
