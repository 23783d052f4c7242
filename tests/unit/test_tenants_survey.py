"""What the survey concludes from names, with guesses that were wrong for real schemas."""

from __future__ import annotations

from dataclasses import replace

from flatsplit.config import Tenants
from flatsplit.cutover.tenants import remedy
from flatsplit.model import Structure, Table
from flatsplit.tenants import candidates, survey, unrooted, upward
from flatsplit.tenants.writing import proposal
from tests.unit.test_tenants import ACCOUNTS, TABLES, kinds, ref, surveyed, table


def test_what_a_row_points_at_for_the_moment_is_a_question() -> None:
    """Who has a tenant before him on the screen is not the tenant's; nor is what follows from him."""
    found = surveyed(
        *TABLES,
        table("people", "id:bigint! active_account_id:bigint", "active_account_id>accounts"),
        table("sessions", "id:bigint! person_id:bigint!", "person_id>people"),
        table("members", "id:bigint! currentAccountId:bigint!", "currentAccountId>accounts"),
        table("activities", "id:bigint! owning_account_id:bigint!", "owning_account_id>accounts"),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"people", "sessions", "members"}
    assert "active_account_id may say which tenant a row points at for the moment" in asked["people"].why
    assert [one.kind for one in asked["people"].choices] == ["own"]
    assert "said first" in asked["sessions"].why
    assert asked["sessions"].after == ref("people")
    assert kinds(found)["activities"] == "own"


def test_short_for_a_table_is_what_foreign_keys_of_others_call_it() -> None:
    found = surveyed(
        table("accounts", "id:bigint!"),
        table("messages", "id:text! account_id:bigint!", "account_id>accounts"),
        table("deliveries", "id:text! msg_id:text! owner_id:text!", "msg_id>messages", "owner_id>messages"),
        table("attempts", "id:text! msg_id:text!"),
        table("files", "id:text! owner_id:text! ref_id:text!"),
        table("re_forms", "id:text! account_id:bigint!", "account_id>accounts"),
        table("drafts", "id:text! ref_id:text!", "ref_id>re_forms"),
    )
    asked = {one.ref.name: [one.links[0].columns for one in one.choices] for one in found.undecided}
    assert asked["attempts"] == [("msg_id",)]
    assert "files" not in asked, "of which owner?"


def test_a_longer_name_is_carried_by_more() -> None:
    """Bank accounts are no tenants; crm_account is, where all tables begin like that."""
    many = [table(f"t{number}", "id:bigint! customer_id:bigint!", "customer_id>customers") for number in range(10)]
    few = [table(f"u{number}", "id:bigint! account_id:bigint!", "account_id>bank_accounts") for number in range(3)]
    tables = (*many, *few, table("customers", "id:bigint!"), table("bank_accounts", "id:bigint!"))
    assert candidates(Structure({one.ref: one for one in tables}))[0].ref.name == "customers"
    named = [
        table(
            one.ref.name.replace("t", "crm_t").replace("u", "crm_u"),
            "id:bigint! account_id:bigint!" if one in few else "id:bigint! contact_id:bigint!",
            "account_id>crm_accounts" if one in few else "contact_id>crm_contacts",
        )
        for one in (*many, *few)
    ]
    tables = (*named, table("crm_contacts", "id:bigint!"), table("crm_accounts", "id:bigint!"))
    assert candidates(Structure({one.ref: one for one in tables}))[0].ref.name == "crm_accounts"


def test_a_key_that_no_table_is_of() -> None:
    near = [table(f"t{number}", "id:text! namespace:text! meter_id:text!", "meter_id>meters") for number in range(4)]
    structure = Structure({one.ref: one for one in (*near, table("meters", "id:text! namespace:text!"))})
    (found,) = unrooted(structure, candidates(structure))
    assert (found.column, found.type, found.tables) == ("namespace", "text", 5)
    said = remedy(found)
    assert 'CREATE TABLE "public"."tenants" (id text PRIMARY KEY);' in said
    assert 'root = "public.tenants", key = ["namespace"]' in said
    with_root = Structure({one.ref: one for one in TABLES})
    assert unrooted(with_root, candidates(with_root)) == []


def test_a_key_within_another_is_said_though_shards_are_in_more_tables() -> None:
    """Whose shard a row lies in is not whose it is."""
    names = [f"t{number}" for number in range(8)]
    spaced = [table(name, "shard_id:integer! namespace_id:bytea!", primary="shard_id") for name in names[:3]]
    plain = [table(name, "shard_id:integer! body:text", primary="body") for name in names[3:]]
    spaces = replace(table("namespaces", "partition_id:integer! id:bytea!"), primary_key=("partition_id", "id"))
    shards = table("shards", "shard_id:integer!", primary="shard_id")
    structure = Structure({one.ref: one for one in (*spaced, *plain, spaces, shards)})
    ranked = candidates(structure)
    assert ranked[0].ref.name == "shards"
    (found,) = unrooted(structure, ranked)
    assert (found.column, found.type, found.tables, found.within) == ("namespace_id", "bytea", 3, spaces.ref)
    assert "(id bytea PRIMARY KEY);" in remedy(found)


