"""What can be made ready while the server works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(items: Iterable[T], make: Callable[[T], U]) -> Iterator[tuple[T, U]]:
    """Each item with what ``make`` makes of it; that of the next is being made while the caller works with the last.

    The caller waits for a server most of the time, and Python has little to do then. What ``make`` raises, is raised
    where its item would come.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming: tuple[T, Future[U]] | None = None
        for item in items:
            last, coming = coming, (item, pool.submit(make, item))
            if last is not None:
                yield last[0], last[1].result()
        if coming is not None:
            yield coming[0], coming[1].result()
