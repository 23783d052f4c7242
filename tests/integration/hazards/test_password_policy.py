"""What watches over passwords: tried with verifiers as enable-login sends them."""

from __future__ import annotations

import psycopg
import pytest

from flatsplit.demo.binaries import find_binaries
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.hazards import ROLES, doctor, look
from tests.support.hook import SAID, refusing_module
from tests.support.walk import Walk, assert_same, configure

ID = "password-policy"


@pytest.mark.slow
@pytest.mark.parametrize("code", ["INVALID_PASSWORD", "INVALID_PARAMETER_VALUE", "RAISE_EXCEPTION"])
def test_a_policy_that_takes_no_verifier(
    code: str, major: int, fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """A blocker for whoever operates; the way out that is named leads to the end of the step and back."""
    if find_binaries().major != major:
        pytest.skip("a module is compiled against the embedded server's headers, and this server is another")
    with refusing_module(code) as module:
        database = make_database(cluster=fresh_cluster(settings={"shared_preload_libraries": module}))
        database.execute("CREATE ROLE op LOGIN CREATEROLE; ALTER ROLE legacy PASSWORD 'of legacy''s own'")
        before = Walk(invoke_cli, database).snapshot()
        for conn in (database.admin, database.connect("op")):
            found = look(conn, only=ID)[ID]
            assert found.blocks
            assert found.step == "enable-login"
            assert found.toml == ('[roles] auth = "external"',)
            assert found.objects == tuple(f"{role}: {SAID}" for role in ROLES)
        walk = Walk(invoke_cli, database)
        assert_same(before, walk.snapshot(), "the trial left a trace")
        if code != "INVALID_PASSWORD":
            return
        walk.init()
        assert SAID in walk.next(exit_code=5).stderr
        configure(walk.config, auth="external")
        walk.forward("enable-login")
        database.execute("ALTER ROLE app_user PASSWORD 'in clear text, by hand'")
        walk.rollback("--all")
        assert_same(before, walk.snapshot(), "back again")


@pytest.mark.majors("two")
def test_one_that_looks_at_them_is_no_matter(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> None:
    """passwordcheck refuses short passwords, and of verifiers that of the role's own name."""
    cluster = fresh_cluster(settings={"shared_preload_libraries": "passwordcheck"})
    database = make_database(cluster=cluster, legacy="owner")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="password is too short"):
        database.execute("ALTER ROLE owner PASSWORD 'short'")
    assert doctor(database, ID) is None
