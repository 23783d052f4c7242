"""Hazards of roles per tenant that neither a gate of their walk nor a hole of the proof names. Pure.

They are looked for where flatsplit.toml has a section [tenants], also before the walk begins.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.config import format_name
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.model import Severity
from flatsplit.tenants import Belonging, upward
from flatsplit.tenants.kinds import APART
from flatsplit.tenants.schemas import SCHEMAS, families, role_for
from flatsplit.words import count

PARTITIONS = 10
"""So many are planned and locked for a statement that does not name its own: from here on that is most of its time."""
SKEW = 20
"""So many times the average, and …"""
SHARE = 0.05
"""… a part of the table that is worth another plan."""
_OF_THE_SERVER = frozenset({"postgres", "template1"})
"""Databases that each server has, with nothing in them but the catalog."""
_CONNECT = (
    "Give CONNECT there to those who log in there, and take it from everybody; or end pg_hba.conf for tenants with "
    "`host all +app_tenant all reject`, below the line for their own database."
)
_OF_ITS_OWN = (
    "The split itself is the same for them. A tenant's connection can have a role of its own: a special role with "
    "rights in one schema, the tables in all of them listed, and those to come by `new_tables`. Each is a walk of its "
    "own, so that is for some dozens of tenants; for more, let the program that makes a schema grant in it to a role."
)


def _apart(seen: Seen) -> dict[tuple[str, str], Belonging]:
    """Tables whose rows are told apart; none where nothing could be said of them."""
    kept = () if seen.survey is None else seen.survey.of_kind(*APART)
    return {(one.ref.schema, one.ref.name): one for one in kept}


@hazard(
    "tenant-publication-copy",
    "warning",
    None,
    looks_at="pg_publication_tables and pg_roles: published tables whose rows are told apart, and roles with "
    "REPLICATION that row-level security is for",
    why="A subscription first copies each table as whoever it connects as, and COPY … TO leaves out what the policies "
    "hide, without an error; what changes later is sent whole. The subscriber misses rows and nobody is told.",
    fix="Let row-level security not be for the roles that subscribers connect as.",
    manual="logical-replication-security.html",
    questions=("tenant_publications",),
    needs=("tenants",),
)
def tenant_publication_copy(seen: Seen) -> Iterator[Found]:
    """Published tables that a copy would see in part."""
    apart = _apart(seen)
    tables = tuple(
        format_name(schema, name) for schema, name in seen.rows("tenant_publications") if (schema, name) in apart
    )
    copying = [
        name
        for name, facts in sorted(seen.state.roles.items())
        if facts.replication and facts.login and not (facts.superuser or facts.bypassrls)
    ]
    if tables and copying:
        yield Found(
            f"{few(copying)} would copy {count(len(tables), 'published table')} in part",
            tables,
            sql=tuple(f"ALTER ROLE {ddl.ident(role)} BYPASSRLS;" for role in copying),
        )


@hazard(
    "tenant-subscription",
    "warning",
    None,
    looks_at="pg_subscription and pg_subscription_rel: tables whose rows are told apart, filled by a subscription that "
    "writes as its own owner, and that owner",
    why="A subscription's worker does not go by policies: it ends with an error at the first row for a table with "
    "row-level security that is for its owner, starts again and ends again. The policy `everyone` does not help.",
    fix="Let row-level security not be for the subscription's owner; or, from PostgreSQL 16 on, let it write as the "
    "tables' owner: run_as_owner = false, and its owner a member of that role.",
    manual="logical-replication-security.html",
    questions=("tenant_subscriptions",),
    needs=("tenants",),
    since=15,
)
def tenant_subscription(seen: Seen) -> Iterator[Found]:
    """Subscriptions that would stop."""
    apart = _apart(seen)
    found = [row for row in seen.rows("tenant_subscriptions") if row[2:] in apart]
    tables = tuple(dict.fromkeys(format_name(schema, name) for *_, schema, name in found))
    if owners := sorted({owner for _, owner, *_ in found}):
        names = few(sorted({name for name, *_ in found}))
        yield Found(
            f"subscription {names} would stop at {count(len(tables), 'table')}",
            tables,
            sql=tuple(f"ALTER ROLE {ddl.ident(owner)} BYPASSRLS;" for owner in owners),
        )


@hazard(
    "tenant-partition-by-key",
    "warning",
    None,
    looks_at="pg_partitioned_table and pg_inherits: tables whose rows are told apart, partitioned by the tenant's key",
    why="Which tenant asks is known only when the statement runs. Until then every partition is planned and locked: a "
    "point query takes 9 to 19 times as long with 100 partitions, 350 to 660 times with 1,000.",
    fix="Keep the application's own WHERE with the key as a constant or parameter: then only its partition is planned.",
    manual="ddl-partitioning.html#DDL-PARTITION-PRUNING",
    questions=("tenant_partitions",),
    needs=("tenants",),
)
def tenant_partition_by_key(seen: Seen) -> Iterator[Found]:
    """Tables of many partitions, of which a tenant needs one."""
    apart = _apart(seen)
    found = tuple(
        format_name(schema, name)
        for schema, name, columns, partitions in seen.rows("tenant_partitions")
        if partitions >= PARTITIONS and (one := apart.get((schema, name))) is not None and one.column in columns
    )
    if found:
        yield Found(f"{count(len(found), 'table')} with a partition per tenant", found)


@hazard(
    "tenant-notify",
    "warning",
    None,
    looks_at="pg_proc.prosrc of the application's routines: NOTIFY and pg_notify()",
    why="Channels have no owner and no policies: whoever may connect can LISTEN, and hears what all tenants' sessions "
    "notify, with its payload.",
    fix="Put nothing into a payload that another tenant must not read: the key of a row at the most, which is then "
    "read under the policies.",
    manual="sql-notify.html",
    questions=("tenant_notify",),
    needs=("tenants",),
)
def tenant_notify(seen: Seen) -> Iterator[Found]:
    """Routines that tell everybody."""
    found = tuple(format_name(schema, name) for schema, name in seen.rows("tenant_notify"))
    if found and seen.survey is not None:
        yield Found(f"{count(len(found), 'routine')} that notify whoever listens", found)


@hazard(
    "tenant-skew",
    "warning",
    None,
    looks_at="pg_stats of the columns with the tenant's key: how much of a table its largest tenant has",
    why="The planner does not know which tenant asks and takes each for an average one: a large tenant gets the plan "
    "of a small one, with nested loops and without parallel workers.",
    fix="EXPLAIN the large tenants' statements as their roles, which nobody uses before the switch, and let them be "
    "the last ring: [tenants] rings.",
    manual="planner-stats.html",
    questions=("tenant_skew",),
    needs=("tenants",),
)
def tenant_skew(seen: Seen) -> Iterator[Found]:
    """Tables of which one tenant has much more than its share."""
    apart, structure = _apart(seen), seen.state.structure
    if structure is None:
        return
    found = []
    for schema, name, column, share, distinct in seen.rows("tenant_skew"):
        one = apart.get((schema, name))
        if one is None or one.kind != "own" or one.column != column:
            continue
        number = distinct if distinct > 0 else -distinct * structure.tables[one.ref].rows
        if share >= SHARE and share * number >= SKEW:
            found.append(format_name(schema, name))
    if found:
        yield Found(f"{count(len(found), 'table')} of which one tenant has much more than its share", tuple(found))


@hazard(
    "tenant-late-keys",
    "note",
    None,
    looks_at="pg_constraint: foreign keys that may be checked at the end of a transaction, by which a table's rows are "
    "a tenant's",
    why="A policy is checked at once. Where a row is written before the one that says whose it is, the foreign key "
    "would allow it until the transaction ends, and the policy refuses it to tenants.",
    fix="Let what tenants run write the row that is referred to first; or give the table a key column of its own.",
    manual="sql-set-constraints.html",
    questions=("tenant_late_keys",),
    needs=("tenants",),
)
def tenant_late_keys(seen: Seen) -> Iterator[Found]:
    """Tables whose rows may come before those that they are a tenant's by."""
    apart = _apart(seen)
    found: dict[str, bool] = {}
    for schema, name, columns, deferred in seen.rows("tenant_late_keys"):
        one = apart.get((schema, name))
        if one is not None and one.links and one.links[0].columns == tuple(columns):
            found[format_name(schema, name)] = deferred
    if found:
        severity: Severity = "warning" if any(found.values()) else "note"
        title = f"{count(len(found), 'table')} whose foreign key may be checked late, and their policies at once"
        yield Found(title, tuple(found), severity=severity)


