"""drained: nobody works as legacy any more."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.gates import quiet, remaining_clients
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.sessions import on_legacy
from flatsplit.model import GateResult
from flatsplit.walks.split.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Open once legacy was quiet for long enough; with ``repurpose``, once it creates nothing any more."""
    legacy, config = asked.context.legacy, asked.context.config
    if config.retire == "repurpose":
        created = [each for each in asked.drift if any(change.fact == "owner" for change in each.changes)]
        if created:
            return GateResult(
                "drained",
                False,
                f"{legacy} still creates objects: {created[0].description}",
                f"let the migration tool connect as {blueprint.owner(config)}",
            )
        return GateResult("drained", True, f"{legacy} owns nothing: it runs no DDL any more")
    if clients := on_legacy(asked):
        return remaining_clients.gate("drained", clients, asked.state, asked.context)
    return quiet.since_begun("drained", asked, quiet.of_legacy(asked, asked.begun), config.gates.drain)


GATE = Gate("drained", judge, "the old role has had no sessions for as long as drain says")
