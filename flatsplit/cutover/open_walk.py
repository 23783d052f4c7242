"""Opens the walk of a command. The catalog is read while the modules that work with it are imported.

Importing SQLAlchemy and what depends on it takes longer than everything else in ``status``, and the server has little
to do meanwhile. Nothing in this file imports them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from flatsplit.catalog import read_state
from flatsplit.connection import Session, operator_lock
from flatsplit.model import SPLIT, WalkName

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.walk import Walk


@contextmanager
def opened(
    session: Session,
    config: Config,
    use_case: str,
    *,
    alone: bool,
    walk: WalkName | None = SPLIT,
    any_will_do: bool = False,
) -> Iterator[Walk]:
    """The cutover that ``config`` is about, with the catalog as just read.

    ``use_case``: the module of this package that will be used, imported at the same time. ``alone``: take the
    one-operator lock before reading and keep it to the end, so that what was read still holds when it is acted on
    (OperatorBusy where it is not obtained). ``walk``, and what is raised: see :meth:`Walk.open`.
    """
    with operator_lock(session) if alone else nullcontext():
        with _importing("flatsplit.cutover.walk", f"flatsplit.cutover.{use_case}"):
            live = read_state(session.driver)
        from flatsplit.cutover.walk import Walk

        yield Walk.open(session, config, live, walk=walk, any_will_do=any_will_do)


@contextmanager
def _importing(*modules: str) -> Iterator[None]:
    """Import modules in a thread while the body runs. Where that fails, the next import of them raises the reason."""

    def work() -> None:
        with suppress(Exception):
            for module in modules:
                import_module(module)

    if sys.modules.keys() >= set(modules):
        yield
        return
    thread = threading.Thread(target=work, name="import")
    thread.start()
    try:
        yield
    finally:
        thread.join()