@hazard(
    "tenant-tree",
    "warning",
    None,
    looks_at="[tenants] root: a foreign key to itself, or a column of its key's type called parent_id",
    why="Each row of the root is a tenant of its own. Whoever stands above others sees its own rows, and not those of "
    "the ones below it, without an error.",
    fix="Where only whoever stands at the top is a tenant: a table with one row for each of these, whose key a "
    "migration puts into every table, and [tenants] root names it. Where those below are tenants too: let whatever "
    "looks at several of them go on as app_user.",
    manual="ddl-rowsecurity.html",
    needs=("tenants",),
)
def tenant_tree(seen: Seen) -> Iterator[Found]:
    """A root whose rows lie below one another."""
    root = seen.survey.root if seen.survey is not None else None
    if root is not None and (up := upward(root)):
        name = format_name(root.ref.schema, root.ref.name)
        yield Found(f"tenants have tenants below them ({up}), and do not see their rows", (name,))


@hazard(
    "schema-per-tenant",
    "note",
    None,
    looks_at="tables in scope: schemas with the same tables",
    why="Where each tenant has a schema of its own, no policy keeps tenants apart, but who may use which schema; and "
    "app_user may use all of them. The walk over tenants is for tables that tenants share: it gives a tenant's role no "
    "right in such schemas, and does not begin where no other table says whose its rows are.",
    fix=_OF_ITS_OWN,
    manual="ddl-schemas.html",
)
def schema_per_tenant(seen: Seen) -> Iterator[Found]:
    """Schemas that are copies of one another."""
    groups = [group for group in seen.state.groups if group.kind in ("table", "partitioned_table")]
    if len({group.schema for group in groups}) < SCHEMAS:  # in most databases; their tables may be many
        return
    for family in families(ref for group in groups for ref in group.refs):
        lines = role_for(family, seen.state.objects)
        begin = f"flatsplit begin role {shlex.quote(f'tenant_{family.schemas[0]}')} --through verify"
        said = "\n".join(("Of the first, in flatsplit.toml:", *lines, f"and then: {begin}"))
        walks = seen.survey is not None
        title = f"{family.said}: a schema per tenant?"
        yield Found(
            title + " A tenant's role of the walk has no rights there" if walks else title,
            family.schemas,
            severity="warning" if walks else "note",
            fix=f"{_OF_ITS_OWN}\n{said}",
        )


