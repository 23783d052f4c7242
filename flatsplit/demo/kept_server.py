"""``demo --keep``: leaves a server with a fresh flat shop running, for a cutover by hand, and says how to end it."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from flatsplit.demo import flat
from flatsplit.demo.command import Narrator
from flatsplit.demo.flat import LEGACY, OPERATOR
from flatsplit.demo.server import DISPOSABLE, NAMED, Binaries, Cluster, ClusterConfig
from flatsplit.demo.transactions import TRANSACTIONS


def leave_a_server(output: Narrator) -> None:
    """Start a server with the flat shop, say how to use it, and let it outlive this process."""
    with Cluster(ClusterConfig(settings={**DISPOSABLE, **NAMED})) as cluster:
        shop = flat.build(cluster)
        if flat.keep_statements(shop):
            _work(shop)
        operator = shop.conninfo(OPERATOR)
        as_legacy = f"PGUSER={LEGACY} PGPASSWORD={shlex.quote(shop.passwords[LEGACY])}"
        psql = _psql(cluster.config.binaries)
        stop = _stop_script(cluster)
        cluster.leave()
    parts = conninfo_to_dict(operator)
    exports = {
        "FLATSPLIT_DSN": operator,
        **{f"PG{key.upper()}": str(parts[key]) for key in ("host", "port", "user", "password")},
        "PGDATABASE": str(parts["dbname"]),
    }
    output.heading("Now you")
    output.say("Another server is running, with the shop as flat as it was. To walk by hand, in an empty folder:\n")
    if folder := _off_the_path():
        output.say(f'    export PATH={shlex.quote(str(folder))}:"$PATH"', "cyan")
    for name, value in exports.items():
        output.say(f"    export {name}={shlex.quote(value)}", "cyan")
    output.say(f"    flatsplit init --legacy-role {LEGACY}", "cyan")
    output.say(
        "\nFrom then on `flatsplit status` says what to type next. `flatsplit rehearse` knows what the application\n"
        "ran, its nightly REFRESH too. The application's way in, to play its part:\n"
    )
    output.say(f"    {as_legacy} {psql}", "cyan")
    output.say("\nWhen you have seen enough, this stops the server and removes all of it:\n")
    output.say(f"    sh {shlex.quote(str(stop))}", "cyan")


def _work(shop: flat.Shop) -> None:
    """Run every transaction of the application and the nightly job once, so that there is something to rehearse."""
    with psycopg.connect(shop.conninfo(LEGACY)) as conn:

        def run(statement: str, parameters: Sequence[Any] = (), *, at_least: int = 0) -> list[tuple[Any, ...]]:
            cursor = conn.execute(statement.encode(), parameters)
            rows = cursor.fetchall() if cursor.description else []
            assert len(rows) >= at_least
            return rows

        for transaction in TRANSACTIONS.values():
            with conn.transaction():
                transaction.act(run, Random(1))
    flat.refresh(shop.conninfo(LEGACY))


def _off_the_path() -> Path | None:
    """The folder of this ``flatsplit``, where the PATH does not lead to it."""
    folder = Path(sys.executable).parent
    found = shutil.which("flatsplit")
    return folder if (folder / "flatsplit").exists() and (not found or Path(found).parent != folder) else None


def _psql(binaries: Binaries) -> str:
    """How to call psql: the server's own, if there is none on the path."""
    own = binaries.folder / "psql"
    return shlex.quote(str(own)) if own.exists() and not shutil.which("psql") else "psql"


def _stop_script(cluster: Cluster) -> Path:
    """Write, beside the data, the script that ends the server and removes what it has."""
    folders = [folder for folder in (cluster._copied, cluster.folder) if folder]
    pidfile = shlex.quote(str(cluster.data / "postmaster.pid"))
    script = cluster.folder / "stop"
    script.write_text(
        # one compound command, which sh has read as a whole before it removes its own script
        "{\n"
        f"kill -INT {cluster.pid}\n"
        f"for i in 1 2 3 4 5 6 7 8 9 10; do [ -e {pidfile} ] || break; sleep 0.5; done\n"
        f"rm -rf {shlex.join(map(str, folders))}\n"
        "exit\n"
        "}\n"
    )
    return script
