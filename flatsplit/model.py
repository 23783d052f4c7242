"""The words flatsplit thinks in: objects, facts, states, statements.

Everything here is a value: compared by content and never changed in place. A
:class:`State` of 20,000 objects has only a few hundred distinct access control
lists, so these are interned and shared (see :func:`intern_acl`); comparing two
states is mostly comparing pointers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

PUBLIC = ""
"""Grantee of a privilege that everybody has. No role can be named so."""

OWNER = "\0owner"
"""Stands for "whoever owns the object" as grantee or grantor. No role name can hold a NUL.

``ALTER … OWNER TO`` rewrites the old owner's entries to the new owner (aclnewowner() in
PostgreSQL's acl.c), so an ACL written with this placeholder does not change when the owner does.
"""

Kind: TypeAlias = Literal[
    "database",
    "schema",
    "table",
    "partitioned_table",
    "foreign_table",
    "view",
    "materialized_view",
    "sequence",
    "function",
    "procedure",
    "aggregate",
    "type",
    "domain",
    "collation",
    "conversion",
    "operator",
    "operator_class",
    "operator_family",
    "text_search_configuration",
    "text_search_dictionary",
    "statistics",
    "large_object",
    "foreign_data_wrapper",
    "server",
    "publication",
    "subscription",
    "event_trigger",
    "extension",
    "language",
    "tablespace",
    "parameter",
    "user_mapping",
    "policy",
    "column",
]

TABLES: frozenset[str] = frozenset({"table", "partitioned_table", "foreign_table"})
RELATIONS: frozenset[str] = TABLES | {"view", "materialized_view", "sequence"}
ROUTINES: frozenset[str] = frozenset({"function", "procedure", "aggregate"})
TYPES: frozenset[str] = frozenset({"type", "domain"})


class ObjectRef(NamedTuple):
    """The name of one thing in the catalog; hashes and sorts as the tuple it is.

    ``schema`` is "" for what lives in no schema. ``args`` tells apart what the name alone
    does not: routine arguments as ``pg_get_function_identity_arguments`` prints them (input types for an
    aggregate), operator operand types as ``left,right`` (NONE for a missing one), the access method of an operator
    class or family, the column, the policy, the role of a user mapping ("" for PUBLIC). ``name`` of a column or
    policy is its table's, of a user mapping its server's, of a large object its oid.
    """

    kind: Kind
    schema: str
    name: str
    args: str = ""


class AclItem(NamedTuple):
    """Privileges that one grantor gave to one grantee, as sorted PostgreSQL letters.

    ``grantable`` is the subset of ``privileges`` held WITH GRANT OPTION. Letters: r SELECT, a INSERT, w UPDATE,
    d DELETE, D TRUNCATE, x REFERENCES, t TRIGGER, m MAINTAIN, X EXECUTE, U USAGE, C CREATE, c CONNECT, T TEMPORARY,
    s SET, A ALTER SYSTEM (manual, table "ACL Privilege Abbreviations").
    """

    grantee: str
    grantor: str
    privileges: str
    grantable: str = ""


Acl: TypeAlias = tuple[AclItem, ...]
"""Sorted by (grantee, grantor), each pair once, no empty item. NULL in the catalog is written out (acldefault())."""

_acls: dict[Acl, Acl] = {}


def intern_acl(items: Iterable[AclItem]) -> Acl:
    """The one shared tuple for these items: sorted, merged per (grantee, grantor), without empty ones."""
    merged: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for item in items:
        have, grantable = merged.setdefault((item.grantee, item.grantor), (set(), set()))
        have.update(item.privileges)
        grantable.update(item.grantable)
    acl = tuple(
        AclItem(grantee, grantor, "".join(sorted(have)), "".join(sorted(grantable & have)))
        for (grantee, grantor), (have, grantable) in sorted(merged.items())
        if have
    )
    return _acls.setdefault(acl, acl)


class ObjectFacts(NamedTuple):
    """What flatsplit knows of one object. Shared between all objects of the same facts."""

    owner: str
    acl: Acl = ()
    """Canonical (see :data:`OWNER`); () for kinds without privileges."""
    extension: bool = False
    """Member of an extension (pg_depend deptype e): neither granted nor moved by itself."""
    follows: bool = False
    """Its owner follows another object's (sequence of a serial or identity column, pg_depend a/i)."""
    note: str = ""
    """What its kind needs to be handled: ``all_tables`` for a FOR ALL TABLES publication, ``definer`` for a
    SECURITY DEFINER routine, ``trigger`` for a routine returning trigger, ``system`` for an object of the system
    itself (oid below 16384, schema public left out), else ""."""


