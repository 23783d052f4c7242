"""How the tables of a database relate to its tenants: kinds of tables, which rows are whose, names of roles. Pure.

A :class:`Structure` is read from the catalog (flatsplit.catalog.structure); :func:`survey` finds the kind of each
table; a :class:`Condition` says which rows are a tenant's, and becomes SQL in flatsplit.ddl.
"""

from flatsplit.tenants.candidates import Candidate, Composite, candidates, composite
from flatsplit.tenants.condition import Condition, Link
from flatsplit.tenants.kinds import KINDS, Belonging, TableKind
from flatsplit.tenants.naming import clashes, role_of
from flatsplit.tenants.survey import survey
from flatsplit.tenants.surveyed import Survey
from flatsplit.tenants.tree import PERSONS, persons, upward
from flatsplit.tenants.unrooted import Unrooted, unrooted

__all__ = [
    "KINDS",
    "PERSONS",
    "Belonging",
    "Candidate",
    "Composite",
    "Condition",
    "Link",
    "Survey",
    "TableKind",
    "Unrooted",
    "candidates",
    "clashes",
    "composite",
    "persons",
    "role_of",
    "survey",
    "unrooted",
    "upward",
]
