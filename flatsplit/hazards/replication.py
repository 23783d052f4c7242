"""Hazards in replication: publications, subscriptions, slots, standbys. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.config.text import quote
from flatsplit.hazards.registry import REGISTRY, Found, Seen, below, hazard
from flatsplit.model import ObjectRef, versions
from flatsplit.walks import split
from flatsplit.walks.split.kind import through
from flatsplit.walks.split.members import heir, members_of_legacy
from flatsplit.words import count

KEPT_WAL = 1 << 30
"""Bytes of WAL behind an unused slot that are worth a warning."""


@hazard(
    "all-tables-publication",
    "warning",
    None,
    looks_at="pg_publication.puballtables",
    why="The tracking schema's tables are published too; a subscriber without them stops replicating.",
    fix="Create the schema and its tables on the subscriber, or publish named schemas (15+), before init.",
    manual="logical-replication-publication.html",
    questions=("publications",),
)
def all_tables_publication(seen: Seen) -> Iterator[Found]:
    """Publications FOR ALL TABLES."""
    found = tuple(name for name, everything, _ in seen.rows("publications") if everything)
    if found:
        yield Found(f"publication of all tables: {', '.join(found)}", found)


@hazard(
    "schema-publications",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_publication_namespace of legacy's publications",
    why="Whoever is no superuser may give a publication FOR TABLES IN SCHEMA only to a superuser, and app_migrator "
    "is none: "
    "the step would stop there.",
    fix="Have a superuser run ALTER PUBLICATION … OWNER TO app_migrator (or to itself), or publish the tables by name.",
    manual="sql-alterpublication.html",
    questions=("schema_publications",),
    since=15,
)
def schema_publications(seen: Seen) -> Iterator[Found]:
    """Publications that app_migrator may not own."""
    found = tuple(
        f"publication {name} of schema {', '.join(schemas)}" for name, schemas in seen.rows("schema_publications")
    )
    migrator = seen.projected.roles.get(blueprint.owner(seen.context.config))
    # A superuser may give it to any role: AlterPublicationOwner_internal() in publicationcmds.c
    if found and not seen.state.target.operator_superuser and not (migrator and migrator.superuser):
        heir = blueprint.owner(seen.context.config)
        refs = (ObjectRef("publication", "", name) for name, _ in seen.rows("schema_publications"))
        said = "Publish the tables by name, or, as a superuser and after create-roles:"
        yield Found(
            f"{count(len(found), 'publication')} of whole schemas that {heir} may not own",
            found,
            fix=below(said, (ddl.alter_owner(ref, heir) for ref in refs)),
        )


@hazard(
    "publications-of-members",
    "warning",
    split.REVOKE_LEGACY,
    looks_at="pg_publication.pubowner: members of legacy that revoke-legacy makes members of another role than "
    "app_migrator",
    why="Whoever puts a table into a publication owns both. A member of legacy owns its tables through the membership, "
    "and no longer after revoke-legacy. Change capture that sets its tables at each start does not start any more, and "
    "its slot keeps all WAL.",
    fix='In flatsplit.toml: [members] "login" = "app_migrator", or give it a publication that somebody else keeps.',
    manual="sql-alterpublication.html",
    questions=("publications",),
)
def publications_of_members(seen: Seen) -> Iterator[Found]:
    """Publications that their owner can put no table into any more."""
    losing = _losing_ownership(seen)
    found = [(name, owner) for name, _, owner in seen.rows("publications") if owner in losing]
    if found:
        owners = sorted({owner for _, owner in found})
        lines = [f'{quote(owner)} = "{blueprint.OWNER.key}"' for owner in owners]
        yield Found(
            f"{', '.join(owners)} can put no table of {seen.legacy}'s into a publication after revoke-legacy",
            tuple(f"publication {name} of {owner}" for name, owner in found),
            fix=below("Where change capture sets its tables itself, in flatsplit.toml:", ["[members]", *lines]),
            toml=tuple(f"[members] {line}" for line in lines),
        )


@hazard(
    "subscriptions",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_subscription.subowner in this database",
    why="What a subscription applies, it applies with its owner's rights (since 16 as the tables' owners, unless "
    "run_as_owner). That becomes app_migrator, or a superuser dba, once it may log in, because the worker starts as "
    "the owner. A connection without a password is refused to owners who are no superusers, and one as legacy ends "
    "when the publisher's legacy is locked.",
    fix="Give replication a role of its own on both sides before enable-login, and watch pg_stat_subscription.",
    manual="logical-replication-security.html",
    questions=("subscriptions",),
)
def subscriptions(seen: Seen) -> Iterator[Found]:
    """Subscriptions of this database."""
    rows, members = seen.rows("subscriptions"), _members_that_apply(seen)
    for name, owner, _ in rows:
        if owner in members:
            migrator = blueprint.owner(seen.context.config)
            yield Found(
                f"subscription {name} is applied by {owner}, a member of {seen.legacy}",
                (f"{name} of {owner}",),
                why="Since 16 its worker becomes the owner of the table that it writes to, unless the subscription has "
                f"run_as_owner. That will be {migrator}. {owner} may become it as a member of {seen.legacy}, and no "
                "longer after revoke-legacy: replication would stop then, and the publisher keep all WAL.",
                fix=f'In flatsplit.toml: [members] {quote(owner)} = "app_migrator"',
            )
    rows = [row for row in rows if row[1] not in members]
    if rows:
        owned = any(owner in seen.context.owners for _, owner, _ in rows)
        yield Found(
            f"{count(len(rows), 'subscription')} in this database",
            tuple(f"{name} of {owner}{'' if enabled else ' (disabled)'}" for name, owner, enabled in rows),
            severity="warning" if owned else "note",
        )


def _members_that_apply(seen: Seen) -> set[str]:
    """Members of legacy that lose it, where the worker of a subscription becomes the owner of what it writes to."""
    return _losing_ownership(seen) if seen.state.target.major >= versions.SUBSCRIPTION_CREATORS else set()


def _losing_ownership(seen: Seen) -> set[str]:
    """Members of legacy that will be members of another role than the one that owns everything."""
    state, context = seen.state, seen.context
    members = {key.member for key in members_of_legacy(state, context) if not state.roles[key.member].superuser}
    return {name for name in members if heir(context, name) != blueprint.owner(context.config)}


@hazard(
    "subscription-stays",
    "warning",
    split.LOCK_LEGACY,
    looks_at="pg_subscription.subowner of this database, as lock-legacy would leave it, and whether that role may log "
    "in then",
    why="The worker of a subscription starts as its owner, which has to be a role that may log in. One that runs goes "
    "on until its next start, then replication stands still and the publisher keeps all WAL.",
    fix="ALTER SUBSCRIPTION … OWNER TO a role that may log in, before lock-legacy.",
    manual="logical-replication-security.html",
    questions=("subscriptions",),
)
def subscription_stays(seen: Seen) -> Iterator[Found]:
    """Subscriptions that no new role may own: app_migrator is a group, or no superuser before 16."""
    rows = [row for row in seen.rows("subscriptions") if row[1] in seen.context.retiring and row[2]]
    if not rows:
        return
    then = through(seen.state, seen.context, split.LOCK_LEGACY)
    for name, owner, _ in rows:
        facts = then.objects.get(ObjectRef("subscription", "", name))
        stays = facts is not None and facts.owner == owner
        if not stays or owner not in then.roles or then.roles[owner].login:
            continue
        config, target = seen.context.config, seen.state.target
        logins = [role for role in config.logins(blueprint.owner(config)) or () if role in seen.state.roles]
        heir = (
            logins[0]
            if logins and target.major >= versions.SUBSCRIPTION_CREATORS
            else target.operator
            if target.operator_superuser
            else ""
        )
        why = f"{blueprint.owner(config)} is a group" if config.logins(blueprint.owner(config)) is not None else ""
        cure = f"ALTER SUBSCRIPTION {ddl.ident(name)} OWNER TO"
        yield Found(
            f"subscription {name} stays with {owner}, which may not log in from lock-legacy on",
            (f"{name} of {owner}",),
            why=REGISTRY["subscription-stays"].why + (f" {why}, and starts no worker." if why else ""),
            fix=f"Before lock-legacy: {cure} {ddl.ident(heir)};"
            if heir
            else f"Before lock-legacy, as a superuser: {cure} CURRENT_USER;",
        )


@hazard(
    "replication-slots",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_replication_slots",
    why="An unused slot keeps all WAL since it was last read, and every step writes some: the disk may fill.",
    fix="SELECT pg_drop_replication_slot('name') where nobody will come back for it.",
    manual="logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS",
    questions=("slots",),
)
def replication_slots(seen: Seen) -> Iterator[Found]:
    """Replication slots without a reader."""
    unused = [row for row in seen.rows("slots") if not row[3] and not row[6]]
    if unused:
        found = tuple(
            name
            + (f", {kept / (1 << 20):.0f} MB kept" if kept is not None else "")
            + (" (lost)" if left == "lost" else "")
            for name, _, _, _, kept, left, _ in unused
        )
        large = any((row[4] or 0) > KEPT_WAL for row in unused)
        title = f"{count(len(unused), 'replication slot')} that nobody reads"
        cures = (f"SELECT pg_catalog.pg_drop_replication_slot({ddl.literal(row[0])});" for row in unused)
        fix = below("Where nobody will come back for it:", cures)
        yield Found(title, found, severity="warning" if large else "note", fix=fix)


@hazard(
    "logical-decoding",
    "note",
    None,
    looks_at="logical slots of this database",
    why="Decoding sees rows, not commands: GRANT and ALTER … OWNER are not passed on, so roles and rights of the "
    "other side stay as they are. Consumers of all tables also get the rows of the tracking schema.",
    fix="Take the same steps on a subscriber that is to take over; leave schema flatsplit out of change capture.",
    manual="logicaldecoding.html",
    questions=("slots",),
)
def logical_decoding(seen: Seen) -> Iterator[Found]:
    """Consumers of decoded changes."""
    found = tuple(row[0] for row in seen.rows("slots") if row[1] and row[2])
    if found:
        yield Found(f"changes of this database are decoded by {count(len(found), 'slot')}", found)


@hazard(
    "hot-standbys",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_stat_replication: state, replay_lag; `max_replication_lag` in flatsplit.toml",
    why="ACCESS EXCLUSIVE locks are replayed on hot standbys: they wait for queries there, or cancel them "
    "(max_standby_streaming_delay). flatsplit pauses while a standby is further behind than max_replication_lag.",
    fix="Take transfer-ownership when no long queries run on the standbys; let a standby that is far behind catch up "
    "first.",
    manual="hot-standby.html#HOT-STANDBY-CONFLICT",
    questions=("walsenders",),
    needs=("activity",),
)
def hot_standbys(seen: Seen) -> Iterator[Found]:
    """Standbys, and how far they are behind."""
    limit = seen.context.config.locks.max_replication_lag.total_seconds()
    rows = [row for row in seen.rows("walsenders") if row[2] != "backup"]
    if rows:
        late = any((row[3] or 0) > limit for row in rows)
        yield Found(
            f"{count(len(rows), 'receiver')} of replication"
            + (f", some further behind than {limit:.0f}s" if late else ""),
            tuple(
                f"{name or 'unnamed'}: {state}{f', {lag:.1f}s behind' if lag else ''}"
                for name, _, state, lag, _ in rows
            ),
            severity="warning" if late else "note",
        )


@hazard(
    "replication-as-legacy",
    "warning",
    split.LOCK_LEGACY,
    looks_at="pg_stat_replication.usename",
    why="Standbys, backups and change capture that log in as legacy go on until their connection breaks, and cannot "
    "come back after lock-legacy. The attribute REPLICATION passes to none of the new roles.",
    fix="CREATE ROLE replicator LOGIN REPLICATION; then \\password replicator in psql; put it into primary_conninfo or "
    "the consumer's settings, and into pg_hba.conf.",
    manual="warm-standby.html#STREAMING-REPLICATION-AUTHENTICATION",
    questions=("walsenders",),
)
def replication_as_legacy(seen: Seen) -> Iterator[Found]:
    """Receivers of WAL that log in as legacy."""
    found = tuple(
        f"{name or 'unnamed'}: {state or 'connected'}"
        for name, _, state, _, legacy in seen.rows("walsenders")
        if legacy
    )
    if found:
        yield Found(f"{count(len(found), 'receiver')} of replication connected as {seen.legacy}", found)


@hazard(
    "event-trigger-code",
    "blocker",
    split.CREATE_ROLES,
    looks_at="pg_event_trigger.evtfoid and the owner of that function",
    why="They fire on flatsplit's own GRANT and ALTER statements, as the operator. Whoever owns the function "
    "can change what it does.",
    fix="Give the functions to a superuser (ALTER FUNCTION … OWNER TO …) or disable the triggers for the walk.",
    manual="event-triggers.html",
    questions=("event_triggers",),
)
def event_trigger_code(seen: Seen) -> Iterator[Found]:
    """Event triggers that would run other people's code with the operator's rights."""
    found = tuple(f"{trigger} runs {function} of {owner}" for trigger, function, owner in seen.rows("event_triggers"))
    if found:
        heir = ddl.ident(seen.state.target.bootstrap)
        cures = [f"ALTER ROUTINE {function} OWNER TO {heir};" for _, function, _ in seen.rows("event_triggers")]
        stops = [f"ALTER EVENT TRIGGER {ddl.ident(trigger)} DISABLE;" for trigger, *_ in seen.rows("event_triggers")]
        yield Found(
            "event triggers would run code of ordinary roles with the operator's rights",
            found,
            fix=below("Read the functions and give them to a superuser:", cures)
            + below("\nOr let the triggers rest for the walk:", stops),
        )


@hazard(
    "event-triggers",
    "note",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_event_trigger, and whether its function is SECURITY DEFINER",
    why="They fire on the migrations that app_migrator runs, with its rights unless SECURITY DEFINER: one that writes "
    "to a table of somebody else's makes the migration fail.",
    fix="GRANT app_migrator what the function needs, or make it SECURITY DEFINER with a search_path of its own.",
    manual="event-triggers.html",
    questions=("event_trigger_list",),
)
def event_triggers(seen: Seen) -> Iterator[Found]:
    """Event triggers that migrations will fire."""
    found = tuple(
        f"{name} on {event} runs {function}{'' if definer else ' with the rights of whoever migrates'}"
        for name, event, function, definer in seen.rows("event_trigger_list")
    )
    if found:
        yield Found(f"{count(len(found), 'event trigger')} fire{'s' if len(found) == 1 else ''} on migrations", found)
