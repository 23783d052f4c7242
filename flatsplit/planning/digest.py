"""What tells one plan from another. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from flatsplit.model import SPLIT, Statement, Target, WalkName, alike


def digest(
    target: Target,
    legacy: str,
    legacy_oid: int,
    step: str,
    statements: Iterable[Statement],
    walk: WalkName = SPLIT,
) -> str:
    """A fingerprint of where a plan applies and which facts it changes; the same however the work is cut up."""
    facts: dict[tuple[str, str, str], list[str]] = {}
    for statement in statements:
        for change in alike(statement.changes):
            facts.setdefault((change.side, change.fact, change.detail), []).extend(change.subjects)
    identity: Sequence[object] = (
        target.system_identifier,
        target.database_oid,
        target.database,
        legacy,
        legacy_oid,
        step,
        *(() if walk == SPLIT else walk),  # those of splits are on record since before there were others
    )
    found = hashlib.sha256(f"[{json.dumps(identity)}, [".encode())
    for place, key in enumerate(sorted(facts)):  # piece by piece: all at once would be some hundred bytes an object
        subjects = sorted(set(facts.pop(key)))
        found.update(f"{', ' if place else ''}{json.dumps((*key, subjects))}".encode())
    found.update(b"]]")
    return found.hexdigest()[:16]
