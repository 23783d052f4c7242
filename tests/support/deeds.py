"""Produces statements of every kind in a server's log, and records for each what ``who`` has to find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, NamedTuple

import psycopg

from tests.fixtures.databases import Database
from tests.support.walk import Walk

SETTINGS = {
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "all.log",
    "log_file_mode": "0644",
    "log_connections": "on",
    "log_statement": "all",
    "log_line_prefix": "%m [%p] %q%u@%d %a,%h %e %v ",
}
LOGINS = ("app_user", "app_user_b", "app_migrator", "app_readonly", "dba", "alice", "legacy", "stranger")
FORGED = (
    *("flyway 10", "psql", "x,10.9.9.9", "app_migrator@shop", "", "a\x1b[31mb", "<b>'\"&</b>", "%s:{}\\", "00000 3/4"),
)


class Template(NamedTuple):
    """A kind of statement."""

    sql: str
    act: str
    object: str
    extended: bool = False


TEMPLATES = (
    Template("DROP TABLE t{n}", "DROP TABLE", "t{n}"),
    Template("alter/**/table t{n} add column x int", "ALTER TABLE", "t{n}"),
    Template("TRUNCATE\n\tTABLE t{n}", "TRUNCATE", "t{n}"),
    Template("CREATE TABLE c{n} (i int)", "CREATE TABLE", "c{n}"),
    Template("GRANT SELECT ON t{n} TO PUBLIC", "GRANT", "t{n}"),
    Template("COPY t{n} FROM PROGRAM 'true'", "COPY … PROGRAM", "t{n}"),
    Template("SELECT length(pg_read_file('PG_VERSION')), {n}", "SELECT", "pg_read_file()"),
    Template("SELECT count(*), {n} FROM pg_authid", "SELECT", "pg_authid"),
    Template("SET ROLE dba", "SET ROLE", "dba"),
    Template("CREATE ROLE r{n} PASSWORD 'geheim'", "CREATE ROLE", "r{n}"),
    Template("DO $$ BEGIN\nDROP TABLE t{n}; END $$", "DROP TABLE", "t{n}"),
    Template("SELECT 'a;b'; DROP TABLE t{n}; -- ERROR:  x", "DROP TABLE", "t{n}"),
    Template("DROP TABLE IF EXISTS t{n} CASCADE", "DROP TABLE", "t{n}", extended=True),
    Template("SELECT 1; DROP TABLE t{n}", "DROP TABLE", "t{n}", extended=True),
)


class Known(NamedTuple):
    """What ``who`` has to say about one statement."""

    login: str
    act: str
    object: str
    outcome: str
    judgement: str
    application: str


@dataclass
class Planting:
    """Runs statements of every kind as every login, and counts in ``truth`` what they were."""

    database: Database
    logins: Sequence[str] = LOGINS
    truth: Counter[Known] = field(default_factory=Counter)
    number: int = 0

    def prepare(self, count: int) -> None:
        """Create the tables that the statements are about, one for each."""
        tables = "; ".join(
            f"CREATE TABLE t{n} (i int); GRANT SELECT, INSERT, UPDATE, DELETE ON t{n} TO app_user; "
            f"ALTER TABLE t{n} OWNER TO app_migrator"
            for n in range(count)
        )
        self.database.execute(tables)

    def plant(self, passwords: dict[str, str]) -> None:
        """Run every kind of statement in every mode as every login."""
        names = cycle(FORGED)
        for login in self.logins:
            for template in TEMPLATES:
                for mode in self.modes(login, template):
                    self._one(login, passwords.get(login), template, mode, next(names))

    @staticmethod
    def modes(login: str, template: Template) -> Iterator[str]:
        """How to run it: alone, in a transaction that is rolled back, or in one that is committed."""
        yield "alone"
        if "PROGRAM" not in template.sql and "SELECT 1;" not in template.sql:
            yield "rolled back"
        if login in ("app_migrator", "dba") and not template.extended:
            yield "committed"

    def _one(self, login: str, password: str | None, template: Template, mode: str, application: str) -> None:
        self.number += 1
        text = template.sql.format(n=self.number)
        outcome = {"rolled back": "rolled back"}.get(mode, "done")
        with psycopg.connect(
            self.database.conninfo(login, password), autocommit=True, application_name=application
        ) as connection:
            withheld: list[Any] = []
            connection.add_notice_handler(lambda said: withheld.append(said.sqlstate))
            called = connection.execute("SELECT current_setting('application_name')").fetchone()
            try:
                if mode != "alone":
                    connection.execute("BEGIN")
                self._execute(connection, text, extended=template.extended)
            except psycopg.Error as error:
                outcome = "refused" if error.sqlstate == "42501" else "failed"
            if "01007" in withheld:
                outcome = "refused"
            if mode == "rolled back":
                connection.execute("ROLLBACK")
            elif mode == "committed":
                connection.execute("COMMIT")
            connection.execute("SELECT 'bye'")
        assert called is not None
        self.truth[
            Known(
                login,
                template.act,
                template.object.format(n=self.number),
                outcome,
                self.judgement(login, outcome),
                called[0],
            )
        ] += 1

    @staticmethod
    def _execute(connection: psycopg.Connection[Any], text: str, *, extended: bool) -> None:
        if extended:
            connection.execute(text.encode(), prepare=True)
        else:
            connection.execute(text.encode())

    @staticmethod
    def judgement(login: str, outcome: str) -> str:
        """The expected judgement, which depends on the role and whether it was refused."""
        if login in ("app_user", "app_user_b", "app_readonly"):
            return "suspicious"
        if login in ("dba", "alice"):
            return "person"
        return "legitimate" if login == "app_migrator" and outcome != "refused" else "look"


def told(found: Any, logins: Sequence[str] = LOGINS) -> Counter[Known]:
    """The same facts as ``who --json`` reports them about these logins."""
    return Counter(
        Known(act["login"], act["act"], act["object"] or "", act["outcome"], act["judgement"], act["application"] or "")
        for act in found["acts"]
        if act["login"] in logins and act["source"] != "journal"
    )


def people(walk: Walk) -> None:
    """Create a second login of the application, a person, and a role that no configuration names."""
    walk.database.execute(
        "CREATE ROLE app_user_b LOGIN IN ROLE app_user; CREATE ROLE alice LOGIN IN ROLE dba; CREATE ROLE stranger LOGIN"
    )
