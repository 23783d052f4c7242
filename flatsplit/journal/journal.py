"""The journal as the rest of flatsplit sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flatsplit import model
from flatsplit.connection import Session
from flatsplit.journal import (
    baseline,
    identity,
    ledger,
    schema,
    snapshots,
    story,
    walks,
)
from flatsplit.journal.looks import Looks
from flatsplit.journal.records import (
    ActionRecord,
    CutoverRecord,
    CutoverState,
    Direction,
    EventRecord,
    PasswordRecord,
    SnapshotRecord,
    TallyRecord,
)


class Journal(Looks):
    """What flatsplit remembers. Reads stand alone; writes belong into the caller's ``session.transaction()``.

    Steps, actions, events and the baseline are those of one active walk: the split, or the one given to :meth:`of`.
    """

    def __init__(self, session: Session, walk: model.WalkName = model.SPLIT) -> None:
        super().__init__(session)
        self.walk = walk
        self._known: int | None = None

    def of(self, walk: CutoverRecord) -> Journal:
        """The journal of another walk."""
        journal = Journal(self.session, walk.walk)
        journal._known = walk.id
        return journal

    @property
    def _id(self) -> int | None:
        """The id of the walk; None where none of its name is active."""
        if self._known is None:
            self.cutover()
        return self._known

    # -- the tracking schema

    def exists(self) -> bool:
        """Whether there is a tracking schema, of any version."""
        found = schema.look(self.session)
        return found is not None and found.tracking

    def revision(self) -> str | None:
        """The revision of the tracking schema, None without one."""
        return schema.revision(self.session) if self.exists() else None

    def owner(self) -> str | None:
        """The role that owns the tracking schema."""
        found = schema.look(self.session)
        return found.owner if found else None

    def require_current(self, untrusted: Sequence[str] = ()) -> None:
        """Raise JournalError if the schema is missing, older or newer than this flatsplit, or not the operators' own;
        MissingRights if the operator may not use it. ``untrusted``: roles that must not own it, such as legacy.
        """
        schema.require_current(self.session, untrusted)

    def upgrade(self, owner: str | None, readers: Sequence[str]) -> None:
        """Create the tracking schema or migrate it to this version. All of it is owned by ``owner`` (None: the present
        owner, or the operator), and readable by ``readers`` (legacy and the like; the owner cannot be one of them).
        """
        self.writing()
        schema.upgrade(self.session, owner, readers)

    def grant_readers(self, roles: Sequence[str]) -> None:
        """Let these roles read the journal: without that their pg_dump of the database fails."""
        schema.grant_readers(self.session, roles)

    def admit(self, roles: Sequence[str]) -> None:
        """The same for roles that appeared or got rights since, with an event; "" stands for PUBLIC."""
        self.writing()
        if roles:
            schema.admit(self.session, roles)
            names = [role or "PUBLIC" for role in roles]
            self.event("admitted", None, f"pg_dump goes on as {', '.join(names)}", {"roles": names})

    def revoke_readers(self, roles: Sequence[str]) -> None:
        """Revoke that, so that these roles have no rights here."""
        schema.revoke_readers(self.session, roles)

    def forget(self, export: Path | None) -> None:
        """Remove the tracking schema; before that write all of it to ``export``, if given, as lines of JSON."""
        self.writing()
        if export is None:
            schema.drop(self.session)
            return
        schema.lock_all(self.session)  # nothing may be added between the last line of the file and the removal
        story.export(self.session, export)
        try:
            schema.drop(self.session)
        except BaseException:
            export.unlink()
            raise

    # -- walks and their steps

    def walks(self) -> list[CutoverRecord]:
        """Every walk that is kept, under way or complete, in the order in which they began."""
        return walks.kept(self.session)

    def create_cutover(
        self,
        target: model.Target,
        *,
        name: str,
        legacy_role: str,
        legacy_oid: int,
        config: str,
        steps: Sequence[str],
    ) -> CutoverRecord:
        """Begin the walk in this database, with all its steps pending. There can be one of its name at a time."""
        self.writing()
        values = {"name": name, "legacy_role": legacy_role, "legacy_oid": legacy_oid, "config": config}
        self._known = walks.create(self.session, target, self.walk, values, steps)
        made = self.cutover()
        assert made is not None
        return made

    def cutover(self) -> CutoverRecord | None:
        """The record of the walk while it is active."""
        found = next((record for record in self.walks() if record.walk == self.walk), None)
        self._known = found.id if found else None
        return found

    def cutovers(self) -> list[CutoverRecord]:
        """Every walk that was begun in this database, oldest first."""
        return walks.every(self.session)

    def end_cutover(self, cutover_id: int, state: CutoverState) -> None:
        """Mark an active walk as complete or rolled_back: then it is not kept any more."""
        self.writing()
        walks.end(self.session, cutover_id, state)
        self._known = None

    def move_cutover(self, cutover_id: int, target: model.Target) -> None:
        """Record that the walk is about this database on this cluster now."""
        self.writing()
        place = {"database_oid": target.database_oid, "system_identifier": target.system_identifier}
        walks.update(self.session, cutover_id, **place)

    def replace_config(self, cutover_id: int, config: str) -> None:
        """Replace the recorded flatsplit.toml, as when ``init`` takes in new schemas."""
        self.writing()
        walks.update(self.session, cutover_id, config=config)

    def steps(self, cutover_id: int | None = None) -> list[model.StepRecord]:
        """The steps of the walk, or of a given one, in the order that it began with."""
        return walks.steps(self.session, self._id if cutover_id is None else cutover_id)

    def add_step(self, key: str, ordinal: int) -> None:
        """Add a step at the end of the walk."""
        self.writing()
        walks.add_step(self.session, self._id, key, ordinal)

    def transition(
        self,
        key: str,
        expected: Sequence[model.StepState],
        new: model.StepState,
        *,
        digest: str | None = None,
        by_hand: bool | None = None,
    ) -> model.StepRecord:
        """Change the state of a step, but only from one that the caller expects; JournalError where it has another.

        started_at is set when work on it begins (not when it goes on), finished_at when it is done or rolled back. An
        empty digest means that nothing of it has run: it waits at its gates.
        """
        self.writing()
        return walks.transition(self.session, self._id, key, expected, new, digest=digest, by_hand=by_hand)

    # -- what was done

    def record(
        self,
        step_key: str,
        direction: Direction,
        statements: Sequence[model.Statement],
        notes: Sequence[str | None] = (),
    ) -> list[int]:
        """Record statements that ran in this transaction (or, ``by-hand``, were found done); returns the ids of the
        actions.
        """
        return self.write(step_key, direction, ledger.entry(statements, notes)) if statements else []

    def write(self, step_key: str, direction: Direction, what: ledger.Entry) -> list[int]:
        """The same for a prepared :func:`entry` of at least one statement.

        Raises JournalError where no active walk has such a step, and RuntimeError outside a transaction.
        """
        return ledger.write(self.session, self._id, step_key, direction, what)

    def mark_undone(self, step_key: str) -> int:
        """Set undone_at on everything done for this step so far; returns how many actions that were."""
        self.writing()
        return ledger.mark_undone(self.session, self._id, step_key)

    def actions(self, step_key: str | None = None) -> Iterator[ActionRecord]:
        """Every action in the order in which they ran. Run no other statements while iterating."""
        return ledger.actions(self.session, step_key, self._id)

    def passwords(self) -> list[PasswordRecord]:
        """The statements of all walks that set a password and were not rolled back, in the order in which they ran."""
        return ledger.passwords(self.session)

    def tallies(self) -> list[TallyRecord]:
        """How much was done for each step and was not rolled back."""
        return ledger.tallies(self.session, self._id)

    def changes(self, action_id: int) -> list[model.Change]:
        """The facts that an action changed, as a set in no particular order."""
        return ledger.changes(self.session, action_id)

    def event(
        self, kind: str, step: str | None = None, message: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        """Add an event: what happened, with who did it, from where and when. ``kind`` is one lower-case word."""
        story.tell(self.session, self._id, kind, step, message, details)

    def events(self, kind: str | None = None, step: str | None = None) -> list[EventRecord]:
        """Events of one kind, of one step, or all, oldest first."""
        return list(story.events(self.session, kind, step, self._id))

    def history(self, *, everybody: bool = True) -> Iterator[EventRecord | ActionRecord]:
        """Events and actions of this walk, or of all, in order of time, streamed."""
        return story.history(self.session, None if everybody else self._id)

    # -- what was seen

    def save_baseline(self, state: model.State) -> int:
        """Make this the baseline; rows that differ are superseded and kept. Returns how many facts were written."""
        return baseline.save(self.session, self._id, state)

    def load_baseline(self, target: model.Target) -> model.State | None:
        """The baseline as last saved; None where there is none."""
        return baseline.load(self.session, self._id, target)

    def save_snapshot(
        self, step: str | None, server: Mapping[str, Any], roles: Mapping[str, Any], objects: Mapping[str, Any]
    ) -> None:
        """Keep the State at the end of a step (None: of ``init``)."""
        self.writing()
        snapshots.save(self.session, self._id, step, server, roles, objects)

    def last_snapshot(self) -> SnapshotRecord | None:
        """The State at the end of the last step of any walk; None where none was kept."""
        return snapshots.last(self.session)

    def own_snapshot(self) -> SnapshotRecord | None:
        """The State at the end of the last step of this walk."""
        return snapshots.of(self.session, self._id)

    def number_more(self, cluster: str, oids: Mapping[str, int]) -> None:
        """Know the oids of roles that were made after the last step of any walk ended."""
        self.writing()
        snapshots.number_more(self.session, cluster, oids)

    def renamed(self, cluster: str, names: Collection[str] | None) -> dict[str, str]:
        """The new names of those of these roles, or of all, that were renamed since the last step of any walk ended."""
        return snapshots.renamed(self.session, cluster, names)

    def called_now(self, cluster: str, names: Collection[str]) -> dict[str, str]:
        """The present names of roles that had these names at some time of the walk, without dropped ones."""
        return snapshots.called_now(self.session, cluster, names)

    # -- whose it is

    @staticmethod
    def recognise(target: model.Target, cutover: CutoverRecord) -> None:
        """Raise JournalError where this journal is about another database than the one it is in."""
        identity.recognise(target, cutover)
