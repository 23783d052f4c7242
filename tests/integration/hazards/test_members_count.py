"""A member's session is legacy's, and a group's logins are the group: in the hazards that look at either."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest

from flatsplit.config import Group, RoleNames
from flatsplit.demo.server import Cluster
from flatsplit.model import Finding
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.hazards import CRON, SHOP, extension, look

STRANGE = 'Web "%:'
QUOTED = '"Web ""%:"'


def doctor(database: Database, id_: str, **changes: object) -> Finding | None:
    """What doctor says of one hazard."""
    return look(database.admin, replace(SHOP, legacy_role=database.legacy, **changes), id_).get(id_)  # type: ignore[arg-type]


@pytest.fixture
def tight(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> tuple[Cluster, Database]:
    """A server that asks for passwords, and who pretends to know them."""
    cluster = fresh_cluster(auth="scram", loopback=True)
    database = make_database(cluster=cluster)
    database.execute(f"create role {QUOTED} login password 'right' in role legacy")
    database.execute("create role app_user nologin; create role a login password 'right' in role app_user")
    return cluster, database


def lines(cluster: Cluster, database: Database, *found: str) -> None:
    """These lines alone, besides the tests' own."""
    path = cluster.data / "pg_hba.conf"
    path.write_text("\n".join(("local all all scram-sha-256", *found)) + "\n")
    database.execute("select pg_reload_conf()")


def enters(conninfo: str) -> bool:
    """Whether a login succeeds."""
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


REJECT = "host all all all reject"


@pytest.mark.majors("two")
def test_logins_of_a_group_are_tried(tight: tuple[Cluster, Database]) -> None:
    """From where members of legacy are connected; the group itself logs in nowhere."""
    cluster, database = tight
    group = (Group("app_user", ("a",)),)
    with psycopg.connect(database.conninfo(STRANGE, "right", tcp=True), autocommit=True):
        lines(cluster, database, f"host all {QUOTED},app_user all scram-sha-256", REJECT)
        found = doctor(database, "hba-app-user", groups=group)
        assert found is not None
        assert found.objects == ("a from 127.0.0.1: line 3: host all all all reject",)
        assert "Add a to the lines" in found.fix
        assert not enters(database.conninfo("a", "right", tcp=True))
        for cure in ("a", "+app_user"):
            lines(cluster, database, f"host all {QUOTED},{cure} all scram-sha-256", REJECT)
            assert doctor(database, "hba-app-user", groups=group) is None
        lines(cluster, database, f"host all {QUOTED},a all scram-sha-256", REJECT)
        assert doctor(database, "hba-app-user") is not None  # no group: app_user would log in itself


@pytest.mark.majors("two")
def test_a_line_for_members_of_legacy(tight: tuple[Cluster, Database], major: int) -> None:
    cluster, database = tight
    address = database.conninfo(STRANGE, "right", tcp=True)
    with psycopg.connect(address, autocommit=True):
        for silent in ("host all all all scram-sha-256", f"host all {QUOTED},+legacy all scram-sha-256"):
            lines(cluster, database, silent, REJECT)
            assert doctor(database, "hba-members") is None
        lines(cluster, database, "host all +legacy all scram-sha-256", REJECT)
        found = doctor(database, "hba-members")
        assert found is not None
        assert (found.severity, found.step) == ("blocker", "revoke-legacy")
        assert found.objects[0].startswith(
            f"{STRANGE} from 127.0.0.1: line 2: host all +legacy all scram-sha-256; then"
        )
        assert "Add +app_user to the lines" in found.fix
        lines(cluster, database, "host all +legacy,+app_user all scram-sha-256", REJECT)
        assert doctor(database, "hba-members") is None
        kept = replace(SHOP, retire="repurpose")
        assert "hba-members" not in look(database.admin, kept, "hba-members")
        # In the raw: what revoke-legacy does
        database.execute(f"grant app_user to {QUOTED}; revoke legacy from {QUOTED}")
        assert enters(address)
        lines(cluster, database, "host all +legacy all scram-sha-256", REJECT)
    assert not enters(address)


