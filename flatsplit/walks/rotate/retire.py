"""retire: the former password is removed."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import State, Statement
from flatsplit.walks import rests, rotate
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context, former


def apply(state: State, context: Context) -> State:
    """PASSWORD NULL for the former login, which does not log in."""
    draft = Draft(state)
    facts = state.roles.get(context.former)
    if facts is not None and not facts.login:
        draft.role(context.former, password=False)
    return draft.state()


def unseen(context: Context) -> tuple[Statement, ...]:
    """The same for an operator who may not read pg_authid and so cannot see whether there is a password."""
    if context.baseline.target.operator_superuser:
        return ()
    return (
        Statement(
            description=f"role {context.former}: no password",
            sql=ddl.alter_role(context.former, "PASSWORD NULL"),
            undo="",
            lock="",
        ),
    )


STEP = Step(
    key=rotate.RETIRE,
    title="Forget the former password",
    purpose="Takes the password from the former twin, which rests from now on until the next rotation. There is no way "
    "back, and this is meant: the former secret is worth nothing any more, wherever it was left.",
    apply=apply,
    gates=("soaked", "unrefused"),
    rests=rests.soak,
    leaves=former,
    adds=unseen,
    forgets=former,
    watch=("Failed logins as the former twin in the server log (SQLSTATE 28000): somebody was overlooked.",),
)
