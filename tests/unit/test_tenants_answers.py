"""The law of answers: whatever the survey prints to be said of a table, it takes as it is printed. Pure."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit.config import Tenants, format_name
from flatsplit.model import Table
from flatsplit.tenants import Belonging
from flatsplit.tenants.writing import way_of
from tests.unit.test_tenants import ACCOUNTS, surveyed, table
from tests.unit.test_tenants_laws import EXAMPLES

NAMES = ("account_id", "holder_account_id", "creator_id", "current_id", "{}_id", "first_{}_id", "up")


@st.composite
def schemas(draw: st.DrawFn) -> list[Table]:
    """Tables that refer to one another in any way, also in circles, declared or by a name alone."""
    names = [f"t{chr(97 + number)}s" for number in range(draw(st.integers(2, 7)))]
    tables = [table("accounts", "id:bigint!")]
    for name in names:
        columns, keys = {}, []
        for other in draw(st.lists(st.sampled_from(["accounts", *names]), max_size=4)):
            column = draw(st.sampled_from(NAMES)).format(other.removesuffix("s"))
            if column not in columns:
                columns[column] = f"{column}:bigint{draw(st.sampled_from(['', '!', '!']))}"
                keys += [f"{column}>{other}"] if draw(st.integers(0, 4)) else []
        tables.append(table(name, " ".join(["id:bigint!", *columns.values()]), *keys))
    return tables


def said(tenants: Tenants, one: Belonging) -> Tenants:
    """With this answer as it is written down."""
    name = format_name(one.ref.schema, one.ref.name)
    if one.kind == "own":
        return replace(tenants, own=(*tenants.own, (name, one.column)))
    return replace(tenants, through=(*tenants.through, (name, way_of(one))))


@EXAMPLES
@given(schemas(), st.data())
def test_every_answer_that_is_printed_is_taken(tables: list[Table], data: st.DataObject) -> None:
    """Until something is hidden for want of any: what led there by an answer may lead nowhere then."""
    tenants = ACCOUNTS
    for _ in tables:
        found = surveyed(*tables, tenants=tenants)
        assert not found.wrong, (tenants, found.wrong)
        open_ = [one for one in found.undecided if one.choices]
        if not open_:
            return
        for one in open_[: data.draw(st.integers(1, len(open_)))]:
            tenants = said(tenants, data.draw(st.sampled_from(one.choices)))
    raise AssertionError(tenants)  # each answer is about another table
