"""default-privileges: what the new roles may do with what comes later."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.model import OWNER, PUBLIC, Acl, DefaultRef, State, intern_acl
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.owners import staying

_USER = {"r": "adrw", "S": "U"}
_FOREIGN = {"r": "adrw", "S": "Urw"}
_READER = {"r": "r", "S": "r"}


def apply(state: State, context: Context) -> State:
    """Default privileges FOR ROLE app_migrator and FOR ROLE legacy; legacy's own live on for app_migrator.

    Legacy's count until the end, because what it creates over the bridge belongs to itself. A default
    acts for the role that is current when it creates (manual, ALTER DEFAULT PRIVILEGES).
    """
    draft = Draft(state)
    roles = context.config.roles
    new = frozenset(roles.new)
    source = context.holdings(state)
    for ref, acl in sorted(source.defaults.items()):
        if ref.creator in context.retiring:
            _carry_over(draft, context, ref, acl, new)
    stay = staying(state, context)
    for creator in (*sorted(context.retiring | stay), roles.app_migrator):
        if creator not in draft.roles:
            continue
        for schema in context.config.schemas:
            for objtype in ("r", "S", "f", "T"):
                _blueprint(draft, context, DefaultRef(creator, schema, objtype), foreign=creator in stay)
        if draft.target.major >= 18:
            _large_objects(draft, context, creator)
    return draft.state()


def _carry_over(draft: Draft, context: Context, ref: DefaultRef, acl: Acl, new: frozenset[str]) -> None:
    """Third roles go on receiving their grants when app_migrator creates what legacy used to."""
    migrator = context.config.roles.app_migrator
    copy = ref._replace(creator=migrator)
    items = [item for item in privileges.settle(acl, migrator) if item.grantee not in new and item.grantor == OWNER]
    if migrator in context.adopted:
        now = draft.effective_default(copy)
        draft.default(copy, intern_acl([*now, *items]))
        return
    have = [item for item in draft.effective_default(copy) if item.grantee in new]
    others = [
        item for item in draft.defaults.get(copy, ()) if item.grantee not in new and item.grantee not in (OWNER, PUBLIC)
    ]
    draft.default(copy, intern_acl([*items, *have, *others]))


def _blueprint(draft: Draft, context: Context, ref: DefaultRef, *, foreign: bool) -> None:
    roles = context.config.roles
    acl = draft.effective_default(ref)
    # On what goes on belonging to others, grant-existing gives app_user all that using it may ask for
    user, reader = (_FOREIGN if foreign else _USER).get(ref.objtype, ""), _READER.get(ref.objtype, "")
    if ref.objtype in ("f", "T"):
        # Only where the creator's global default took it from PUBLIC: IN SCHEMA defaults can add but not take away.
        everywhere = draft.effective_default(ref._replace(schema=""))
        open_ = privileges.letters(everywhere, PUBLIC) or privileges.letters(acl, PUBLIC)
        user = "" if open_ else "X" if ref.objtype == "f" else "U"
        reader = "" if ref.objtype == "f" else user
    acl = privileges.plus(acl, roles.app_user, user)
    acl = privileges.plus(acl, roles.app_readonly, reader)
    draft.default(ref, acl)


def _large_objects(draft: Draft, context: Context, creator: str) -> None:
    """Large objects have default privileges since 18, in no schema."""
    roles = context.config.roles
    ref = DefaultRef(creator, "", "L")
    acl = privileges.plus(draft.effective_default(ref), roles.app_user, "rw")
    draft.default(ref, privileges.plus(acl, roles.app_readonly, "r"))


def revoked(draft: Draft, context: Context) -> None:
    """Legacy's default privileges, and what others' defaults would give it, are gone."""
    legacy = context.legacy
    for ref in [ref for ref in draft.defaults if ref.creator == legacy]:
        del draft.defaults[ref]
    for ref, acl in list(draft.defaults.items()):
        cleaned = privileges.without(acl, legacy)
        if cleaned is not acl:
            draft.default(ref, cleaned)


STEP = Step(
    key=split.DEFAULT_PRIVILEGES,
    title="Set default privileges for what comes later",
    purpose="What app_migrator or legacy create from now on is at once usable by app_user and readable by "
    "app_readonly. Grants that legacy's default privileges gave to other roles live on for app_migrator.",
    apply=apply,
    watch=("Nothing: the application cannot notice this step.",),
)
