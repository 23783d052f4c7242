"""What no policy closes, named: some of it opens rows, some of it only tells that they are there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flatsplit import ddl
from flatsplit.evidence.isolation.closure import kind_of, revoke
from flatsplit.evidence.isolation.facts import Facts, Name
from flatsplit.evidence.isolation.values import Hole
from flatsplit.model import ForeignKey, Table
from flatsplit.tenants import Survey
from flatsplit.tenants.condition import MAPPING
from flatsplit.tenants.kinds import APART


def holes(facts: Facts, survey: Survey) -> tuple[Hole, ...]:
    """All of them, those that open rows first."""
    found = chain(_ways(facts, survey), _becoming(facts, survey), _elsewhere(facts), _keys(facts, survey))
    return tuple(sorted(found, key=lambda hole: (not hole.opens, hole.key, hole.subject)))


def open_ways(facts: Facts, survey: Survey) -> tuple[Hole, ...]:
    """Those that open rows to whoever may do what everybody may: that much :func:`.facts.read_ways` tells."""
    return tuple(
        sorted((hole for hole in _ways(facts, survey) if hole.opens), key=lambda hole: (hole.key, hole.subject))
    )


def _ways(facts: Facts, survey: Survey) -> Iterator[Hole]:
    return chain(_relations(facts, survey), _code(facts), _besides(facts))


def _relations(facts: Facts, survey: Survey) -> Iterator[Hole]:
    for name, relation in facts.relations.items():
        said = ".".join(name)
        if not relation.reached:
            continue
        away = revoke(facts, relation, relation.reached)
        telling = sorted(".".join(read) for read in relation.reads if _tells(survey, read))
        if relation.kind == "v" and not relation.invoker and telling:
            what = f"view {said} reads {_list(telling)} with its owner's eyes: tenants see every row"
            invoker = f"ALTER VIEW {ddl.ident(*name)} SET (security_invoker = true);"
            yield Hole(
                "view-as-owner", f"view {said}", what, opens=True, fix=f"{away} or, from PostgreSQL 15 on, {invoker}"
            )
        elif relation.kind == "m" and (telling or not relation.reads):
            yield Hole(
                "matview",
                f"materialized view {said}",
                f"materialized view {said} holds rows of {_list(telling)}, and has no policies",
                opens=True,
                fix=away,
            )
        elif relation.kind == "f":
            what = f"foreign table {said} has no policies here"
            yield Hole("foreign-table", f"foreign table {said}", what, opens=True, fix=away)
        elif relation.kind in "rp" and relation.part and not _own_kind(survey, name):
            what = f"table {said} is reached by itself, where the policies of its parent do not count"
            yield Hole("partition", f"table {said}", what, opens=True, fix=away)
        elif relation.kind == "S" and "w" in relation.letters:
            yield Hole("sequence", f"sequence {said}", f"sequence {said} can be set by a tenant, for all")
        elif relation.kind == "S" and "r" in relation.letters:
            yield Hole("sequence", f"sequence {said}", f"sequence {said} tells how many rows all tenants make")


def _own_kind(survey: Survey, name: Name) -> bool:
    one = kind_of(survey, name)
    return one is not None and one.kind in (*APART, "shared")


def _tells(survey: Survey, name: Name) -> bool:
    """Whether a table holds anything but what is everybody's."""
    one = kind_of(survey, name)
    return one is None or one.kind != "shared"


def _code(facts: Facts) -> Iterator[Hole]:
    for schema, signature, owner in facts.definers:
        may = "and tenants may call it, or what they use does"
        what = f"{signature} of schema {schema} runs with the rights of {owner}, {may}"
        yield Hole("definer-open", f"routine {signature}", what, opens=True)
    for code in facts.code:
        relation = facts.relations.get(code.table)
        if relation is None or not set(code.commands) & set(relation.reached):
            continue
        said = ".".join(code.table)
        away = revoke(facts, relation, set(code.commands) & set(relation.reached)) if relation.kind == "v" else ""
        if code.what == "rule":
            what = f"rule {code.name} on {said} acts with the rights of {relation.owner}, who owns it"
            yield Hole("rule", f"rule {code.name} on {said}", what, opens=True, fix=away)
        elif code.definer:
            what = f"trigger {code.name} on {said} runs {code.runs} with its owner's rights, past all policies"
            yield Hole("trigger", f"trigger {code.name} on {said}", what, opens=True, fix=away)


