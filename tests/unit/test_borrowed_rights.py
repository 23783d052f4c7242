"""What the new roles get of the rights that the old role holds on others' objects, kind by kind."""

from __future__ import annotations

import pytest

from flatsplit import privileges
from flatsplit.config import Config
from flatsplit.model import (
    OWNER,
    Acl,
    AclItem,
    DefaultRef,
    Kind,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    State,
)
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through
from tests.support.tracked import TARGET

CONFIG = Config("shop", "legacy", ("public",))
ROLES = {name: RoleFacts() for name in ("legacy", "vendor", *CONFIG.roles.new)}

BORROWED: dict[Kind, tuple[str, str]] = {
    "table": ("adrw", "r"),
    "partitioned_table": ("adrw", "r"),
    "foreign_table": ("adrw", "r"),
    "view": ("adrw", "r"),
    "materialized_view": ("r", "r"),
    "sequence": ("Urw", "r"),
    "function": ("X", ""),
    "procedure": ("X", ""),
    "type": ("U", "U"),
    "domain": ("U", "U"),
    "language": ("U", ""),
    "parameter": ("s", ""),
    "server": ("", ""),
    "foreign_data_wrapper": ("", ""),
    "tablespace": ("", ""),
}
"""For app_user and app_readonly; app_migrator gets all but what is nobody's by itself."""
NOBODYS: dict[Kind, str] = {"parameter": "A"}
"""ALTER SYSTEM reaches beyond one database."""
MADE: dict[str, Kind] = {"r": "table", "S": "sequence", "f": "function", "T": "type"}
ELSEWHERE: tuple[Kind, ...] = ("table", "view", "sequence", "function", "type")


def granted(ref: ObjectRef, letters: str, options: str = "") -> dict[str, tuple[str, str]]:
    """What each new role has on another's object once grant-existing is done, of what the old role has on it."""
    facts = ObjectFacts("vendor", (AclItem("legacy", OWNER, letters, options),))
    schemas = {ObjectRef("schema", "", name): ObjectFacts("vendor") for name in ("public", "theirs")}
    state = State(TARGET, roles=ROLES, objects={**schemas, ref: facts})
    acl = through(state, Context(CONFIG, state), split.GRANT_EXISTING).objects[ref].acl
    return {name: (privileges.letters(acl, name), privileges.grantable(acl, name)) for name in CONFIG.roles.new}


@pytest.mark.parametrize("kind", BORROWED)
def test_what_of_the_old_roles_rights_is_whose(kind: Kind) -> None:
    everything = "".join(sorted(privileges.owner_letters(kind, TARGET.major)))
    schema = "" if kind in ("language", "parameter", "server", "foreign_data_wrapper", "tablespace") else "public"
    ref = ObjectRef(kind, schema, "x")
    found = granted(ref, everything)
    assert everything, "there is something to borrow"
    assert (found["app_user"][0], found["app_readonly"][0]) == BORROWED[kind]
    rest = privileges.minus(everything, NOBODYS.get(kind, ""))
    assert found["app_migrator"] == (rest, "")
    assert granted(ref, everything, everything)["app_migrator"] == (rest, rest), "and may pass it on"
    assert {
        options for name, (_, options) in granted(ref, everything, everything).items() if name != "app_migrator"
    } == {""}


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_outside_of_the_schemas_in_scope_a_reader_gets_nothing(kind: Kind) -> None:
    everything = "".join(sorted(privileges.owner_letters(kind, TARGET.major)))
    found = granted(ObjectRef(kind, "theirs", "x"), everything)
    assert (found["app_user"][0], found["app_readonly"][0]) == (BORROWED[kind][0], "")


def test_nothing_is_added_to_what_the_old_role_has() -> None:
    found = granted(ObjectRef("table", "public", "x"), "r")
    assert {name: letters for name, (letters, _) in found.items() if letters} == {
        "app_user": "r",
        "app_migrator": "r",
        "app_readonly": "r",
    }
    database = ObjectRef("database", "", TARGET.database)
    assert {name: letters for name, (letters, _) in granted(database, "Tc").items()} == {
        "app_user": "Tc",
        "app_migrator": "Tc",
        "app_readonly": "c",
        "dba": "c",
    }


def test_columns_are_borrowed_like_tables() -> None:
    column, table = ObjectRef("column", "public", "x", "a"), ObjectRef("table", "public", "x")
    for schema, reads in (("public", "r"), ("theirs", "")):
        there = column._replace(schema=schema)
        state = State(
            TARGET,
            roles=ROLES,
            objects={table._replace(schema=schema): ObjectFacts("vendor")},
            columns={there: (AclItem("legacy", OWNER, "arwx", "r"),)},
        )
        acl = through(state, Context(CONFIG, state), split.GRANT_EXISTING).columns[there]
        assert {name: privileges.letters(acl, name) for name in CONFIG.roles.new} == {
            "app_user": "arw",
            "app_migrator": "arwx",
            "app_readonly": reads,
            "dba": "",
        }
        assert privileges.grantable(acl, "app_migrator") == "r"


@pytest.mark.parametrize("retired", [False, True])
@pytest.mark.parametrize("holder", ["legacy", "team"])
@pytest.mark.parametrize("row", ["", "public", "theirs"])
@pytest.mark.parametrize("objtype", MADE)
def test_what_others_will_make_is_shared_like_what_they_have(
    objtype: str, row: str, holder: str, retired: bool
) -> None:
    """A loader's table of tonight has from the beginning what grant-existing would give the new roles on it."""
    kind = MADE[objtype]
    everything = "".join(sorted(privileges.owner_letters(kind, TARGET.major)))
    item = AclItem(holder, OWNER, everything, everything[:1])
    schemas = {ObjectRef("schema", "", name): ObjectFacts("vendor") for name in ("public", "theirs")}
    before = State(
        TARGET,
        roles=ROLES | {"team": RoleFacts()},
        members={Member("team", "legacy", "postgres"): MemberOptions(False, True, True)},
        objects=schemas,
        defaults={DefaultRef("vendor", row, objtype): (item,)},
    )
    context = Context(CONFIG, before, retired)
    after = through(before, context, split.REVOKE_LEGACY if retired else split.DEFAULT_PRIVILEGES)
    for schema in ("public", "theirs"):
        ref = ObjectRef(kind, schema, "x")
        born = _made(after, ref, objtype)
        old = before.but(objects={**schemas, ref: ObjectFacts("vendor", _made(before, ref, objtype))})
        granted = through(old, Context(CONFIG, old), split.GRANT_EXISTING).objects[ref].acl
        for name in CONFIG.roles.new:
            assert privileges.letters(born, name) == privileges.letters(granted, name), (schema, name)
            assert privileges.grantable(born, name) == privileges.grantable(granted, name), (schema, name)
        if row in ("", schema):
            assert privileges.letters(born, "app_user") == BORROWED[kind][0], "there is something to share"


def _made(state: State, ref: ObjectRef, objtype: str) -> Acl:
    """The rights that vendor's default privileges give on an object that it makes."""
    rows = (DefaultRef("vendor", schema, objtype) for schema in ("", ref.schema))
    return tuple(item for row in rows for item in state.defaults.get(row, ()))
