"""enable-login: the new roles can log in, with the settings and limits that legacy has."""

from __future__ import annotations

from flatsplit import blueprint, ddl, privileges
from flatsplit.model import OWNER, PUBLIC, ObjectFacts, ObjectRef, SettingKey, State
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.split import transfer_ownership as transfer
from flatsplit.walks.split.context import Context

# Settings that are not carried over, since they say which role a session becomes
_NOT_CARRIED = frozenset({"role", "session_authorization"})


def apply(state: State, context: Context) -> State:
    """Settings and limits are carried over, CREATE is taken from PUBLIC, and the roles get LOGIN with a password."""
    draft = Draft(state)
    for role in context.config.entering:
        facts = draft.roles.get(role)
        if facts is not None and not (role in context.adopted and facts.login):
            draft.let_in(role, password=context.config.auth == "password")
    _settings(draft, context)
    _attributes(draft, context)
    _public(draft, context)
    transfer.late(draft, context)
    return draft.state()


def legacy_settings(state: State, context: Context) -> dict[str, str]:
    """The settings of a legacy session in this database: its own for all databases, overridden by those for
    this one.
    """
    merged: dict[str, str] = {}
    for database in ("", state.target.database):
        merged.update(state.settings.get(SettingKey(context.legacy, database), ()))
    return {name: value for name, value in merged.items() if name not in _NOT_CARRIED}


def search_path(state: State, context: Context) -> str | None:
    """Legacy's search_path with the schema that "$user" means written out; None where there is no such schema.

    ``"$user"`` is the schema with the name of the session's role, so app_user would not find it.
    """
    path = legacy_settings(state, context).get("search_path", state.target.default_search_path)
    elements = ddl.split_list(path)
    if "$user" not in elements or ObjectRef("schema", "", context.legacy) not in state.objects:
        return None
    spelled = [context.legacy if element == "$user" else element for element in elements]
    return ", ".join('"' + element.replace('"', '""') + '"' for element in dict.fromkeys(spelled))


def _settings(draft: Draft, context: Context) -> None:
    """Settings IN DATABASE for app_user, app_migrator and app_readonly. What an adopted role has already stays."""
    state = draft.before
    if context.retired:  # legacy's settings for this database are revoked, or legacy was dropped
        state = context.baseline
    wanted = legacy_settings(state, context)
    path = search_path(state if state.objects else draft.before, context)
    if path is not None:
        wanted["search_path"] = path
    for role in blueprint.taking(context.config, "settings"):
        everywhere = dict(draft.settings.get(SettingKey(role, ""), ())) if role in context.adopted else {}
        for name, value in sorted(wanted.items()):
            if role in draft.roles and name not in everywhere:
                draft.setting(SettingKey(role, draft.target.database), name, value)


def _attributes(draft: Draft, context: Context) -> None:
    """Connection limit, expiry and BYPASSRLS of app_user, expiry and CREATEDB of app_migrator.

    app_migrator gets BYPASSRLS when ownership is transferred. Membership passes on none of them (manual, "Role
    Membership"). REPLICATION and CREATEROLE are not carried over: neither the application nor its migrations need them.
    """
    legacy, now = context.baseline.roles.get(context.legacy), draft.before.roles.get(context.legacy)
    if legacy is None:
        return
    # The date may have passed since, which nobody knows of a role that is gone
    passed = legacy.expired or now is None or (now.expired and now.valid_until == legacy.valid_until)
    for role, purpose in blueprint.roles(context.config):
        facts, takes = draft.roles.get(role), purpose.takes
        if facts is None or role in context.adopted:
            continue
        # A limit of 0 is a way to lock the old role out, and none of what its application needs
        if "connection_limit" in takes and legacy.connection_limit > 0 and facts.connection_limit == -1:
            draft.role(role, connection_limit=legacy.connection_limit)
        if "valid_until" in takes and legacy.valid_until is not None and not passed:
            draft.role(role, valid_until=legacy.valid_until if facts.valid_until is None else facts.valid_until)
        if "bypassrls" in takes and legacy.bypassrls:
            draft.role(role, bypassrls=True)
        if "createdb" in takes and legacy.createdb and not legacy.superuser:
            draft.role(role, createdb=True)


def narrowed(ref: ObjectRef, context: Context, database: str) -> bool:
    """Whether PUBLIC loses CREATE on the object."""
    if ref.kind == "database":
        return ref.name == database
    return ref.kind == "schema" and (ref.name == "public" or ref.name in context.scope)


def reliers(state: State, ref: ObjectRef, context: Context) -> list[str]:
    """Roles that own something in the schema and could create it only as PUBLIC. Superusers need no grant."""
    new = frozenset(context.config.roles.new)
    owners = {
        group.facts.owner
        for group in state.groups
        if group.schema == ref.name and not group.facts.extension and group.facts.note != "system"
    }
    return sorted(
        owner
        for owner in owners - new - {context.legacy, ""}
        if owner in state.roles and not state.roles[owner].superuser and not owner.startswith("pg_")
    )


def _public(draft: Draft, context: Context) -> None:
    """PUBLIC loses CREATE; roles that relied on it are granted it by name."""
    database = draft.target.database

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if ref.kind not in ("schema", "database") or not narrowed(ref, context, database):
            return facts
        if "C" not in privileges.letters(facts.acl, PUBLIC):
            return facts
        acl = facts.acl
        if ref.kind == "schema":
            for role in reliers(draft.before, ref, context):
                if role != facts.owner:
                    acl = privileges.plus(acl, role, "C")
            if context.legacy not in (facts.owner, OWNER) and not _bridged(draft, context):
                acl = privileges.plus(acl, context.legacy, "C") if context.legacy in draft.roles else acl
        return facts._replace(acl=privileges.without(acl, PUBLIC, "C"))

    draft.rewrite(change)


def _bridged(draft: Draft, context: Context) -> bool:
    migrator = blueprint.owner(context.config)
    return any(key[:2] == (migrator, context.legacy) for key in draft.members)


def _opened(state: State, context: Context) -> bool:
    """Whether a new role can log in that could not when first seen."""
    logins = {name for name in context.config.entering if name in state.roles and state.roles[name].login}
    return bool(logins - {name for name, facts in context.baseline.roles.items() if facts.login})


def _not_adopted(context: Context) -> Roles:
    """The new roles without the adopted ones, whose sessions were there before."""
    return tuple(role for role in context.config.roles.new if role not in context.adopted)


STEP = Step(
    key=split.ENABLE_LOGIN,
    title="Let the new roles log in",
    purpose="Carries the old role's settings and limits over, takes CREATE in the schemas in scope from PUBLIC "
    "(those who relied on it are granted it by name), and gives the new roles LOGIN and a password.",
    apply=apply,
    by_hand=_opened,
    vacates=_not_adopted,
    watch=("Roles that created objects in schema public only because everybody could.",),
)
