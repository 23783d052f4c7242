"""A walk as all use cases work with it: session, configuration, journal and State. It imports none of them.

What only some use cases need is imported where it is used, so that ``status`` starts fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from flatsplit.catalog import (
    read_identity,
    read_state,
    with_columns,
    with_defaults,
    with_objects,
    with_parameters,
    with_roles,
    with_rules,
)
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover import begun_like, expected_rights, role_names
from flatsplit.cutover.first_contact import refuse_legacy
from flatsplit.cutover.interaction import Passwords, Reporter
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.which_walk import DAMAGED, choose, several, steps
from flatsplit.errors import ConfigError, JournalError
from flatsplit.evidence import memory
from flatsplit.gates import Asked
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.model import (
    OWNER,
    PUBLIC,
    SPLIT,
    Finding,
    State,
    Statement,
    WalkName,
    called_now,
    mentioned,
)
from flatsplit.planning import machine, partial_look
from flatsplit.planning.chain import KeptWalk
from flatsplit.walks import tenants
from flatsplit.walks.split import grants
from flatsplit.walks.split.context import Context

if TYPE_CHECKING:
    from flatsplit.evidence.trial import Trial
    from flatsplit.executor import Executor


class Walk:
    """Session, configuration, journal and record of a walk. A session that only reads is enough for looking at it."""

    def __init__(
        self,
        session: Session,
        config: Config,
        journal: Journal,
        record: CutoverRecord,
        kept: Sequence[CutoverRecord],
        live: State | None,
        changed_likes: tuple[begun_like.ChangedLike, ...] = (),
    ) -> None:
        self.session = session
        self.config = config
        self.journal = journal
        self.record = record
        self.kept = tuple(kept)
        """All walks of this database that are kept, in the order in which they began."""
        self.admitted: set[str] = set()
        """Roles that this call has admitted to the journal, in whichever walk; a State read before does not show it."""
        self.renamed: tuple[role_names.Renamed, ...] = ()
        """Roles that had other names when the last step ended, as of the last look."""
        self.changed_likes = changed_likes
        """What flatsplit.toml says of ``like`` and ``config`` does not, since the walk began otherwise."""
        self._first = live
        self._former: Situation | None = None
        """The Situation of the last look."""

    @classmethod
    def open(
        cls,
        session: Session,
        config: Config,
        live: State | None = None,
        *,
        walk: WalkName | None = SPLIT,
        any_will_do: bool = False,
    ) -> Self:
        """Find the cutover that ``config`` is about. Raises JournalError where there is none, or only another role's.

        ``live``: the catalog, where it is already read; the first situation is made of it. ``walk``: which walk of that
        database; None for the one under way (UsageError where there are several, unless ``any_will_do``).
        """
        login = session.driver.info.user
        refuse_legacy(live.target.operator if live else login, login, config.legacy_role)
        journal = Journal(session)
        journal.require_current([config.legacy_role])
        kept = journal.walks()
        record = next((record for record in kept if record.walk == SPLIT), None)
        if record is None:
            raise JournalError("the tracking schema knows of no cutover", "run flatsplit init")
        if record.legacy_role != config.legacy_role:
            raise ConfigError(
                f"flatsplit.toml is about role {config.legacy_role}, the cutover under way about {record.legacy_role}",
                "use the flatsplit.toml that init wrote for this database",
            )
        if walk != SPLIT:
            record = choose(journal, kept, walk, config, any_will_do=any_will_do)
        config, changed = begun_like.as_begun(config, kept)
        return cls(session, config, journal.of(record), record, kept, live, changed)

    def turned(self, name: WalkName, live: State | None = None) -> Self:
        """Another walk of the same database, in the same session; ``live`` as for :meth:`open`."""
        other = self.open(self.session, self.config, live, walk=name)
        other.admitted = self.admitted
        return other

    @property
    def several(self) -> bool:
        """Whether a command without ``--walk`` would not be taken to be about this walk."""
        return several(self.journal, self.kept, self.record, self.config)

    @property
    def split(self) -> CutoverRecord:
        """The record of the split, which every other walk goes beside or follows."""
        return next(record for record in self.kept if record.walk == SPLIT)

    def journal_of(self, walk: WalkName) -> Journal:
        """The journal of one of the kept walks."""
        return next(self.journal.of(record) for record in self.kept if record.walk == walk)

    def recognise(self) -> None:
        """Raise JournalError in a copy of the database, whose journal is about the original."""
        Journal.recognise(read_identity(self.session.driver), self.record)

    def situation(self, live: State | None = None) -> Situation:
        """Read everything anew; the catalog too, unless ``live`` was read a moment ago.

        Raises Refused where somebody gave a role that one of the walks is about another name.
        """
        found = self.look(live)
        role_names.refuse_renamed(self.renamed)
        return found

    def look(self, live: State | None = None) -> Situation:
        """The same without raising, for use cases that only report: ``renamed`` then has the roles in question."""
        if live is None:
            self._former = None
            live, self._first = self._first or read_state(self.session.driver), None
            Journal.recognise(live.target, self.record)
        live = with_columns(self.session.driver, live, grants.columns(self.config))
        baselines = [self._baseline(record, live) for record in self.kept]
        at_first = {ref.name for each in baselines for ref in each.objects if ref.kind == "parameter"}
        live = with_parameters(self.session.driver, live, at_first | grants.parameters(self.config))
        live = self._surveyed(live)
        links = tuple(self._link(record, live, base) for record, base in zip(self.kept, baselines, strict=True))
        mine = next(link for link in links if link.name == self.record.walk)
        others = tuple(link for link in links if link is not mine)
        oid = self.split.legacy_oid
        situation = Situation(
            mine.kind, live, mine.baseline, self.config, mine.records, oid, mine.name, others, mine.began
        )
        if self._former is not None:
            situation.recall(self._former)
        self._former = situation
        first = situation.turned(SPLIT)
        role_names.check(
            self.config,
            role_names.recorded(self.split),
            live=live.roles,
            first_seen=first.baseline.roles,
            begun=machine.last_step(first.states) is not None,
        )
        whose: dict[str, str] = {}
        for link in reversed(links):  # where several walks know a role, the first of them is named
            whose |= role_names.known_to(link.name, link.names)
        self.renamed = role_names.find_renamed(self.journal, live, whose)
        return situation

    def after(self, situation: Situation, statements: Sequence[Statement], *, back: bool = False) -> State | None:
        """The State after these statements have run, where it is known without reading the whole catalog; else None.

        ``back``: they were those of a rollback, which does not have to find what others have created meanwhile.
        """
        driver, live = self.session.driver, situation.live
        if not statements:
            return live
        part = partial_look.part(statements, live, catches_up=situation.name == SPLIT and not back)
        if part == "objects":
            return with_objects(driver, live)
        if part == "defaults":
            return with_defaults(driver, live)
        if part == "roles":
            return with_roles(driver, live)
        if part == "all":
            return partial_look.with_same_structure(read_state(driver), live) if situation.name != SPLIT else None
        return with_rules(driver, live, conditions=part == "conditions")

    def _surveyed(self, live: State) -> State:
        """The State with columns and keys, where the configuration has tenants."""
        begun = [record for record in self.kept if record.walk.kind == tenants.NAME]
        if (self.config.tenants is None and not begun) or live.structure is not None:
            return live
        from flatsplit.cutover.structure import require_read, require_same, structure

        for record in begun:
            require_same(self.config, record.config)
            require_read(self.session, self.config, live)

        return live.but(structure=structure(self.session, self.config))

    def _baseline(self, record: CutoverRecord, live: State) -> State:
        baseline = self.journal.of(record).load_baseline(live.target)
        if baseline is None:
            raise JournalError("the journal has no baseline", DAMAGED)
        persons = {name for name, _ in self.config.people}  # renaming them is no concern of a walk
        ours = {self.config.legacy_role, *self.config.named, OWNER, PUBLIC} - persons
        gone = set(mentioned(baseline)) - live.roles.keys() - ours
        if gone and record.walk != SPLIT:
            kind, records = steps(self.journal, record, self.config)
            gone -= KeptWalk(record.walk, kind, live, baseline, self.config, records, earlier=True).roles
        if not gone:
            return baseline
        return called_now(baseline, dict.fromkeys(gone) | self.journal.called_now(memory.cluster(live.target), gone))

    def _link(self, record: CutoverRecord, live: State, baseline: State) -> KeptWalk:
        """A kept walk as a link of the chain: its kind, its steps and its baseline."""
        kind, records = steps(self.journal, record, self.config)
        if machine.last_step({key: step.state for key, step in records.items()}) is None:
            # Nothing was changed yet: missing memberships were ended by somebody else, and no rollback brings them back
            first_seen = {key: options for key, options in baseline.members.items() if key in live.members}
            baseline = replace(baseline, members=first_seen)
        earlier = record.id < self.record.id
        return KeptWalk(record.walk, kind, live, baseline, self.config, records, earlier, record.created_at)

    def require_own(self, situation: Situation) -> None:
        """Raise ConfigError or Refused where a role that is to be made was made since the walk began, not for it."""
        if situation.done:
            return
        if situation.name == SPLIT:
            role_names.refuse_strangers(self.config, situation.live, situation.baseline.roles, self.journal)
        else:
            made = situation.kind.makes(situation.context)
            role_names.refuse_made_meanwhile(made, situation.live, situation.baseline.roles)

    def take_in(self, situation: Situation) -> None:
        """Record optional steps that the configuration has asked for only since the walk began."""
        if not situation.kind.optional(self.config):
            return
        known = {step.key for step in self.journal.steps()}
        for key, step in situation.records.items():
            if key not in known:
                with self.session.transaction():
                    self.journal.add_step(key, step.ordinal)
                    self.journal.event("taken-in", key, f"flatsplit.toml asks for {key}")

    def keep_names(self) -> None:
        """Record the names of the new roles, inside the transaction that begins to use them."""
        split = self.split
        renamed = split._replace(config=role_names.keep(self.journal.of(split), split, self.config))
        self.kept = tuple(renamed if record is split else record for record in self.kept)
        self.record = renamed if self.record is split else self.record

    def asked(
        self,
        situation: Situation,
        step: str,
        passwords: Mapping[str, str] | None = None,
        logs: Sequence[Path] = (),
    ) -> Asked[Context]:
        """What the gates of a step are judged by: the hazards of the split, and the rights that this walk expects.

        ``passwords`` are those at hand, by role. ``logs`` are the server logs named on the command line.
        """
        first = situation.turned(SPLIT)

        def failed() -> tuple[Trial, ...]:
            from flatsplit.cutover import trials

            return trials.failed(self.session, situation) if self.session.write else ()

        def blockers() -> tuple[Finding, ...]:
            from flatsplit import hazards  # only the gate of the first step asks for them

            return hazards.find(self.session.driver, first.live, first.context, hazards.is_blocker)

        return Asked(
            step,
            self.session,
            self.journal_of(situation.name),
            situation.context,
            situation.live,
            lambda upto: situation.desired(situation.kind.place(upto)),
            situation.records,
            situation.drift,
            blockers,
            lambda: expected_rights.checks(situation, situation.desired(situation.done)),
            failed,
            name=situation.name,
            several=situation.several,
            passwords=passwords or {},
            logs=logs,
            does=situation.kind.step(step),
            config=self.config,
        )

    def verifiers(self, statements: Sequence[Statement], secrets: Passwords) -> dict[str, str]:
        """The password verifiers that these statements need, by role. Raises UsageError where a password is missing."""
        roles = [role for each in statements for role in each.secrets]
        if not roles:
            return {}
        from flatsplit import passwords

        clear = secrets.for_roles(roles)
        pgconn = self.session.driver.pgconn
        made = {role: passwords.verifier(pgconn, role, clear[role]) for role in roles}
        for role, verifier in made.items():
            secrets.keep(role, clear[role], verifier)
        return made

    def executor(
        self, situation: Situation, reporter: Reporter, verifiers: Mapping[str, str] | None = None, shows: str = "plan"
    ) -> Executor:
        """An executor with the lock budget of the configuration. ``shows``: the command that shows what it runs."""
        from flatsplit.executor import Budget, Executor

        locks = self.config.locks
        return Executor(
            self.session,
            self.journal,
            Budget(locks.lock_timeout, locks.retry_for, locks.max_replication_lag),
            reporter,
            superuser=situation.live.target.operator_superuser,
            verifiers=verifiers or {},
            shows=situation.typed(shows),
        )
