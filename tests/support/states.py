"""Random States that a server could have, with every kind of old role, for property tests without a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import get_args

from hypothesis import strategies as st

from flatsplit import privileges
from flatsplit.config import Config
from flatsplit.config.values import DatabaseOwner, Retire, RoleNames
from flatsplit.model import (
    OWNER,
    PUBLIC,
    ROUTINES,
    SINGLE,
    Acl,
    AclItem,
    DefaultRef,
    Kind,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    PolicyFacts,
    RoleFacts,
    RowSecurity,
    SettingKey,
    State,
    Target,
    intern_acl,
)
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.origin import Progress
from flatsplit.walks.split.remembered import reduce

LEGACY = "shop"
THIRD = ("audit", "nightly", "third")
"""Roles that no step is about; they own objects, hold rights and grant them on."""

KINDS_OF_LEGACY = ("plain", "superuser", "bootstrap", "bypassrls", "createrole", "noinherit")
RETIRE: tuple[Retire, ...] = get_args(Retire)

_DATABASE = ObjectRef("database", "", "shop")
_PUBLIC_SCHEMA = ObjectRef("schema", "", "public")
_IN_SCHEMA: tuple[Kind, ...] = (
    "table",
    "partitioned_table",
    "view",
    "materialized_view",
    "sequence",
    "function",
    "procedure",
    "type",
)
_UNSCHEMED: tuple[Kind, ...] = ("server", "large_object", "publication", "event_trigger", "language", "extension")
_MOVABLE: tuple[Kind, ...] = ("server", "large_object", "language")
_SAYS = st.sampled_from(("true", "tree 0123"))
_NOTES = {"publication": ("", "all_tables"), "function": ("", "definer", "trigger")}


@dataclass(frozen=True)
class World:
    """A State before the walk, and what the steps need besides."""

    state: State
    config: Config
    kind: str
    """One of :data:`KINDS_OF_LEGACY`."""

    @property
    def new(self) -> frozenset[str]:
        """The four roles."""
        return frozenset(self.config.roles.new)

    def context(self, *, retired: bool = False) -> Context:
        """The context of a walk that has this State as its baseline."""
        return Context(self.config, reduce(self.state, self.config), retired)

    def progress(self, count: int) -> Progress:
        """The progress that the journal would have recorded after ``count`` steps."""
        return Progress(narrowed=count >= 5, locked=count >= 8)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world of any major version, kind of old role, way of retiring, with or without adopted roles."""
    kind = draw(st.sampled_from(KINDS_OF_LEGACY))
    config = Config(
        name="shop",
        legacy_role=LEGACY,
        schemas=("app", "public") if draw(st.booleans()) else ("public",),
        retire=(retire := draw(st.sampled_from(RETIRE))),
        # A role that will be dropped cannot keep the database; doctor reports that before the walk
        database_owner=draw(st.sampled_from(("app_migrator", "dba") if retire == "drop" else get_args(DatabaseOwner))),
        roles=RoleNames(dba=draw(st.sampled_from(("dba", ""))), dba_login=draw(st.booleans())),
        auth=draw(st.sampled_from(("password", "external"))),
    )
    config = replace(config, gates=replace(config.gates, drain=timedelta(0)))
    target = Target(
        system_identifier="7",
        database="shop",
        database_oid=5,
        version=draw(st.sampled_from((13, 14, 15, 16, 17, 18))) * 10000,
        operator="ops",
        operator_superuser=draw(st.booleans()),
        bootstrap=LEGACY if kind == "bootstrap" else "postgres",
    )
    roles = _roles(draw, kind, target, config)
    state = State(target, roles=roles)
    grantees = [*THIRD, *(name for name in config.roles.new if name in roles), LEGACY]
    state = replace(state, members=_members(draw, state, config))
    state = replace(state, objects=_objects(draw, target.major, grantees, whole=retire != "drop"))
    state = replace(state, columns=_columns(draw, state, grantees))
    state = replace(state, defaults=_defaults(draw, target.major))
    state = replace(state, policies=_policies(draw, state), mappings=_mappings(draw, state))
    state = replace(state, settings=_settings(draw, roles))
    state = replace(state, conditions={ref: PolicyFacts(using=draw(_SAYS)) for ref in state.policies})
    state = replace(
        state, row_security={ref: RowSecurity(draw(st.booleans()), draw(st.booleans())) for ref in _tables(state)}
    )
    return World(state, config, kind)


