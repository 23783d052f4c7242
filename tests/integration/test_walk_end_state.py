"""Where the walk ends: four roles that each can do one thing, and an old one that can do nothing more.

Every schema is walked as ``init`` and ``next`` do it, nothing else; what the roles can do is then tried as those roles.
The quick run takes every kind of role with one schema; --slow takes all of it. Every schema with an ordinary role is
what test_walk_there_and_back.py looks at.
"""

from collections.abc import Callable

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.fixtures.servers import FreshCluster
from tests.support.separation import Possessions, assert_separated
from tests.support.thinned import slow_but
from tests.support.walk import Walk

MakeOfKind = Callable[[str, str], Database]

# The bootstrap superuser can be neither dropped nor restricted: for it there is one way only
COMBINATIONS = [
    *((kind, retire) for kind in ("plain", "superuser") for retire in ("revoke", "drop", "repurpose")),
    ("bootstrap", "revoke"),
]


@pytest.fixture
def make(make_database: MakeDatabase, request: pytest.FixtureRequest) -> MakeOfKind:
    """A database with this schema, whose legacy role is of this kind."""

    def of_kind(kind: str, schema: str) -> Database:
        if kind == "bootstrap":
            fresh: FreshCluster = request.getfixturevalue("fresh_cluster")
            return make_database(schema, cluster=fresh(superuser="legacy"), operator="operator")
        return make_database(schema, legacy_options="SUPERUSER" if kind == "superuser" else "")

    return of_kind


def walk_to_the_end(run: InProcess, database: Database, retire: str = "revoke") -> Walk:
    had = Possessions.of(database.admin, database.legacy)
    walk = Walk(run, database, retire=retire).init()
    walk.to_the_end()
    status = walk.status()
    assert {step["state"] for step in status["steps"]} == {"done"}
    assert status["next"] is None
    assert_separated(walk, had)
    return walk


@pytest.mark.slow
@pytest.mark.share(2)
@pytest.mark.majors("two")
@pytest.mark.parametrize(("kind", "retire"), slow_but(COMBINATIONS, ("plain", "revoke"), ("superuser", "repurpose")))
def test_every_kind_of_role(kind: str, retire: str, make: MakeOfKind, invoke_cli: InProcess) -> None:
    walk_to_the_end(invoke_cli, make(kind, "pagila"), retire)


@pytest.mark.share(4)
@pytest.mark.slow
@pytest.mark.majors("all")
@pytest.mark.parametrize("schema", shared_schemas())
def test_every_schema_on_every_major(schema: str, major: int, make: MakeOfKind, invoke_cli: InProcess) -> None:
    """So that each kind meets every schema once and every major once; ordinary roles go there and back elsewhere."""
    others = COMBINATIONS[1:]
    kind, retire = others[(shared_schemas().index(schema) + major) % len(others)]
    walk_to_the_end(invoke_cli, make(kind, schema), retire)


@pytest.mark.majors("two")
def test_what_is_done_is_not_done_again(make: MakeOfKind, invoke_cli: InProcess) -> None:
    walk = walk_to_the_end(invoke_cli, make("plain", "chinook"))

    assert "nothing" in walk.next("--through", "create-roles").stdout.lower()


@pytest.mark.parametrize("retire", ["drop", "repurpose"])
def test_the_bootstrap_superuser_cannot_be_dropped_or_restricted(
    retire: str, make: MakeOfKind, invoke_cli: InProcess
) -> None:
    database = make("bootstrap", "chinook")
    walk = Walk(invoke_cli, database, retire=retire).init()

    refused = walk("next", "--yes", "--password-file", str(walk.password_file))

    assert refused.exit_code in {1, 5}
    assert "superuser" in refused.stderr


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_the_bootstrap_superuser_ends_as(make: MakeOfKind, invoke_cli: InProcess) -> None:
    walk = walk_to_the_end(invoke_cli, make("bootstrap", "northwind"))

    # It stays a superuser whatever anybody does, and status must not keep that to itself
    assert "superuser" in walk("status").check().stdout.lower()
