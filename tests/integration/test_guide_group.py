"""The page about groups shows what flatsplit says, on the demo's shop after its split."""

from __future__ import annotations

import re
import threading
import time
import tomllib

import psycopg
import pytest

from flatsplit.demo import flat
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT
from tests.fixtures.servers import FreshCluster
from tests.support.walk import configure
from tests.test_readme import play

PAGE = (ROOT / "runbooks/guide/group.md").read_text()
BLOCKS = re.findall(r"<!-- transcript after the split -->\n+```console\n(.*?)```", PAGE, re.DOTALL)
(SECTION,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_the_transcript_is_true(fresh_cluster: FreshCluster, invoke_cli: InProcess) -> None:
    shop = flat.build(fresh_cluster(auth="scram"))
    dsn, folder = shop.conninfo(flat.OPERATOR), invoke_cli.cwd
    invoke_cli("init", "--legacy-role", flat.LEGACY, "--yes", dsn=dsn).check()
    configure(folder / "flatsplit.toml", drain="0s", soak="0s", rehearsal="off")
    waived = ("--waive", "seen", "--waive", "rehearsed", "--reason", "a test of the page")
    invoke_cli(
        "next", "--yes", "--generate-passwords", "split.toml", "--through", "revoke-legacy", *waived, dsn=dsn
    ).check()
    with (folder / "flatsplit.toml").open("a") as file:
        file.write(f"\n{SECTION}")
    ended = threading.Event()

    def application() -> None:
        """Comes as soon as there is a password, and stays."""
        passwords = folder / "logins.toml"
        while not ended.wait(0.02):
            if passwords.exists() and "app_user_a" in (found := tomllib.loads(passwords.read_text())):
                try:
                    with psycopg.connect(shop.conninfo("app_user_a", found["app_user_a"])):
                        ended.wait()
                except psycopg.OperationalError:
                    time.sleep(0.02)

    thread = threading.Thread(target=application)
    thread.start()
    try:
        assert BLOCKS
        play(BLOCKS, dsn, folder)
    finally:
        ended.set()
        thread.join()