class DefaultRef(NamedTuple):
    """One row of pg_default_acl: for objects of ``objtype`` that ``creator`` makes in ``schema`` ("" for all)."""

    creator: str
    schema: str
    objtype: str
    """r relations, S sequences, f routines, T types, n schemas, L large objects (18+)."""


class Member(NamedTuple):
    """``member`` may use the rights of ``role``. Since 16 there is a row per grantor, before that one in all."""

    role: str
    member: str
    grantor: str


class MemberOptions(NamedTuple):
    """The options of a membership; ``inherit`` and ``set`` are None before 16."""

    admin: bool = False
    inherit: bool | None = None
    set: bool | None = None


class RoleFacts(NamedTuple):
    """The attributes of a role, as pg_roles shows them."""

    superuser: bool = False
    createdb: bool = False
    createrole: bool = False
    inherit: bool = True
    login: bool = False
    replication: bool = False
    bypassrls: bool = False
    connection_limit: int = -1
    valid_until: str | None = None
    """As PostgreSQL prints it in UTC, ISO style; None when unset or ``infinity``, which are the same."""
    expired: bool = False
    """``valid_until`` lies in the past of the server's clock."""
    password: bool = False
    """Whether a password is set; where pg_authid is unreadable, taken to be as ``login``."""
    elsewhere: tuple[str, ...] = ()
    """Other databases of the cluster with dependencies on the role (pg_shdepend) or settings for it, sorted."""


class SettingKey(NamedTuple):
    """One row of pg_db_role_setting; "" stands for all roles or all databases."""

    role: str
    database: str


Settings: TypeAlias = tuple[tuple[str, str], ...]
"""(name, value) pairs sorted by name, values exactly as in setconfig."""


@dataclass(frozen=True, slots=True)
class Target:
    """The database that is worked on, and who is working on it."""

    system_identifier: str
    """pg_control_system(); "" where it may not be read."""
    database: str
    database_oid: int
    version: int
    """server_version_num, for example 160004."""
    operator: str
    """current_user of flatsplit's session."""
    operator_superuser: bool
    bootstrap: str
    """Name of the role with oid 10; the grantor of what a superuser grants on 16+."""
    default_search_path: str = '"$user", public'
    """search_path of a role without settings of its own: from the database, else the configuration file."""

    @property
    def major(self) -> int:
        """13 … 18."""
        return self.version // 10000

    @property
    def membership_options(self) -> bool:
        """Whether memberships carry INHERIT and SET options and are kept per grantor (16+)."""
        return self.major >= 16

    @property
    def grantor(self) -> str:
        """The grantor that the server records when the operator grants a membership (user.c, check_role_grantor)."""
        return self.bootstrap if self.operator_superuser and self.membership_options else self.operator


class Group(NamedTuple):
    """Objects of one kind and schema that share all their facts. A schema or database is a group by itself.

    Any number of tables has only a few of these, so whatever looks at all objects had better look at groups.
    """

    kind: Kind
    schema: str
    facts: ObjectFacts
    refs: list[ObjectRef]


