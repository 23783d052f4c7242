"""What the survey makes of naming conventions: prefixes of tables and columns, short names, a table's own key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flatsplit.config import Tenants
from flatsplit.cutover.tenants import remedy
from flatsplit.model import ForeignKey, Structure, Table
from flatsplit.tenants import candidates, composite, survey, unrooted
from flatsplit.tenants.prefixes import plain, short_name
from flatsplit.tenants.writing import proposal
from tests.unit.test_tenants import ACCOUNTS, TABLES, kinds, ref, surveyed, table


def found_alone(*tables: Table) -> tuple[Tenants, dict[str, str]]:
    """What is proposed for these tables, and the kinds that follow from it."""
    structure = Structure({one.ref: one for one in tables})
    proposed = proposal(candidates(structure), structure)
    assert proposed is not None
    return proposed, kinds(survey(proposed, structure))


@pytest.mark.parametrize(
    ("columns", "column", "left"),
    [
        ("cg_id cg_name cg_space_id", "cg_space_id", "space_id"),
        ("id c_refid c_orgid c_name", "c_orgid", "orgid"),
        ("qr_id qr_space_id qr_space_name", "qr_space_id", "space_id"),
        ("id cg_name cg_space_id", "cg_space_id", "cg_space_id"),  # two are no convention
        ("id name to_space_id to_name of", "to_space_id", "to_space_id"),
    ],
)
def test_what_all_columns_begin_with_does_not_count(columns: str, column: str, left: str) -> None:
    assert plain(table("t", columns), column) == left


def test_what_half_of_all_tables_begin_with_does_not_count() -> None:
    names = ("dmz_org", "dmz_doc", "dmz_doc_link", "jobs")
    structure = Structure({ref(name): table(name, "id") for name in names})
    assert [short_name(name, structure) for name in names] == ["org", "doc", "doc_link", "jobs"]
    few = Structure({ref(name): table(name, "id") for name in names[:2]})
    assert short_name("dmz_org", few) == "dmz_org"


def test_a_key_with_the_prefix_of_its_table_is_the_key() -> None:
    proposed, found = found_alone(
        table("spaces", "space_id:integer! space_uid:text space_name:text", primary="space_id"),
        table("hooks", "hook_id:integer! hook_space_id:integer! hook_url:text", "hook_space_id>spaces.space_id"),
        table("repos", "repo_id:integer! repo_space_id:integer! repo_uid:text", "repo_space_id>spaces.space_id"),
        table("notes", "note_id:integer! note_space_id:integer! note_text:text"),
        table("gates", "gate_id:integer! gate_space_id:integer! gate_repo_id:integer!", "gate_repo_id>repos.repo_id"),
    )
    assert (proposed.root, proposed.key) == ("public.spaces", ("space_id",))
    assert [found[name] for name in ("hooks", "repos", "notes", "gates")] == ["own"] * 4


def test_prefixes_of_tables_and_of_columns_and_no_foreign_key() -> None:
    docs = [table(f"dmz_t{n}", "id:bigint! c_refid:text! c_orgid:text! c_name:text", primary="c_refid") for n in "123"]
    orgs = table("dmz_org", "id:bigint! c_refid:text! c_title:text c_mail:text", primary="c_refid")
    proposed, found = found_alone(orgs, *docs, table("dmz_config", "c_key:text! c_config:json"))
    assert (proposed.root, proposed.key) == ("public.dmz_org", ("orgid",))
    assert [found[one.ref.name] for one in docs] == ["own"] * 3


def test_a_column_that_is_called_just_like_the_table() -> None:
    """Proposed, since it begins every key there; asked where only the root is said; and no lookup table is a tenant's
    root for a column that may be NULL.
    """
    near = [table(f"t{n}", "store:text! no:text!", primary="store") for n in range(3)]
    tables = (table("store", "id:text!"), *near)
    proposed, found = found_alone(*tables)
    assert (proposed.root, proposed.key) == ("public.store", ("store",))
    assert [found[one.ref.name] for one in near] == ["own"] * 3
    asked = surveyed(*tables, tenants=Tenants("public.store"))
    assert kinds(asked)["t0"] == "?"
    loose = [table(f"t{n}", "id:text! status:text") for n in range(3)]
    assert not candidates(Structure({one.ref: one for one in (table("status", "id:text!"), *loose)}))


def test_the_first_words_of_a_tables_name_are_short_for_it() -> None:
    found = surveyed(
        *TABLES,
        table("table_meta", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("fields", "id:bigint! table_id:bigint!", "table_id>table_meta"),
        table("remarks", "id:bigint! table_id:bigint! body:text"),
    )
    assert kinds(found)["remarks"] == "?"


def test_a_tables_own_key_says_nothing_of_others() -> None:
    """Neither by its last words, nor with a column for the type beside it."""
    found = surveyed(
        *TABLES,
        table("hooks", "hook_id:bigint! account_id:bigint!", "account_id>accounts", primary="hook_id"),
        table("mail_hooks", "mail_hook_id:bigint! mail_hook_type:text", primary="mail_hook_id"),
        table("tokens", "token_id:bigint! token_type:text", primary="token_id"),
    )
    assert {found.belongings[ref(name)].why for name in ("mail_hooks", "tokens")} == {
        "nothing leads from it to a tenant"
    }


def test_a_way_that_must_be_set_beside_a_key_that_may_be_null_is_a_question() -> None:
    """The key was added later, and is NULL in older rows. What follows from it is a question, too."""
    mails = table("mails", "id:bigint! account_id:bigint order_id:bigint!", "account_id>accounts", "order_id>orders")
    shelves = table("shelves", "id:bigint! account_id:bigint", "account_id>accounts")
    found = surveyed(
        *TABLES,
        mails,
        shelves,
        table("books", "id:bigint! account_id:bigint shelf_id:bigint!", "account_id>accounts", "shelf_id>shelves"),
        table("clicks", "id:bigint! mail_id:bigint! line_id:bigint!", "mail_id>mails", "line_id>lines"),
    )
    asked = {one.ref.name: one for one in found.undecided}
    assert asked.keys() == {"mails", "clicks"}
    assert [one.kind for one in asked["mails"].choices] == ["through", "own"]
    assert asked["clicks"].after == mails.ref
    for name in ("shelves", "books"):  # what a book lies on may be nobody's, as it may be itself
        assert found.belongings[ref(name)].why.endswith("may be NULL, and is hidden then")


def test_a_table_that_has_the_key_beside_its_own_is_told() -> None:
    """A number for its key, and the tenant's name unique beside it; the others have the name, which may be NULL."""
    tenants = replace(table("sp_tenant", "id:bigint! tenant:text!"), unique_keys=(("id",), ("tenant",)))
    near = [table(f"sp_t{n}", "id:bigint! tenant:text") for n in range(4)]
    structure = Structure({one.ref: one for one in (tenants, *near)})
    (found,) = unrooted(structure, candidates(structure))
    assert (found.column, found.tables, found.nullable, found.within) == ("tenant", 5, 4, tenants.ref)
    assert 'key = ["tenant"]' in remedy(found)
    assert found.root == ref("tenants")


