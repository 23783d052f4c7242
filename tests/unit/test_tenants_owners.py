"""What the survey takes for a row's owner, and what only says who did something or where somebody is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flatsplit.config import Tenants
from flatsplit.model import Structure, Table
from flatsplit.tenants import PERSONS, candidates, unrooted
from flatsplit.tenants.similarity import deed
from flatsplit.tenants.writing import proposal
from tests.unit.test_tenants import ACCOUNTS, TABLES, kinds, ref, surveyed, table


def structure(*tables: Table) -> Structure:
    return Structure({one.ref: one for one in tables})


def proposed(*tables: Table) -> Tenants:
    found = proposal(candidates(structure(*tables)), structure(*tables))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("creator_id", True),
        ("updatedBy", True),
        ("created_by_id", True),
        ("user_id", False),
        ("owner_id", False),
        ("byline_id", False),
        ("authority_id", False),
    ],
)
def test_who_did_something(column: str, said: bool) -> None:
    assert deed(column) is said


@pytest.mark.parametrize(("maker", "root"), [("creator_id", "public.instances"), ("holder_id", "public.users")])
def test_who_made_a_row_is_no_tenant(maker: str, root: str) -> None:
    """Each row of each table has been made by somebody; whose it is, what holds it says."""
    made = [
        table(
            f"t{number}",
            f"id:bigint! course_id:bigint! {maker}:bigint! updater_id:bigint!",
            "course_id>courses",
            f"{maker}>users",
            "updater_id>users",
        )
        for number in range(4)
    ]
    more = [table(f"u{number}", f"id:bigint! {maker}:bigint!", f"{maker}>users") for number in range(9)]
    found = proposed(
        table("instances", "id:bigint!"),
        table("courses", "id:bigint! instance_id:bigint!", "instance_id>instances"),
        table("users", "id:bigint!"),
        *made,
        *more,
    )
    assert found.root == root
    assert "updater_id" not in found.key


def test_a_root_of_people_says_so() -> None:
    mine = [table(f"t{number}", "id:bigint! user_id:bigint!") for number in range(3)]
    found = surveyed(table("app_user", "id:bigint!"), *mine, tenants=Tenants("public.app_user", ("user_id",)))
    assert PERSONS in found.belongings[ref("app_user")].why
    assert PERSONS not in surveyed(*TABLES).belongings[ref("accounts")].why


def test_a_way_to_what_a_row_points_at_for_the_moment_is_a_question() -> None:
    """Where somebody's default workspace is, he need not belong; nor does what refers to him."""
    found = surveyed(
        *TABLES,
        table("workspaces", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("people", "id:bigint! default_workspace_id:bigint", "default_workspace_id>workspaces"),
        table("rollouts", "id:bigint! updated_by:bigint", "updated_by>people"),
        table("logins", "id:bigint! person_id:bigint!", "person_id>people"),
        table(
            "docs",
            "id:bigint! workspace_id:bigint! last_version_id:bigint",
            "workspace_id>workspaces",
            "last_version_id>versions",
        ),
        table("versions", "id:bigint! doc_id:bigint!", "doc_id>docs"),
        table(
            "seats",
            "id:bigint! current_space_id:bigint! workspace_id:bigint",
            "current_space_id>workspaces",
            "workspace_id>workspaces",
        ),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"people", "rollouts", "logins", "seats"}
    assert "default_workspace_id may say which row one points at for the moment" in asked["people"].why
    assert [asked[name].after for name in ("rollouts", "logins")] == [ref("people")] * 2
    assert [one.links[0].columns for one in asked["seats"].choices] == [("workspace_id",), ("current_space_id",)]
    assert [kinds(found)[name] for name in ("docs", "versions")] == ["through"] * 2


def test_a_way_by_who_did_something_or_by_a_sort_is_a_question() -> None:
    """A note on somebody's copy is not its writer's, and a bill not of whoever thought of that sort of bills."""
    found = surveyed(
        *TABLES,
        table("people", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("bill_types", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("notes", "id:bigint! copy:bigint! creator:bigint!", "creator>people"),
        table("bills", "id:bigint! trade:bigint! sort:bigint!", "sort>bill_types"),
        table("lines", "id:bigint! bill_id:bigint!", "bill_id>bills"),
        table("wishes", "id:bigint! creator_id:bigint! holder:bigint!", "creator_id>people", "holder>people"),
        table("cards", "id:bigint! holder:bigint!", "holder>people"),
        table("plans", "id:bigint! updated_by:bigint holder:bigint!", "updated_by>people", "holder>people"),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"notes", "bills", "lines", "wishes"}
    assert "creator says who did something" in asked["notes"].why
    assert "sort says of what sort a row is" in asked["bills"].why
    assert asked["lines"].after == ref("bills")
    assert [one.links[0].columns for one in asked["wishes"].choices] == [("holder",), ("creator_id",)]
    assert [kinds(found)[name] for name in ("cards", "plans")] == ["through"] * 2


def test_two_columns_that_end_like_the_key_are_a_question_though_one_is_declared() -> None:
    found = surveyed(
        *TABLES,
        table("links", "id:bigint! to_account_id:bigint! from_account_id:bigint!", "to_account_id>accounts"),
        table("parts", "id:bigint! link_id:bigint!", "link_id>links"),
        table("moves", "id:bigint! to_account_id:bigint! from_account_id:bigint", "to_account_id>accounts"),
        table("owing_account", "id:bigint! holder_id:bigint! owing_account_id:bigint!", "holder_id>accounts"),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"links", "parts"}
    assert "2 columns name a tenant: from_account_id, to_account_id" in asked["links"].why
    assert [one.column for one in asked["links"].choices] == ["to_account_id", "from_account_id"]
    assert [kinds(found)[name] for name in ("moves", "owing_account")] == ["own"] * 2
    assert ACCOUNTS.key == ("account_id",)


MERCHANTS = [table(f"t{number}", "merchant_id:text! no:text! org_id:text", primary="no") for number in range(4)]
STORES = table("merchant_key_store", "merchant_id:text! key:bytea!", primary="merchant_id")
ORGANIZATIONS = table("organization", "org_id:text!", primary="org_id")


def test_a_table_is_named_by_its_key_where_no_table_is_called_so() -> None:
    """And is kept, though it is itself held by another: from what has that key, no foreign key leads on."""
    merchants = table("merchant_account", "merchant_id:text! organization_id:text!", primary="merchant_id")
    tables = (merchants, STORES, ORGANIZATIONS, *MERCHANTS)
    found = proposed(*tables)
    assert (found.root, found.key) == ("public.merchant_account", ("merchant_id",))
    assert not unrooted(structure(*tables), candidates(structure(*tables)))
    assert kinds(surveyed(*tables, tenants=found))["merchant_key_store"] == "own"


def test_a_key_that_two_tables_have_alike_names_none() -> None:
    merchants = table("merchant_data", "merchant_id:text! name:text", primary="merchant_id")
    tables = (merchants, STORES, *MERCHANTS)
    assert "merchant_id" in {one.column for one in unrooted(structure(*tables), candidates(structure(*tables)))}


@pytest.mark.parametrize(("loose", "asked"), [("", False), ("!", False), ("?", True)])
def test_who_paid_may_be_another_tenant_than_whose_it_is(loose: str, asked: bool) -> None:
    """Where all columns of a row may be NULL, the only one that refers to the root may say who paid; not where only who
    made the row is said beside it, or the column is never NULL.
    """
    order = "order_id" if loose != "" else "created_by_id"
    found = surveyed(
        *TABLES,
        table("deals", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table(
            "payments",
            f"id:bigint! payer_id:bigint{loose.strip('?')} {order}:bigint",
            "payer_id>accounts",
            f"{order}>deals",
        ),
    )
    undecided = {one.ref.name: one for one in found.undecided}
    assert ("payments" in undecided) is asked
    if asked:
        assert [one.kind for one in undecided["payments"].choices] == ["through", "own"]
    else:
        assert kinds(found)["payments"] == "own"


@pytest.mark.parametrize(("column", "asked"), [("owner_org", False), ("buyer_org", True)])
def test_a_key_of_another_name_that_is_handed_on_is_no_question(column: str, asked: bool) -> None:
    """owner_org of a release is whose the app is, which is said there by the same name; buyer_org is not."""
    found = surveyed(
        table("accounts", "id:bigint!"),
        table("apps", "id:bigint! owner_org:bigint!", "owner_org>accounts"),
        table("releases", f"id:bigint! app_id:bigint! {column}:bigint!", "app_id>apps", f"{column}>accounts"),
        table(
            "channels",
            f"id:bigint! app_id:bigint! release_id:bigint! {column}:bigint!",
            "app_id>apps",
            "release_id>releases",
            f"{column}>accounts",
        ),
        table("gone", "id:bigint! owner_org:bigint!"),
        table("left", "id:bigint! holder:bigint!"),
        table("asides", "id:bigint! giver:bigint!", "giver>accounts"),
    )
    undecided = {one.ref.name: one for one in found.undecided}
    said = kinds(found)
    assert ({"releases", "channels"} <= undecided.keys()) is asked
    assert said["apps"] == said["asides"] == "own"
    assert said["left"] == "hidden"
    if not asked:  # in two tables at least
        assert [(one.kind, one.column) for one in undecided["gone"].choices] == [("own", "owner_org")]


@pytest.mark.parametrize(
    ("column", "back", "kind"),
    [
        ("avatar_asset_id", "person_id", "hidden"),
        ("asset_id", "person_id", "through"),
        ("assetId", "person_id", "through"),
        ("avatar_asset_id", "reviewer_id", "through"),
        ("avatar_asset_id!", "person_id", "through"),
    ],
)
def test_what_a_row_has_says_not_whose_it_is(column: str, back: str, kind: str) -> None:
    """A user's avatar lies in some account, and the asset says whose avatar it is."""
    name = column.rstrip("!")
    found = surveyed(
        *TABLES,
        table("persons", f"id:bigint! {name}:bigint{column[len(name) :]}", f"{name}>assets"),
        table("assets", f"id:bigint! account_id:bigint! {back}:bigint", "account_id>accounts", f"{back}>persons"),
        table("logins", "id:bigint! person_id:bigint!", "person_id>persons"),
    )
    assert (kinds(found)["persons"], kinds(found)["logins"]) == (kind, kind)
    decided = replace(ACCOUNTS, through=(("public.persons", f"{name} -> public.assets(id)"),))
    assert kinds(surveyed(*found.structure.tables.values(), tenants=decided))["persons"] == "through"
