"""soaked: ``soak`` has passed since the step before, and nobody has used legacy."""

from __future__ import annotations

from flatsplit.gates import quiet, remaining_clients
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.sessions import on_legacy
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.walks.split.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Open once legacy was quiet for long enough since the step before."""
    legacy, config, before = asked.context.legacy, asked.context.config, asked.before
    now = server_clock(asked.session.driver)
    finished = before.finished_at or now
    soak = config.gates.soak
    if config.retire == "repurpose":  # legacy stays in use, so only time counts
        return quiet.elapsed("soaked", soak, now - finished, f"{before.key} done")
    # Locking ends legacy's own sessions; those of its members go on with all of its rights
    if others := [client for client in on_legacy(asked) if client.role != legacy]:
        return remaining_clients.gate("soaked", others, asked.state, asked.context)
    return quiet.gate("soaked", quiet.of_legacy(asked, finished), soak, f"{before.key} done")


GATE = Gate("soaked", judge, "soak has passed since the step before, and nobody came back as the old role")
