"""Operators as managed services and small hosts give them: ordinary roles with just the rights they have there.

Each :class:`Shape` says which roles and rights a service's administrator has. They are made on a server of our own, so
what a service has patched into its PostgreSQL is missing; what it grants is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from tests.fixtures.cli import Result
from tests.fixtures.databases import Database
from tests.support.snapshot import Snapshot
from tests.support.walk import Walk

OPERATOR = 'Oper "ator" % :o'
PASSWORD = "of-the-operator"


@dataclass(frozen=True)
class Shape:
    """The administrator of a kind of service."""

    name: str
    options: str = "CREATEROLE CREATEDB"
    """Attributes of the operator."""
    superuser: str = ""
    """The service's own superuser, which nobody may use."""
    group: str = ""
    """The service's administrator role, which the operator is in."""
    group_options: str = ""
    group_in: tuple[str, ...] = ("pg_monitor", "pg_signal_backend")
    """Predefined roles that the group is in."""
    others: tuple[str, ...] = ()
    """More roles by which the service is known."""
    settings: dict[str, str] = field(default_factory=dict)
    owns_database: bool = False
    self_grant: str = ""
    """createrole_self_grant (16+): what the operator is granted of roles that it creates."""
    provider: str = ""
    """As doctor names it."""


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("createrole"),
        Shape(
            "rds",
            superuser="rdsadmin",
            group="rds_superuser",
            others=("rds_password", "rds_replication", "rds_iam"),
            settings={"rds.extensions": "plpgsql", "rds.restrict_password_commands": "off"},
            provider="Amazon RDS or Aurora",
        ),
        Shape(
            "cloudsql",
            superuser="cloudsqladmin",
            group="cloudsqlsuperuser",
            group_options="CREATEROLE CREATEDB",
            others=("cloudsqliamuser", "cloudsqlimportexport"),
            provider="Google Cloud SQL",
        ),
        Shape(
            "alloydb",
            superuser="alloydbadmin",
            group="alloydbsuperuser",
            group_options="CREATEROLE CREATEDB",
            others=("alloydbiamuser",),
            provider="Google AlloyDB",
        ),
        Shape(
            "azure",
            options="CREATEROLE CREATEDB REPLICATION BYPASSRLS",
            superuser="azuresu",
            group="azure_pg_admin",
            group_in=("pg_monitor", "pg_signal_backend", "pg_read_all_settings", "pg_read_all_stats"),
            settings={"azure.extensions": ""},
            provider="Azure Database for PostgreSQL",
        ),
        Shape("small-host", options="CREATEROLE", owns_database=True, self_grant="set"),
    )
}


def make_operator(database: Database, shape: Shape, *, reach: tuple[str, ...] = ()) -> str:
    """Create the operator, who may administer legacy and the roles of ``reach``, as if it had created them."""
    admin = database.admin
    operator = sql.Identifier(OPERATOR)
    admin.execute(
        sql.SQL("create role {} login {} password {}").format(operator, sql.SQL(shape.options), sql.Literal(PASSWORD))
    )
    database.passwords[OPERATOR] = PASSWORD
    modern = database.cluster.major >= 16
    if shape.superuser:
        admin.execute(sql.SQL("create role {} superuser").format(sql.Identifier(shape.superuser)))
    for role in shape.others:
        admin.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    if shape.group:
        group = sql.Identifier(shape.group)
        admin.execute(sql.SQL("create role {} {}").format(group, sql.SQL(shape.group_options)))
        for role in shape.group_in:
            admin.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), group))
        admin.execute(sql.SQL("grant {} to {}").format(group, operator))
    # 16 makes the creator of a role its administrator and nothing more; before, CREATEROLE is enough
    for role in (database.legacy, *reach):
        if modern:
            admin.execute(
                sql.SQL("grant {} to {} with admin true, inherit false, set false").format(
                    sql.Identifier(role), operator
                )
            )
    name = sql.Identifier(database.name)
    for setting, value in shape.settings.items():
        admin.execute(
            sql.SQL("alter database {} set {} = {}").format(
                name, sql.Identifier(*setting.split(".")), sql.Literal(value)
            )
        )
    if shape.self_grant and modern:
        admin.execute(
            sql.SQL("alter role {} set createrole_self_grant = {}").format(operator, sql.Literal(shape.self_grant))
        )
    if shape.owns_database:
        admin.execute(sql.SQL("alter database {} owner to {}").format(name, operator))
        admin.execute(sql.SQL("grant create on database {} to {}").format(name, sql.Identifier(database.legacy)))
    admin.execute(sql.SQL("grant connect, create on database {} to {}").format(name, operator))
    if database.cluster.major < 15:
        owner = sql.Identifier(shape.group) if shape.group else operator
        admin.execute(sql.SQL("alter schema public owner to {}").format(owner))
    return OPERATOR


def as_if_granted_by_operator(database: Database) -> None:
    """Memberships of and in legacy, given by the superuser so far, become the operator's, as on a service.

    Since 16 only their grantor, or who acts as it, may end them. What only a superuser can give stays given by it.
    Call it after :func:`make_operator`.
    """
    if database.cluster.major < 16:
        return
    rows = database.admin.execute(
        """select m.roleid::regrole::text, m.member::regrole::text, m.admin_option, m.inherit_option, m.set_option
           from pg_auth_members m
           where %(legacy)s::regrole in (m.roleid, m.member) and m.member <> %(operator)s::regrole and m.grantor = 10
             and exists (select from pg_auth_members a where a.roleid = m.roleid and a.admin_option
                           and pg_has_role(%(operator)s::regrole, a.member, 'USAGE'))""",
        {"legacy": _quoted(database.legacy), "operator": _quoted(OPERATOR)},
    ).fetchall()
    for role, member, admin, inherit, set_ in rows:
        database.execute(f"revoke {role} from {member}")
        database.execute(f"grant {role} to {member} with admin {admin}, inherit {inherit}, set {set_}", OPERATOR)


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


class OperatorsWalk(Walk):
    """A walk made by the operator; what the tests look at is looked at by the superuser."""

    def __call__(self, *arguments: str) -> Result:
        return self.run(*arguments, dsn=self.database.conninfo(OPERATOR))

    def snapshot(self) -> Snapshot:
        """Before 16 a membership has one grantor on record, and only a superuser can give it another's name."""
        found = super().snapshot()
        if self.database.cluster.major < 16:
            found["member"] = frozenset((role, member, options) for role, member, _, options in found["member"])
        return found


def of_operator(conn: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the operator is in or holds, outside flatsplit's own schema."""
    has = "select true from pg_attribute where attrelid = 'pg_auth_members'::regclass and attname = 'inherit_option'"
    options = ", m.inherit_option, m.set_option" if conn.execute(has).fetchone() else ""
    members = f"""select m.roleid::regrole::text, m.grantor::regrole::text, m.admin_option{options}
                  from pg_auth_members m where m.member = %s::regrole order by 1, 2"""
    name = _quoted(OPERATOR)
    depends = """select d.deptype::text, pg_identify_object(d.classid, d.objid, d.objsubid)::text
                 from pg_shdepend d where d.refobjid = %s::regrole
                   and d.dbid = (select oid from pg_database where datname = current_database())
                 order by 1, 2"""
    return {
        "members": conn.execute(members.encode(), [name]).fetchall(),
        "holds": [row for row in conn.execute(depends, [name]).fetchall() if "flatsplit" not in row[1]],
    }
