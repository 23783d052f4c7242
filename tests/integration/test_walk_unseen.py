"""What real databases hold and the other walks do not: each as small as it can be, walked there and back."""

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.integration.test_walk_there_and_back import there_and_back
from tests.support.world import acting_as

NOTHING_SPECIAL = "create table thing (id int primary key)"


@pytest.mark.majors("two")
def test_large_objects_with_small_numbers(database: Database, invoke_cli: InProcess) -> None:
    """Who calls lo_create() chooses the oid, and the first of a program's own are often 1, 2, 3."""
    with acting_as(database.admin, database.legacy):
        database.execute(f"{NOTHING_SPECIAL}; select lo_create(1), lo_create(16000)")
        database.execute("select lo_create(2); grant select on large object 2 to public")

    there_and_back(invoke_cli, database, separated=True)


SUPERUSERS = {
    "event trigger": """
        create function noted() returns event_trigger language plpgsql as 'begin end';
        alter function noted() owner to postgres;
        create event trigger noting on ddl_command_end execute function noted();
    """,
    "foreign-data wrapper": "create foreign data wrapper own",
    "publication": "create publication everything for all tables",
    "extension": "create extension file_fdw; create extension hstore",
}


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", SUPERUSERS)
def test_a_superuser_of_former_days(kind: str, database: Database, invoke_cli: InProcess) -> None:
    """Legacy still owns what it made as a superuser: nobody may give such things to an ordinary role, not even back."""
    legacy = database.legacy
    database.execute(f'alter role "{legacy}" superuser')
    database.execute(f"{NOTHING_SPECIAL}; {SUPERUSERS[kind]}", legacy)
    database.execute(f'alter role "{legacy}" nosuperuser')

    there_and_back(invoke_cli, database)


@pytest.mark.majors("two")
def test_a_superuser_with_an_extension_that_brings_a_wrapper(
    make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """The extension goes to app_migrator, the foreign-data wrapper in it, which only superusers own, to dba."""
    database = make_database(legacy_options="SUPERUSER")
    database.execute(f"{NOTHING_SPECIAL}; {SUPERUSERS['extension']}", database.legacy)

    there_and_back(invoke_cli, database)
