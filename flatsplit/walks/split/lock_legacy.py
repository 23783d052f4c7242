"""lock-legacy: the old role is not used any more."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import State, Statement
from flatsplit.walks import rests, split, used_elsewhere
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.sessions import last_sessions
from flatsplit.walks.split import members
from flatsplit.walks.split.context import Context


def apply(state: State, context: Context) -> State:
    """Legacy is NOLOGIN, to find who still uses it. With ``repurpose`` it keeps app_user's rights and loses
    the bridge.
    """
    draft = Draft(state)
    if context.legacy not in draft.roles:
        return state
    if context.config.retire == "repurpose":
        for key in [key for key in draft.members if key.role == blueprint.owner(context.config)]:
            if key.member in context.retiring and not used_elsewhere.matters(draft.before, key):
                del draft.members[key]
        draft.member(blueprint.application(context.config), context.legacy)
        # The application's logins have app_user's rights through legacy; those that change the structure need their own
        members.hand_over(draft, context, structure=True)
    elif not context.reopened:
        draft.role(context.legacy, login=False)
    return draft.state()


def _locked(state: State, context: Context) -> bool:
    """Whether the SQL of this step was run by hand, so that legacy cannot log in.

    Not where legacy is used in other databases too: the walk of one of these may have locked it.
    """
    legacy = context.legacy
    live, before = state.roles, context.baseline.roles
    if legacy not in live or legacy not in before or live[legacy].elsewhere:
        return False
    return before[legacy].login and not live[legacy].login


def _ending_sessions(context: Context) -> tuple[Statement, ...]:
    """Statements that end the open sessions, which NOLOGIN does not."""
    if context.config.retire == "repurpose":
        return ()
    return last_sessions(context.legacy)


def _legacy(context: Context) -> Roles:
    return (context.legacy,)


STEP = Step(
    key=split.LOCK_LEGACY,
    title="Lock the old role",
    purpose="The scream test: the old role may no longer log in and its last sessions in this database are ended. "
    "Whoever was overlooked is heard now, while one statement undoes it.",
    apply=apply,
    gates=("soaked", "unrefused", "elsewhere"),
    rests=rests.soak,
    adds=_ending_sessions,
    retires=_legacy,
    by_hand=_locked,
    watch=("Failed logins as the old role in the server log (SQLSTATE 28000).",),
    stop=("Anything at all asks for the old role: undo at once, then find out what it was.",),
)
