"""Tells a story on a server of its own, which is removed however the story ends."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from flatsplit.demo import kept_server
from flatsplit.demo.command import Narrator
from flatsplit.demo.server import DISPOSABLE, NAMED, Cluster, ClusterConfig, sweep
from flatsplit.demo.story import Story
from flatsplit.errors import Exit


def run(*, keep: bool, output: Narrator, telling: type[Story] | None = None) -> int:
    """Tell the story; returns the exit code. With ``keep``, leave a server behind to do the same by hand."""
    started = time.monotonic()
    sweep()
    with (
        _signals_end_it(),
        tempfile.TemporaryDirectory(prefix="flatsplit-") as folder,
        Cluster(ClusterConfig(settings={**DISPOSABLE, **NAMED})) as cluster,
    ):
        told = telling or Story
        failures = told(told.build(cluster), Path(folder), output).tell()
    output.say(f"\nAll of it took {time.monotonic() - started:.0f} s, and the server is gone.")
    if failures:
        return Exit.ERROR
    if keep:
        kept_server.leave_a_server(output)
    return Exit.OK


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Have a closed terminal and a plain kill clean up as Ctrl-C does, and let nothing interrupt the cleaning up."""
    before = {which: signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def end(number: int, _: FrameType | None) -> NoReturn:
        for which in before:
            signal.signal(which, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    for which, handler in before.items():
        if handler != signal.SIG_IGN:  # as under nohup
            signal.signal(which, end)
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