@hazard(
    "tenant-other-databases",
    "warning",
    None,
    looks_at="pg_database.datacl of the other databases: CONNECT for everybody or for tenants",
    why="A database lets everybody in unless that was taken away, and policies keep tenants apart in their own only: "
    "in another, a tenant has whatever everybody has there.",
    fix=_CONNECT,
    manual="ddl-priv.html",
    questions=("tenant_databases",),
    needs=("tenants",),
)
def tenant_other_databases(seen: Seen) -> Iterator[Found]:
    """Databases of the cluster that let tenants in."""
    tenants, state = seen.context.config.tenants, seen.state
    if tenants is None or seen.survey is None:
        return
    theirs = {*state.tenants, tenants.group, *([tenants.pool] if tenants.connect == "pool" else ())}
    found, lines, others = [], [], []
    logins = [
        ddl.ident(name)
        for name, facts in sorted(state.roles.items())
        if facts.login and not facts.superuser and name not in theirs
    ]
    for name, may, ours in seen.rows("tenant_databases"):
        let_in = sorted(theirs.intersection(may) | {""}.intersection(may))
        if not let_in:
            continue
        found.append(name)
        if not ours:
            others.append(name)
        if "" in let_in and logins:
            lines.append(f"GRANT CONNECT ON DATABASE {ddl.ident(name)} TO {', '.join(logins)};")
        lines.append(f"REVOKE CONNECT ON DATABASE {ddl.ident(name)} FROM {', '.join(map(ddl.role, let_in))};")
    if found:
        plain = set(found) <= _OF_THE_SERVER
        title = f"tenants may connect to {count(len(found), 'other database')}"
        who = f" Who owns {few(others)}, or a superuser, has to run it there: others are only warned by the server."
        fix = f"{_CONNECT}{who if others else ''}"
        yield Found(title, tuple(found), severity="note" if plain else "warning", fix=fix, sql=tuple(lines))
