"""default-privileges: what the new roles may do with objects that will be created."""

from __future__ import annotations

from flatsplit import blueprint, privileges
from flatsplit.model import OWNER, PUBLIC, Acl, DefaultRef, ObjectRef, State, intern_acl, versions
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.split import restricted
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.grants import groups_of, lent, of_the_database
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
    _from_others(draft, context, source, apart=context.owners | stay | new)
    return draft.state()


def _from_others(draft: Draft, context: Context, source: State, apart: frozenset[str]) -> None:
    """What other roles create for legacy (a loader's new table each night) they create for the new roles as well, as
    grant-existing shares what they own already.

    A row for all schemas says nothing to a role that stays in scope: that gets rows for the schemas in scope.
    """
    roles = blueprint.roles(context.config)
    left = restricted.left_behind(draft.before, context).union(role.name for role in roles)
    groups, implied = groups_of(source, context.legacy, left) - apart, of_the_database(source, context)
    alone = bool(restricted.memberships(draft.before, context))
    for ref, acl in sorted(source.defaults.items()):
        if ref.creator in apart or ref.creator not in draft.roles:
            continue
        own, kind = privileges.letters(acl, context.legacy), privileges.OBJTYPE_KIND[ref.objtype]
        use = blueprint.of_use(kind)
        given = privileges.within("".join(sorted(lent(acl, "", implied))), use)
        through = privileges.within("".join(sorted(lent(acl, "", groups | implied))), use)
        mine = "".join(sorted({*privileges.within(own, use), *through}))
        everywhere = not ref.schema and ref.objtype not in ("n", "L")
        inside = [ref._replace(schema=schema) for schema in context.config.schemas if everywhere]
        for name, purpose in roles:
            if purpose.keeps_all:
                _lend(draft, ref, name, own, privileges.grantable(acl, context.legacy))
                _lend(draft, ref, name, through if alone else given)
            borrowed = privileges.within(mine, purpose.borrows.get(kind, ""))
            for one in inside if everywhere and not purpose.beyond_scope else [ref]:
                if purpose.beyond_scope or not one.schema or one.schema in context.scope:
                    _lend(draft, one, name, borrowed)


def _lend(draft: Draft, ref: DefaultRef, role: str, letters: str, option: str = "") -> None:
    if letters and (not ref.schema or draft.get(ObjectRef("schema", "", ref.schema)) is not None):
        draft.default(ref, privileges.plus(draft.effective_default(ref), role, letters, option))


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
    "app_readonly. Grants that the old role's default privileges gave to other roles live on for app_migrator. "
    "What others create for the old role they create for the new ones, too.",
    apply=apply,
    watch=("Nothing: the application cannot notice this step.",),
)
