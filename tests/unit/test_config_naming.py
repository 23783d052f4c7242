"""Names for the new roles that nobody has."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit.config import Config, RoleNames, propose_roles, validate


def test_standard_names_where_they_are_free() -> None:
    assert propose_roles(["postgres", "shop"], "shop") == RoleNames()


def test_one_taken_name_changes_all_four() -> None:
    family = RoleNames("shop_user", "shop_migrator", "shop_readonly", "shop_dba")
    assert propose_roles(["postgres", "dba"], "shop") == family


def test_numbered_when_those_are_taken_too() -> None:
    third = RoleNames("shop3_user", "shop3_migrator", "shop3_readonly", "shop3_dba")
    assert propose_roles(["dba", "shop_user", "shop2_dba"], "shop") == third


def test_adopting_takes_over_what_is_there_but_never_legacy() -> None:
    assert propose_roles(["app_user", "dba"], "shop", adopt=True) == RoleNames()
    assert propose_roles(["app_user"], "shop", adopt=True, legacy="app_user").app_user == "shop_user"
    assert propose_roles([], "shop", legacy="app_user").app_user == "shop_user"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.sets(st.sampled_from(["dba", "app_user", "app_readonly", "app2_user", "app_migrator"])),
    st.booleans(),
)
def test_proposals_are_always_possible(name: str, existing: set[str], again: bool) -> None:
    existing |= {"dba"}
    if again:
        existing |= set(propose_roles(existing, name).new[:1])
    roles = propose_roles(existing, name)
    assert existing.isdisjoint(roles.new)
    validate(replace(Config("x", "the old role", ("public",)), roles=roles))