def _roles(draw: st.DrawFn, kind: str, target: Target, config: Config) -> dict[str, RoleFacts]:
    legacy = RoleFacts(
        superuser=kind in ("superuser", "bootstrap"),
        bypassrls=kind in ("bypassrls", "bootstrap"),
        createrole=kind in ("createrole", "bootstrap"),
        createdb=kind == "bootstrap" or draw(st.booleans()),
        inherit=kind != "noinherit",
        login=draw(st.booleans()),
        connection_limit=draw(st.sampled_from((-1, 20))),
        valid_until=draw(st.sampled_from((None, "2030-01-01 00:00:00+00"))),
        password=True,
    )
    legacy = legacy._replace(password=legacy.login)
    roles = {LEGACY: legacy, "ops": RoleFacts(superuser=target.operator_superuser, createrole=True, login=True)}
    roles.update(dict.fromkeys(THIRD, RoleFacts(login=True, password=True)))
    if kind != "bootstrap":
        roles["postgres"] = RoleFacts(superuser=True, createdb=True, createrole=True, bypassrls=True, login=True)
    if target.major >= 14:
        roles["pg_database_owner"] = RoleFacts()
    for name in draw(st.lists(st.sampled_from(config.roles.new), unique=True, max_size=2)):
        login = draw(st.booleans())
        roles[name] = RoleFacts(login=login, password=login, createdb=draw(st.booleans()))
    return roles


def _options(draw: st.DrawFn, major: int) -> MemberOptions:
    admin = draw(st.booleans())
    return MemberOptions(admin, draw(st.booleans()), draw(st.booleans())) if major >= 16 else MemberOptions(admin)


def _members(draw: st.DrawFn, state: State, config: Config) -> dict[Member, MemberOptions]:
    """Memberships without circles: a role can only be a member of those before it in this list."""
    order = ["third", "audit", LEGACY, "nightly"]
    order += [name for name in config.roles.new if name in state.roles and name != config.roles.app_migrator]
    pairs = st.tuples(st.sampled_from(order), st.sampled_from(order)).filter(
        lambda pair: order.index(pair[0]) < order.index(pair[1])
    )
    found: dict[Member, MemberOptions] = {}
    for role, member in draw(st.lists(pairs, unique=True, max_size=4)):
        found[Member(role, member, state.target.grantor)] = _options(draw, state.target.major)
    if state.target.major >= 16 and not state.roles[LEGACY].superuser:  # what a superuser gives is the bootstrap one's
        away = [key for key, options in found.items() if key.member == LEGACY and options.admin]
        for role, member in [(key.role, name) for key in away for name in THIRD if name != key.role]:
            if draw(st.booleans()) and order.index(role) < order.index(member):
                found[Member(role, member, LEGACY)] = _options(draw, 16)
    return found


def _acl(draw: st.DrawFn, kind: str, owner: str, major: int, grantees: list[str]) -> Acl:
    every = privileges.owner_letters(kind, major)
    if not every:
        return ()
    items = [AclItem(OWNER, OWNER, "".join(sorted(every)))]
    if (kept := draw(st.integers(0, 5))) < 2:  # what an owner took from itself: some of it or, with nobody else, all
        items = [AclItem(OWNER, OWNER, every[0])][:kept]
    if draw(st.booleans()):
        items += privileges.default_acl(kind, major)
    some = st.text(every, min_size=1, max_size=3).map(lambda text: "".join(sorted(set(text))))
    others = [name for name in (*grantees, PUBLIC) if name != owner]
    for grantee in draw(st.lists(st.sampled_from(others), unique=True, max_size=3)):
        letters = draw(some)
        option = letters if grantee != PUBLIC and draw(st.integers(0, 3)) == 0 else ""
        items.append(AclItem(grantee, OWNER, letters, option))
        if option and grantee != LEGACY:
            items.append(AclItem(_onward(grantee, owner), grantee, letters))
    return intern_acl(items)


def _onward(grantee: str, owner: str) -> str:
    """The role that a grantee grants its rights on to."""
    return next(name for name in THIRD if name not in (grantee, owner))


def _facts(draw: st.DrawFn, kind: str, major: int, grantees: list[str]) -> ObjectFacts:
    owner = draw(st.sampled_from((LEGACY, LEGACY, LEGACY, "third")))
    note = draw(st.sampled_from(_NOTES.get(kind, ("",))))
    return ObjectFacts(owner, _acl(draw, kind, owner, major, grantees), note=note)


