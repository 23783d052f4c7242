"""Reads places where a secret could leak: the log of a server, command lines of processes, a dump of the journal."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fixtures.databases import Database
from tests.fixtures.servers import tool

LOUD = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_messages": "debug1",
    "log_min_error_statement": "debug1",
    "log_error_verbosity": "verbose",
    "log_connections": "on",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "debug_print_parse": "on",
    "pg_stat_statements.track": "all",
    "pg_stat_statements.track_utility": "on",
    "track_activity_query_size": "65536",
}


@contextmanager
def watching_processes(*more: str) -> Iterator[set[str]]:
    """Collect command lines and titles of all processes while the block runs; ``more``: further files of /proc."""
    seen: set[str] = set()
    over = threading.Event()

    lines: set[bytes] = set()

    def look() -> None:
        # By system calls: pathlib takes several times as long, which slows down the processes that are watched
        while not over.wait(0.02):  # a program that does anything at all takes longer
            for process in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 (names are all that is wanted)
                for what in ("cmdline", *more):
                    try:
                        file = os.open(f"/proc/{process}/{what}", os.O_RDONLY)
                    except OSError:
                        continue
                    try:
                        lines.add(os.read(file, 1 << 17))
                    except OSError:
                        continue
                    finally:
                        os.close(file)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        seen.update(line.replace(b"\0", b" ").decode(errors="replace") for line in lines)


def journal(database: Database) -> str:
    """A dump of the tracking schema."""
    dump = subprocess.run(
        [tool("pg_dump"), "--schema=flatsplit", "--inserts", database.conninfo()],
        capture_output=True,
        text=True,
        check=True,
    )
    return dump.stdout