def test_an_underscore_after_each_name_is_a_convention_too() -> None:
    """And what a foreign key calls its table is what others call it without one, though its own name is longer."""
    tables = [
        table("act_id_tenant", "id_:text! name_:text rev_:integer", primary="id_"),
        table(
            "act_id_member", "id_:text! tenant_id_:text user_id_:text", "tenant_id_>act_id_tenant.id_", primary="id_"
        ),
        table("act_ru_run", "id_:text! tenant_id_:text rev_:integer", primary="id_"),
        *(
            table(f"act_ru_t{n}", "id_:text! tenant_id_:text run_:text", "run_>act_ru_run.id_", primary="id_")
            for n in range(3)
        ),
    ]
    structure = Structure({one.ref: one for one in tables})
    ranked = candidates(structure)
    assert (ranked[0].ref.name, ranked[0].tables) == ("act_id_tenant", 5)
    tenants = proposal(ranked, structure)
    assert tenants is not None
    assert {one.column for one in survey(tenants, structure).of_kind("own")} == {"tenant_id_"}
    assert not survey(tenants, structure).undecided
    without = Structure({one.ref: replace(one, foreign_keys=()) for one in tables[2:]})
    (found,) = unrooted(without, candidates(without))
    assert (found.column, found.tables, found.root) == ("tenant_id_", 4, ref("tenants"))


def test_a_table_that_is_named_by_two_columns_is_told() -> None:
    """Unless more refer to one that may be the root: each region's customers there, and the regions themselves here."""
    pair = "app_id,tenant_id>tenants.app_id,tenant_id"
    tenants = replace(table("tenants", "app_id:text! tenant_id:text!"), primary_key=("app_id", "tenant_id"))
    near = [table(f"t{n}", "id:bigint! app_id:text! tenant_id:text!", pair) for n in range(3)]
    around = (table("plans", "id:bigint!"), table("prices", "id:bigint! plan_id:bigint!", "plan_id>plans"))
    structure = Structure({one.ref: one for one in (tenants, *near, *around)})
    found = composite(structure, candidates(structure))
    assert found is not None
    assert (found.ref, found.key, found.tables) == (tenants.ref, ("app_id", "tenant_id"), 3)
    apps = table("apps", "app_id:text!", primary="app_id")
    within = [replace(one, foreign_keys=(*one.foreign_keys, fk("app_id", apps))) for one in (tenants, *near)]
    structure = Structure({one.ref: one for one in (apps, *within, *around)})
    assert composite(structure, candidates(structure)) is None


def fk(column: str, target: Table) -> ForeignKey:
    return ForeignKey((column,), target.ref, target.primary_key)