def _objects(draw: st.DrawFn, major: int, grantees: list[str], *, whole: bool) -> dict[ObjectRef, ObjectFacts]:
    """Random objects; with ``whole`` also kinds that may stay with the old role, since no new role can own them."""
    objects: dict[ObjectRef, ObjectFacts] = {}
    owner = draw(st.sampled_from((LEGACY, "third")))
    objects[_DATABASE] = ObjectFacts(owner, _acl(draw, "database", owner, major, grantees))
    owner = "pg_database_owner" if major >= 15 else LEGACY
    public = [AclItem(OWNER, OWNER, "CU"), AclItem(PUBLIC, OWNER, draw(st.sampled_from(("U", "CU"))))]
    objects[_PUBLIC_SCHEMA] = ObjectFacts(owner, intern_acl(public))
    objects[ObjectRef("schema", "", "app")] = _facts(draw, "schema", major, grantees)
    shared = {kind: _facts(draw, kind, major, grantees) for kind in _IN_SCHEMA}  # several alike are one group
    for place, kind in enumerate(draw(st.lists(st.sampled_from(_IN_SCHEMA), max_size=6))):
        args = "integer" if kind in ROUTINES else ""
        facts = shared[kind] if draw(st.booleans()) else _facts(draw, kind, major, grantees)
        objects[ObjectRef(kind, draw(st.sampled_from(("app", "public"))), f"{kind[0]}{place}", args)] = facts
    for place, kind in enumerate(draw(st.lists(st.sampled_from(_UNSCHEMED if whole else _MOVABLE), max_size=3))):
        name = str(17000 + place) if kind == "large_object" else f"{kind}{place}"
        objects[ObjectRef(kind, "", name)] = _facts(draw, kind, major, grantees)
    return objects


def _tables(state: State) -> list[ObjectRef]:
    return [ref for ref in state.objects if ref.kind == "table"]


def _columns(draw: st.DrawFn, state: State, grantees: list[str]) -> dict[ObjectRef, Acl]:
    found = {}
    for table in _tables(state):
        if draw(st.booleans()):
            owner = state.objects[table].owner
            grantee = draw(st.sampled_from([name for name in grantees if name != owner]))
            items = [AclItem(grantee, OWNER, letters := draw(st.sampled_from(("r", "rw", "x"))))]
            if grantee != LEGACY and draw(st.booleans()):
                items = [items[0]._replace(grantable=letters), AclItem(_onward(grantee, owner), grantee, letters)]
            found[ObjectRef("column", table.schema, table.name, "c")] = intern_acl(items)
    return found


def _defaults(draw: st.DrawFn, major: int) -> dict[DefaultRef, Acl]:
    found: dict[DefaultRef, Acl] = {}
    for creator in draw(st.lists(st.sampled_from((LEGACY, "third")), unique=True, max_size=2)):
        schema, objtype = draw(st.sampled_from(("", "public", "app"))), draw(st.sampled_from("rSfT"))
        kind = privileges.OBJTYPE_KIND[objtype]
        others = [name for name in (*THIRD, LEGACY) if name != creator]
        letter = draw(st.sampled_from(privileges.owner_letters(kind, major)))
        item = AclItem(draw(st.sampled_from(others)), OWNER, letter)
        builtin = () if schema else privileges.default_acl(kind, major)
        found[DefaultRef(creator, schema, objtype)] = intern_acl([*builtin, item])
    return found


def _policies(draw: st.DrawFn, state: State) -> dict[ObjectRef, frozenset[str]]:
    some = st.frozensets(st.sampled_from((LEGACY, PUBLIC, "third")), min_size=1, max_size=2)
    return {
        ObjectRef("policy", table.schema, table.name, "own"): draw(some)
        for table in _tables(state)
        if draw(st.booleans())
    }


def _mappings(draw: st.DrawFn, state: State) -> frozenset[ObjectRef]:
    return frozenset(
        ObjectRef("user_mapping", "", server.name, role)
        for server in state.objects
        if server.kind == "server"
        for role in draw(st.lists(st.sampled_from((LEGACY, "third", PUBLIC)), unique=True, max_size=2))
    )


def _settings(draw: st.DrawFn, roles: dict[str, RoleFacts]) -> dict[SettingKey, tuple[tuple[str, str], ...]]:
    values = {"statement_timeout": "5s", "work_mem": "64MB", "search_path": '"$user", public'}
    found = {}
    for role in draw(st.lists(st.sampled_from((LEGACY, "third")), unique=True, max_size=2)):
        for database, names in (("shop", ("statement_timeout", "search_path")), ("", ("work_mem",))):
            rows = tuple((name, values[name]) for name in sorted(names) if draw(st.booleans()))
            if rows and role in roles:
                found[SettingKey(role, database)] = rows
    return found


def assert_grouped(state: State) -> None:
    """What a State keeps together is all that it has, each once, sorted, and the same Python object's."""
    for group in state.groups:
        assert group.refs == sorted(set(group.refs))
        assert all((ref.kind, ref.schema) == group[:2] for ref in group.refs)
        assert all(state.objects[ref] is group.facts for ref in group.refs)
        assert len(group.refs) == 1 or group.kind not in SINGLE
    assert sum(len(group.refs) for group in state.groups) == len(state.objects)