def test_pools_of_members(database: Database) -> None:
    """A member's sessions are those of a pool that has to fit twice; of a superuser's nothing is known."""
    legacy = database.legacy
    database.execute(f"create role web login in role {legacy}; create role stranger login")
    database.execute(
        f"create role boss login superuser in role {legacy}; alter database {database.name} connection limit 4"
    )
    with ExitStack() as stack:
        stack.enter_context(database.connect("stranger"))
        stack.enter_context(database.connect("boss"))
        assert doctor(database, "connection-arithmetic") is None
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(database.connect("web"))
        found = doctor(database, "connection-arithmetic")
        assert found is not None
        assert found.objects == (f"database {database.name}: 3 now and 2 more, of 4",)


@pytest.mark.majors("two")
def test_jobs_of_members(database: Database) -> None:
    """They go on after lock-legacy, and with less from revoke-legacy on; not those that become app_migrator's."""
    legacy = database.legacy
    database.execute(
        f"create role web login in role {legacy}; create role deep login in role web; create role other login"
    )
    database.execute(f"{CRON}; {extension('pg_cron', 'cron.job')}")
    database.execute(
        "update cron.job set username = 'other' where jobid > 1; update cron.job set username = 'deep' where jobid = 1"
    )
    found = doctor(database, "cron-jobs")
    assert found is not None
    assert (found.step, found.objects) == ("revoke-legacy", ("job 1 nightly: 0 3 * * * in shop as deep",))
    assert "WHERE jobid IN (1);" in found.fix
    assert doctor(database, "cron-jobs", members=(("web", "app_migrator"),)) is None
    database.execute(f"revoke {legacy} from web")
    assert doctor(database, "cron-jobs") is None


@pytest.mark.majors("two")
def test_what_may_be_become_is_had(database: Database, major: int) -> None:
    """Before 16 a membership for SET ROLE gives all of the role to whoever inherits."""
    tenant = 'Tenant "%:'
    database.execute(f'create role app_user login; create role "{tenant.replace(chr(34), chr(34) * 2)}"')
    found = doctor(database, "become-inherits", become=(("app_user", (tenant,)),))
    assert (found is not None) is (major < 16)
    assert doctor(database, "become-inherits") is None
    database.execute("alter role app_user noinherit")
    assert doctor(database, "become-inherits", become=(("app_user", (tenant,)),)) is None


@pytest.mark.majors("two")
def test_a_subscription_that_no_group_takes(database: Database, major: int) -> None:
    legacy = database.legacy
    database.execute(
        "create subscription kept connection 'dbname=nowhere' publication p with (connect = false, slot_name = none); "
        f"create role app_migrator; create role deploy login in role app_migrator; alter role {legacy} superuser; "
        f"alter subscription kept owner to {legacy}; alter role {legacy} nosuperuser"
    )
    group = {"groups": (Group("app_migrator", ("deploy",)),), "roles": RoleNames(dba="")}
    assert doctor(database, "subscription-stays", **group) is None  # disabled
    database.execute("update pg_subscription set subenabled = true where subname = 'kept'")
    found = doctor(database, "subscription-stays", **group)
    assert found is not None
    assert (found.severity, found.step) == ("warning", "lock-legacy")
    assert (doctor(database, "subscription-stays", roles=RoleNames(dba="")) is None) is (major >= 16)
    assert doctor(database, "subscription-stays", retire="repurpose", **group) is None
    cure = found.fix[found.fix.index("ALTER") : found.fix.rindex(";")]
    assert cure.endswith('"deploy"' if major >= 16 else '"postgres"')
    database.execute(cure)
    assert doctor(database, "subscription-stays", **group) is None
    database.execute("alter subscription kept disable; drop subscription kept")