def test_tenants_are_called_for_short() -> None:
    found = surveyed(
        table("organisations", "id:text!"),
        table("projects", "id:text! organisation_id:text!", "organisation_id>organisations"),
        table("counters", "org_id:text! day:date!", primary="day"),
        tenants=Tenants("public.organisations"),
    )
    assert kinds(found)["counters"] == "own"
    ranked = candidates(found.structure)
    assert ranked[0].columns == ("org_id", "organisation_id")


def test_a_key_that_is_called_otherwise_beside_another_way_is_a_question() -> None:
    """A share is the folder's, and whom it is shared with is another tenant."""
    found = surveyed(
        *TABLES,
        table("folders", "id:bigint! account_id:bigint! parent_id:bigint!", "account_id>accounts", "parent_id>folders"),
        table("files", "id:bigint! folder_id:bigint!", "folder_id>folders"),
        table(
            "shares", "id:bigint! file_id:bigint! shared_with_id:bigint!", "file_id>files", "shared_with_id>accounts"
        ),
        table("answers", "id:bigint! share_id:bigint!", "share_id>shares"),
        table("gifts", "id:bigint! giver_id:bigint! user_id:bigint!", "giver_id>accounts", "user_id>users"),
        table("trees", "id:bigint! holder_id:bigint! up_id:bigint!", "holder_id>accounts", "up_id>trees"),
        table("loans", "id:bigint! lender_id:bigint! file_id:bigint", "lender_id>accounts", "file_id>files"),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"shares", "answers"}
    assert "file_id -> public.files(id)" in asked["shares"].why
    assert [one.kind for one in asked["shares"].choices] == ["through", "own"]
    said = kinds(found)
    assert [said[name] for name in ("gifts", "trees", "loans")] == ["own"] * 3
    decided = replace(ACCOUNTS, through=(("public.shares", "file_id -> public.files(id)"),))
    assert surveyed(*found.structure.tables.values(), tenants=decided).complete


def foreign(one: Table, name: str) -> Table:
    """With this column of a type that is not one of the server's own."""
    return replace(one, columns=tuple(c._replace(builtin=False) if c.name == name else c for c in one.columns))


def collated(one: Table, name: str, collation: str) -> Table:
    """With a collation for this column."""
    return replace(one, columns=tuple(c._replace(collation=collation) if c.name == name else c for c in one.columns))


def test_a_key_that_is_no_type_of_the_servers_is_refused_with_what_would_do() -> None:
    scopes = table("scopes", "id:public.citext!")
    (said,) = surveyed(foreign(scopes, "id"), tenants=Tenants("public.scopes")).wrong
    assert "type public.citext, not one of the server's own: name a table whose key is text, uuid or a number" in said


def test_a_foreign_key_over_types_that_are_converted_is_a_question() -> None:
    """The server prints what it converts, and a condition of ours would not be known again."""
    lines = table("lines", "id:bigint! order_id:public.order_no!", "order_id>orders")
    found = surveyed(
        *TABLES[:3],
        foreign(lines, "order_id"),
        table("sums", "id:bigint! order_id:numeric!", "order_id>orders"),
        table("parts", "id:bigint! line_id:bigint!", "line_id>lines"),
        collated(table("names", "id:text! account_id:bigint!", "account_id>accounts"), "id", 'pg_catalog."C"'),
        collated(table("uses", "id:text! name_id:text!", "name_id>names"), "name_id", "public.other"),
        table("likes", "id:text! name_id:text!", "name_id>names"),
    )
    asked = {one.ref.name: one.why for one in found.undecided}
    assert asked.keys() == {"lines", "sums", "parts", "uses"}
    assert asked["uses"].startswith(
        "name_id is text COLLATE public.other, and public.names (id) text COLLATE pg_catalog"
    )
    assert (
        asked["lines"]
        == "order_id is public.order_no, and public.orders (id) bigint: they are not compared as they are"
    )
    assert "order_id is numeric, and public.orders (id) bigint" in asked["sums"]


def test_a_key_of_another_type_is_said() -> None:
    found = surveyed(*TABLES, table("tags", "id:bigint! account_id:text!"))
    assert found.belongings[ref("tags")].why == "account_id is text, and the key is bigint"


