"""Hazards in roles that act as legacy, or can make others do so: members, makers of logins, circles. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, membership
from flatsplit.config.text import quote
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.model import Member
from flatsplit.rights.dumping import dumping
from flatsplit.walks import split
from flatsplit.walks.provider import recognise
from flatsplit.walks.split.kind import through
from flatsplit.walks.split.members import heir, leading, members_of_legacy, moving, wanted

_MANUAL = "role-membership.html"


@hazard(
    "legacy-members",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_auth_members: members of legacy, directly or through others; [members] in flatsplit.toml",
    why="Their sessions act as legacy, so legacy is not out of use while they are connected. They keep its rights "
    "until revoke-legacy, and are made members of app_user then: they read and write rows and change no structure.",
    fix="Name those who change the structure under [members] in flatsplit.toml, and move the application's logins "
    "before switch-connections.",
    manual=_MANUAL,
)
def legacy_members(seen: Seen) -> Iterator[Found]:
    """Others who act as legacy, and what they become members of."""
    config, state, context = seen.context.config, seen.state, seen.context
    members = sorted({key.member for key in members_of_legacy(state, context)})
    if not members or seen.legacy not in state.roles:
        return
    known = dict(config.members)
    open_ = [name for name in members if name not in known]
    repurposed = config.retire == "repurpose"
    when = split.LOCK_LEGACY if repurposed else split.REVOKE_LEGACY
    user = blueprint.application(config)
    told = [f"{name} becomes a member of {heir(context, name)}" for name in members if name in known]
    first = (open_ or members)[0]
    alone = not state.roles[seen.legacy].login and not context.retired
    title = f"{few(members)} can act as {seen.legacy}"
    if alone and context.baseline.roles.get(seen.legacy, state.roles[seen.legacy]).login is False:
        title = f"nobody logs in as {seen.legacy}: the application logs in as {few(members)}, a member of it"
    becomes = f"{few(open_)} will be {'a member' if not open_[1:] else 'members'} of {user}: rows, no structure"
    if repurposed:
        becomes = f"{few(open_)} will have {user}'s rights over {seen.legacy}: rows, no structure"
    parts = [f"Sessions of members count as {seen.legacy}'s, and keep its rights until {when}. From then on:"]
    parts += ["; ".join([*([becomes] if open_ else []), *told]) + "."]
    fix = (
        f"Nothing, or change it under [members] in flatsplit.toml. To move one at once: {moving(state, context, first)}"
    )
    if open_:
        fix = (
            f"Who changes the structure, name in flatsplit.toml: [members] {quote(first)} = "
            f"\"app_migrator\". The application's logins become {user}'s before the switch is done: "
            f"{moving(state, context, first)}"
        )
    if repurposed:
        fix = f'Who changes the structure, name in flatsplit.toml: [members] {quote(first)} = "app_migrator".'
    logins = [name for name in open_ if _logins(seen, name)]
    yield Found(title, tuple(members), "warning" if logins else "note", " ".join(parts), fix)


def _logins(seen: Seen, member: str) -> tuple[str, ...]:
    return membership.logins_of(seen.state, member, seen.context.config.roles.new)


@hazard(
    "members-set-role",
    "warning",
    split.REVOKE_LEGACY,
    looks_at="members of legacy whose rights come with SET ROLE alone: the setting role of pg_db_role_setting, and "
    "memberships without INHERIT",
    why="revoke-legacy makes them members of another role on the same terms, and SET ROLE to legacy is refused from "
    "then on. Where a setting says it, each login gets a warning and goes on as itself: without INHERIT it has no "
    "rights at all, and what it creates is its own.",
    fix="After transfer-ownership, and before revoke-legacy, let them become the new role instead.",
    manual="sql-set-role.html",
)
def members_set_role(seen: Seen) -> Iterator[Found]:
    """Members of legacy that act as it by its name."""
    state, context = seen.state, seen.context
    if context.config.retire == "repurpose":  # they stay its members, and it has the new role's rights
        return
    here, found, clients = state.target.database, dict[str, str](), list[str]()
    moves, settings = dict[str, None](), list[str]()
    for key, options in members_of_legacy(state, context).items():
        to = heir(context, key.member)
        inherits = state.roles[key.member].inherit if options.inherit is None else options.inherit
        for login in _logins(seen, key.member) if to else ():
            begins = state.setting_of(login, "role")
            if begins is not None and begins[1] in context.retiring and not (begins[0].role == "" and inherits):
                found[login] = f"{login}: its sessions begin with role = {begins[1]}"
                settings.append(ddl.set_setting(login, here, "role", to))
            elif login == key.member and not inherits:
                found[login] = f"{login}: without INHERIT, it acts as {key.role} after SET ROLE"
                clients.append(f"{login} has to SET ROLE {ddl.ident(to)} from then on.")
            else:
                continue
            moves[moving(state, context, key.member)] = None
    if found:
        lines = (*moves, *dict.fromkeys(settings))
        yield Found(
            f"{few(sorted(found))} {'act' if found.keys() - {min(found)} else 'acts'} as {seen.legacy} by SET ROLE",
            tuple(found[name] for name in sorted(found)),
            fix=" ".join(["After transfer-ownership, and before revoke-legacy:", *clients]),
            sql=lines,
        )


@hazard(
    "members-dump",
    "note",
    split.REVOKE_LEGACY,
    looks_at="logins that are members of legacy: whether they could dump the whole database, and could when "
    "revoke-legacy has made them members of another role; row-level security",
    why="pg_dump has to read every row of every table. Policies hold for whoever does not own the table, and end it "
    "with an error.",
    fix='Take the dumps as app_migrator, or name the login in flatsplit.toml: [members] "login" = "app_migrator".',
    manual="app-pgdump.html",
    questions=("rls",),
)
def members_dump(seen: Seen) -> Iterator[Found]:
    """Members of legacy whose pg_dump fails after the walk."""
    state, context = seen.state, seen.context
    direct = {key.member for key in members_of_legacy(state, context)}
    if not direct or context.config.retire == "repurpose":
        return
    guarded = {(schema, name): forced for schema, name, forced, *_ in seen.rows("rls")}
    members = sorted({login for member in direct for login in _logins(seen, member)})
    able = [login for login, ends in dumping(state, guarded, members).items() if not ends]
    then = dumping(through(state, context, split.REVOKE_LEGACY), guarded, able) if able else {}
    lost = {login: then.get(login, ()) for login in able if then.get(login) != ()}
    if lost:
        logins = sorted(lost)
        heirs = sorted({leading(state, context, login) for login in logins})
        named = " ".join(f'{quote(name)} = "app_migrator"' for name in heirs[:1])
        tables = sorted({table for tables in lost.values() for table in tables})
        reasons = (
            f"{few(tables)} {'have' if tables[1:] else 'has'} row security" if tables else "rights are left behind"
        )
        yield Found(
            f"{few(logins)} can pg_dump the database, and could not after revoke-legacy: {reasons}",
            (*logins, *tables),
            fix=f"Nothing, if nobody does. Else take the dumps as {blueprint.owner(context.config)}, or name it in "
            f"flatsplit.toml: [members] {named}",
        )


@hazard(
    "legacy-makers",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_auth_members.admin_option: who may make others members of legacy, and pg_roles.rolcreaterole",
    why="A secrets manager or a provisioning tool makes logins IN ROLE legacy with it. Each of them has legacy's "
    "power, under a name that nobody knows beforehand; and from revoke-legacy on it can make none that works.",
    fix="After create-roles let it have app_user instead, and make its logins IN ROLE app_user, before the switch.",
    manual=_MANUAL,
)
def legacy_makers(seen: Seen) -> Iterator[Found]:
    """Roles that create logins which act as legacy."""
    state, context = seen.state, seen.context
    provider = recognise(state)
    apart = {state.target.operator, *context.config.roles.new, *context.retiring}
    if provider is not None:
        apart |= {provider.group, *membership.acting(state, provider.group)}
    keys = [
        key
        for key, options in sorted(state.members.items())
        if options.admin and key.role in context.retiring and key.member not in apart and key.member in state.roles
        if not state.roles[key.member].superuser
    ]
    makers = sorted({key.member for key in keys})
    if not makers:
        return
    makes = [name for name in makers if state.roles[name].createrole]
    user = blueprint.application(context.config)
    first = (makes or makers)[0]
    given = f"GRANT {ddl.ident(user)} TO {ddl.ident(first)} WITH ADMIN OPTION;"
    taken = " ".join(_revoke(seen, key) for key in keys if key.member == first)
    yield Found(
        f"{few(makers)} can {'make logins that act' if makes else 'let others act'} as {seen.legacy} (ADMIN OPTION)",
        tuple(makers),
        "warning" if makes else "note",
        fix=f"After create-roles: {given} Let it make its logins IN ROLE {ddl.ident(user)} from then on; "
        f"when the last of the others is gone: {taken}",
    )


@hazard(
    "roles-circle",
    "blocker",
    split.CREATE_ROLES,
    looks_at="pg_auth_members: whether a new role that exists is a member of legacy, directly or through others; and "
    "any other circle that the steps' memberships would close",
    why="transfer-ownership makes legacy a member of app_migrator, and PostgreSQL refuses a circle. A role that is a "
    "member of legacy would also keep whatever legacy may.",
    fix="REVOKE the membership before create-roles, or choose other names under [roles] in flatsplit.toml.",
    manual=_MANUAL,
)
def roles_circle(seen: Seen) -> Iterator[Found]:
    """Memberships that PostgreSQL would refuse, found before the first step."""
    state, context = seen.state, seen.context
    ways = {way[:2]: way for way in _ways(seen)}
    for way in ways.values():
        keys = [key for key in sorted(state.members) if (key.member, key.role) == way[:2]]
        taken = " ".join(_revoke(seen, key) for key in keys)
        over = f" (over {', '.join(way[1:-1])})" if way[2:] else ""
        purpose = context.config.roles.purpose(way[0])
        fix = f"Before create-roles: {taken}"
        if purpose and way[-1] in context.retiring:
            fix += f" (what it does as {way[-1]} today, it can again once transfer-ownership is done)"
        if purpose:
            fix += f" Or choose another name for {purpose} under [roles]."
        why = f"which is to become a member of {way[0]}"
        if purpose and way[0] != blueprint.owner(context.config) and way[-1] in context.retiring:
            why = f"and would keep all that {way[-1]} may"
        yield Found(
            f"{way[0]} is a member of {way[-1]}{over}, {why}",
            (" in ".join(way),),
            fix=fix,
        )


def _ways(seen: Seen) -> Iterator[tuple[str, ...]]:
    """For each membership that a step wants and whose reverse exists: the way between them."""
    state, context = seen.state, seen.context
    who = blueprint.who(context.config)
    for name in (who.application, who.owner, who.reader):
        for old in sorted(context.retiring):
            if name in state.roles and (way := membership.circle(state, name, old))[1:]:
                yield way
    for edges, role, member in wanted(state, context):
        way = membership.circle(edges, role, member)
        if way[1:] and Member(way[1], way[0], "")[:2] in {key[:2] for key in state.members}:
            yield way


def _revoke(seen: Seen, key: Member) -> str:
    return ddl.revoke_member(key, by=seen.state.target.membership_options)
