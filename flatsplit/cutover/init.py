"""``init``: begins the journal, or lets a cutover that is under way go on here."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit import config as configuration
from flatsplit.catalog import read_state
from flatsplit.connection import Session, operator_lock
from flatsplit.cutover import role_names
from flatsplit.cutover.snapshot import admit, remember
from flatsplit.cutover.survey import Proposal
from flatsplit.journal import Journal
from flatsplit.server.event_trigger_errors import named
from flatsplit.walks import split
from flatsplit.walks.newer_server import as_of_now
from flatsplit.walks.split.remembered import reduce


def init(session: Session, found: Proposal) -> None:
    """Create or upgrade the tracking schema, record the baseline and write flatsplit.toml, all in one transaction."""
    journal = Journal(session)
    request, config = found.request, found.config
    with named(session.driver, "making the tracking schema"), operator_lock(session), session.transaction():
        journal.upgrade(request.owner, _readers(session, journal, found))
        if found.existing:
            _go_on(session, journal, found)
            seen = journal.load_baseline(found.target)
            if seen is not None:
                admit(journal, config, seen, read_state(session.driver))
            if journal.last_snapshot() is None:  # made by a version that recorded none
                remember(session, journal, None, read_state(session.driver))
        else:
            _finish_former(journal)
            row = session.driver.execute(
                "SELECT oid FROM pg_roles WHERE rolname = %s", (request.legacy_role,)
            ).fetchone()
            journal.create_cutover(
                found.target,
                name=config.name,
                legacy_role=request.legacy_role,
                legacy_oid=row[0] if row else 0,
                config=configuration.render(config),
                steps=split.STEP_KEYS,
            )
            live = read_state(session.driver)
            if admit(journal, config, live, live):
                live = read_state(session.driver)
            journal.save_baseline(reduce(live, config))
            remember(session, journal, None, live)
            journal.event(
                "init",
                None,
                f"cutover {config.name} of role {config.legacy_role} begins",
                {
                    "schemas": list(config.schemas),
                    "adopted": list(found.adopted),
                    "adopt": request.adopt,
                    "objects": dict(found.counts),
                },
            )
        configuration.write(config, request.config_path)


def _go_on(session: Session, journal: Journal, found: Proposal) -> None:
    """Record that a cutover under way goes on here, with another version, other names or in another place."""
    former = journal.cutover()
    if former is not None:
        role_names.keep(journal, former, found.config)
    if found.adopted:  # nothing has been changed yet, so the present State is the baseline
        journal.save_baseline(reduce(read_state(session.driver), found.config))
        details = {"roles": list(found.adopted), "adopt": True}
        journal.event("adopted", None, f"taken over: {', '.join(found.adopted)}", details)
    if found.request.moved and former is not None:
        _move(session, journal, found)
        was = {"system_identifier": former.system_identifier, "database_oid": former.database_oid}
        journal.event("moved", None, "goes on after pg_upgrade or a move, as the operator says", was)
    journal.event("upgraded", None, "init on a cutover that is under way")


def _move(session: Session, journal: Journal, found: Proposal) -> None:
    """All walks go on in this database, and what they remember is said as this server says it."""
    live, last = read_state(session.driver), journal.last_snapshot()
    was = last.major if last is not None else found.target.major
    for walk in journal.walks():
        journal.move_cutover(walk.id, found.target)
        seen = journal.of(walk).load_baseline(found.target)
        if seen is not None:
            journal.of(walk).save_baseline(as_of_now(seen, live, was))


def _readers(session: Session, journal: Journal, found: Proposal) -> list[str]:
    """Roles that dump the database and so need to read the journal: legacy until it is locked, then app_migrator."""
    if not found.existing:
        return [found.request.legacy_role]
    states = {record.key: record.state for record in journal.steps()}
    readers = [] if states.get(split.REVOKE_LEGACY) in ("running", "done") else [found.request.legacy_role]
    migrator = blueprint.owner(found.config)
    if states.get(split.GRANT_EXISTING) in ("running", "done") and migrator in _read_roles(session):
        readers.append(migrator)
    return readers


def _read_roles(session: Session) -> frozenset[str]:
    """The names of all roles in the cluster."""
    return frozenset(row[0] for row in session.driver.execute("SELECT rolname::text FROM pg_roles"))


def _finish_former(journal: Journal) -> None:
    for former in journal.walks():
        journal.end_cutover(former.id, "complete")
