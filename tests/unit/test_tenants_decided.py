"""What the configuration decides about tables, what of it is refused, and which table is taken for the root."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flatsplit.config import Tenants
from flatsplit.model import Structure, Table
from flatsplit.tenants import Belonging, Link, candidates, unrooted
from flatsplit.tenants.similarity import reaching
from tests.unit.test_tenants import ACCOUNTS, TABLES, kinds, ref, surveyed, table


def structure_of(*tables: Table) -> Structure:
    return Structure({one.ref: one for one in tables})


def child(name: str, columns: str, parent: str) -> Table:
    """A child by inheritance, with all columns of its parent as the server has them."""
    return replace(table(name, columns, parent=True), inherits=(("public", parent),))


# -- the root


def test_a_column_of_another_type_does_not_refer_to_a_table_by_its_name() -> None:
    near = (table("notes", "id:bigint! account_id:bigint!"), table("tags", "id:bigint! account_id:text!"))
    (found,) = candidates(structure_of(table("accounts", "id:bigint!"), *near))
    assert found.tables == 1


def test_the_most_frequent_column_comes_first() -> None:
    holders = [table(f"t{number}", "id:bigint! owner_id:bigint!", "owner_id>accounts") for number in range(2)]
    (found,) = candidates(structure_of(table("accounts", "id:bigint!"), *holders, table("u", "account_id:bigint!")))
    assert found.columns == ("owner_id", "account_id")


def test_what_has_the_key_of_another_for_its_own_is_not_below_it() -> None:
    """There is one row for each row then."""
    mailboxes = table("mailboxes", "account_id:bigint!", primary="account_id")
    things = [table(f"t{n}", "id:bigint! mailbox_id:bigint!", "mailbox_id>mailboxes.account_id") for n in range(6)]
    assert candidates(structure_of(table("accounts", "id:bigint!"), mailboxes, *things))[0].ref.name == "mailboxes"


@pytest.mark.parametrize(
    ("column", "root", "referring", "found"),
    [
        ("namespace:text!", "accounts", 2, True),
        ("namespace:text!", "accounts", 3, False),  # a table of tenants that more refer to
        ("namespace:text!", "colours", 10, True),
        ("namespace:text!", "colours", 11, False),  # five times as many
        ("namespace:text", "colours", 2, False),  # may be NULL
    ],
)
def test_a_column_called_like_a_key_is_told_where_enough_tables_have_it(
    column: str, root: str, referring: int, found: bool
) -> None:
    having = [table(f"t{number}", f"id:bigint! {column}") for number in range(2)]
    near = [table(f"u{number}", "id:bigint! up_id:bigint!", f"up_id>{root}") for number in range(referring)]
    structure = structure_of(table(root, "id:bigint!"), *having, *near)
    assert bool(unrooted(structure, candidates(structure))) is found


# -- children


def test_a_child_whose_parent_has_the_key_is_a_part_of_it() -> None:
    found = surveyed(*TABLES, child("old_orders", "id:bigint! account_id:bigint! user_id:bigint", "orders"))
    assert ref("old_orders") not in found.belongings


def test_what_is_shared_shows_the_rows_of_what_lies_below_it() -> None:
    """However far below: a child that has the key is a table of its own."""
    logs, yearly = table("logs", "id:bigint!"), child("yearly", "id:bigint!", "logs")
    leaf = child("leaf", "id:bigint! account_id:bigint!", "yearly")
    found = surveyed(*TABLES, logs, yearly, leaf, tenants=replace(ACCOUNTS, shared=("public.logs",)))
    assert found.belongings[leaf.ref].kind == "own"
    (said,) = found.wrong
    assert "shows the rows of its child public.leaf" in said
    assert not surveyed(*TABLES, logs, yearly, tenants=replace(ACCOUNTS, shared=("public.logs",))).wrong


# -- what the configuration says


@pytest.mark.parametrize(
    "said",
    [
        replace(ACCOUNTS, own=(("public.part", "account_id"),)),
        replace(ACCOUNTS, through=(("public.part", "order_id"),)),
        replace(ACCOUNTS, shared=("public.part",)),
        replace(ACCOUNTS, hidden=("public.part",)),
    ],
    ids=["own", "through", "shared", "hidden"],
)
def test_a_partition_is_decided_with_its_parent(said: Tenants) -> None:
    part = table("part", "id:bigint! account_id:bigint! order_id:bigint!", "order_id>orders", parent=True)
    (wrong,) = surveyed(*TABLES, part, tenants=said).wrong
    assert "say it of its parent" in wrong


def test_a_way_by_a_column_with_two_foreign_keys_has_to_name_the_table() -> None:
    twice = table("twice", "id:bigint! x_id:bigint!", "x_id>orders", "x_id>users")
    (said,) = surveyed(*TABLES, twice, tenants=replace(ACCOUNTS, through=(("public.twice", "x_id"),))).wrong
    assert "name the table" in said


def test_ways_are_found_in_any_order() -> None:
    far, near = (
        table("far", "id:bigint! near_id:bigint!", "near_id>near"),
        table("near", "id:bigint! o:bigint!", "o>orders"),
    )
    ways = (("public.far", "near_id"), ("public.near", "o"))
    for order in (ways, ways[::-1]):
        found = surveyed(*TABLES, far, near, tenants=replace(ACCOUNTS, through=order))
        assert not found.wrong
        assert [link.table for link in found.belongings[far.ref].links] == ["near", "orders"]


# -- what follows from a kind


def test_only_tables_that_are_told_apart_have_a_condition() -> None:
    assert Belonging(ref("t"), "own", "k").condition("s") is not None
    assert Belonging(ref("t"), "shared").condition("s") is None
    assert Belonging(ref("t"), "hidden").condition("s") is None


def test_a_way_is_not_shortened_where_a_column_of_it_is_missing_here() -> None:
    links = (Link("s", "t", ("a", "b"), ("x", "y")), Link("s", "u", ("x", "z"), ("p", "q")))
    assert Belonging(ref("t"), "through", "k", links).straightened() == ("k", links)


# -- what keys and names say


def test_a_column_that_leads_elsewhere_is_not_the_key_whatever_it_is_called() -> None:
    odd = table("odd", "id:bigint! account_id:bigint!", "account_id>plans")
    assert kinds(surveyed(*TABLES, table("plans", "id:bigint!"), odd))["odd"] == "hidden"


def test_the_key_within_a_foreign_key_does_not_decide_beside_a_way_of_other_columns() -> None:
    keys = ("account_no,order_id>orders.account_id,id", "buyer_id>buyers")
    buyers = table("buyers", "id:bigint! account_id:bigint!", "account_id>accounts")
    both = table("both", "id:bigint! account_no:bigint! order_id:bigint! buyer_id:bigint!", *keys)
    assert kinds(surveyed(*TABLES, buyers, both))["both"] == "through"


def test_a_name_is_short_for_a_table_with_letters_in_their_order() -> None:
    for column, asked in (("msg_id", True), ("mxs_id", False)):
        found = surveyed(
            table("accounts", "id:bigint!"),
            table("messages", "id:text! account_id:bigint!", "account_id>accounts"),
            table("deliveries", f"id:text! {column}:text!", f"{column}>messages"),
            table("attempts", f"id:text! {column}:text!"),
        )
        assert (kinds(found)["attempts"] == "?") is asked, column


def test_what_may_be_missing_does_not_lead_to_a_tenant_from_every_row() -> None:
    assert reaching(structure_of(*TABLES), {ref("accounts")}) == {ref("accounts"), ref("orders"), ref("lines")}
