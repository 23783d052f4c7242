"""Bundles to render: a plain one as an operator would see it, and one in which every name is an attack."""

from __future__ import annotations

from collections.abc import Iterable

from flatsplit import ddl
from flatsplit.walks.split import STEP_KEYS
from flatsplit.walks.split.kind import SPLIT
from flatsplit.config import Config, Gates, RoleNames
from flatsplit.cutover.bundle import Bundle, BundleStep
from flatsplit.rights.exposure import Ability, BlastRadius, Exposure
from flatsplit.model import (
    Change,
    Check,
    Finding,
    GateResult,
    ObjectRef,
    Plan,
    RoleFacts,
    Backend,
    Statement,
    Target,
)

TITLES = {
    "create-roles": "Create the new roles",
    "grant-existing": "Grant what exists",
    "default-privileges": "Set default privileges",
    "transfer-ownership": "Move the ownership",
    "enable-login": "Let the new roles log in",
    "switch-connections": "Switch the connections",
    "verify": "Try what each role can do",
    "lock-legacy": "Lock the old role",
    "revoke-legacy": "Take the old role's rights",
}

HOSTILE = (
    "plain",
    "<script>alert(1)</script>",
    "a`b``c",
    "pipe|back\\|slash",
    "new\nline; DROP ROLE x",
    "cr\rDROP ROLE x",
    "*/ -- /*",
    "$$ $flatsplit$ $x$",
    "\\! touch owned",
    "\n\\! touch owned\n",
    ":name :'name' :\"name\" :{?x}",
    "\"double\" 'single'",
    "`touch owned`",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eright to left",
    "[link](http://x) ![i](y) **b** _i_",
    "# head",
    "Ünïcödé \U0001f418",
)


def take_over(name: str, owner: str, schema: str = "public") -> Statement:
    """ALTER TABLE … OWNER TO."""
    table = ObjectRef("table", schema, name)
    return Statement(
        f"Move table {name} to {owner}",
        ddl.alter_owner(table, owner),
        ddl.alter_owner(table, "shop"),
        "ACCESS EXCLUSIVE",
        (table,),
        (Change("-", "owner", name, "shop"), Change("+", "owner", name, owner)),
    )


def grant(names: tuple[str, ...], role: str, letters: str, schema: str = "public") -> Statement:
    """GRANT … ON TABLE, and its undo."""
    tables = tuple(ObjectRef("table", schema, name) for name in names)
    return Statement(
        f"Let {role} use {len(names)} tables of schema {schema}",
        ddl.grant(tables, letters, role),
        ddl.revoke(tables, letters, role),
        "",
        tables,
        tuple(Change("+", "privilege", name, f"{role}={letters}") for name in names),
    )


def create(role: str) -> Statement:
    """CREATE ROLE."""
    change = Change("+", "role", role, "")
    return Statement(f"Create role {role}", ddl.create_role(role, RoleFacts()), ddl.drop_role(role), "", (), (change,))


def login(role: str) -> Statement:
    """ALTER ROLE … LOGIN PASSWORD."""
    change = Change("+", "attribute", role, "login")
    sql = ddl.login_with_password(role)
    undo = f"ALTER ROLE {ddl.ident(role)} NOLOGIN;"
    return Statement(f"Let {role} log in", sql, undo, "", (), (change,), secrets=(role,))


