"""The rings of the configuration: which tenants are switched first, which later."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from flatsplit.config import Tenants
from flatsplit.config.tenants import REST, RINGS
from flatsplit.tenants.naming import likely


def rings(tenants: Tenants, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """The keys of each ring, each key in one ring at most.

    A percentage is of all keys, rounded up, at least one; it takes the first keys that are in no earlier ring.
    """
    left = list(keys)
    found = []
    for ring in tenants.rings:
        some: list[str] = []
        for one in ring:
            if one == REST:
                wanted = list(left)
            elif one.endswith("%"):
                wanted = left[: max(1, math.ceil(len(keys) * float(one[:-1]) / 100))]
            else:
                wanted = [key for key in left if key == one]
            some += wanted
            left = [key for key in left if key not in set(wanted)]
        found.append(tuple(some))
    return found


def unknown(tenants: Tenants, keys: Collection[str]) -> dict[str, str]:
    """The keys in ``rings`` that no tenant has, each with advice: they would be ignored, and a tenant that was meant by
    one would be switched with the rest. Empty where the configuration leaves the rings as they are by default.
    """
    if tenants.rings == RINGS:
        return {}
    said = (one for ring in tenants.rings for one in ring if one != REST and not one.endswith("%"))
    found = {}
    for key in said:
        if key not in keys:
            meant = " or ".join(map(repr, likely(key, keys)))
            found[key] = f"did you mean {meant}?" if meant else "write the key as the root has it, or leave it out"
    return found
