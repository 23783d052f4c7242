"""The nine steps, each a pure function from State to State, with the words that go with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from flatsplit.model import Member, MemberOptions, ObjectFacts, ObjectRef, RoleFacts, State
from flatsplit.steps import defaults, grants, login, marks, retire, transfer
from flatsplit.steps.context import Context
from flatsplit.steps.draft import Draft
from flatsplit.steps.provider import strongest

Apply = Callable[[State, Context], State]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk."""

    key: str
    title: str
    purpose: str
    """A paragraph for the reviewer."""
    gates: tuple[str, ...]
    """Keys of the gates that must be open before it is done, besides converged and approved."""
    apply: Apply
    watch: tuple[str, ...] = ()
    """What to look at while and after it runs."""


def _create_roles(state: State, context: Context) -> State:
    draft = Draft(state)
    roles = context.config.roles
    operator = state.roles.get(state.target.operator, RoleFacts())
    mark = marks.mark(state.target.database)
    for name in roles.new:
        facts = RoleFacts(comment=mark)
        if name == roles.dba:
            facts = (
                RoleFacts(superuser=True, comment=mark)
                if state.target.operator_superuser
                else RoleFacts(createdb=operator.createdb, createrole=operator.createrole, comment=mark)
            )
        draft.new_role(name, facts)
    if roles.dba and not draft.roles[roles.dba].superuser:
        draft.member(roles.app_migrator, roles.dba)
        if group := strongest(state):
            draft.member(group, roles.dba)
    return draft.state()


def _nothing(state: State, _: Context) -> State:
    return state


STEPS: tuple[Step, ...] = (
    Step(
        "create-roles",
        "Create the four roles",
        "Creates the new roles without the right to log in. Nobody can use them yet and nothing else changes.",
        ("no-blockers",),
        _create_roles,
        ("Nothing: the application cannot notice this step.",),
    ),
    Step(
        "grant-existing",
        "Grant rights on everything that exists",
        "Gives app_user, app_readonly and app_migrator the privileges they need on all existing objects, "
        "only where they are missing. GRANT takes no lock that readers or writers wait for.",
        (),
        grants.apply,
        ("Long VACUUM, CREATE INDEX or ALTER TABLE on the same tables: GRANT waits for them, briefly, and retries.",),
    ),
    Step(
        "default-privileges",
        "Set default privileges for what comes later",
        "What app_migrator or legacy create from now on is at once usable by app_user and readable by app_readonly. "
        "Grants that legacy's default privileges gave to other roles live on for app_migrator.",
        (),
        defaults.apply,
        ("Nothing: the application cannot notice this step.",),
    ),
    Step(
        "transfer-ownership",
        "Move ownership to app_migrator",
        "Makes legacy a member of app_migrator (the bridge), then gives every object of legacy's to app_migrator. "
        "Over the bridge the running application keeps every right it had. "
        "ALTER … OWNER takes ACCESS EXCLUSIVE for a moment; no statement waits longer than the lock budget.",
        ("bridge", "reach", "owner-powers"),
        transfer.apply,
        (
            "Statements of the application waiting for a lock (pg_stat_activity, wait_event_type = 'Lock').",
            "Replication lag of hot standbys: ACCESS EXCLUSIVE is replayed there.",
        ),
    ),
    Step(
        "enable-login",
        "Let the new roles log in",
        "Carries legacy's role settings and limits over, takes CREATE in the schemas in scope from PUBLIC "
        "(those who relied on it are granted it by name), and gives the new roles LOGIN and a password.",
        (),
        login.apply,
        ("Roles that created objects in schema public only because everybody could.",),
    ),
    Step(
        "switch-connections",
        "Switch connections",
        "People move the application's connections to app_user and the migration tool's to app_migrator. "
        "flatsplit changes nothing here; it watches until the new roles are in use and legacy is not.",
        ("rehearsed", "seen", "drained"),
        _nothing,
        (
            "Errors of the application with SQLSTATE 42501 (insufficient privilege).",
            "Who is still connected as legacy.",
        ),
    ),
    Step(
        "verify",
        "Verify what each role can and cannot do",
        "Tries the can/cannot matrix of the four roles against the catalog. Changes nothing.",
        ("verified",),
        _nothing,
        ("The matrix of `flatsplit verify`.",),
    ),
    Step(
        "lock-legacy",
        "Lock the old role",
        "The scream test: legacy may no longer log in and its last sessions in this database are ended. "
        "Whoever was overlooked is heard now, while one statement undoes it.",
        ("soaked", "elsewhere"),
        retire.lock,
        ("Failed logins as legacy in the server log (SQLSTATE 28000).",),
    ),
    Step(
        "revoke-legacy",
        "Take the old role's rights away",
        "Sweeps what legacy created over the bridge, then removes the bridge, legacy's privileges, default privileges, "
        "memberships and attributes.",
        ("soaked", "elsewhere"),
        retire.revoke,
        ("Errors of the application with SQLSTATE 42501 (insufficient privilege).",),
    ),
)

BY_KEY: dict[str, Step] = {step.key: step for step in STEPS}
ORDINAL: dict[str, int] = {step.key: place for place, step in enumerate(STEPS, start=1)}


def through(state: State, context: Context, count: int) -> State:
    """What the first ``count`` steps make of ``state``: desired_count of the design."""
    for step in STEPS[:count]:
        state = step.apply(state, context)
    return state


def without_roles(state: State, gone: Collection[str], heir: str) -> State:
    """``state`` after ``gone`` roles were dropped: their privileges and memberships with them, objects to ``heir``."""
    if not gone:
        return state
    draft = Draft(state)
    for role in gone:
        draft.roles.pop(role, None)
    draft.members = _memberships(draft, frozenset(gone))
    draft.settings = {key: row for key, row in draft.settings.items() if key.role not in gone}
    keeper = _keeper(state, heir)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if facts.owner not in gone:
            return facts
        strong = transfer.superusers_only(ref, facts) or ref.kind == "extension" or facts.extension
        return facts._replace(owner=keeper if strong else heir)

    draft.rewrite(change)
    return replace(draft.state())


def _keeper(state: State, heir: str) -> str:
    """Who takes over what only a superuser may own, and what one has installed: whoever runs the rollback as one."""
    facts = state.roles.get(heir)
    strong = facts is not None and facts.superuser
    return state.target.operator if state.target.operator_superuser and not strong else heir


def _memberships(draft: Draft, gone: frozenset[str]) -> dict[Member, MemberOptions]:
    """Theirs go with them; what they gave to others is by the operator's grant from then on."""
    found = {key: options for key, options in draft.members.items() if not gone & set(key)}
    if draft.target.membership_options:  # before, a grantor is a remark that stands in nobody's way
        for key, options in draft.members.items():
            if key.grantor in gone and not gone & {key.role, key.member}:
                found.setdefault(key._replace(grantor=draft.target.grantor), options)
    else:
        found |= {key: options for key, options in draft.members.items() if not gone & {key.role, key.member}}
    return found


__all__ = ["BY_KEY", "ORDINAL", "STEPS", "Context", "Draft", "MemberOptions", "Step", "through", "without_roles"]
