"""SECURITY DEFINER routines: their statements run as the routine's owner, whoever calls them.

After the transfer of ownership that is app_migrator, which has to be able to run them. It has all rights of legacy, but
none of what legacy has as a superuser, by BYPASSRLS or as a member of other roles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from flatsplit import blueprint
from flatsplit.model import ObjectRef
from flatsplit.rehearsal import set_role
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.catalog_lookup import World
from flatsplit.rehearsal.grammar import Parsed, Unparsable, fingerprint, split
from flatsplit.rehearsal.plpgsql import pieces
from flatsplit.rehearsal.plpgsql_tokens import NoBody
from flatsplit.rehearsal.relation_parts import Routine
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.system_functions import OTHERS
from flatsplit.rehearsal.values import Problem, within
from flatsplit.walks.split.context import Context

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging


def problems(judge: Judging, routine: Routine, given: tuple[str | None, ...] = ()) -> list[Problem]:
    """Problems of a routine's statements under its new owner; none for another role's routine, which stays as it is."""
    facts = judge.actor.goal.objects.get(routine.ref)
    owner = blueprint.owner(judge.actor.context.config)
    if facts is None or facts.owner != owner:
        return []
    as_owner = _judge(judge, owner)
    where = f"function {shown(routine.ref)}, which runs as {owner}"
    found = within(where, settings(as_owner.actor, routine))
    return _settled(as_owner, found + as_owner.inside(routine, where, judge.actor.path, given))


def settings(actor: Actor, routine: Routine) -> list[Problem]:
    """Problems of the settings that a routine's definition has (fmgr_security_definer() in fmgr.c)."""
    return [each for name in routine.settings for each in actor.setting(name)]


def as_owner(judge: Judging, routine: Routine, table: ObjectRef) -> list[Problem]:
    """Problems of a trigger's routine that runs as the owner of the table."""
    facts = judge.actor.goal.objects.get(table)
    owner = blueprint.owner(judge.actor.context.config)
    if facts is None or facts.owner != owner or routine.definer:
        return []
    found = _judge(judge, owner)
    where = f"function {shown(routine.ref)}, which runs as {owner}"
    return _settled(found, found.inside(routine, where, judge.actor.path))


def as_another(judge: Judging, routine: Routine, role: str) -> list[Problem]:
    """Problems of a routine that becomes another role (SET role = …), whose rights do not change."""
    where = f"function {shown(routine.ref)}"
    if routine.definer:  # the server refuses this to everybody (GUC_NOT_WHILE_SEC_REST in guc.c)
        return []
    found = within(where, set_role.problems(judge.actor, role, f"its SET role = {role}"))
    if role == judge.actor.role:
        return found + judge.inside(routine, where)
    return found


def behind(judge: Judging, owner: str, said: Callable[[Judging], list[Problem]]) -> list[Problem]:
    """Problems of what a view does as its owner. One of another role works as before, unless it depends on who asks."""
    if owner == blueprint.owner(judge.actor.context.config):
        found = _judge(judge, owner)
        return _settled(found, said(found))
    third = _judge(judge, owner, before=owner)
    return [each for each in said(third) if each.outcome == "silent"]


def nested(judge: Judging, parsed: Parsed) -> list[Problem]:
    """Problems of a statement in such a routine."""
    as_owner = _judge(judge, blueprint.owner(judge.actor.context.config))
    return _settled(as_owner, as_owner.statement(parsed))


def _judge(judge: Judging, owner: str, before: str = "") -> Judging:
    asked = judge.actor

    def actor() -> Actor:
        temporary, created = asked.temporary, asked.created
        return Actor(
            asked.world, asked.goal, asked.live, asked.context, owner, temporary, created, asked.set_by, before
        )

    return judge.beside(owner, actor)


def _settled(judge: Judging, found: list[Problem]) -> list[Problem]:
    """Problems without those that change nothing: what cannot be told is as before unless legacy is a superuser. A
    statement that fails here fails inside the application.
    """
    told = [
        each
        for each in found
        if each.outcome != "unknown" or each.differs or each.privilege == OTHERS or judge.actor.legacy.superuser
    ]
    return [
        each._replace(outcome="denied" if each.outcome == "migrator" else each.outcome, planned=False, needs=())
        for each in told
    ]


class Definers:
    """Recognises statements of these routines among those that pg_stat_statements counts as legacy's, by
    fingerprint.
    """

    def __init__(self, world: World, context: Context) -> None:
        self.world = world
        self.context = context

    def runs(self, text: str) -> bool:
        """Whether such a routine of the application's contains this statement."""
        if not self._fingerprints:
            return False
        return fingerprint(text) in self._fingerprints

    @cached_property
    def _fingerprints(self) -> frozenset[str]:
        found: set[str] = set()
        for routine in self.world.routines.values():
            if not routine.definer or routine.owner not in self.context.owners:
                continue
            source, _ = self.world.body(routine.oid)
            try:
                parts = split(source) if routine.language == "sql" else [each.sql for each in pieces(source)]
            except (NoBody, Unparsable):
                continue
            found.update(filter(None, map(fingerprint, parts)))
        return frozenset(found)
