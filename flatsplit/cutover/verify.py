"""``verify``: the can/cannot matrix from the catalog, a sample of it tried, and drift, each statement with
its cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from flatsplit import hazards
from flatsplit.cutover import begun_like
from flatsplit.cutover.beyond_lists import beyond, gives_rights
from flatsplit.cutover.broken_promises import Broken, cut_off
from flatsplit.cutover.changed_settings import changed_settings
from flatsplit.cutover.edited_lists import edited
from flatsplit.cutover.expected_rights import all_checks
from flatsplit.cutover.password_ages import ages
from flatsplit.cutover.snapshot import members_of
from flatsplit.cutover.tables_after_list import misnamed
from flatsplit.cutover.tenants_apart import no_longer_apart
from flatsplit.cutover.trials import prove, special
from flatsplit.cutover.unhandled_changes import strays
from flatsplit.evidence import memory
from flatsplit.evidence.trial import RoleProof, Trial
from flatsplit.journal import TRIAL
from flatsplit.model import SPLIT, Check, Finding, Statement
from flatsplit.model.report import PasswordAge
from flatsplit.planning import chain
from flatsplit.planning.causes import Causes, newcomers

if TYPE_CHECKING:
    from flatsplit.cutover.role_names import Renamed
    from flatsplit.cutover.walk import Walk

NOTES = ("definer-open", "public-create", "public-writes", "policy-rights", "view-routines")
"""Hazards that limit what the matrix says."""
_COMING = "public-create"
"""Of these, the one that a step settles: only what it leaves is told, which is a warning."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The can/cannot matrix and the drift of all finished steps."""

    checks: tuple[Check, ...]
    drift: tuple[Statement, ...]
    steps: tuple[str, ...]
    """Keys of the walk's finished steps."""
    finished: int
    """Finished steps of all walks: their promises were checked."""
    notes: tuple[Finding, ...] = ()
    """What holds by itself and is no failure, for example SECURITY DEFINER routines open to PUBLIC."""
    causes: tuple[str, ...] = ()
    """Why each statement of the drift is wanted again."""
    strays: tuple[Finding, ...] = ()
    """What no step takes care of: new schemas, tables of other roles, new memberships. A note asks for nothing."""
    proofs: tuple[RoleProof, ...] = ()
    """What was tried for real, role by role."""

    old: tuple[PasswordAge, ...] = ()
    """Passwords that are older than [rotation] allows; nothing that was promised, so it is told and no failure."""

    surplus: tuple[Statement, ...] = ()
    """What would take from roles what flatsplit.toml does not say (any more); nobody runs it but people."""
    broken: tuple[Broken, ...] = ()
    """What keeps the old role from its work before its time, although no finished step asks for it."""
    apart: tuple[Broken, ...] = ()
    """Ways to other tenants' rows that the last proof did not find."""
    renamed: tuple[Renamed, ...] = ()
    """Roles that have other names now. Where there are any, nothing else was compared or tried, since everything else
    finds roles by name.
    """

    @property
    def failed(self) -> tuple[Trial, ...]:
        """The trials with another result than expected."""
        return tuple(trial for proof in self.proofs for trial in proof.trials if not trial.ok)

    @property
    def ok(self) -> bool:
        """Whether everything that was promised holds."""
        strays = [one for one in self.strays if one.severity != "note"]
        told = self.drift or strays or self.broken or self.apart or self.renamed
        return not (told or self.failed or gives_rights(self.surplus)) and all(check.ok for check in self.checks)


def remember(walk: Walk) -> None:
    """Record as which roles flatsplit has logged in or tried to: the server's log will show refused attempts.

    Nothing is recorded where the journal cannot be written; ``who`` then calls these logins suspicious.
    """
    sessions = walk.session.others
    if not sessions:
        return
    names = ", ".join(sorted({one.login for one in sessions if one.pid}))
    away = ", ".join(sorted({one.login for one in sessions if not one.pid}))
    said = [f"logged in as {names}"] if names else []
    said += [f"turned away as {away}"] if away else []
    told = [[one.login, one.pid, one.began.isoformat(), one.ended.isoformat()] for one in sessions]
    with suppress(psycopg.Error), walk.session.transaction():
        walk.session.driver.execute("SET TRANSACTION READ WRITE")  # a read-only session may record this as well
        walk.journal.event(TRIAL, None, f"tried what they can, {' and '.join(said)}", {"sessions": told})


def verify(walk: Walk, passwords: Mapping[str, str] | None = None) -> VerifyReport:
    """Compare what finished steps promised with the database, and try it as each role as far as possible.

    ``passwords``, by role: these roles are logged in as.
    """
    session, spoken = walk.session, walk.look()
    if walk.renamed:
        return VerifyReport((), (), spoken.kind.keys[: spoken.done], spoken.finished, renamed=walk.renamed)
    situation = spoken.turned(SPLIT)  # the matrix is of this walk's roles, the drift of all walks
    found = hazards.find(session.driver, situation.live, situation.context, lambda one: one.id in NOTES)
    before = walk.journal.last_snapshot()
    since = memory.difference(before.objects, situation.live) if before is not None else None
    drift = situation.drift
    causes = Causes(
        situation.live,
        since.appeared.keys() if since is not None else (),
        situation.resting,
        newcomers(drift, situation.live),
        before.major if before is not None else None,
        explained=chain.explained(situation.others, situation.kind, situation.context),
        alike=chain.alike(situation.others, situation.kind, situation.context),
        edited=edited(walk, situation),
    )
    ways = no_longer_apart(walk, situation)
    return VerifyReport(
        checks=all_checks(situation),
        drift=drift,
        steps=spoken.kind.keys[: spoken.done],
        finished=spoken.finished,
        notes=(
            *(one for one in found if one.severity == "warning" or one.id != _COMING),
            *misnamed(situation),
            *begun_like.findings(walk.changed_likes, situation),
            *changed_settings(situation),
        ),
        old=tuple(one for one in ages(walk, situation.live) if one.old),
        causes=tuple(causes.of(statement) for statement in drift),
        strays=strays(situation, since, members_of(walk.journal, situation.live, before)) if before and since else (),
        broken=cut_off(situation),
        proofs=(*prove(session, situation, passwords or {}), *special(session, situation, passwords or {})),
        surplus=beyond(walk, situation),
        apart=(*ways.found, *ways.untold),
    )
