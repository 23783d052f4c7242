"""default-privileges: what the new roles may do with objects that will be created."""

from __future__ import annotations

from flatsplit import blueprint, privileges
from flatsplit.model import OWNER, PUBLIC, Acl, DefaultRef, ObjectRef, State, intern_acl, versions
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.owners import staying


def apply(state: State, context: Context) -> State:
    """Default privileges FOR ROLE app_migrator and FOR ROLE legacy; those that legacy had apply to app_migrator too.

    Legacy's count to the end, since what it creates over the bridge belongs to itself: default privileges are those of
    the current role (manual, ALTER DEFAULT PRIVILEGES).
    """
    draft = Draft(state)
    new = frozenset(context.config.roles.new)
    source = context.holdings(state)
    for ref, acl in sorted(source.defaults.items()):
        if ref.creator in context.retiring:
            _carry_over(draft, context, ref, acl, new)
    stay = staying(state, context)
    for creator in (*sorted(context.retiring | stay), blueprint.owner(context.config)):
        if creator not in draft.roles:
            continue
        for schema in context.config.schemas:
            if draft.get(ObjectRef("schema", "", schema)) is None:  # dropped or renamed since it was written there
                continue
            for objtype in ("r", "S", "f", "T"):
                _blueprint(draft, context, DefaultRef(creator, schema, objtype), foreign=creator in stay)
        if draft.target.major >= versions.LARGE_OBJECT_DEFAULTS:
            _large_objects(draft, context, creator)
    return draft.state()


def _carry_over(draft: Draft, context: Context, ref: DefaultRef, acl: Acl, new: frozenset[str]) -> None:
    """Grants to third roles that legacy's default privileges made are made for what app_migrator creates as well."""
    migrator = blueprint.owner(context.config)
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
    acl, kind = draft.effective_default(ref), privileges.OBJTYPE_KIND[ref.objtype]
    # Only the creator's global row can take rights from PUBLIC: a row IN SCHEMA can add but not take away
    everywhere = draft.effective_default(ref._replace(schema=""))
    public = bool(privileges.letters(everywhere, PUBLIC) or privileges.letters(acl, PUBLIC))
    for name, purpose in blueprint.roles(context.config):
        acl = privileges.plus(acl, name, blueprint.on_later(purpose, kind, public=public, foreign=foreign))
    draft.default(ref, acl)


def _large_objects(draft: Draft, context: Context, creator: str) -> None:
    """Rows for large objects, which are in no schema and have default privileges since 18."""
    ref = DefaultRef(creator, "", "L")
    acl, kind = draft.effective_default(ref), privileges.OBJTYPE_KIND[ref.objtype]
    for name, purpose in blueprint.roles(context.config):
        acl = privileges.plus(acl, name, blueprint.on_later(purpose, kind, public=False, foreign=False))
    draft.default(ref, acl)


def revoked(draft: Draft, context: Context) -> None:
    """The State without legacy's default privileges, and without what those of others grant to it."""
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
    purpose="What app_migrator or the old role creates from now on is at once usable by app_user and readable by "
    "app_readonly. Grants that the old role's default privileges gave to other roles live on for app_migrator.",
    apply=apply,
    watch=("Nothing: the application cannot notice this step.",),
)