def _besides(facts: Facts) -> Iterator[Hole]:
    for key, subject in facts.besides:
        if key == "creates":
            what = f"tenants may create in {subject}: names of theirs can stand before those that others mean"
            yield Hole("creates", subject, what, opens=True)
        elif key == "statistics":
            what = (
                f"{subject} shows values of expressions that statistics were made of, whoever they belong to "
                "(CVE-2024-4317, which a minor release alone does not fix in a cluster that was there)"
            )
            close = "REVOKE SELECT ON pg_catalog.pg_stats_ext_exprs FROM PUBLIC;"
            yield Hole("statistics", subject, what, opens=True, fix=close)
        elif key == "large-objects":
            yield Hole("large-objects", subject, f"{subject}: large objects have no policies", opens=True)
        else:
            what = f"tenants get rights on {subject} before these have policies"
            yield Hole("later", subject, what, opens=True)


def _becoming(facts: Facts, survey: Survey) -> Iterator[Hole]:
    """Who may act as a tenant."""
    pool = survey.tenants.pool if survey.tenants.connect == "pool" else ""
    if any(other == pool for _, other in facts.others):
        what = (
            f"{pool} becomes each tenant by SET ROLE, and so does whoever gets to run SQL there: a pool protects from "
            "a forgotten WHERE, and not from an injection"
        )
        yield Hole("pool", f"role {pool}", what)
    for tenant, other in facts.others:
        if other == pool:
            continue
        yield Hole("acts-as", f"role {other}", f"{other} may act as {tenant}")


def _elsewhere(facts: Facts) -> Iterator[Hole]:
    """Nothing here holds in another database of the cluster, whose roles these are, too."""
    ways: dict[str, list[str]] = {}
    for name, role in facts.databases:
        ways.setdefault(name, []).append(role)
    for name, roles in ways.items():
        everybody = "" in roles
        whom = "everybody" if everybody else "tenants"
        what = f"database {name} lets {whom} in: no policy of this one holds there, and nobody has looked"
        fix = f"REVOKE CONNECT ON DATABASE {ddl.ident(name)} FROM {', '.join(map(ddl.role, roles))};"
        first = "flatsplit doctor names who has to be given it first: " if everybody else ""
        yield Hole("other-database", f"database {name}", what, fix=first + fix)


def _keys(facts: Facts, survey: Survey) -> Iterator[Hole]:
    """Keys that tell that a row is there, and that name rows of others."""
    for one in survey.of_kind("own", "through"):
        table = survey.structure.tables[one.ref]
        relation = facts.relations.get((one.ref.schema, one.ref.name))
        if relation is None or not set(relation.reached) & {"a", "w"}:
            continue
        said = f"{one.ref.schema}.{one.ref.name}"
        for fk in table.foreign_keys:
            if not _names_others(survey, table, fk):
                continue
            columns = ", ".join(fk.columns)
            what = (
                f"{said} ({columns}) may name any row of {fk.target.schema}.{fk.target.name}: it does not hold the key"
            )
            yield Hole("foreign-key", f"foreign key of {said} ({columns})", what)
    for unique in facts.unique:
        one_ = kind_of(survey, unique.table)
        relation = facts.relations.get(unique.table)
        if one_ is None or one_.kind not in ("own", "through") or relation is None:
            continue
        if one_.column in unique.columns and one_.kind == "own":
            continue
        if not set(relation.reached) & {"a", "w"} or unique.table == (survey.tenants.schema, MAPPING):
            continue
        said = ".".join(unique.table)
        columns = ", ".join(unique.columns) or "an expression"
        kind = "primary key" if unique.primary else "unique index"
        what = f"{kind} {unique.name} of {said} ({columns}) tells that another tenant has such a row"
        yield Hole("primary-key" if unique.primary else "unique", f"{kind} {unique.name} of {said}", what)


def _names_others(survey: Survey, table: Table, fk: ForeignKey) -> bool:
    """Whether a foreign key leads to rows of tenants without saying whose."""
    mine, target = survey.belongings[table.ref], survey.belongings.get(fk.target)
    if target is None or target.kind not in ("own", "through"):
        return False
    if mine.links and mine.links[0].columns == fk.columns:
        return False
    paired = dict(zip(fk.columns, fk.targets, strict=True))
    return not (mine.kind == target.kind == "own" and paired.get(mine.column) == target.column)


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown + (f" and {len(names) - 3} more" if names[3:] else "") if names else "nothing in sight"
