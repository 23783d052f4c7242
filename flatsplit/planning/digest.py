"""The digest of a plan. Pure."""

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
    """A fingerprint of the target and of the facts that a plan changes. It does not depend on how the statements are
    batched.
    """
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
        # Digests of splits were on record before there were other kinds of walk, so they are left as they were
        *(() if walk == SPLIT else walk),
    )
    found = hashlib.sha256(f"[{json.dumps(identity)}, [".encode())
    for place, key in enumerate(sorted(facts)):  # one by one: all at once takes some hundred bytes each
        subjects = sorted(set(facts.pop(key)))
        found.update(f"{', ' if place else ''}{json.dumps((*key, subjects))}".encode())
    found.update(b"]]")
    return found.hexdigest()[:16]