def turned(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes taken back."""
    return tuple(change._replace(side="-" if change.side == "+" else "+") for change in changes)


RESTS = {"switch-connections": Gates().drain, "lock-legacy": Gates().soak, "revoke-legacy": Gates().soak}


def step(key: str, statements: tuple[Statement, ...] = (), **more: object) -> BundleStep:
    """A step with what the sample says everywhere."""
    number = STEP_KEYS.index(key) + 1
    values = {
        "number": number,
        "key": key,
        "title": TITLES[key],
        "purpose": f"Why {key} is there, in a sentence or two for the reviewer.",
        "state": "pending",
        "gates": (),
        "plan": Plan(key, f"{number:02d}ab" * 16, (), statements),
        "rollback": tuple(
            Statement(f"Undo: {one.description}", one.undo, one.sql, one.lock, one.objects, turned(one.changes))
            for one in reversed(statements)
            if one.undo
        ),
        "point_of_no_return": False,
        "watch": ("the error rate of the application", "pg_stat_activity for waiting sessions"),
        "kind": "split",
        "by_people": SPLIT.step(key).by_people,
        "rests": RESTS.get(key),
        "stop": SPLIT.step(key).stop,
    }
    return BundleStep(**{**values, **more})  # type: ignore[arg-type]


def target(database: str = "shop", operator: str = "postgres") -> Target:
    """A server like any other."""
    return Target("7312345678901234567", database, 16401, 160004, operator, True, "postgres")


def exposure(role: str, tables: int, databases: tuple[str, ...], *, login: bool = True) -> Exposure:
    """What a role could do, in a few lines."""
    return Exposure(
        role,
        login,
        (
            Ability("login", "log in", int(login), flag=True),
            Ability("superuser", "do everything (superuser)", 0, flag=True),
            Ability("databases", "connect to other databases", len(databases), names=databases),
            Ability("drop", "alter or drop tables, views and sequences", tables, 120),
        ),
    )


def plain() -> Bundle:
    """A shop in the middle of its walk."""
    config = Config(name="shop", legacy_role="shop", schemas=("public", "audit"), gates=Gates())
    roles = config.roles
    tables = tuple(f"t{number:03d}" for number in range(120))
    straggler = grant(("created_yesterday",), roles.app_user, "arwd")
    owner = step("transfer-ownership", tuple(take_over(name, roles.app_migrator) for name in tables), state="waiting")
    owner = step(
        "transfer-ownership",
        state="waiting",
        plan=Plan("transfer-ownership", "04ab" * 16, (straggler,), owner.plan.statements),
        rollback=owner.rollback,
        gates=(
            GateResult("converged", True, "steps 1 to 3 hold"),
            GateResult("soaked", False, "quiet for 2d of 7d", "wait 5d", waived="agreed in CHG-7"),
            GateResult("approved", False, "no digest was approved", "flatsplit next --approved", False),
        ),
    )
    return Bundle(
        config=config,
        target=target(),
        generated_by="flatsplit 0.1.0",
        steps=(
            step("create-roles", tuple(create(role) for role in roles.new), state="done"),
            step(
                "grant-existing",
                (grant(tables, roles.app_user, "arwd"), grant(tables, roles.app_readonly, "r")),
            ),
            step("default-privileges", state="done"),
            owner,
            step("enable-login", tuple(login(role) for role in roles.login)),
            step("switch-connections"),
            step("verify"),
            step("lock-legacy"),
            step("revoke-legacy"),
        ),
        findings=(
            Finding(
                "rls",
                "blocker",
                "Row-level security hides every row from app_user",
                "Table orders has policies for shop only, and its owner bypasses them.",
                "CREATE POLICY … TO app_user",
                ("public.orders",),
                "transfer-ownership",
            ),
        ),
        checks=(
            Check("app_user", "read tables", True, 120, ()),
            Check("app_user", "drop tables", False, 120, ("public.t001",), 1),
        ),
        sessions=(
            Backend("shop", "shop", "10.0.0.7", "web", "idle", 11),
            Backend("shop", "shop", "10.0.0.7", "web", "active", 12),
            Backend("reporting", "shop", "", "", "idle", 13),
        ),
        exposure=BlastRadius(
            "shop",
            today=(exposure("shop", 120, ("other",)),),
            after=(exposure("shop", 0, (), login=False), exposure("app_user", 0, ("other",))),
        ),
    )


def hostile() -> Bundle:
    """Names, reasons and findings that try to get out of where they are written."""
    roles = RoleNames(HOSTILE[4], HOSTILE[3], HOSTILE[1], HOSTILE[9])
    config = Config(name=HOSTILE[1], legacy_role=HOSTILE[2], schemas=(HOSTILE[3], HOSTILE[6]), roles=roles)
    everything = "\n".join(HOSTILE)
    gate = GateResult("soaked", False, everything, everything, waived=everything)
    moves = tuple(take_over(name, roles.app_migrator, HOSTILE[6]) for name in HOSTILE)
    grants = (grant(HOSTILE, roles.app_user, "arwd", HOSTILE[9]),)
    finding = Finding("trap", "warning", everything, everything, everything, HOSTILE, "verify")
    transfer = step("transfer-ownership", moves, gates=(gate,), watch=(everything,), purpose=everything)
    return Bundle(
        config=config,
        target=target(everything, HOSTILE[9]),
        generated_by="flatsplit 0.1.0",
        steps=(
            step("create-roles", tuple(create(role) for role in roles.new), title=everything),
            step("grant-existing", plan=Plan("grant-existing", "", grants, grants, (finding,))),
            transfer,
            step("enable-login", tuple(login(role) for role in roles.login)),
            step("switch-connections"),
            step("revoke-legacy", point_of_no_return=True),
        ),
        findings=(finding,),
        checks=(Check(HOSTILE[3], everything, True, 3, HOSTILE, 99),),
        sessions=(Backend(HOSTILE[2], HOSTILE[3], "::1", HOSTILE[6], "idle"),),
        exposure=BlastRadius(
            everything,
            today=tuple(exposure(name, 9, HOSTILE) for name in HOSTILE),
            after=tuple(exposure(name, 9, HOSTILE) for name in HOSTILE[2:7]),
        ),
    )


def large(count: int) -> Bundle:
    """One step of many statements."""
    moves = tuple(take_over(f"table_{number}", "app_migrator") for number in range(count))
    config = Config(name="large", legacy_role="shop", schemas=("public",))
    return Bundle(config, target(), "flatsplit 0.1.0", (step("transfer-ownership", moves),), (), ())
