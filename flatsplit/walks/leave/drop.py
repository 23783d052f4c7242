"""drop: the person's role is dropped."""

from __future__ import annotations

from flatsplit.model import ObjectFacts, State
from flatsplit.walks import leave, rests
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.leave.context import Context
from flatsplit.walks.leave.lock import herself
from flatsplit.walks.undo import without


def apply(state: State, context: Context) -> State:
    """DROP ROLE, which also ends its memberships, its rights in schemas, its settings and its user mappings."""
    person = context.person
    if person not in state.roles:
        return state
    draft = Draft(state)
    del draft.roles[person]
    draft.rewrite(lambda _, facts: _stripped(facts, person))
    draft.settings = {key: row for key, row in draft.settings.items() if key.role != person}
    draft.mappings = {ref for ref in draft.mappings if ref.args != person}
    return draft.state()


def _stripped(facts: ObjectFacts, person: str) -> ObjectFacts:
    acl = without(facts.acl, {person})
    return facts if acl is facts.acl else facts._replace(acl=acl)


STEP = Step(
    key=leave.DROP,
    title="Drop the role",
    purpose="Drops the role, with its settings and its user mappings. Nothing brings it back.",
    apply=apply,
    gates=("soaked", "elsewhere"),
    rests=rests.soak,
    leaves=herself,
    drops=herself,
    watch=("Nothing: nobody could use it any more.",),
)
