"""What two States of one catalog share."""

import inspect
from functools import cached_property

from flatsplit.rehearsal import catalog_lookup


def test_what_depends_on_the_state_is_read_anew_beside_another() -> None:
    kept = {name: each for name, each in vars(catalog_lookup.World).items() if isinstance(each, cached_property)}
    told = {name for name, each in kept.items() if "self.state" in inspect.getsource(each.func)}
    told |= {name for name, each in kept.items() if any(f"self.{one}" in inspect.getsource(each.func) for one in told)}
    assert told
    assert told | {"state"} == set(catalog_lookup._OF_A_STATE)
