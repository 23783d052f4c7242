"""The words flatsplit thinks in: objects, facts, states, statements.

Everything here is a value: compared by content and never changed in place. A
:class:`State` of 20,000 objects has only a few hundred distinct access control
lists, so these are interned and shared (see :func:`intern_acl`); comparing two
states is mostly comparing pointers.
"""

from flatsplit.model.facts import (
    JOURNAL_SCHEMA,
    OWNER,
    PUBLIC,
    RELATIONS,
    ROUTINES,
    TABLES,
    TYPES,
    Acl,
    AclItem,
    DefaultRef,
    Kind,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    SettingKey,
    Settings,
    intern_acl,
)
from flatsplit.model.plans import (
    Alike,
    Change,
    Check,
    Finding,
    GateKey,
    GateResult,
    Plan,
    Session,
    Severity,
    Side,
    Statement,
    StepState,
    alike,
)
from flatsplit.model.state import (
    Group,
    State,
    Target,
    group_objects,
)

__all__ = [
    "JOURNAL_SCHEMA",
    "OWNER",
    "PUBLIC",
    "RELATIONS",
    "ROUTINES",
    "TABLES",
    "TYPES",
    "Acl",
    "AclItem",
    "Alike",
    "Change",
    "Check",
    "DefaultRef",
    "Finding",
    "GateKey",
    "GateResult",
    "Group",
    "Kind",
    "Member",
    "MemberOptions",
    "ObjectFacts",
    "ObjectRef",
    "Plan",
    "RoleFacts",
    "Session",
    "SettingKey",
    "Settings",
    "Severity",
    "Side",
    "State",
    "Statement",
    "StepState",
    "Target",
    "alike",
    "group_objects",
    "intern_acl",
]
