"""The shop's walk made by an operator who is no superuser, with no more rights than the README asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import psycopg
import pytest

from flatsplit.demo import flat
from flatsplit.demo.flat import Shop
from flatsplit.demo.traffic import Traffic
from tests.fixtures.cli import InProcess
from tests.fixtures.servers import FreshCluster

PASSWORD = "of-the-operator"


class Walk:
    """The commands of such an operator, and the new roles' connections."""

    def __init__(self, cli: InProcess, shop: Shop) -> None:
        self.cli = cli
        self.shop = shop
        self.dsn = shop.conninfo("cloud", PASSWORD)
        with psycopg.connect(shop.conninfo(flat.OPERATOR), autocommit=True) as conn:
            conn.execute(f"CREATE ROLE cloud LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'")
            conn.execute("GRANT reporting, pg_monitor TO cloud")
            conn.execute("GRANT shop TO cloud" + (" WITH ADMIN OPTION" if conn.info.server_version >= 160000 else ""))
            if conn.info.server_version < 150000:
                conn.execute("ALTER SCHEMA public OWNER TO cloud")
        self("init", "--legacy-role", flat.LEGACY, "--yes")
        config = cli.cwd / "flatsplit.toml"
        text = config.read_text().replace('"24h"', '"0s"').replace('"7d"', '"0s"')
        config.write_text(text.replace('"required"', '"off"'))

    def __call__(self, *arguments: str) -> None:
        self.cli(*arguments, dsn=self.dsn).check()

    def through(self, step: str) -> None:
        self("next", "--yes", "--through", step, "--generate-passwords", "passwords.toml")

    def conninfo(self, role: str) -> str:
        return self.shop.conninfo(role, tomllib.loads((self.cli.cwd / "passwords.toml").read_text())[role])

    def switch(self) -> None:
        with (
            Traffic(self.conninfo("app_user"), connections=1) as traffic,
            psycopg.connect(self.conninfo("app_migrator")),
        ):
            self.through("switch-connections")
        assert traffic.stop().total
        assert not traffic.stop().failures


@pytest.fixture
def walk(fresh_cluster: FreshCluster, invoke_cli: InProcess, tmp_path: Path) -> Walk:
    return Walk(invoke_cli, flat.build(fresh_cluster(auth="scram")))


@pytest.mark.majors("two")
def test_works_up_to_the_scream_test_and_back(walk: Walk) -> None:
    walk.through("enable-login")
    walk.switch()
    walk.through("lock-legacy")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(walk.shop.conninfo(flat.LEGACY))
    walk("verify")
    walk("rollback", "--all", "--yes")
    with psycopg.connect(walk.shop.conninfo(flat.LEGACY)) as conn:
        assert dict(flat.census(conn))["tables"] > 20


@pytest.mark.majors("two")
def test_works_to_the_end(walk: Walk) -> None:
    walk.through("enable-login")
    walk.switch()
    walk.through("revoke-legacy")
    with psycopg.connect(walk.shop.conninfo(flat.OPERATOR)) as conn:
        assert not flat.census(conn, flat.LEGACY)