@pytest.mark.parametrize(
    ("column", "of", "told"),
    [
        ("app_id:text!", 6, True),
        ("appId:text!", 6, True),
        ("app_id:text!", 4, False),  # the likeliest candidate is named by as many
        ("app_id:text", 6, False),
        ("created_by_id:text!", 6, False),
        ("createdById:text!", 6, False),
        ("owner_id:text!", 6, False),
        ("user_id:text!", 6, False),  # whose these are, a table says
        ("uuid:text!", 6, False),
    ],
)
def test_a_key_that_is_in_most_tables_is_told_whatever_it_is_called(column: str, of: int, told: bool) -> None:
    named = [
        table(f"t{n}", f"id:text! person:text! {column if n < of else 'x:text!'}", "person>users") for n in range(4)
    ]
    more = [table(f"u{n}", f"id:text! {column if n + 4 < of else 'x:text!'}") for n in range(3)]
    structure = Structure({one.ref: one for one in (*named, *more, table("users", "id:text! name:text"))})
    ranked = candidates(structure)
    found = unrooted(structure, ranked)
    assert [one.column for one in found] == ([column.partition(":")[0]] if told else [])
    assert all(one.likelier(ranked) and one.tables == 6 for one in found)


def test_a_name_by_which_foreign_keys_lead_to_another_key_is_not_the_key() -> None:
    """realm is a realm's name wherever that is declared: without a foreign key it is no id of a realm either."""
    tables = (
        replace(table("realms", "id:text! name:text!"), unique_keys=(("id",), ("name",))),
        table("assets", "id:text! realm:text!", "realm>realms.name"),
        table("rules", "id:text! realm:text!", "realm>realms.name"),
        table("users", "id:text! realm_id:text!"),
        table("alarms", "id:text! realm:text!"),
    )
    proposed, found = found_alone(*tables)
    assert (proposed.root, proposed.key) == ("public.realms", ("realm_id",))
    assert found["assets"] == found["rules"] == "through"
    assert found["users"] == "own"
    structure = Structure({one.ref: one for one in tables})
    (asked,) = survey(proposed, structure).undecided
    assert (asked.ref.name, [one.links[0].targets for one in asked.choices]) == ("alarms", [("name",)])
    by_id = [replace(one, foreign_keys=()) for one in tables]  # nothing says that it is the name
    _, found = found_alone(*by_id)
    assert found["alarms"] == "own"


ENVIRONMENTS = table("environments", "id:bigint! account_id:bigint!", "account_id>accounts")


def test_what_begins_like_one_tables_name_is_asked() -> None:
    """Where no foreign key says otherwise, two tables have it, and it names one table alone."""
    flags, drafts = (table(name, "id:bigint! env_id:bigint!") for name in ("flags", "drafts"))
    found = surveyed(TABLES[0], ENVIRONMENTS, flags, drafts, tenants=ACCOUNTS)
    assert [one.ref.name for one in found.undecided] == ["drafts", "flags"]
    assert found.undecided[0].choices[0].links[0].table == "environments"
    sure = kinds(surveyed(TABLES[0], ENVIRONMENTS, flags, tenants=ACCOUNTS))
    assert sure["flags"] == "hidden", "one alone is no convention"
    for other in (table("envelopes", "id:bigint!"), table("uses", "id:bigint! env_id:bigint!", "env_id>flags")):
        assert surveyed(TABLES[0], ENVIRONMENTS, flags, drafts, other, tenants=ACCOUNTS).complete


def test_what_follows_from_a_question_is_not_guessed() -> None:
    """Its foreign key of several columns leads to a table that is asked about."""
    around = (
        TABLES[0],
        table("projects", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("instances", "id:bigint! account_id:bigint!", "account_id>accounts"),
        replace(
            table(
                "dbs",
                "instance_id:bigint! name:text! project_id:bigint!",
                "instance_id>instances",
                "project_id>projects",
            ),
            primary_key=("instance_id", "name"),
        ),
        table("changes", "id:bigint! instance_id:bigint! db:text!", "instance_id,db>dbs.instance_id,name"),
    )
    found = {one.ref.name: one for one in surveyed(*around, tenants=ACCOUNTS).undecided}
    assert found["changes"].after == ref("dbs")
    assert len(found["dbs"].choices) == 2


@pytest.mark.parametrize("null", ["", "!"])
def test_of_ways_that_may_be_null_the_shortest_is_not_the_likeliest(null: str) -> None:
    """A comment's author may be gone; what it is about says whose it is."""
    around = (
        TABLES[0],
        table("groups", "id:bigint! account_id:bigint", "account_id>accounts"),
        table("members", "id:bigint! group_id:bigint!", "group_id>groups"),
        table("courses", "id:bigint! group_id:bigint cover_id:bigint", "group_id>groups", "cover_id>lessons"),
        table("lessons", f"id:bigint! course_id:bigint{null}", "course_id>courses"),
        table("comments", "id:bigint! author_id:bigint lesson_id:bigint", "author_id>members", "lesson_id>lessons"),
    )
    found = surveyed(*around, tenants=ACCOUNTS)
    assert [one.ref.name for one in found.undecided] == ["comments"], "a course's cover is a lesson of its own"
    assert [one.links[0].table for one in found.undecided[0].choices] == ["lessons", "members"]
