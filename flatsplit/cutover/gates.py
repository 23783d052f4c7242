"""The gates of the steps, judged on evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from flatsplit import ddl, evidence, membership
from flatsplit.catalog import owned_elsewhere
from flatsplit.config import format_duration
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.cutover import left, quiet
from flatsplit.evidence.locks import duration
from flatsplit.journal import Journal, StepRecord
from flatsplit.model import RELATIONS, Check, Finding, GateResult, State, Statement
from flatsplit.model import Session as Client
from flatsplit.walks import shared, split
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.owners import dormant

if TYPE_CHECKING:
    from flatsplit.evidence.trial import Trial


@dataclass(frozen=True)
class Judge:
    """Looks at the gates of one step at one moment."""

    session: Session
    journal: Journal
    context: Context
    state: State
    records: Mapping[str, StepRecord]
    statements: Sequence[Statement]
    checks: Callable[[], tuple[Check, ...]]
    """The can/cannot matrix as it will be once the catch-up has run."""
    failed: Callable[[], tuple[Trial, ...]]
    """Acts that were tried and came out wrong."""
    moved: Callable[[], State]
    """The database as the transfer of ownership makes it."""

    def judge(self, step: str, keys: Sequence[str] | None = None) -> tuple[GateResult, ...]:
        """Every gate of the step, in order."""
        gates: dict[str, Callable[[], GateResult]] = {
            "no-blockers": self._no_blockers,
            "bridge": self._bridge,
            "reach": self._reach,
            "owner-powers": self._owner_powers,
            "rehearsed": self._rehearsed,
            "seen": self._seen,
            "drained": self._drained,
            "verified": self._verified,
            "soaked": lambda: self._soaked(step),
            "elsewhere": lambda: self._elsewhere(step),
        }
        return tuple(gates[key]() for key in (keys if keys is not None else SPLIT.step(step).gates))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The hazards of the database as it is, as far as they could close a gate."""
        from flatsplit import hazards  # only the first step's gate asks for them

        return hazards.find(self.session.driver, self.state, self.context, hazards.is_blocker)

    def _no_blockers(self) -> GateResult:
        blockers = [finding for finding in self.findings if finding.severity == "blocker"]
        accepted = sum(not finding.blocks for finding in blockers)
        blockers = [finding for finding in blockers if finding.blocks]
        if not blockers:
            said = f"{accepted} accepted in flatsplit.toml, no other" if accepted else "no"
            return GateResult("no-blockers", True, f"{said} blocker found")
        first = blockers[0]
        more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
        return GateResult("no-blockers", False, f"{first.title}{more}", f"{first.fix} See flatsplit doctor.")

    def _bridge(self) -> GateResult:
        shut = dormant(self.state, self.context)
        if not shut:
            return GateResult("bridge", True, "legacy uses its memberships (INHERIT)")
        return GateResult(
            "bridge",
            False,
            f"{shut[0]} is NOINHERIT: the bridge would give it nothing",
            f"ALTER ROLE {ddl.ident(shut[0])} INHERIT;",
        )

    def _reach(self) -> GateResult:
        roles = self.context.config.roles
        if roles.app_migrator not in self.state.roles or self.context.legacy not in self.state.roles:
            return GateResult("reach", True, "nothing to reach yet")
        left = [ref for ref in self.context.left_of(self.state.objects) if ref.kind in RELATIONS]
        others = sorted(self.context.retiring & self.state.roles.keys() - {self.context.legacy})
        lacking = evidence.unreachable(self.session.driver, self.context.legacy, roles.app_migrator, left, others)
        if not lacking:
            return GateResult("reach", True, f"{roles.app_migrator} can read all that the views read")
        first, more = lacking[0], len(lacking) - 1
        return GateResult(
            "reach",
            False,
            f"{first.view} reads {first.table}, which {roles.app_migrator} could not"
            + (f" (and {more} more)" if more else ""),
            f"{self.context.legacy} may as a superuser or by accident only: "
            + evidence.opening(lacking, roles.app_migrator),
        )

    def _owner_powers(self) -> GateResult:
        from flatsplit.cutover import powers  # no other gate but `rehearsed` needs a parser of SQL
        from flatsplit.evidence.powers.lost import lost

        roles = self.context.config.roles
        if roles.app_migrator not in self.state.roles or self.context.legacy not in self.state.roles:
            return GateResult(powers.KEY, True, "nothing moves yet")
        found = lost(self.session.driver, self.state, self.moved(), self.context)
        return powers.gate(found, self.context)

    def _clients(self) -> tuple[Client, ...]:
        return evidence.read_sessions(self.session.driver, self._acting, self.context.legacy)

    @cached_property
    def _acting(self) -> Mapping[str, tuple[str, ...]]:
        """Who acts as legacy or a new role, and as which: a member's session is the role's."""
        context = self.context
        return membership.attributed(self.state, context.legacy, context.config.roles.new, context.retiring)

    def _left(self) -> tuple[Client, ...]:
        """Sessions of this database that act as legacy."""
        database = self.state.target.database
        return tuple(one for one in self._clients() if self.context.legacy in one.acts_as and one.database == database)

    def _rehearsed(self) -> GateResult:
        from flatsplit.cutover import rehearsed  # no other gate needs a parser of SQL
        from flatsplit.evidence.rehearsal import missing

        return rehearsed.gate(
            rehearsed.past(self.journal),
            self.context.config.roles.app_user,
            self.records[split.TRANSFER_OWNERSHIP].finished_at,
            evidence.server_clock(self.session.driver),
            self.context.config.gates,
            missing(self.session.driver),
        )

    def _seen(self) -> GateResult:
        roles = self.context.config.roles
        wanted = [roles.app_migrator]
        if self.context.config.retire != "repurpose":
            wanted.insert(0, roles.app_user)
        database = self.state.target.database
        clients = [client for client in self._clients() if client.application != APPLICATION_NAME]  # verify logs in too
        here = {role for client in clients if client.database == database for role in client.acts_as}
        since = self.records[split.ENABLE_LOGIN].started_at
        parts = f"the migration tool at {roles.app_migrator}"
        if wanted[1:]:
            parts = f"the application at {roles.app_user} and {parts}"
        missing = [role for role in wanted if role not in here and not self._observed(role, database, since)]
        if not missing:
            return GateResult("seen", True, f"{' and '.join(wanted)} {'have' if wanted[1:] else 'has'} connected")
        return GateResult(
            "seen",
            False,
            f"{' and '.join(map(self._named, missing))} {'have' if missing[1:] else 'has'} not been seen connected",
            f"point {parts}; run `flatsplit observe` while they are connected",
        )

    def _named(self, role: str) -> str:
        """The role, and of a group whose logins are meant."""
        logins = self.context.config.logins(role)
        return f"{role} (nor a member of it: {', '.join(logins)})" if logins else role

    def _observed(self, role: str, database: str, since: datetime | None) -> bool:
        last = self.journal.last_seen(role, database)
        return last is not None and (since is None or last >= since)

    def _drained(self) -> GateResult:
        legacy = self.context.legacy
        config = self.context.config
        if config.retire == "repurpose":
            created = [each for each in self.statements if any(c.fact == "owner" for c in each.changes)]
            if created:
                return GateResult(
                    "drained",
                    False,
                    f"{legacy} still creates objects: {created[0].description}",
                    f"let the migration tool connect as {config.roles.app_migrator}",
                )
            return GateResult("drained", True, f"{legacy} owns nothing: it runs no DDL any more")
        if clients := self._left():
            return left.gate("drained", clients, self.state, self.context)
        started = self.records[split.SWITCH_CONNECTIONS].started_at or evidence.server_clock(self.session.driver)
        found = self._quiet(started)
        return quiet.gate("drained", found, config.gates.drain, "switch-connections begun")

    def _quiet(self, started: datetime) -> quiet.Quiet:
        """How long legacy is quiet, from ``started`` on."""
        gates, database = self.context.config.gates, self.state.target.database
        legacy, acting = self.context.legacy, self._acting
        return quiet.quiet(self.session, self.journal, legacy, acting, database, started, gates.largest_hole)

    def _verified(self) -> GateResult:
        checks = self.checks()
        wrong = [check for check in checks if not check.ok]
        if wrong:
            check = wrong[0]
            verb = "cannot" if check.expected else "can"
            undone = "what somebody revoked has to be granted"
            if not check.expected:
                undone = f"what somebody granted to {check.role}, its groups or PUBLIC has to be revoked"
            return GateResult(
                "verified",
                False,
                f"{check.role} {verb} {check.act}: {', '.join(check.exceptions)}",
                f"run flatsplit verify for the whole matrix; {undone} by hand",
            )
        failed = self.failed()
        if failed:
            trial = failed[0]
            return GateResult(
                "verified",
                False,
                f"tried: {trial.role} {'cannot' if trial.expected else 'can'} {trial.act} {trial.target}",
                "run flatsplit verify for everything that was tried",
            )
        return GateResult("verified", True, f"{len(checks)} expectations hold")

    def _soaked(self, step: str) -> GateResult:
        before = split.VERIFY if step == split.LOCK_LEGACY else split.LOCK_LEGACY
        now = evidence.server_clock(self.session.driver)
        finished = self.records[before].finished_at or now
        soak = self.context.config.gates.soak
        if self.context.config.retire == "repurpose":  # legacy goes on being used, so there is nothing to watch for
            return _elapsed(soak, now - finished, f"{before} done")
        # Its own sessions lock-legacy ends; those of its members go on, and can do all that it can
        if others := [client for client in self._left() if client.role != self.context.legacy]:
            return left.gate("soaked", others, self.state, self.context)
        return quiet.gate("soaked", self._quiet(finished), soak, f"{before} done")

    def _elsewhere(self, step: str) -> GateResult:
        legacy = self.context.legacy
        database = self.state.target.database
        owned = owned_elsewhere(self.session.driver, legacy) if legacy in self.state.roles else ()
        mine = [client for client in self._clients() if legacy in client.acts_as and client.database != database]
        # NOLOGIN keeps no member out; the end of the membership does
        used = sorted({client.database for client in mine if client.role == legacy or step == split.REVOKE_LEGACY})
        if not owned and not used:
            return GateResult("elsewhere", True, f"{legacy} is not used by other databases")
        drop = self.context.config.retire == "drop"
        parts = []
        if owned:
            parts.append(f"owns or may do something in {shared.listed(owned)}")
        if used:
            names = sorted({client.role for client in mine} - {legacy})
            also = f" (as {', '.join(names[:5])})" if step == split.REVOKE_LEGACY and names else ""
            parts.append(f"is connected to {shared.listed(used)}{also}")
        return GateResult(
            "elsewhere",
            False,
            f"{legacy} {' and '.join(parts)}",
            "give those databases a role of their own, or walk them as far as `verify` too and then waive this"
            + ('; "drop" is for the last of them, "revoke" for the others' if drop else ""),
            # A role that something depends on cannot be dropped, whatever the operator decides
            waivable=not (owned and step == split.REVOKE_LEGACY and drop),
        )


def _elapsed(wanted: timedelta, passed: timedelta, what: str) -> GateResult:
    text = f"{what} {duration(passed.total_seconds())} ago"
    if passed >= wanted:
        return GateResult("soaked", True, text)
    return GateResult(
        "soaked",
        False,
        f"{text}; {format_duration(wanted)} are asked for",
        f"call again in {duration((wanted - passed).total_seconds() + 1)} or later",
    )
