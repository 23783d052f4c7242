"""The conditions of the policies that keep the rows of one table apart."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.config import Tenants
from flatsplit.model import PolicyFacts
from flatsplit.tenants import Belonging
from flatsplit.walks import tenants as names

COMMANDS = (("select", "r"), ("insert", "a"), ("update", "w"), ("delete", "d"))


def conditions(tenants: Tenants, one: Belonging) -> dict[str, PolicyFacts]:
    """The conditions of a table's policies except ``everyone``, by the policy's name.

    Two policies, one permissive and one restrictive. Where tenants also read rows whose key is NULL, eight: then each
    command has its own pair, as only SELECT includes those rows.
    """
    condition = one.condition(tenants.schema)
    assert condition is not None
    text = ddl.condition(condition, one.ref.name)
    if tenants.null_rows == "hidden" or one.links or one.kind == "root":
        return {name: PolicyFacts(name == names.TENANT, "*", text) for name in (names.TENANT, names.TENANT_ONLY)}
    read = ddl.condition(condition._replace(or_null=True), one.ref.name)
    found = {}
    for name in (names.TENANT, names.TENANT_ONLY):
        for word, command in COMMANDS:
            using, check = ("", text) if command == "a" else (read if command == "r" else text, "")
            found[f"{name}_{word}"] = PolicyFacts(name == names.TENANT, command, using, check)
    return found
