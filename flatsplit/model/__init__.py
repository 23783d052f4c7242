"""The words flatsplit thinks in: objects, facts, states, statements.

Everything here is a value: compared by content and never changed in place. A
:class:`State` of 20,000 objects has only a few hundred distinct access control
lists, so these are interned and shared (see :func:`intern_acl`); comparing two
states is mostly comparing pointers.
"""

from flatsplit.model.facts import (
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
    STEP_KEYS,
    Alike,
    Change,
    Check,
    Finding,
    GateResult,
    Plan,
    Session,
    Severity,
    Side,
    Statement,
    StepKey,
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
    "OWNER",
    "PUBLIC",
    "RELATIONS",
    "ROUTINES",
    "STEP_KEYS",
    "TABLES",
    "TYPES",
    "Acl",
    "AclItem",
    "Alike",
    "Change",
    "Check",
    "DefaultRef",
    "Finding",
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
    "StepKey",
    "StepState",
    "Target",
    "alike",
    "group_objects",
    "intern_acl",
]