def test_a_way_that_must_be_set_counts_however_long_it_is() -> None:
    """A database may be on a server, and must be in an environment of a project."""
    databases = table(
        "databases", "id:bigint! server_id:bigint env_id:bigint!", "server_id>servers", "env_id>environments"
    )
    found = surveyed(
        *TABLES,
        table("servers", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("projects", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("environments", "id:bigint! project_id:bigint!", "project_id>projects"),
        databases,
        table("dumps", "id:bigint! database_id:bigint", "database_id>databases"),
    )
    (belonging,) = (one for one in found.belongings.values() if one.ref == databases.ref)
    assert [link.columns for link in belonging.links] == [("env_id",), ("project_id",)]
    assert kinds(found)["dumps"] == "through", "one that may be missing, where there is no other"


SCOPES = (
    table("iam_scopes", "id:text! up_id:text", "up_id>iam_scopes"),
    table("orgs", "scope_id:text!", "scope_id>iam_scopes", primary="scope_id"),
    replace(
        table("projects", "scope_id:text! org_id:text!", "scope_id>iam_scopes", "org_id>orgs.scope_id"),
        primary_key=("scope_id", "org_id"),
    ),
    table("users", "id:text! scope_id:text!", "scope_id>iam_scopes"),
    *(table(f"things_{n}", "id:text! project_id:text!", "project_id>projects.scope_id") for n in range(3)),
    table("keys", "id:text!"),
    *(table(f"secrets_{n}", "id:text! key_id:text!", "key_id>keys") for n in range(5)),
)
"""A tree of scopes: a table with one row for each, and tables of their own for organizations and projects."""


def test_tenants_above_tenants_are_known_by_a_key_or_a_name() -> None:
    assert upward(SCOPES[0]) == "up_id"
    for column, found in {
        "parent_id:bigint": True,
        "parentAccountId:integer": True,
        "parent_account_id:bigint": True,
        "parent_id:text": False,
        "parent_folder_id:bigint": False,
        "creator_id:bigint": False,
    }.items():
        assert bool(upward(table("accounts", f"id:bigint! {column}"))) is found, column
    assert not upward(table("accounts", "id:bigint! parent_id:bigint", "parent_id>plans")), "of another table"


def test_what_refers_to_a_table_by_the_key_of_another_holds_that_key() -> None:
    """A project's id is its scope's; so is what refers to the project."""
    structure = Structure({one.ref: one for one in SCOPES})
    ranked = candidates(structure)
    assert [(one.ref.name, one.tables) for one in ranked[:2]] == [("iam_scopes", 6), ("keys", 5)]
    assert ranked[0].columns == ("scope_id",)
    assert unrooted(structure, ranked) == []
    found = surveyed(*SCOPES, tenants=Tenants("public.iam_scopes", ("scope_id",)))
    assert found.complete
    said = {one.ref.name: one.column for one in found.belongings.values() if one.kind == "own"}
    assert said == {
        **dict.fromkeys(("orgs", "projects", "users"), "scope_id"),
        **{f"things_{n}": "project_id" for n in range(3)},
    }
    assert "up_id leads to another row of it" in found.belongings[ref("iam_scopes")].why


def test_the_key_within_a_foreign_key_of_several_columns_is_the_tables_own() -> None:
    """Where all of its columns are NOT NULL: else the server does not check it (MATCH SIMPLE)."""
    orders = replace(
        table("orders", "no:bigint! account_id:bigint!", "account_id>accounts"), primary_key=("account_id", "no")
    )
    lines = table("lines", "id:bigint! owner:bigint! no:bigint!", "owner,no>orders.account_id,no")
    notes = table("notes", "id:bigint! owner:bigint! no:bigint", "owner,no>orders.account_id,no")
    both = ("order_id>orders", "account_no,order_id>orders.account_id,id")
    deliveries = table("deliveries", "id:bigint! account_no:bigint! order_id:bigint!", *both)
    found = surveyed(*TABLES[:2], deliveries, tenants=ACCOUNTS)
    assert found.belongings[ref("deliveries")].column == "account_no", "it says more than the order alone"
    found = surveyed(TABLES[0], orders, lines, notes, tenants=ACCOUNTS)
    assert [found.belongings[ref(name)].kind for name in ("lines", "notes")] == ["own", "through"]
    assert found.belongings[ref("lines")].column == "owner"


def test_two_ways_that_must_lead_to_the_same_row_are_one() -> None:
    """A host and a set are of one catalog, since both foreign keys have its column; unless one of them may be NULL."""
    hosts, sets = (
        replace(table(name, "catalog_id:bigint! id:bigint!", "catalog_id>catalogs"), primary_key=("catalog_id", "id"))
        for name in ("hosts", "sets")
    )
    around = (*TABLES, table("catalogs", "id:bigint! order_id:bigint!", "order_id>orders"), hosts, sets)
    ways = ("shelf,host_id>hosts.catalog_id,id", "shelf,set_id>sets.catalog_id,id")
    members = table("members", "shelf:bigint! host_id:bigint! set_id:bigint!", *ways)
    found = surveyed(*around, members)
    assert found.complete
    one = found.belongings[members.ref]
    first, last = one.straightened()[1]
    assert (first.table, first.columns, last.table) == ("catalogs", ("shelf",), "orders")
    loose = table("members", "shelf:bigint! host_id:bigint set_id:bigint", *ways)
    crossing = (ways[0], "other,set_id>sets.catalog_id,id")
    others = table("members", "shelf:bigint! host_id:bigint! set_id:bigint! other:bigint!", *crossing)
    for doubtful in (loose, others):
        assert "2 ways lead to a tenant" in surveyed(*around, doubtful).undecided[0].why


def test_what_there_is_one_of_for_each_row_is_not_above_it() -> None:
    """Each mailbox has a login of its own: not the login is the tenant, whatever its table is called."""
    mailboxes = table("mailboxes", "id:bigint! account_id:bigint!", "account_id>accounts", unique="account_id")
    things = [table(f"t{n}", "id:bigint! mailbox_id:bigint!", "mailbox_id>mailboxes") for n in range(6)]
    for one, first in ((mailboxes, "mailboxes"), (replace(mailboxes, unique_keys=()), "accounts")):
        tables = (table("accounts", "id:bigint!"), one, *things)
        assert candidates(Structure({each.ref: each for each in tables}))[0].ref.name == first


def test_a_way_that_may_be_missing_does_not_decide_beside_one_to_a_question() -> None:
    """Each connection is of a session, and may be over a worker."""
    found = surveyed(
        *TABLES,
        table("workers", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("buyers", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("sessions", "id:bigint! buyer_id:bigint! worker_id:bigint!", "buyer_id>buyers", "worker_id>workers"),
        table(
            "connections", "id:bigint! session_id:bigint! worker_id:bigint", "session_id>sessions", "worker_id>workers"
        ),
    )
    assert {one.ref.name: one.why for one in found.undecided}["connections"].startswith("follows from public.sessions")


def test_the_last_words_of_a_tables_name_are_short_for_it() -> None:
    found = surveyed(
        *TABLES,
        table("tb_people", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("tb_person_tags", "id:bigint! person_id:bigint!", "person_id>tb_people"),
    )
    assert found.complete


HANDED = (
    table("scopes", "id:text!"),
    table("roles", "id:text! scope_id:text!", "scope_id>scopes"),
    table("users", "id:text! scope_id:text!", "scope_id>scopes"),
    table("crm_stage", "scope_id:text!", "scope_id>scopes", primary="scope_id"),
    *(table(f"t{n}", "id:text! stage_id:text!", "stage_id>crm_stage.scope_id") for n in range(2)),
    # Two required ways lead on, but the column that is called like the key says it
    table("stage_roles", "id:text! scope_id:text!", "id>roles", "scope_id>crm_stage.scope_id"),
    table("sessions", "id:text! stage_id:text! user_id:text!", "stage_id>crm_stage.scope_id", "user_id>users"),
    table("t1_history", "history_id:text! stage_id:text!"),
)


def test_a_key_that_others_hand_on_counts_by_their_name_as_well() -> None:
    """Each stage is a scope: what has a stage_id has that scope's key, also where no foreign key is declared."""
    structure = Structure({one.ref: one for one in HANDED})
    proposed = proposal(candidates(structure), structure)
    assert proposed is not None
    assert proposed.key == ("scope_id", "stage_id")
    found = survey(proposed, structure)
    assert found.complete
    own = {one.ref.name: one.column for one in found.of_kind("own")}
    assert [own[name] for name in ("stage_roles", "sessions", "t1_history")] == [
        "scope_id",
        "stage_id",
        "stage_id",
    ]


def test_a_name_that_leads_elsewhere_once_is_no_key() -> None:
    other = table("folders", "id:text! stage_id:text!", "stage_id>jobs")
    structure = Structure({one.ref: one for one in (*HANDED, other, table("jobs", "id:text!"))})
    proposed = proposal(candidates(structure), structure)
    assert proposed is not None
    assert proposed.key == ("scope_id",)
    found = kinds(survey(proposed, structure))
    assert (found["t1_history"], found["sessions"]) == ("hidden", "?")
    assert found["stage_roles"] == "own", "called like the key itself"