def group_objects(objects: Mapping[ObjectRef, ObjectFacts]) -> list[Group]:
    """Sort objects into groups; their order is that of their first members."""
    groups: dict[tuple[str, str, str, int], Group] = {}
    for ref, facts in objects.items():
        kind = ref.kind
        key = (kind, ref.schema, ref.name if kind in ("schema", "database") else "", id(facts))
        group = groups.get(key)
        if group is None:
            groups[key] = Group(kind, ref.schema, facts, [ref])
        else:
            group.refs.append(ref)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class State:
    """All facts of one database (and of the cluster's roles) at one moment. Mappings are never changed in place."""

    target: Target
    roles: Mapping[str, RoleFacts] = field(default_factory=dict)
    members: Mapping[Member, MemberOptions] = field(default_factory=dict)
    settings: Mapping[SettingKey, Settings] = field(default_factory=dict)
    objects: Mapping[ObjectRef, ObjectFacts] = field(default_factory=dict)
    columns: Mapping[ObjectRef, Acl] = field(default_factory=dict)
    """Column ACLs that are not NULL; OWNER is the table's owner."""
    defaults: Mapping[DefaultRef, Acl] = field(default_factory=dict)
    """Rows of pg_default_acl; OWNER is the creator. A missing global row means the built-in default."""
    policies: Mapping[ObjectRef, frozenset[str]] = field(default_factory=dict)
    """Row-level security policies and the roles they are for; PUBLIC for all."""
    mappings: frozenset[ObjectRef] = frozenset()
    """User mappings (their options may hold passwords and are never read)."""
    copied_mappings: Mapping[ObjectRef, str] = field(default_factory=dict)
    """For wanted user mappings: the role whose options they take over."""
    databases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other databases of the cluster by the role that owns them."""
    uses: Mapping[ObjectRef, tuple[ObjectRef, ...]] = field(default_factory=dict)
    """Relations that the rules of a view, materialized view or table read or write as its owner."""
    _groups: list[Group] | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def groups(self) -> list[Group]:
        """The objects, those alike together: what holds for one of a group holds for all."""
        if self._groups is None:
            object.__setattr__(self, "_groups", group_objects(self.objects))
        assert self._groups is not None
        return self._groups


Side: TypeAlias = Literal["+", "-"]


class Change(NamedTuple):
    """One fact that a statement adds or takes away: the unit of the journal and of a plan's digest."""

    side: Side
    fact: str
    """owner, privilege, column_privilege, default_privilege, member, role, attribute, setting, policy, user_mapping."""
    subject: str
    """The object, role or default as a person would write it."""
    detail: str
    """The rest of the fact, for example ``app_user=arwd/owner``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a plan: what a reviewer reads, what psql runs, what the journal keeps."""

    description: str
    sql: str
    """Runs as it is in psql; a secret appears as a variable such as ``:'app_user_verifier'``."""
    undo: str
    """Takes exactly this statement back; "" where nothing can (dropped roles)."""
    lock: str
    """Strongest lock it takes on something the application uses, in the manual's words; "" for none."""
    objects: tuple[ObjectRef, ...] = ()
    changes: tuple[Change, ...] = ()
    secrets: tuple[str, ...] = ()
    """Roles whose password verifier the statement needs at execution."""
    alone: bool = False
    """Must not share a transaction with other statements."""
    phase: int = 0
    """Statements of a later phase run only after all of an earlier one, contended ones included."""
    split: Callable[[], tuple[Statement, ...]] | None = field(default=None, compare=False, repr=False)
    """The same work object by object, for when one of several objects is contended or gone."""


Severity: TypeAlias = Literal["blocker", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A hazard that was found, or a decision that a person has to take."""

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    objects: tuple[str, ...] = ()
    step: str = ""
    """The step before which it has to be settled; "" for the walk as a whole."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate as it stands: open, closed with the reason, or waived."""

    key: str
    open: bool
    reason: str
    """One line: why it is closed, or the evidence on which it is open."""
    fix: str = ""
    waivable: bool = True
    judged: bool = True
    """False where nobody has looked yet, because the step is not the next one."""
    waived: str = ""
    """The reason that was given for waiving it, "" when it was not waived."""

    @property
    def passes(self) -> bool:
        """Whether the step may go on as far as this gate is concerned."""
        return self.open or bool(self.waived)


@dataclass(frozen=True, slots=True)
class Session:
    """A connection as pg_stat_activity shows it."""

    role: str
    database: str
    client: str
    application: str
    state: str
    pid: int = 0
    backend_start: str = ""
    idle_for: float = 0.0
    """Seconds since it last did anything, where it is idle."""


StepKey: TypeAlias = Literal[
    "create-roles",
    "grant-existing",
    "default-privileges",
    "transfer-ownership",
    "enable-login",
    "switch-connections",
    "verify",
    "lock-legacy",
    "revoke-legacy",
]

STEP_KEYS: tuple[StepKey, ...] = (
    "create-roles",
    "grant-existing",
    "default-privileges",
    "transfer-ownership",
    "enable-login",
    "switch-connections",
    "verify",
    "lock-legacy",
    "revoke-legacy",
)

StepState: TypeAlias = Literal["pending", "running", "waiting", "done", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one step would do now."""

    step: str
    digest: str
    catch_up: tuple[Statement, ...]
    """What earlier, finished steps want for objects that appeared since, run before the step itself."""
    statements: tuple[Statement, ...]
    notes: tuple[Finding, ...] = ()
    """Decisions and things left as they are, to be read with the plan."""

    @property
    def actions(self) -> tuple[Statement, ...]:
        """All statements in the order in which they run."""
        return self.catch_up + self.statements


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the can/cannot matrix."""

    role: str
    act: str
    """For example "read tables", "drop tables"."""
    expected: bool
    """True for can, False for cannot."""
    count: int
    """Objects looked at."""
    exceptions: tuple[str, ...]
    """Objects for which the answer is another than the expected one (first ones only)."""
    exception_count: int = 0

    @property
    def ok(self) -> bool:
        """Whether the expectation holds for every object."""
        return self.exception_count == 0