@pytest.mark.majors("two")
def test_dumps_of_members(database: Database, major: int) -> None:
    """Policies end them, once the member owns nothing any more; not those of who becomes app_migrator's."""
    legacy = database.legacy
    database.execute("create table t (a int)", legacy)
    database.execute(f"create role nightly login in role {legacy}; create role half login")
    assert doctor(database, "members-dump") is None
    database.execute("alter table t enable row level security", legacy)
    found = doctor(database, "members-dump")
    assert found is not None
    assert found.objects == ("nightly", "public.t")
    assert '[members] "nightly" = "app_migrator"' in found.fix
    assert doctor(database, "members-dump", members=(("nightly", "app_migrator"),)) is None
    for silent in (
        "alter role nightly bypassrls",
        "alter role nightly nobypassrls; alter table t force row level security",
    ):
        database.execute(silent)
        assert doctor(database, "members-dump") is None
    # In the raw: what pg_dump does as either
    database.execute("alter table t no force row level security; create role app_user; grant select on t to app_user")
    with database.connect("nightly") as member:
        member.execute("set row_security = off; select * from t")
        database.execute(f"revoke {legacy} from nightly; grant app_user to nightly")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            member.execute("select * from t")


@pytest.mark.majors("two")
def test_a_line_that_names_the_group(tight: tuple[Cluster, Database]) -> None:
    cluster, database = tight
    database.execute("alter role app_user login password 'right'")
    group = (Group("app_user", ("a",)),)
    address = database.conninfo("a", "right", tcp=True)
    for silent in ("host all +app_user all scram-sha-256", "host all app_user,a all scram-sha-256"):
        lines(cluster, database, silent, REJECT)
        assert doctor(database, "hba-names-role", groups=group) is None
        assert enters(address)
    lines(cluster, database, "host all app_user all scram-sha-256", REJECT)
    found = doctor(database, "hba-names-role", groups=group)
    assert found is not None
    assert found.objects == ("line 2: host all app_user scram-sha-256",)
    assert doctor(database, "hba-names-role") is None
    assert not enters(address)
    assert "+app_user" in found.fix
    lines(cluster, database, "host all app_user,+app_user all scram-sha-256", REJECT)
    assert doctor(database, "hba-names-role", groups=group) is None
    assert enters(address)


@pytest.mark.majors("two")
def test_a_subscription_that_a_member_applies(database: Database, major: int) -> None:
    """From 16 on its worker becomes the owner of each table, which a member of app_user may not."""
    database.execute(
        "create subscription kept connection 'dbname=nowhere' publication p with (connect = false, slot_name = none); "
        f"create role applier login superuser in role {database.legacy}; alter subscription kept owner to applier"
    )
    found = doctor(database, "subscriptions")
    assert found is not None
    assert found.severity == "note"
    database.execute("alter role applier nosuperuser")
    found = doctor(database, "subscriptions")
    assert found is not None
    assert (found.fix == 'In flatsplit.toml: [members] "applier" = "app_migrator"') is (major >= 16)
    assert found.severity == ("warning" if major >= 16 else "note")
    found = doctor(database, "subscriptions", members=(("applier", "app_migrator"),))
    assert found is not None
    assert found.severity == "note"
    database.execute("alter subscription kept disable; drop subscription kept")


def test_background_workers_that_start_as_members(database: Database) -> None:
    """pg_partman's worker makes partitions as a member, through a group; as one of app_user it would not."""
    database.execute(
        f"create role upkeep in role {database.legacy}; create role worker login in role upkeep; "
        "create role other login"
    )
    for role, found in (("worker", True), ("other", False)):
        database.execute(f"set pg_partman_bgw.role = '{role}'")
        assert (doctor(database, "workers-log-in-as-legacy") is not None) == found
    database.execute("set pg_partman_bgw.role = 'worker'")
    told = doctor(database, "workers-log-in-as-legacy")
    assert told is not None
    assert (told.objects, told.step) == (("pg_partman_bgw.role = worker",), "revoke-legacy")
    assert told.fix.endswith('[members]\n"upkeep" = "app_migrator"')
    assert doctor(database, "workers-log-in-as-legacy", members=(("upkeep", "app_migrator"),)) is None
    kept = look(
        database.admin, replace(SHOP, legacy_role=database.legacy, retire="repurpose"), "workers-log-in-as-legacy"
    )
    assert kept["workers-log-in-as-legacy"].step == "lock-legacy"


