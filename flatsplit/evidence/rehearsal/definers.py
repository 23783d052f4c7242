"""Statements inside SECURITY DEFINER routines: they run as the routine's owner, whoever calls it."""

from __future__ import annotations

from functools import cached_property

from flatsplit.evidence.rehearsal.grammar import Unparsable, fingerprint, split
from flatsplit.evidence.rehearsal.plpgsql import NoBody, pieces
from flatsplit.evidence.rehearsal.world import World
from flatsplit.steps import Context


class Definers:
    """Recognises them in what pg_stat_statements shows as legacy's, by their fingerprints."""

    def __init__(self, world: World, context: Context) -> None:
        self.world = world
        self.context = context

    def runs(self, text: str) -> bool:
        """Whether this statement stands in such a routine of the application's."""
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
