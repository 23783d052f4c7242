"""The catalogs whose rows a role can own or have privileges on, each with the query that names its objects.

A query has one row per object: ``oid, kind, schema, name, args, owner, acl, acltype, follows, note``. The reader groups
the rows by everything but the names, so that a database of 20,000 objects is read in a few hundred rows. The proof of
completeness runs the same query for single oids: what it does not name cannot count as known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flatsplit.catalog.session import Server, question

RELATIONS = "rpfvmS"
"""The pg_class.relkind of relations that are objects of their own …"""

FOLLOWERS = "iItc"
"""… and of those that follow another one: indexes, TOAST tables, the relations of composite types."""

RESTRICTED = "subscriptions_restricted"
"""The query for subscriptions where the operator may not read their oids."""

TEMPORARY = "^pg_(toast_)?temp_"
"""Schemas of temporary objects, which end with their session."""


_GROUPED = """
SELECT f.kind, f.schema::text, f.owner, (
           SELECT json_agg(json_build_array(
                      i.grantee::bigint, i.grantor::bigint, i.privilege_type, i.is_grantable))::text
           FROM aclexplode(coalesce(f.acl, acldefault(f.acltype::"char", f.owner))) AS i) AS acl,
       f.extension, f.follows, f.note,
       CASE WHEN f.special AND (f.first IS NOT NULL OR NOT f.extension OR f.acltype = 'f') THEN (
           SELECT coalesce(json_agg(i.privilege_type), '[]')::text
           FROM aclexplode(coalesce(f.first, acldefault(f.acltype::"char", f.owner))) AS i
           WHERE i.grantee = 0) END AS open,
       f.names, f.args
