"""The text that is sent for a batch of statements and its journal record, prepared while the server works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from flatsplit import ddl
from flatsplit.journal import Entry, entry
from flatsplit.model import Statement

SENT_AFTER = 0.001
"""Seconds. The statements of the last transaction go out first: both threads want the interpreter for that."""

T = TypeVar("T")
U = TypeVar("U")


class Written(NamedTuple):
    """What one transaction sends, and what it records."""

    text: bytes
    """With the verifiers of passwords in it: for the server alone."""
    entry: Entry

    def __repr__(self) -> str:
        return "Written(…)"  # not the text, which may hold verifiers


def written(batch: Sequence[Statement], verifiers: Mapping[str, str]) -> Written:
    """The text of a batch with its verifiers filled in, and its record. KeyError where a role has no verifier."""
    return Written("\n".join(_filled(each, verifiers) for each in batch).encode(), entry(batch))


def _filled(statement: Statement, verifiers: Mapping[str, str]) -> str:
    text = statement.sql
    for role in statement.secrets:
        text = ddl.fill_verifier(text, role, verifiers[role])
    return text


def ahead(items: Iterable[T], make: Callable[[T], U]) -> Iterator[tuple[T, U]]:
    """Pairs of an item and ``make(item)``. The next one is made in a thread while the caller works with the last.

    The caller waits for a server most of the time, and Python has little to do meanwhile. An exception of ``make`` is
    raised where its item would come.
    """

    def made(item: T) -> U:
        time.sleep(SENT_AFTER)
        return make(item)

    with ThreadPoolExecutor(1, "ahead") as pool:
        coming: tuple[T, Future[U]] | None = None
        for item in items:
            last, coming = coming, (item, pool.submit(made, item))
            if last is not None:
                yield last[0], last[1].result()
        if coming is not None:
            yield coming[0], coming[1].result()
