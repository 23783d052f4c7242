"""The slow run takes squares of a matrix that differ in as many dimensions as possible, the same ones each time."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.thinning import apart, enough


def square(**indices: int) -> Any:
    name = "-".join(map(str, indices.values()))
    return SimpleNamespace(nodeid=f"tests/test_x.py::test_x[{name}]", callspec=SimpleNamespace(indices=indices))


@pytest.mark.parametrize(("squares", "taken"), [(1, 1), (2, 1), (5, 1), (6, 1), (7, 2), (54, 9)])
def test_a_fifth_of_a_few_and_a_sixth_of_many(squares: int, taken: int) -> None:
    assert enough(squares) == taken


def test_each_value_is_met_before_one_is_met_twice() -> None:
    matrix = [square(kind=kind, schema=schema) for kind, schema in product(range(4), range(4))]
    for number in (1, 2, 3, 4):
        chosen: list[Any] = list(apart(matrix, number))
        assert (
            len({each.callspec.indices["kind"] for each in chosen})
            == len({each.callspec.indices["schema"] for each in chosen})
            == number
        )


def test_the_lot_is_the_same_in_each_run() -> None:
    matrix = [square(kind=kind) for kind in range(9)]
    assert apart(matrix, 3) == apart(matrix[::-1], 3)