@pytest.mark.majors("two")
def test_a_publication_that_a_member_keeps(database: Database, major: int) -> None:
    """Who puts a table into it owns both; who becomes app_migrator's member goes on to."""
    legacy = database.legacy
    database.execute("create table t (a int)", legacy)
    database.execute(f"create role capture login in role {legacy}; create role app_user; create role app_migrator")
    database.execute(f"grant create on database {database.name} to capture")
    database.execute("create publication their for table t", legacy)
    assert doctor(database, "publications-of-members") is None
    database.execute("create publication mine for table t", "capture")
    found = doctor(database, "publications-of-members")
    assert found is not None
    assert found.objects == ("publication mine of capture",)
    assert found.toml == ('[members] "capture" = "app_migrator"',)
    assert doctor(database, "publications-of-members", members=(("capture", "app_migrator"),)) is None
    # In the raw: what the connector does at its start, as either
    database.execute(f"grant app_migrator to {legacy}; alter table t owner to app_migrator")
    with database.connect("capture") as member:
        member.execute("alter publication mine set table t")
        database.execute(f"revoke {legacy} from capture; grant app_user to capture")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="must be owner of table"):
            member.execute("alter publication mine set table t")
        database.execute("grant app_migrator to capture")
        member.execute("alter publication mine set table t")


@pytest.mark.majors("two")
def test_members_that_become_the_old_role_by_its_name(database: Database) -> None:
    """By a setting, or without INHERIT; silent beside, broken in the raw, and cured by what is printed."""
    legacy = database.legacy
    database.execute("create table t (a int)", legacy)
    database.execute(f"create role plain login in role {legacy}; create role app_user; grant select on t to app_user")
    database.execute(f"create role worker login in role {legacy}; alter role worker set role = app_user")
    assert doctor(database, "members-set-role") is None
    database.execute(f"create role {QUOTED} login noinherit in role {legacy}; create role api login noinherit")
    database.execute(f"grant {legacy} to api")
    database.execute(f"alter role {QUOTED} set role = {legacy}; alter role worker set role = {legacy}")
    found = doctor(database, "members-set-role")
    assert found is not None
    assert [line[: line.rindex(": ")] for line in found.objects] == [STRANGE, "api", "worker"]
    assert 'api has to SET ROLE "app_user" from then on.' in found.fix
    assert doctor(database, "members-set-role", retire="repurpose") is None

    def reads(login: str, become: str = "") -> bool:
        with database.connect(login) as session:
            try:
                session.execute(f"{become}; select from t".encode())
            except psycopg.errors.InsufficientPrivilege:
                return False
        return True

    assert (reads(STRANGE), reads("api", f"set role {legacy}"), reads("worker")) == (True, True, True)
    # In the raw: what revoke-legacy does
    old = ("revoke {0} from {1}; grant app_user to {1}", "revoke app_user from {1}; grant {0} to {1}")
    for member in (QUOTED, "api"):
        database.execute(old[0].format(legacy, member))
    assert (reads(STRANGE), reads("api", f"set role {legacy}")) == (False, False)
    for member in (QUOTED, "api"):
        database.execute(old[1].format(legacy, member))
    for line in found.sql:
        database.execute(line)
    assert (reads(STRANGE), reads("api", "set role app_user"), reads("worker")) == (True, True, True)
    assert doctor(database, "members-set-role") is None
