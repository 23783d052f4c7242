"""The catalogs whose rows a role can own or hold privileges on, each with the question that names its objects.

A question answers with one row per object: ``oid, kind, schema, name, args, owner, acl, acltype, follows, note``.
The reader groups the answer by everything but the names, so that a database of 20,000 objects comes over in a
few hundred rows; the proof of completeness asks the same question for single oids. One text, two uses: what a
question does not name cannot pass for known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flatsplit.catalog.session import Server, question

RELATIONS = "rpfvmS"
"""pg_class.relkind of what is read as an object of its own …"""

FOLLOWERS = "iItc"
"""… and of what follows something else: indexes, TOAST tables, the relations behind composite types."""

RESTRICTED = "subscriptions_restricted"
"""The question about subscriptions for who may not read their oids."""

TEMPORARY = "^pg_(toast_)?temp_"
"""Schemas of temporary objects; they go with their session."""


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
    """A catalog and the question about it."""

    catalog: str
    """What pg_depend and pg_shdepend call it (classid)."""
    name: str
    """The question's file."""
    since: int = 13
    always: str = "false"
    """System rows (oid below 16384) that belong in a State whoever has a share in them."""
    keeps_note: bool = False
    """Whether such rows keep the question's own note instead of ``system``."""

    @property
    def rare(self) -> bool:
        """Whether a row has to be a user's, or a user has to have a share in it, to be in a State at all."""
        return self.always == "false" and self.name != RESTRICTED

    @property
    def question(self) -> str:
        """One row per object."""
        return question(self.name)

    @property
    def grouped(self) -> str:
        """One row per distinct facts: kind, schema, owner, acl, extension, follows, note, open, names, args.

        A NULL acl stands for acldefault(). ``open`` is what PUBLIC may do with an object of the system or of an
        extension from the beginning, as a JSON list; NULL for other objects. Equality of aclitem[] is by hash only,
        which HashAggregate can use. Names of schemas become texts after they are grouped: for each row it takes a fifth
        more.
        """
        return _GROUPED.format(
            catalog=self.catalog,
            question=self.question,
            always=self.always,
            keeps_note=self.keeps_note,
            temporary=TEMPORARY,
        )


_RESTRICTED = "q.acl IS NOT NULL AND NOT EXISTS (SELECT FROM aclexplode(q.acl) AS x WHERE x.grantee = 0)"
"""What the system keeps from PUBLIC can be named in [grants], whoever holds it now."""

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
    # lo_create() takes any oid; the system itself comes without large objects
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
    """The question which of these catalogs hold what can be in a State.

    In most databases they hold nothing but the system's own, and planning their questions one by one takes twenty times
    as long as this. It leaves out only what the WHERE of their grouped questions leaves out.
    """
    catalogs = [source.catalog for source in rare]
    asked = "".join(_FILLED_BY_USERS.format(catalog=catalog) for catalog in catalogs)
    return _FILLED.format(catalogs=",".join(catalogs)) + asked


def sources(server: Server) -> tuple[CatalogSource, ...]:
    """The sources that this server has, as far as we may read it."""
    restricted = CatalogSource("pg_subscription", RESTRICTED)
    return tuple(
        restricted if source.catalog == "pg_subscription" and not server.reads_subscription_oid else source
        for source in SOURCES
        if server.major >= source.since
    )