FROM (
    SELECT q.kind, q.schema, q.owner, q.acl, q.acltype, q.follows,
           CASE WHEN q.acltype IS NOT NULL THEN p.initprivs END AS first,
           q.acltype IS NOT NULL AND (q.oid < 16384 AND NOT {keeps_note} OR EXISTS (
               SELECT FROM pg_depend AS e
               WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
                 AND e.classid = '{catalog}'::regclass AND e.objid = q.oid)) AS special,
           EXISTS (
               SELECT FROM pg_depend AS e
               WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
                 AND e.classid = '{catalog}'::regclass AND e.objid = q.oid) AS extension,
           CASE WHEN q.oid < 16384 AND NOT {keeps_note} THEN 'system' ELSE q.note END AS note,
           array_agg(q.name) AS names, array_agg(q.args) AS args
    FROM (
{question}    ) AS q
    LEFT JOIN pg_init_privs AS p ON p.classoid = '{catalog}'::regclass AND p.objoid = q.oid AND p.objsubid = 0
    WHERE (q.oid >= 16384 OR {always} OR EXISTS (
               SELECT FROM pg_shdepend AS d
               WHERE d.classid = '{catalog}'::regclass AND d.objid = q.oid AND d.objid < 16384
                 AND d.dbid IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
                 AND d.refclassid = 'pg_authid'::regclass AND d.refobjid >= 16384
                 AND d.deptype IN ('o', 'a', 'i')))
      AND q.schema !~ '{temporary}'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS f
"""

_FILLED = """
WITH shared AS MATERIALIZED (
    SELECT DISTINCT d.classid
    FROM pg_shdepend AS d
    WHERE d.classid = ANY ('{{{catalogs}}}'::regclass[]::oid[]) AND d.objid < 16384
      AND d.dbid IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
      AND d.refclassid = 'pg_authid'::regclass AND d.refobjid >= 16384 AND d.deptype IN ('o', 'a', 'i'))
SELECT k.relname::text FROM shared AS s JOIN pg_class AS k ON k.oid = s.classid
"""
_FILLED_BY_USERS = "UNION ALL SELECT '{catalog}' WHERE EXISTS (SELECT FROM {catalog} AS c WHERE c.oid >= 16384)\n"


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """A catalog and its query."""

    catalog: str
    """Its name in pg_depend and pg_shdepend (classid)."""
    name: str
    """The file of the query."""
    since: int = 13
    always: str = "false"
    """System rows (oid below 16384) that belong in a State whatever rights there are on them."""
    keeps_note: bool = False
    """Whether such rows keep the query's own note instead of ``system``."""

    @property
    def rare(self) -> bool:
        """Whether only rows of users, or with rights of users, are in a State."""
        return self.always == "false" and self.name != RESTRICTED

    @property
    def question(self) -> str:
        """The query with one row per object."""
        return question(self.name)

    @property
    def grouped(self) -> str:
        """The query with one row per distinct facts: kind, schema, owner, acl, extension, follows, note, open, names,
        args.

        A NULL acl means acldefault(). ``open`` lists what PUBLIC could do with an object of the system or of an
        extension at first, as JSON; NULL for other objects. aclitem[] has equality by hash only, which HashAggregate
        can use. Names of schemas become text after grouping: for each row it would take a fifth more time.
        """
        return _GROUPED.format(
            catalog=self.catalog,
            question=self.question,
            always=self.always,
            keeps_note=self.keeps_note,
            temporary=TEMPORARY,
        )


_RESTRICTED = "q.acl IS NOT NULL AND NOT EXISTS (SELECT FROM aclexplode(q.acl) AS x WHERE x.grantee = 0)"
"""What the system keeps from PUBLIC can be named in [grants], whoever holds it now"""

SOURCES: tuple[CatalogSource, ...] = (
    CatalogSource("pg_database", "database", always="true", keeps_note=True),
    CatalogSource("pg_namespace", "schemas", always="q.oid = 2200", keeps_note=True),
    CatalogSource("pg_class", "relations", always=_RESTRICTED),
    CatalogSource("pg_proc", "routines", always=_RESTRICTED),
    CatalogSource("pg_type", "types"),
    CatalogSource("pg_collation", "collations"),
    CatalogSource("pg_conversion", "conversions"),
    CatalogSource("pg_operator", "operators"),
    CatalogSource("pg_opclass", "operator_classes"),
    CatalogSource("pg_opfamily", "operator_families"),
    CatalogSource("pg_ts_config", "text_search_configurations"),
    CatalogSource("pg_ts_dict", "text_search_dictionaries"),
    CatalogSource("pg_statistic_ext", "statistics"),
    # lo_create() takes any oid; the system itself has no large objects
    CatalogSource("pg_largeobject", "large_objects", always="true", keeps_note=True),
    CatalogSource("pg_foreign_data_wrapper", "foreign_data_wrappers"),
    CatalogSource("pg_foreign_server", "servers"),
    CatalogSource("pg_publication", "publications"),
    CatalogSource("pg_subscription", "subscriptions"),
    CatalogSource("pg_event_trigger", "event_triggers"),
    CatalogSource("pg_extension", "extensions"),
    CatalogSource("pg_language", "languages", always="q.name NOT IN ('internal', 'c')", keeps_note=True),
    CatalogSource("pg_tablespace", "tablespaces"),
    CatalogSource("pg_parameter_acl", "parameters", since=15),
)


def filled(rare: Iterable[CatalogSource]) -> str:
    """The query for which of these catalogs hold anything that can be in a State.

    In most databases they only hold the system's own rows, and planning their queries takes twenty times as long as
    this one. It leaves out only what the WHERE of the grouped queries leaves out.
    """
    catalogs = [source.catalog for source in rare]
    asked = "".join(_FILLED_BY_USERS.format(catalog=catalog) for catalog in catalogs)
    return _FILLED.format(catalogs=",".join(catalogs)) + asked


def sources(server: Server) -> tuple[CatalogSource, ...]:
    """The sources that this server has and the operator may read."""
    restricted = CatalogSource("pg_subscription", RESTRICTED)
    return tuple(
        restricted if source.catalog == "pg_subscription" and not server.reads_subscription_oid else source
        for source in SOURCES
        if server.major >= source.since
    )
